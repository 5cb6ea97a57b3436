//! Whether braces around a name of the run are those of an expression.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use regex::Regex;
use std::sync::LazyLock;

pub(super) const RULE: Rule = Rule {
    code: "RB0416",
    name: "almost-template",
    summary: "A text has a name of the run in braces that are not `{{ … }}`",
    why: "Only `{{ expression }}` is filled in. `{name}`, `${name}` and `{ {name }}` are taken as they stand, and the step acts on the wrong thing.",
    fix: "Write two braces without a space between them, and no `$` before them: `{{ params.name }}`.",
    wrong: r#"---
params:
  alias: { type: string }
---

```yaml step=look
uses: kms/describe-key
with: { key: "{ {params.alias }}" }
```
"#,
    right: r#"---
params:
  alias: { type: string }
---

```yaml step=look
uses: kms/describe-key
with: { key: "{{ params.alias }}" }
```
"#,
};

/// A brace or two, and a name that only a runbook knows.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\$?\{\s*\{?\s*(?:params|steps|accounts|outputs|run|item)(?:\.[A-Za-z_][\w.]*|\s*\})\s*\}?\s*\}?")
        .ok()
});

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let Some(name) = NAME.as_ref() else { return };
    for text in &facts.texts {
        for braces in name.find_iter(&text.value) {
            let written = braces.as_str().trim_end();
            if written.starts_with("{{") {
                continue;
            }
            let span = text.locate(braces.start()..braces.start() + written.len());
            let diagnostic = RULE.warning(span, format!("`{written}` is not filled in"));
            found.push(diagnostic.help("an expression stands in `{{` and `}}`, without `$`"));
        }
    }
}
