#!/usr/bin/env bash
# Measures what the project promises, beside a floor and beside peers, and writes docs/performance.md.
#
#   ./scripts/bench.sh           everything
#   ./scripts/bench.sh --quick   each command three times instead of ten. The page says so
#   ./scripts/bench.sh --core    the program without AWS, which none of this asks. It is built in minutes, and the page says so
#
# Every number is a ratio of two measurements of the same run of this script. It needs Rust, python3 with venv,
# npm and hyperfine (apt-get installs it when it may), and a machine that does nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

features=()
for argument in "$@"; do case "$argument" in
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  --quick) ;;
  --core) features=(--no-default-features) ;;
  *) echo "bench.sh: unknown argument $argument (--quick and --core are known)" >&2; exit 2 ;;
esac; done

command -v hyperfine > /dev/null || {
  if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq hyperfine > /dev/null
  else
    echo "bench.sh: hyperfine is missing; install it, then run this again" >&2
    exit 2
  fi
}

work="$PWD/target/bench"
mkdir -p "$work"
venv=target/compare/venv
[ -x "$venv/bin/chaos" ] && [ -x "$venv/bin/ansible-playbook" ] || {
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement scripts/compare/requirements.txt
}
[ -x "$work/node_modules/.bin/markdownlint-cli2" ] \
  || npm install --silent --no-audit --no-fund --prefix "$work" markdownlint-cli2@0.18.1

[ -x "$work/mdbook/bin/mdbook" ] \
  || cargo install --quiet --locked --no-default-features --root "$work/mdbook" mdbook@0.4.52

# Named one by one: all of them would be the unit tests too, which takes as long again.
cargo bench --locked "${features[@]}" --no-run --bench check --bench lsp --bench floor
export RUNBOOK_BENCH_PROJECT="$work/thousand"
cargo bench --locked "${features[@]}" --bench check -- write-project
floor="$(find target/release/deps -maxdepth 1 -name 'floor-*' -perm -u+x -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)"
# It fails when a keystroke takes longer than promised. Then the page says by how much.
cargo bench --locked "${features[@]}" --bench lsp -- --sample-count 1 | tee "$work/keystroke.txt" \
  || grep -q "a keystroke: median" "$work/keystroke.txt"
PYTHONPATH=scripts exec "$venv/bin/python" -m bench "$PWD" "$PWD/$floor" "$PWD/$venv/bin" "$@"
