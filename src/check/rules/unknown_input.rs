//! Whether an action knows the inputs it is given.

use super::super::facts::Facts;
use super::super::typed::each;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};

pub(super) const RULE: Rule = Rule {
    code: "RB0302",
    name: "unknown-input",
    summary: "`with` has an input that the action does not take",
    why: "An input that the action does not know would be silently left out of what it does.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |spec, _, with| {
        if spec.open_inputs {
            return;
        }
        for (name, _) in with.iter().filter(|(name, _)| spec.input(&name.value).is_none()) {
            let known = spec.inputs.iter().map(|input| input.name);
            let help = match (nearest(&name.value, known.clone()), spec.inputs.is_empty()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, true) => "it takes no inputs".to_owned(),
                (None, false) => format!("it takes: {}", known.collect::<Vec<_>>().join(", ")),
            };
            found.push(
                RULE.error(name.span, format!("`{}` has no input `{}`", spec.name, name.value))
                    .help(help),
            );
        }
    });
}
