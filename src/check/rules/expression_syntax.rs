//! Whether expressions can be read at all.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::Form;

pub(super) const RULE: Rule = Rule {
    code: "RB0401",
    name: "expression-syntax",
    summary: "An expression cannot be read",
    why: "`if`, `until`, `expect`, `holds` and `for_each` take a bare expression, without braces. Elsewhere `{{ expression }}` stands in a text; to write `{{` itself, write `{{ '{{' }}`. Filters, tests and functions are those listed in the manual: none of them reads a clock, the environment or a random number.",
    fix: "Write the expression as the manual of the format says.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: ["outputs.enabled &&"]
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: ["outputs.enabled"]
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for one in &facts.uses {
        if one.form == Form::Bare
            && let Some(open) = one.text.value.find("{{").filter(|_| one.references.is_err())
        {
            let place = one.text.locate(open..open + 2);
            let diagnostic = RULE.error(place, "this takes a bare expression, without braces");
            found.push(diagnostic.help("remove `{{` and `}}`"));
            continue;
        }
        if let Some(error) = &one.error {
            found.push(RULE.error(one.text.locate(error.range.clone()), error.message.clone()));
        }
    }
}
