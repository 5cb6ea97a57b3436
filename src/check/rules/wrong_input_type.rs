//! Whether the inputs of an action have the right types.

use super::super::facts::Facts;
use super::super::typed::{Call, calls, described, fits};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::whole;
use crate::model::runbook::Type;
use crate::model::value::NodeKind;

pub(super) const RULE: Rule = Rule {
    code: "RB0304",
    name: "wrong-input-type",
    summary: "An input has a value of the wrong type",
    why: "A template that is exactly one `{{ expression }}` keeps the type of its value; with any text around it, it is a string.",
    fix: "Write a value of the type that the input takes. Durations have a unit, and texts that look like numbers are in quotes.",
    wrong: r#"```yaml step=pause
uses: wait/for
with: { duration: 10 }
```
"#,
    right: r#"```yaml step=pause
uses: wait/for
with: { duration: 10m }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for Call { spec, with, site, .. } in calls(facts) {
        for (name, node) in with {
            let Some(input) = spec.input(&name.value) else { continue };
            if fits(facts, &site, input, node) {
                continue;
            }
            let message = format!(
                "`{}` must be {}, but this is {}",
                name.value,
                input.kind.phrase(),
                described(facts, &site, node)
            );
            let diagnostic = RULE.error(node.span, message);
            found.push(match (&node.kind, input.kind) {
                (NodeKind::Integer(number), Type::Duration) => {
                    diagnostic.help(format!("it needs a unit: `{number}s`, `{number}m` or `{number}h`"))
                }
                (NodeKind::Integer(_) | NodeKind::Number(_) | NodeKind::Boolean(_), Type::String) => {
                    diagnostic.help("put it in quotes")
                }
                (NodeKind::Text(text), Type::Integer | Type::Number | Type::Boolean | Type::List | Type::Mapping)
                    if text.value.contains("{{") && whole(&text.value).is_none() =>
                {
                    diagnostic.help("only a value that is exactly one `{{ expression }}` keeps its type; with text around it, it is a string")
                }
                _ => diagnostic,
            });
        }
    }
}
