#!/usr/bin/env bash
# Reads every Markdown file below folders, such as clones of public repositories, as a runbook.
#
#   ./scripts/corpus.sh FOLDER…
#
# It fails on a panic, a hang and a finding that prose cannot have earned. Where Python has the module
# `markdown_it`, it also asks that parser which fences have no end, and compares the answers.
set -euo pipefail
case "${1:-}" in
  "" | -h | --help) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
folders=()
for folder in "$@"; do folders+=("$(cd "$folder" && pwd)"); done
cd "$(dirname "${BASH_SOURCE[0]}")/.."

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
RUNBOOK_CORPUS="$(IFS=:; echo "${folders[*]}")" \
  cargo test --locked --no-default-features --test it corpus -- --nocapture 2>&1 | tee "$log"

python="${PYTHON:-python3}"
if ! "$python" -c 'import markdown_it' 2> /dev/null; then
  echo "corpus.sh: without the Python module markdown_it nobody else is asked about fences" >&2
  exit 0
fi
"$python" - "$log" "${folders[@]}" <<'PYTHON'
import os, re, sys
from markdown_it import MarkdownIt

parser = MarkdownIt("commonmark")
kinds = (".md", ".markdown", ".mdx", ".qmd", ".rmd")


def unclosed(text):
    """The lines on which a fence begins that has no end, front matter left out."""
    lines, first = text.split("\n"), 0
    if lines[0].rstrip() in ("---", "\ufeff---"):
        ends = (at for at, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "..."))
        first = next(ends, -1) + 1
    body = lines[first:]
    for token in parser.parse("\n".join(body)):
        if token.type == "fence":
            start, end = token.map
            last = body[end - 1].strip().lstrip("> \t") if end <= len(body) else ""
            closing = re.escape(token.markup[0]) + "{%d,}" % len(token.markup)
            if end - start != token.content.count("\n") + 2 or not re.fullmatch(closing, last):
                yield start + first + 1


theirs = set()
for root in sys.argv[2:]:
    for folder, _, names in os.walk(root):
        for path in (os.path.join(folder, name) for name in names if name.lower().endswith(kinds)):
            if not os.path.islink(path):
                with open(path, encoding="utf-8", errors="replace", newline="") as file:
                    text = file.read().replace("\r\n", "\n")
                theirs.update(f"{path}:{line}" for line in unclosed(text))
with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
    ours = {line[len("unclosed "):].strip() for line in log if line.startswith("unclosed ")}
ours = {place for place in ours if any(place.startswith(root + "/") for root in sys.argv[2:])}
for place in sorted(ours ^ theirs):
    print(f"only {'we say' if place in ours else 'markdown_it says'} that this fence has no end: {place}")
print(f"{len(ours & theirs)} fences without an end, {len(ours ^ theirs)} on which the two parsers differ")
sys.exit(bool(ours ^ theirs))
PYTHON
