#!/usr/bin/env bash
# Everything that must hold before a change is merged.
#
#   ./scripts/test.sh          formatting, lints, the core without AWS, then every test with the sandbox
#   ./scripts/test.sh --full   the same, and the tests that take long (RUNBOOK_TEST_FULL=1)
#
# It needs a Rust toolchain. It installs python3 with venv, bash, git, ShellCheck, Neovim, Node.js and Chromium when
# they are missing and it may. It leaves behind, to be looked at:
#
#   target/site               the handoff site of this project, with the runs of the tests
#   target/site-screenshots   each kind of page, as Chromium shows it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

full=0
for argument in "$@"; do
  case "$argument" in
    --full) full=1 ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "test.sh: unknown argument $argument (only --full is known)" >&2; exit 2 ;;
  esac
done

step() { printf '\n== %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then sudo -n "$@"
  else return 1
  fi
}

# The sandbox is a Python program in a virtual environment. Debian packs `venv` apart from Python.
has_venv() { python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))' 2> /dev/null; }

has() {
  local program
  for program in "$@"; do command -v "$program" > /dev/null || return 1; done
}

# Neovim is the real client that the language server is tried with.
install_needs() {
  if has_venv && has bash git cc nvim; then return; fi
  if ! command -v apt-get > /dev/null; then
    echo "test.sh: install python3 (3.10 or later) with venv, bash, git, a C compiler and neovim, then run this again" >&2
    exit 2
  fi
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq || true
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    python3 python3-venv bash git gcc libc6-dev neovim > /dev/null; then
    echo "test.sh: could not install python3-venv, bash, git, gcc and neovim; run this as root, or install them first" >&2
    exit 2
  fi
}

# The handoff site is looked at in a real browser.
install_browser() {
  if ! has node npm chromium; then
    local missing=()
    has node || missing+=(nodejs)
    has npm || missing+=(npm)
    has chromium || missing+=(chromium)
    if ! command -v apt-get > /dev/null || ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
      --no-install-recommends "${missing[@]}" > /dev/null; then
      echo "test.sh: install Node.js 18 or later with npm, and Chromium, then run this again" >&2
      exit 2
    fi
  fi
  if [ ! -d tests/site/node_modules/playwright-core ] || [ ! -d tests/site/node_modules/axe-core ]; then
    (cd tests/site && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent --no-audit --no-fund)
  fi
}

# The tests pass without ShellCheck as well. With it, what it really says is tested too.
install_shellcheck() {
  if command -v shellcheck > /dev/null || ! command -v apt-get > /dev/null; then return; fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    shellcheck > /dev/null 2>&1 || echo "test.sh: going on without shellcheck" >&2
}

step "what the tests need"
install_needs
install_shellcheck
install_browser
if ! command -v cargo > /dev/null && [ -f "$HOME/.cargo/env" ]; then
  # shellcheck source=/dev/null
  . "$HOME/.cargo/env"
fi
command -v cargo > /dev/null || { echo "test.sh: cargo is missing; install Rust 1.95 or later" >&2; exit 2; }
cargo --version >&2
python3 --version >&2

export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}" CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-1}"
if [ "$full" -eq 1 ]; then export RUNBOOK_TEST_FULL=1; fi

step "formatting: cargo fmt --check"
cargo fmt --check

step "lints: cargo clippy --all-targets -- -D warnings"
cargo clippy --locked --all-targets -- -D warnings

# The core must build without the cloud, and so must the tests that need none. What it does is tested once, below.
step "the core without AWS: cargo clippy --no-default-features"
cargo clippy --locked --no-default-features --lib --bins --test it -- -D warnings

# `cargo run` would choose other features of what we depend on, and compile all of it once more.
step "everything else: cargo test --no-run"
cargo test --locked --no-run

# The example project must be a correct one.
step "the shipped runbooks: runbook check"
target/debug/runbook check

step "every unit test: cargo test --lib --bins"
cargo test --locked --lib --bins

# Of a group one test at a time: they share an emulator. Groups run side by side, each with an emulator of its own. The
# first is all that no name stands for: it takes longest.
groups=(rehearse_shipped rows matrix failover iam aws_actions drills_shipped lost crash hostile)
group() {
  local said ended=0 began=$SECONDS
  said="$(cargo test --locked --test it -- --test-threads=1 "$@" 2>&1)" || ended=$?
  printf '\n-- %d s: %s\n%s\n' "$((SECONDS - began))" "$*" "$said" >&2
  return "$ended"
}
export -f group
cores="$(nproc 2> /dev/null || echo 2)"
step "every integration test: cargo test --test it, $((cores < 4 ? cores : 4)) groups at a time"
{ printf -- '--skip %s::\n' "${groups[@]}" | paste -sd ' ' && printf '%s::\n' "${groups[@]}"; } \
  | xargs -P "$((cores < 4 ? cores : 4))" -L 1 bash -c 'group "$@"' group

# What a customer would be handed, with what the tests have run. A page that cannot be made fails here.
step "the handoff site of this project: target/site"
target/debug/runbook docs build --state target/tmp/site --out target/site
target/debug/runbook docs build --check --state target/tmp/site
