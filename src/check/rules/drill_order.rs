//! Whether the scenario of a drill can be measured: what starts is stopped, and what is seen was made.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::drill::Part;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    code: "RB0902",
    name: "drill-order",
    summary: "The scenario of a drill cannot be judged as it stands",
    why: "The clock starts with `incident` and stops with `recovered`: one without the other measures nothing. A fault that nobody looks for may not have been there. An objective without an incident is never held against anything.",
    fix: "Break something, declare the `incident`, see that it shows with `expect`, recover, and say with `recovered` whose health says so.",
    wrong: r#"title: T
summary: S
owner: o
environment: sandbox
scenario:
  - fault: lost
  - incident: The copy is lost.
  - run: restore-all
"#,
    right: r#"title: T
summary: S
owner: o
environment: sandbox
scenario:
  - fault: lost
  - incident: The copy is lost.
  - expect: { unhealthy: restore-all }
  - run: restore-all
  - recovered: [restore-all]
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    if runbook.drill.is_none() || runbook.gaps.nameless {
        return;
    }
    let parts = runbook.steps.iter().filter_map(|step| Some((Part::of(&step.block)?, step)));
    let (mut open, mut incidents): (Option<Span>, usize) = (None, 0);
    let (mut broken, mut unseen) = (false, None);
    for (part, step) in parts {
        let span = step.block.id.span;
        match part {
            Part::Run => broken = true,
            Part::Fault => {
                broken = true;
                unseen = unseen.or(Some(span));
            }
            Part::Incident => {
                if let Some(first) = open {
                    let message = "another incident begins before the first one is over";
                    let diagnostic = RULE.error(span, message).related(first, "the first one");
                    found.push(diagnostic.help("put a `recovered` between them"));
                }
                (open, incidents) = (Some(span), incidents + 1);
            }
            Part::Expect => {
                if !broken {
                    let message = "nothing was broken before this, so nothing can show";
                    found.push(RULE.error(span, message).help("put a `fault` before it"));
                }
                unseen = None;
            }
            Part::Recovered => {
                if open.take().is_none() {
                    let message = "no clock runs here: no `incident` was declared";
                    found.push(RULE.error(span, message).help("put an `incident` before it"));
                }
                if let Some(fault) = unseen.take() {
                    let message = "nobody looks whether this fault shows";
                    let help = "add `- expect: { unhealthy: NAME }` before the recovery";
                    found.push(RULE.error(fault, message).help(help));
                }
            }
            Part::Steady | Part::Mend => {}
        }
    }
    if let Some(span) = open {
        let message = "this incident is never over";
        let help = "add `- recovered: [NAME]`, with the runbook whose health says so";
        found.push(RULE.error(span, message).help(help));
    }
    if let Some(rto) = runbook.front.rto.as_ref().filter(|_| incidents == 0) {
        let message = "there is no incident, so this time is never measured";
        found.push(RULE.error(rto.span, message).help("add an `incident` and a `recovered`"));
    }
}
