//! Whether an action knows the inputs it is given.

use super::super::facts::Facts;
use super::super::typed::{Call, calls};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::action::ActionSpec;

pub(super) const RULE: Rule = Rule {
    code: "RB0302",
    name: "unknown-input",
    summary: "`with` has an input that the action does not take",
    why: "An input that the action does not know would be silently left out of what it does.",
    fix: "Correct the name, or remove the input.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { kye: alias/corpus }
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};

/// The input that an unknown one was meant to be.
pub(super) fn meant(spec: &ActionSpec, name: &str) -> Option<&'static str> {
    if spec.open_inputs || spec.input(name).is_some() {
        return None;
    }
    nearest(name, spec.inputs.iter().map(|input| input.name))
}

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for Call { spec, with, .. } in calls(facts).filter(|call| !call.spec.open_inputs) {
        for (name, _) in with.iter().filter(|(name, _)| spec.input(&name.value).is_none()) {
            let known: Vec<_> = spec.inputs.iter().map(|input| input.name).collect();
            let message = format!("`{}` has no input `{}`", spec.name, name.value);
            let diagnostic = RULE.error(name.span, message);
            found.push(diagnostic.hinted(&name.value, &known, "it takes", "it takes no inputs"));
        }
    }
}
