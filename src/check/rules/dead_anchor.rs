//! Whether the places exist that the prose links to.

use super::super::Linked;
use super::super::facts::Facts;
use super::super::links::{Target, finds, relative};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Span;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    code: "RB0602",
    name: "dead-anchor",
    summary: "A link leads to a heading or a step that does not exist",
    why: "A heading is found under its words in lowercase, with hyphens for spaces: `## How we know` is `#how-we-know`, as on code hosts. A step and a health probe are found under their id: `#create_key`, and from another file `other.md#create_key`. A heading that is renamed leaves its links behind.",
    fix: "Write the name of a heading, or the id of a step.",
    wrong: r#"If in doubt, see [how we know](#how-we-knew).

## How we know

```bash health=answers
./look
```
"#,
    right: r#"If in doubt, see [how we know](#how-we-know), or [the probe](#answers).

## How we know

```bash health=answers
./look
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for link in relative(facts) {
        let looked_at;
        let (file, anchor, anchors) = match &link.target {
            Target::Here { anchor } => (None, anchor, &facts.book.runbook.anchors),
            Target::File { path, anchor: Some(anchor) } => {
                let Linked::Markdown(anchors) = (facts.book.files)(path) else { continue };
                looked_at = anchors;
                (Some(path), anchor, &looked_at)
            }
            Target::File { .. } => continue,
        };
        if finds(anchors, anchor) {
            continue;
        }
        let message = match file {
            None => format!("no heading and no step of this file is `#{anchor}`"),
            Some(path) => format!("no heading and no step of `{path}` is `#{anchor}`"),
        };
        let start = (link.span.start + link.written_path).min(link.span.end);
        let diagnostic = RULE.warning(Span::new(start, link.span.end), message);
        found.push(match near(anchor, anchors) {
            Some(near) => diagnostic
                .help(format!("did you mean `#{near}`?"))
                .instead(Some(format!("#{near}"))),
            None => diagnostic
                .help("a heading is its words in lowercase with hyphens; a step is its id"),
        });
    }
}

fn near<'a>(anchor: &str, anchors: &'a BTreeSet<String>) -> Option<&'a str> {
    nearest(anchor, anchors.iter().map(String::as_str))
}
