#!/usr/bin/env bash
# Runs the same small disasters through runbook and its peers, and writes docs/comparison.md from what it saw.
#
#   ./scripts/compare.sh           install the peers, run everything, write docs/comparison.md
#   ./scripts/compare.sh --check   the same, but compare with docs/comparison.md and write nothing
#
# It needs Rust and python3 with venv. Chaos Toolkit and ansible-core are installed into target/compare/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
  -h | --help) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  "" | --check) ;;
  *) echo "compare.sh: unknown argument $1 (only --check is known)" >&2; exit 2 ;;
esac

venv=target/compare/venv
[ -x "$venv/bin/chaos" ] && [ -x "$venv/bin/ansible-playbook" ] || {
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement scripts/compare/requirements.txt
}
cargo build --locked --quiet
PYTHONPATH=scripts exec "$venv/bin/python" -m compare "$PWD" "$PWD/$venv/bin" "$@"
