//! Whether the references of the prose are defined.

use super::super::facts::Facts;
use super::super::links::can_be_followed;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0604",
    name: "undefined-link",
    summary: "A link names a reference that is not defined",
    why: "`[words][name]` is a link only when a line `[name]: target` stands somewhere in the file. Without it, the brackets are shown as they are.",
    fix: "Add the line `[name]: target`, or write the target behind the words: `[words](target)`.",
    wrong: r#"Ask [whoever is on call][roster].

```bash step=look
#| effect: read
./look
```
"#,
    right: r#"Ask [whoever is on call][roster].

```bash step=look
#| effect: read
./look
```

[roster]: https://example.com/on-call
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    if !can_be_followed(facts) {
        return;
    }
    for link in runbook.links.iter().filter(|link| !link.defined) {
        let name = &link.target;
        found.push(
            RULE.warning(link.span, format!("the reference `{name}` is not defined"))
                .help(format!("add a line `[{name}]: target`")),
        );
    }
}
