//! Whether the runbooks whose health a drill looks at have any.

use super::super::facts::{Facts, watched};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::drill::Part;
use crate::model::step::Role;

pub(super) const RULE: Rule = Rule {
    code: "RB0903",
    name: "recovered-without-health",
    summary: "A drill looks at the health of a runbook that has no health probe",
    why: "Health that nobody asks for always holds. The clock would stop at once, and a fault would never show.",
    fix: "Add a `health=` block to that runbook, or name another one.",
    wrong: r#"title: T
summary: S
owner: o
environment: sandbox
scenario:
  - run: restore-copy
    params: { bucket: corpus }
  - incident: The copy is lost.
  - run: restore-all
  - recovered: [restore-copy]
"#,
    right: r#"title: T
summary: S
owner: o
environment: sandbox
scenario:
  - run: restore-copy
    params: { bucket: corpus }
  - incident: The copy is lost.
  - run: restore-all
  - recovered: [restore-all]
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    if facts.book.runbook.drill.is_none() {
        return;
    }
    for step in facts.steps() {
        let part = Part::of(&step.block);
        // The steady state names what the others name.
        if !matches!(part, Some(Part::Expect | Part::Recovered)) {
            continue;
        }
        for name in watched(&step.block) {
            let Some(other) = (facts.book.others)(&name.value) else { continue };
            let may_have = other.gaps.torn || other.gaps.may_have_any(Role::Health);
            if other.health.is_empty() && !may_have {
                let message = format!("`{}` has no health probe", name.value);
                let help = format!("add a block `health=ID` to `{}`", name.value);
                found.push(RULE.error(name.span, message).help(help));
            }
        }
    }
}
