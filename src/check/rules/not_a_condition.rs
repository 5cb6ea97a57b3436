//! Whether conditions are true or false at all.

use super::super::facts::{Facts, Site};
use super::super::typed::noun;
use super::cannot_fail::conditions;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::runbook::Type;

pub(super) const RULE: Rule = Rule {
    code: "RB0412",
    name: "not-a-condition",
    summary: "A condition is neither true nor false",
    why: "`if`, `until`, `expect` and `holds` must be exactly true or false. Nothing else counts as either: a text is not true because it is not empty.",
    fix: "Say what you mean: `outputs.name != \"\"`, `outputs.list | length > 0`, `outputs.flag == \"true\"`.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: [outputs.key_arn]
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: ["outputs.key_arn != ''"]
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (step, block) in facts.blocks() {
        for (name, text) in conditions(block) {
            if !facts.is_readable(text) {
                continue;
            }
            let plain = facts.site(step, block);
            let site = Site { outputs: name != "if" || plain.outputs, ..plain };
            let Some(kind) = facts.kind(&text.value, &site) else { continue };
            if matches!(kind, Type::Boolean | Type::Any) {
                continue;
            }
            let start = text.value.len() - text.value.trim_start().len();
            let span = text.locate(start..start + text.value.trim().len());
            let message = format!("`{name}` must be true or false, but this is {}", noun(kind));
            found.push(match kind {
                Type::List => {
                    RULE.error(span, message).help("compare its length: `… | length > 0`")
                }
                Type::String => RULE.error(span, message).help("compare it: `… != \"\"`"),
                _ => RULE.error(span, message).help("compare it with something"),
            });
        }
    }
}
