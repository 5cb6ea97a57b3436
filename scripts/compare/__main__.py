"""Runs every disaster through every tool, and writes the table."""

import sys
from pathlib import Path

from .scenarios import ALL
from .tools import TOOLS, fresh

HEAD = """# Beside its peers

Written by `scripts/compare.sh` from what it saw. Each row is the same small disaster, told to each tool in its own words, in a
folder of its own. ✓: the next person is left well. Nobody is expected to take this on trust: run it.

A peer is not worse for being made for something else. Chaos Toolkit runs experiments, Ansible brings machines into a state.
They stand here because people run recoveries with them. What an author has to think of each time (Ansible's `quote` and
`no_log`, for instance) is left out: at three in the morning somebody has not thought of it.

A drill is told to Chaos Toolkit as its own documentation does: a steady-state hypothesis, a method that breaks and recovers,
and rollbacks that mend. To Ansible as a block with `always`.

Each row is also a test of ours, in `tests/it/peers.rs`, `local.rs`, `secrets.rs` and `drills.rs`.

"""


def main():
    root, programs = Path(sys.argv[1]), Path(sys.argv[2])
    target = root / "docs/comparison.md"
    work = root / "target/compare/work"
    rows, versions = [], []
    for tool in TOOLS:
        one = fresh(root, programs, work, "version", tool)
        program = {"runbook": root / "target/debug/runbook"}.get(one.version_command[0], programs / one.version_command[0])
        _, said = one.run(program, "--version")
        versions.append(said.strip().splitlines()[-1 if tool.name == "Chaos Toolkit" else 0])
    for scenario in ALL:
        cells = [scenario.__doc__.strip()]
        for tool in TOOLS:
            seen, well = scenario(fresh(root, programs, work, scenario.__name__, tool))
            cells.append(f"{'✓' if well else '✗'} {seen}".replace("|", "\\|"))
            print(f"{scenario.__name__:12} {tool.name:14} {cells[-1]}", file=sys.stderr)
        rows.append("| " + " | ".join(cells) + " |")
    head = "| | " + " | ".join(tool.name for tool in TOOLS) + " |\n|" + "---|" * (len(TOOLS) + 1)
    text = HEAD + head + "\n" + "\n".join(rows) + "\n\nSeen with " + "; ".join(versions) + ".\n"
    if "--check" in sys.argv[3:]:
        if not target.exists() or target.read_text() != text:
            print(text)
            sys.exit("docs/comparison.md says something else: run scripts/compare.sh")
    else:
        target.write_text(text)


main()
