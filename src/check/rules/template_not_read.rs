//! Whether braces stand where they are never filled in.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::value::Text;
use regex::Regex;
use std::sync::LazyLock;

pub(super) const RULE: Rule = Rule {
    code: "RB0317",
    name: "template-not-read",
    summary: "`{{ … }}` names a value of the run in a place where it is never filled in",
    why: "Titles, summaries and reasons are plain text: they are read on the site and in the list, where there is no run and no value. The braces would be taken as they stand.",
    fix: "Say it without the value, or in a place that is filled in: `confirm`, `ask`, the `text` of an `obligation`.",
    wrong: r#"---
params:
  bucket: { type: string, default: corpus }
---

```yaml step=empty
uses: manual/confirm
with: { ask: "Is {{ params.bucket }} empty?" }
```

```bash step=remove
#| irreversible: Nobody keeps what was in {{ params.bucket }}.
#| env: { BUCKET: "{{ params.bucket }}" }
./remove "$BUCKET"
```
"#,
    right: r#"---
params:
  bucket: { type: string, default: corpus }
---

```yaml step=empty
uses: manual/confirm
with: { ask: "Is {{ params.bucket }} empty?" }
```

```bash step=remove
#| irreversible: Nobody keeps what was in the bucket.
#| env: { BUCKET: "{{ params.bucket }}" }
./remove "$BUCKET"
```
"#,
};

/// Braces around a name that only a runbook knows. Other tools have braces of their own.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\{\{-?\s*(?:params|steps|accounts|outputs|run)\.[A-Za-z_][^{}\n]*\}\}").ok()
});

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let Some(name) = NAME.as_ref() else { return };
    for (_, block) in facts.blocks() {
        if let Some(why) = &block.options.irreversible {
            plain(name, why, "`irreversible`", found);
        }
    }
    let front = &facts.book.runbook.front;
    for (what, text) in
        [("the title", &front.title), ("the summary", &front.summary), ("the owner", &front.owner)]
    {
        if let Some(text) = text {
            plain(name, text, what, found);
        }
    }
}

fn plain(name: &Regex, text: &Text, what: &str, found: &mut Vec<Diagnostic>) {
    if let Some(braces) = name.find(&text.value) {
        let message = format!("{what} is plain text: the braces stay as they are");
        found.push(RULE.warning(text.locate(braces.range()), message));
    }
}
