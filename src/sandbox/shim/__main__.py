"""Applies the corrections and runs the server. Settings come from the environment, see `src/sandbox/server.rs`."""

import os
import signal
import sys
import threading
from importlib.metadata import version

SUPPORTED = "1.5.33"


def end_with_stdin():
    """Ends the server when whoever started it has closed its end of the pipe, or was killed."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main():
    found = version("ministack")
    if found != SUPPORTED:
        # The corrections wrap private functions: with another version they could miss silently.
        sys.exit(f"the sandbox needs ministack {SUPPORTED}, but {found} is installed")

    if os.environ.get("RUNBOOK_SANDBOX_NEW_SESSION") == "1":
        # The server outlives the command that started it, also when its terminal is closed.
        os.setsid()

    if os.environ.get("RUNBOOK_SANDBOX_ENDS_WITH_STDIN") == "1":
        threading.Thread(target=end_with_stdin, daemon=True).start()

    import ministack.app as app

    from . import bedrock, calls, cloudformation, ec2, functions, kms, logs, opensearch, permissions, s3, scheduler
    from . import secretsmanager

    for service in (kms, s3, logs, secretsmanager, functions, ec2, cloudformation, bedrock, scheduler):
        service.install()
    opensearch.install(app)
    permissions.install(app)
    calls.install(app)
    app.main()


if __name__ == "__main__":
    main()
