//! The results of a rehearsal, for people and for programs.

use super::Results;
use super::case::{End, Result as CaseResult};
use crate::drill::junit::{Case, End as JUnitEnd, xml};
use crate::model::duration::Short;
use crate::model::value::Value;
use serde_json::json;

/// The results for people, a line each: the matrix, then everything that is wrong.
#[must_use]
pub fn lines(results: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    for kind in ["fail", "kill", "undo", "lose"] {
        let of: Vec<&CaseResult> =
            results.cases.iter().filter(|case| case.way.word() == kind).collect();
        if of.is_empty() {
            continue;
        }
        let count = |wanted: fn(&End) -> bool| of.iter().filter(|case| wanted(&case.end)).count();
        let row: String = of.iter().map(|case| mark(&case.end)).collect();
        lines.push(format!(
            "  {kind:6}{row}  {} fine, {} wrong, {} not tried",
            count(|end| matches!(end, End::Fine(_))),
            count(|end| matches!(end, End::Wrong(_))),
            count(|end| matches!(end, End::Skipped(_))),
        ));
    }
    for case in &results.cases {
        if let End::Wrong(why) = &case.end {
            let of = case.step.as_ref().map_or_else(String::new, |step| format!("  step {step}"));
            lines.push(String::new());
            lines.push(format!("✗ {}{of}", case.way));
            lines.extend(why.lines().map(|line| format!("    {line}")));
        }
    }
    if !results.notes.is_empty() {
        lines.push(String::new());
        lines.extend(results.notes.iter().map(|note| format!("  note: {note}")));
    }
    lines.push(String::new());
    let wrong = results.cases.iter().filter(|case| !case.end.is_fine()).count();
    lines.push(if wrong == 0 {
        format!("✓ `{}` came through {} cases", results.runbook, results.cases.len())
    } else {
        format!(
            "✗ `{}` did not come through {wrong} of {} cases",
            results.runbook,
            results.cases.len()
        )
    });
    lines
}

const fn mark(end: &End) -> char {
    match end {
        End::Fine(_) => '·',
        End::Wrong(_) => '✗',
        End::Skipped(_) => '-',
    }
}

/// One case in one line, as it comes.
#[must_use]
pub fn line(case: &CaseResult) -> String {
    format!("{} {} ({})", mark(&case.end), case.way, Short(case.took))
}

/// The results for programs.
#[must_use]
pub fn json(results: &Results) -> Value {
    let cases = results.cases.iter().map(|case| {
        let (end, why) = match &case.end {
            End::Fine(why) => ("fine", why.as_deref()),
            End::Wrong(why) => ("wrong", Some(why.as_str())),
            End::Skipped(why) => ("skipped", Some(why.as_str())),
        };
        json!({
            "way": case.way.word(), "case": case.way.to_string(), "end": end, "why": why,
            "step": case.step, "took_seconds": case.took.as_secs_f64(),
        })
    });
    json!({
        "runbook": results.runbook, "proven": results.is_proven(), "notes": results.notes,
        "cases": cases.collect::<Value>(),
    })
}

/// The results for build servers.
#[must_use]
pub fn junit(results: &Results) -> String {
    let cases: Vec<Case> = results
        .cases
        .iter()
        .map(|case| Case {
            class: format!("{}.{}", results.runbook, case.way.word()),
            name: case.way.to_string(),
            took: case.took,
            end: match &case.end {
                End::Fine(_) => JUnitEnd::Passed,
                End::Wrong(why) => JUnitEnd::Failed(why.clone()),
                End::Skipped(why) => JUnitEnd::Skipped(why.clone()),
            },
        })
        .collect();
    xml(&results.runbook, &cases)
}
