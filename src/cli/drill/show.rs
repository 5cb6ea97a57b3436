//! The report of a drill, for people.

use crate::drill::evidence::Evidence;
use crate::drill::report::Report;
use crate::drill::verdict::{Clock, Verdict};
use crate::model::duration::Short;
use crate::model::mode::Mode;
use crate::run::report::text::{Paint, cut, fit, fold, harmless, width};
use std::time::Duration;

/// How wide the words before each line are.
const LABEL: usize = 11;

/// The report, a line each. `before` is that of the drill before.
pub(super) fn lines(
    report: &Report,
    before: Option<&Report>,
    paint: Paint,
    columns: usize,
) -> Vec<String> {
    let mut lines = vec![paint.strong(&cut(&harmless(&report.title), columns)).to_string()];
    let facts = format!(
        "  drill {} · {} · {} · run {}",
        report.drill, report.environment, report.mode, report.run
    );
    lines.push(paint.dim(&cut(&facts, columns)).to_string());
    lines.push(String::new());
    lines.extend(verdict(report, paint, columns));
    for clock in &report.clocks {
        lines.extend(incident(report, clock, paint, columns));
    }
    if let Some(before) = before {
        let text = format!("{}: {}", before.run, compared(report, before));
        lines.push(labelled("before", &text));
    }
    lines.push(labelled("who", &who(report)));
    for fault in &report.faults {
        let text = match fault.mended {
            Some(mended) => {
                let stood =
                    Duration::try_from(mended.duration_since(fault.began)).unwrap_or_default();
                format!("{} stood for {}, and is mended", fault.name, Short(stood))
            }
            None => {
                let text = format!(
                    "{} STANDS since {}: `runbook resume {}`",
                    fault.name, fault.began, report.run
                );
                paint.bad(&text).to_string()
            }
        };
        lines.push(labelled("fault", &text));
    }
    for step in report.steps.iter().filter(|step| step.skipped.is_some()) {
        let why = step.skipped.as_deref().unwrap_or_default();
        lines.push(labelled("skipped", &format!("{}: {}", step.step, harmless(why))));
    }
    for owed in &report.obligations {
        lines.push(labelled("owed", &format!("by {}: {}", owed.due, harmless(&owed.text))));
    }
    lines.push(String::new());
    lines.extend(steps(report, before, paint, columns));
    lines
}

fn labelled(label: &str, text: &str) -> String {
    format!("  {label:LABEL$}{text}")
}

fn verdict(report: &Report, paint: Paint, columns: usize) -> Vec<String> {
    let rehearsal =
        if report.mode == Mode::Rehearsal { " (a rehearsal, and no evidence)" } else { "" };
    let (text, why) = (&report.judgement.verdict, harmless(&report.judgement.why));
    let head = match text {
        Some(Verdict::Passed) => paint.good(&format!("✓ passed{rehearsal}")).to_string(),
        Some(Verdict::Failed) => paint.bad(&format!("✗ failed{rehearsal}")).to_string(),
        Some(Verdict::CouldNotJudge) => {
            paint.warn(&format!("? could not judge{rehearsal}")).to_string()
        }
        None => paint.warn("• not over").to_string(),
    };
    let mut lines = vec![labelled("verdict", &head)];
    for (at, line) in fold(&why, columns.saturating_sub(LABEL + 2)).into_iter().enumerate() {
        lines.push(labelled(if at == 0 { "why" } else { "" }, &line));
    }
    if report.judgement.verdict == Some(Verdict::Passed) && Evidence::of(report).counts() {
        lines.push(labelled("evidence", &format!("journal {}", report.head)));
    }
    lines
}

fn incident(report: &Report, clock: &Clock, paint: Paint, columns: usize) -> Vec<String> {
    let what = harmless(&clock.incident);
    let mut lines = vec![labelled("incident", &cut(&what, columns.saturating_sub(LABEL + 2)))];
    let of = report.objective.map_or_else(String::new, |of| format!(" of {}", Short(of)));
    let took = match clock.took() {
        Some(took) => {
            let text = format!("{}{of}", Short(took));
            let missed = report.objective.is_some_and(|objective| took > objective);
            if missed { paint.bad(&text).to_string() } else { paint.good(&text).to_string() }
        }
        None => paint.bad(&format!("not recovered{of}")).to_string(),
    };
    lines.push(labelled("recovery", &took));
    lines.push(labelled(
        "",
        &format!(
            "{} of work, {} of waiting for people, {} of waiting for health",
            Short(clock.machine),
            Short(clock.people),
            Short(clock.health)
        ),
    ));
    lines
}

fn compared(report: &Report, before: &Report) -> String {
    let verdict = before.judgement.verdict.map_or_else(|| "not over".to_owned(), |v| v.to_string());
    match (report.rto, before.rto) {
        (Some(now), Some(then)) if now > then => {
            format!("{verdict}, recovered after {}: {} slower now", Short(then), Short(now - then))
        }
        (Some(now), Some(then)) => {
            format!("{verdict}, recovered after {}: {} faster now", Short(then), Short(then - now))
        }
        (_, Some(then)) => format!("{verdict}, recovered after {}", Short(then)),
        _ => verdict,
    }
}

fn who(report: &Report) -> String {
    let name = |one: &crate::engine::event::Operator| {
        let caller = one.caller.as_ref().map_or_else(String::new, |arn| format!(" ({arn})"));
        harmless(&format!("{}@{}{caller}", one.user, one.host))
    };
    report.operators.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn steps(report: &Report, before: Option<&Report>, paint: Paint, columns: usize) -> Vec<String> {
    let earlier = before.map(Report::times).unwrap_or_default();
    let short = |time: Option<Duration>| {
        time.map_or_else(|| "-".to_owned(), |time| Short(time).to_string())
    };
    let widest =
        report.steps.iter().map(|step| width(step.step.as_str())).max().unwrap_or(4).clamp(4, 48);
    let row = |cells: [&str; 5]| {
        let [step, status, took, usual, then] = cells;
        let line = format!(
            "  {}  {}  {}  {}  {then}",
            fit(step, widest),
            fit(status, 9),
            fit(took, 7),
            fit(usual, 8)
        );
        cut(&line, columns)
    };
    let mut lines = vec![paint.dim(&row(["STEP", "", "TOOK", "ESTIMATE", "BEFORE"])).to_string()];
    for step in &report.steps {
        let line = row([
            step.step.as_str(),
            step.status,
            &short(step.took),
            &short(step.estimate),
            &short(earlier.get(&step.step).copied()),
        ]);
        let slow = step.took.zip(step.estimate).is_some_and(|(took, usual)| took > usual);
        lines.push(if slow { paint.warn(&line).to_string() } else { line });
    }
    lines
}
