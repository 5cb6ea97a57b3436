//! The report of a drill for programs.

use super::evidence::Evidence;
use super::report::Report;
use super::verdict::Clock;
use crate::model::value::Value;
use serde_json::json;
use std::time::Duration;

fn seconds(time: Option<Duration>) -> Value {
    time.map_or(Value::Null, |time| json!(time.as_secs_f64()))
}

/// The report. `before` is that of the drill before, if there was one.
#[must_use]
pub fn json(report: &Report, before: Option<&Report>) -> Value {
    let earlier = before.map(Report::times).unwrap_or_default();
    let steps = report.steps.iter().map(|step| {
        json!({
            "step": step.step, "title": step.title, "status": step.status,
            "took_seconds": seconds(step.took), "estimate_seconds": seconds(step.estimate),
            "before_seconds": seconds(earlier.get(&step.step).copied()), "skipped": step.skipped,
        })
    });
    let clocks = report.clocks.iter().map(clock);
    let faults = report.faults.iter().map(|fault| {
        json!({ "step": fault.step, "fault": fault.name, "began": fault.began, "mended": fault.mended })
    });
    json!({
        "drill": report.drill, "title": report.title, "run": report.run,
        "environment": report.environment, "mode": report.mode,
        "verdict": report.judgement.verdict, "cause": report.judgement.cause,
        "why": report.judgement.why, "counts_as_evidence": Evidence::of(report).counts(),
        "began": report.began, "ended": report.ended, "operators": report.operators,
        "rto_seconds": seconds(report.rto), "objective_seconds": seconds(report.objective),
        "before": before.map(|before| json!({
            "run": before.run, "verdict": before.judgement.verdict, "rto_seconds": seconds(before.rto),
        })),
        "incidents": clocks.collect::<Value>(), "steps": steps.collect::<Value>(),
        "faults": faults.collect::<Value>(), "obligations": report.obligations,
        "journal_head": report.head,
    })
}

fn clock(clock: &Clock) -> Value {
    json!({
        "incident": clock.incident, "declared": clock.started, "recovered": clock.stopped,
        "took_seconds": seconds(clock.took()), "machine_seconds": seconds(Some(clock.machine)),
        "people_seconds": seconds(Some(clock.people)), "health_seconds": seconds(Some(clock.health)),
    })
}
