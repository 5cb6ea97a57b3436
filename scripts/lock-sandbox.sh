#!/bin/sh
# Pins every package of the sandbox, with the hashes of all its files.
#
# A user's first `--env sandbox` runs code from the package registry. The hashes make
# sure that it is the code we tested, on every platform that the packages support.
#
# Needs `uv` (https://docs.astral.sh/uv/) on the PATH.
set -eu

cd "$(dirname "$0")/../src/sandbox"

# --universal keeps one file for all platforms; 3.10 is the oldest Python we accept.
uv pip compile requirements.in \
    --quiet \
    --universal \
    --python-version 3.10 \
    --generate-hashes \
    --no-annotate \
    --custom-compile-command "scripts/lock-sandbox.sh" \
    --output-file requirements.txt
