//! Whether the files exist that the prose links to.

use super::super::Linked;
use super::super::facts::Facts;
use super::super::links::{Target, relative};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0601",
    name: "dead-link",
    summary: "A link or an image leads to a file that does not exist",
    why: "The prose is what people read while the run waits for them. A link that leads nowhere costs minutes, and usually means that something was moved and the text was not looked at again.",
    fix: "Correct the path. It counts from the folder of the runbook; with a leading `/`, from the folder of `runbook.yaml`.",
    wrong: r#"Ask whoever is named in [the list](no-such-file.md).

```bash step=look
#| effect: read
./look
```
"#,
    right: r#"Ask whoever is named in [the list](https://example.com/on-call).

```bash step=look
#| effect: read
./look
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for link in relative(facts) {
        let Target::File { path, .. } = &link.target else { continue };
        if matches!((facts.book.files)(path), Linked::Missing) {
            let end = link.span.start + link.written_path;
            let span = crate::source::Span::new(link.span.start, end.min(link.span.end));
            found.push(
                RULE.warning(span, format!("there is no file `{path}`"))
                    .help("paths count from the folder of the runbook"),
            );
        }
    }
}
