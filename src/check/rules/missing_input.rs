//! Whether an action is given the inputs that it needs.

use super::super::facts::Facts;
use super::super::typed::{Call, calls};
use super::unknown_input::meant;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0303",
    name: "missing-input",
    summary: "`with` lacks an input that the action needs",
    why: "`runbook actions NAME` shows which inputs an action needs and what they mean.",
    fix: "Add the input under `with`.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for Call { spec, uses, with, .. } in calls(facts) {
        for input in spec.inputs.iter().filter(|input| input.required) {
            // A misspelt input is reported as unknown, and that is enough.
            let given = with.iter().any(|(name, _)| {
                name.value == input.name || meant(spec, &name.value) == Some(input.name)
            });
            if given {
                continue;
            }
            let message = format!("`{}` needs the input `{}`", spec.name, input.name);
            let help =
                format!("add it under `with`: {} ({})", input.description, input.kind.phrase());
            found.push(RULE.error(uses.span, message).help(help));
        }
    }
}
