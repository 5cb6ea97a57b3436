//! Whether braces stand where they are never filled in.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::step::Body;
use crate::model::value::Text;
use crate::source::{Span, Spanned};
use regex::Regex;
use std::sync::LazyLock;

pub(super) const RULE: Rule = Rule {
    code: "RB0317",
    name: "template-not-read",
    summary: "`{{ … }}` names a value of the run in a place where it is never filled in",
    why: "The text of a script is never interpolated, so that data cannot become code; titles, summaries and reasons are plain text. The braces would be taken as they stand.",
    fix: "Hand the value to the script: `env: { NAME: \"{{ params.name }}\" }`, and read it as `\"$NAME\"`.",
    wrong: r#"---
params:
  bucket: { type: string, default: corpus }
---

```bash step=look
#| effect: read
aws s3 ls "s3://{{ params.bucket }}"
```
"#,
    right: r#"---
params:
  bucket: { type: string, default: corpus }
---

```bash step=look
#| effect: read
#| env: { BUCKET: "{{ params.bucket }}" }
aws s3 ls "s3://$BUCKET"
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
        if let Body::Script { text, .. } = &block.body {
            for one in name.find_iter(&text.value) {
                found.push(in_script(text, one.range()));
            }
        }
        if let Some(why) = &block.options.irreversible {
            plain(facts, name, why, "`irreversible`", found);
        }
    }
    let front = &facts.book.runbook.front;
    for (what, text) in
        [("the title", &front.title), ("the summary", &front.summary), ("the owner", &front.owner)]
    {
        if let Some(text) = text {
            plain(facts, name, text, what, found);
        }
    }
}

fn in_script(text: &Text, range: std::ops::Range<usize>) -> Diagnostic {
    RULE.warning(
        text.locate(range),
        "the text of a script is never filled in: it gets these braces as they are",
    )
    .help("hand the value to it under `env`")
}

fn plain(
    facts: &Facts<'_>,
    name: &Regex,
    text: &Spanned<String>,
    what: &str,
    found: &mut Vec<Diagnostic>,
) {
    if !name.is_match(&text.value) {
        return;
    }
    let written = facts.book.runbook.source.slice(text.span).unwrap_or_default();
    let span = name.find(written).map_or(text.span, |braces| {
        Span::new(text.span.start + braces.start(), text.span.start + braces.end())
    });
    found.push(RULE.warning(span, format!("{what} is plain text: the braces stay as they are")));
}
