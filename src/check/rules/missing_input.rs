//! Whether an action is given the inputs that it needs.

use super::super::facts::Facts;
use super::super::typed::{Call, calls};
use super::unknown_input::meant;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::action::InputSpec;

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

/// The inputs that a block lacks. A misspelt one is reported as unknown, and that is enough.
fn missing<'a>(call: &Call<'a>) -> Vec<&'a InputSpec> {
    let given = |input: &InputSpec| {
        call.with.iter().any(|(name, _)| {
            name.value == input.name || meant(call.spec, &name.value) == Some(input.name)
        })
    };
    call.spec.inputs.iter().filter(|input| input.required && !given(input)).collect()
}

/// Whether a block lacks an input.
pub(super) fn lacks_an_input(call: &Call<'_>) -> bool {
    !missing(call).is_empty()
}

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for call in calls(facts) {
        let (missing, spec) = (missing(&call), call.spec);
        let names: Vec<_> = missing.iter().map(|input| format!("`{}`", input.name)).collect();
        let meanings: Vec<_> = missing
            .iter()
            .map(|input| {
                format!("`{}`: {} ({})", input.name, input.description, input.kind.phrase())
            })
            .collect();
        let message = match names.as_slice() {
            [] => continue,
            [one] => format!("`{}` needs the input {one}", spec.name),
            [many @ .., last] => {
                format!("`{}` needs the inputs {} and {last}", spec.name, many.join(", "))
            }
        };
        let help = format!("add under `with` {}", meanings.join("; "));
        found.push(RULE.error(call.uses.span, message).help(help));
    }
}
