"""Applies the corrections and runs the server. Settings come from the environment, see `src/sandbox/server.rs`."""

import os
import sys
from importlib.metadata import version

SUPPORTED = "1.5.33"


def main():
    found = version("ministack")
    if found != SUPPORTED:
        # The corrections wrap private functions: with another version they could miss silently.
        sys.exit(f"the sandbox needs ministack {SUPPORTED}, but {found} is installed")

    if os.environ.get("RUNBOOK_SANDBOX_NEW_SESSION") == "1":
        # The server outlives the command that started it, also when its terminal is closed.
        os.setsid()

    import ministack.app as app

    from . import bedrock, calls, cloudformation, ec2, functions, kms, logs, opensearch, permissions, s3, secretsmanager

    for service in (kms, s3, logs, secretsmanager, functions, ec2, cloudformation, bedrock):
        service.install()
    opensearch.install(app)
    permissions.install(app)
    calls.install(app)
    app.main()


if __name__ == "__main__":
    main()
