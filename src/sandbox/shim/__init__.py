"""The sandbox's launcher: it starts the emulator and restores AWS behaviour that the emulator lacks.

Each file corrects one service by wrapping the emulator's own functions. That works for exactly one version
of the emulator, so `__main__` refuses every other one.
"""
