#!/usr/bin/env bash
# Feeds the parser, the checker, the expressions and the journal's reader with made-up input.
#
#   ./scripts/fuzz.sh                  every target for 60 seconds
#   ./scripts/fuzz.sh SECONDS          every target for so long
#   ./scripts/fuzz.sh SECONDS TARGET…  only these
#
# It needs cargo-fuzz (`cargo install cargo-fuzz --locked`) and a C++ compiler. No nightly toolchain is
# needed: the coverage that guides the fuzzer is asked for with RUSTC_BOOTSTRAP, and the sanitizers are
# left out, because there is no unsafe code here. A hang (10 seconds for one input) and more than 2 GB of
# memory count as findings. What is found is made small and printed; keep it in tests/fixtures/fuzz/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
  -h | --help) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
seconds="${1:-60}"
[[ "$seconds" =~ ^[0-9]+$ ]] || { echo "fuzz.sh: SECONDS is a number, not $seconds" >&2; exit 2; }
shift || true
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(markdown step_yaml expressions journal script)
command -v cargo-fuzz > /dev/null || {
  echo "fuzz.sh: cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2
  exit 2
}

export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$PWD/target/fuzz"
work="$PWD/target/fuzz-work"

# Seeds: what the project has of each kind.
seed() {
  local target="$1" into="$2" file
  mkdir -p "$into"
  case "$target" in
    markdown) cp runbooks/*.md tests/fixtures/check/*.md docs/format.md "$into" ;;
    step_yaml | script)
      # The inside of every fence that the project's runbooks have, one file each.
      for file in runbooks/*.md tests/fixtures/check/*.md docs/format.md; do
        awk -v into="$into" -v name="$(basename "$file" .md)" '
          /^ *```[a-z]* [a-z]*=/ { inside = 1; count++; next }
          /^ *```/ { inside = 0 }
          inside { sub(/^#\| ?/, ""); print > (into "/" name "-" count) }
        ' "$file"
      done
      [ "$target" = script ] || cp runbook.yaml tests/fixtures/check/*.yaml "$into"
      ;;
    expressions)
      grep -rhoE '\{\{[^}]*\}\}' runbooks docs/format.md tests/fixtures/check src/expr/tests.rs \
        | sort -u | awk -v into="$into" '
          { print > (into "/template-" NR); gsub(/^\{\{ *| *\}\}$/, ""); print > (into "/bare-" NR) }'
      ;;
    journal)
      cp tests/fixtures/journal/*.jsonl "$into"
      # The same as bare events, which the target chains itself.
      for file in tests/fixtures/journal/*.jsonl; do
        { echo; sed -E 's/^.*"event":(\{"event".*)\}$/\1/' "$file"; } > "$into/$(basename "$file").events"
      done
      ;;
  esac
  [ ! -d "tests/fixtures/fuzz/$target" ] || cp "tests/fixtures/fuzz/$target"/* "$into"
}

dictionary() {
  case "$1" in
    journal) grep -oE '"[a-z_]+"' tests/fixtures/journal/v1.jsonl ;;
    expressions) printf '"%s"\n' params. steps. outputs. item run.id accounts. ' is ' ' not ' ' in ' defined \
      default length join split range '{{' '}}' '\x5b' ' for ' ' if ' ' else ' ' and ' ' or ' '~' '**' '//' ;;
    *) printf '"%s"\n' '```' '~~~' 'step=' 'observe=' 'undo=' 'health=' 'yaml ' 'bash ' '#|' '---' '{{' '}}' \
      'uses: ' 'with:' 'env:' 'needs:' 'outputs:' '> ' '- ' '    ' '<!--' '-->' '|-' '>+' 'params' '\xef\xbb\xbf' '\x0d\x0a' '\x09' ;;
  esac | sort -u
}

failed=0
for target in "${targets[@]}"; do
  corpus="$work/$target/corpus" found="$work/$target/found"
  mkdir -p "$corpus" "$found"
  seed "$target" "$work/$target/seeds"
  dictionary "$target" > "$work/$target/words"
  printf '\n== %s for %s s\n' "$target" "$seconds" >&2
  if ! cargo fuzz run -s none "$target" "$corpus" "$work/$target/seeds" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 -verbosity=1 \
    -dict="$work/$target/words" -artifact_prefix="$found/" 2> "$work/$target/log"; then
    failed=1
    for file in "$found"/*; do
      [ -f "$file" ] || continue
      printf '\n-- found: %s\n' "$file" >&2
      cargo fuzz tmin -s none -r 2000 "$target" "$file" -- -timeout=10 > "$work/$target/tmin" 2>&1 || true
      small="$(ls -t "fuzz/artifacts/$target"/minimized-* 2> /dev/null | head -n 1 || true)"
      od -c "${small:-$file}" | head -n 40 >&2
    done
    grep -aE 'panicked|ERROR|assertion' -A 4 "$work/$target/log" | head -n 20 >&2 || true
  fi
  grep -aE '^(stat::number_of_executed_units|stat::peak_rss_mb|stat::new_units_added)|DONE' "$work/$target/log" >&2 || true
done
exit "$failed"
