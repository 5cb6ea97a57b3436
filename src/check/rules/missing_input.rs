//! Whether an action is given the inputs that it needs.

use super::super::facts::Facts;
use super::super::typed::each;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0303",
    name: "missing-input",
    summary: "`with` lacks an input that the action needs",
    why: "`runbook actions NAME` shows which inputs an action needs and what they mean.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |spec, uses, with| {
        for input in spec.inputs.iter().filter(|input| input.required) {
            if !with.iter().any(|(name, _)| name.value == input.name) {
                found.push(
                    RULE.error(
                        uses.span,
                        format!("`{}` needs the input `{}`", spec.name, input.name),
                    )
                    .help(format!(
                        "add it under `with`: {} ({})",
                        input.description,
                        input.kind.phrase()
                    )),
                );
            }
        }
    });
}
