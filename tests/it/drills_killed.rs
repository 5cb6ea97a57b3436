//! The shipped drills, killed: they go on, pass, and what they broke is mended.

use crate::drills_shipped::{Shipped, arguments, assert_judged, chosen, project};
use crate::env::Project;
use crate::sample::{full, is_turn, say, some_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Killed at a record, it goes on, mends and passes. In a full run: at every record of what it breaks, and at
/// every tenth of the others.
#[test]
fn a_shipped_drill_that_is_killed_goes_on_and_is_mended() {
    if !is_turn("a shipped drill that is killed", 0, 3) {
        return;
    }
    for Shipped { name, .. } in chosen("drills to be killed", |_| true) {
        let project = project();
        project.run(&arguments(name)).ended(0);
        let journal = project.journal();
        let of_fault = |record: &Value| {
            record["event"]["step"].as_str().is_some_and(|step| step.starts_with("break_"))
        };
        let records: Vec<usize> = (1..journal.len())
            .filter(|record| record % 10 == 0 || of_fault(&journal[record - 1]))
            .collect();
        for record in some_of("records of a shipped drill", records, 1) {
            let at = record.to_string();
            let ran = project.run_with(&arguments(name), &[("RUNBOOK_KILL_AT_RECORD", &at)]);
            assert_eq!(ran.signal, Some(9), "{name}, record {record}: {}", ran.stderr);
            let resumed = project.run(&["resume"]);
            let said = format!("{}{}", resumed.stdout, resumed.stderr);
            assert_eq!(resumed.code, Some(0), "{name}, killed at record {record}: {said}");
            assert_judged(&project, name, 0, "passed");
            if full() {
                say(&format!("{name}: killed at record {record} of {}", journal.len()));
            }
        }
    }
}

/// How many records a run may add after it is gone on with, until it must have come further. The looks at steps that
/// ran side by side when it was killed come first.
const PATIENCE: usize = 100;

/// Killed, gone on with, and killed again at the next record, whoever wrote it: nothing piles up, it ends as if nothing
/// had been, and what it broke is mended. In a full run from the first record to the last, and otherwise a few times from
/// one that chance takes.
#[test]
fn a_shipped_drill_that_is_killed_again_and_again_ends_as_if_nothing_had_been() {
    if !is_turn("a shipped drill that is killed again and again", 1, 3) {
        return;
    }
    for Shipped { name, .. } in chosen("drills to be killed again and again", |_| true) {
        let project = project();
        project.run(&arguments(name)).ended(0);
        let usual = steps(&project);
        let undisturbed = project.journal().len();
        let records: Vec<usize> = (1..undisturbed).collect();
        let first = some_of("records to begin with", records, 1)[0];
        let most = if full() { usize::MAX } else { 4 };
        let times = killed_from(&project, name, first, most);
        say(&format!("{name}: killed {times} times from record {first} on"));
        assert!(!full() || times >= undisturbed - 1, "{name}: killed {times} times only");
        assert_judged(&project, name, 0, "passed");
        assert_eq!(steps(&project), usual, "{name}");
    }
}

/// Kills a drill at that record, and then again and again at one that tells something new, until it ends. Tells how often.
fn killed_from(project: &Project, name: &str, first: usize, most: usize) -> usize {
    let at = first.to_string();
    let ran = project.run_with(&arguments(name), &[("RUNBOOK_KILL_AT_RECORD", &at)]);
    assert_eq!(ran.signal, Some(9), "{name}, record {first}: {}", ran.stderr);
    let (mut times, mut known, mut more) = (1, told(project), 1);
    loop {
        let at = (project.journal().len() + more).to_string();
        let variables = [("RUNBOOK_KILL_AT_RECORD", at.as_str())];
        let ran = project.run_with(&["resume"], if times < most { &variables } else { &[] });
        if ran.signal != Some(9) {
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(
                ran.code,
                Some(0),
                "{name}, after {times} kills, the last before {at}: {said}"
            );
            return times;
        }
        times += 1;
        let now = told(project);
        if now.iter().any(|one| one.1 == "run_succeeded") {
            return times;
        }
        // To be gone on with is a record, too, and so is each look at what was under way.
        more = if now == known { more + 1 } else { 2 };
        assert!(more < PATIENCE, "{name}: it does not come further than {known:?}");
        known = now;
    }
}

/// What happened to which step, each once.
fn told(project: &Project) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let events = project.journal().into_iter().map(|record| record["event"].clone());
    events.map(|event| (text(&event["step"]), text(&event["event"]))).collect()
}

/// How each step of the newest run ended.
fn steps(project: &Project) -> BTreeMap<String, String> {
    let status = project.run(&["status", "--json"]).ended(0).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let steps = status["steps"].as_array().expect("a list").iter();
    steps.map(|step| (text(&step["step"]), text(&step["status"]))).collect()
}
