//! Whether the steps exist that others need.

use super::super::facts::Facts;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};

pub(super) const RULE: Rule = Rule {
    code: "RB0405",
    name: "unknown-need",
    summary: "`needs` names a step that does not exist",
    why: "`needs` lists ids of steps of the same file. To wait for a step of another runbook, run that runbook as a step.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for step in facts.steps() {
        for need in step.block.options.needs.iter().flatten() {
            if facts.step(need.value.as_str()).is_none() {
                let diagnostic =
                    RULE.error(need.span, format!("there is no step `{}`", need.value));
                found.push(match nearest(need.value.as_str(), facts.index.keys().copied()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic,
                });
            }
        }
    }
}
