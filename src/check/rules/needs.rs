//! Whether the order of the steps can be kept.

use super::super::facts::Facts;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};

pub(super) const UNKNOWN: Rule = Rule {
    code: "RB0405",
    name: "unknown-need",
    summary: "`needs` names a step that does not exist",
    why: "`needs` lists ids of steps of the same file. To wait for a step of another runbook, run that runbook as a step.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const CYCLE: Rule = Rule {
    code: "RB0406",
    name: "cycle",
    summary: "Steps need each other in a circle",
    why: "None of them could ever start. A step without `needs` needs the step before it.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn unknown(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for step in facts.steps() {
        for need in step.block.options.needs.iter().flatten() {
            if facts.step(need.value.as_str()).is_none() {
                let diagnostic =
                    UNKNOWN.error(need.span, format!("there is no step `{}`", need.value));
                found.push(match nearest(need.value.as_str(), facts.index.keys().copied()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic,
                });
            }
        }
    }
}

pub(super) fn cycle(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let steps = facts.steps();
    let mut reported = vec![false; steps.len()];
    for (at, step) in steps.iter().enumerate() {
        if !facts.has_ended(at, at) || reported[at] {
            continue;
        }
        // Every member of the circle is before every other one.
        let members: Vec<_> = (0..steps.len())
            .filter(|other| facts.has_ended(*other, at) && facts.has_ended(at, *other))
            .collect();
        members.iter().for_each(|member| reported[*member] = true);
        let names: Vec<_> =
            members.iter().map(|member| format!("`{}`", steps[*member].id())).collect();
        let direct = step.block.options.needs.iter().flatten().find(|need| {
            facts.step(need.value.as_str()).is_some_and(|(other, _)| members.contains(&other))
        });
        let span = direct.map_or(step.block.id.span, |need| need.span);
        let message = if members.len() == 1 {
            format!("{} needs itself", names[0])
        } else {
            format!("these steps need each other: {}", names.join(", "))
        };
        found.push(CYCLE.error(span, message));
    }
}
