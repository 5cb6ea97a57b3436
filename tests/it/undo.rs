//! The main job fails in the middle, and everything is as it was before.

use crate::main_job::{look, seeded};

#[test]
fn after_a_failure_in_the_middle_undo_brings_back_the_state_before() {
    let project = seeded();
    let before = look(&project);
    // The proof is made to fail, after every store has moved.
    let text = project.read("runbooks/kms-replace.md");
    let failing = text.replace("| length) == 0'", "| length) == 4711'");
    assert_ne!(text, failing);
    project.write("runbooks/kms-replace.md", &failing);
    project
        .run(&["run", "kms-replace", "--env", "sandbox"])
        .ended(1)
        .says("4711")
        .says("runbook undo");
    assert_ne!(look(&project).alias, before.alias, "it failed too early to prove anything");

    project.run(&["undo"]).ended(0);
    let mut after = look(&project);
    // The successor cannot be unmade at once: it waits for its deletion, used by nothing.
    let gone: Vec<_> = after.all.iter().filter(|(key, _)| !before.all.contains_key(*key)).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].1, "PendingDeletion");
    after.all.retain(|key, _| before.all.contains_key(key));
    assert_eq!(after, before);
    let last = project.journal().pop().expect("a record");
    assert_eq!(last["event"]["event"], "run_undone");
    assert_eq!(last["event"]["healthy"], true);
}

#[test]
fn a_run_killed_in_the_middle_can_be_taken_back_without_being_resumed() {
    // Killed while the stores move: several outcomes are unknown at once.
    let at = start_of("function");
    let project = seeded();
    let before = look(&project);
    let ran = project
        .run_with(&["run", "kms-replace", "--env", "sandbox"], &[("RUNBOOK_KILL_AT_RECORD", &at)]);
    assert_eq!(ran.signal, Some(9));
    project.run(&["undo"]).ended(0);
    let mut after = look(&project);
    after.all.retain(|key, _| before.all.contains_key(key));
    assert_eq!(after, before);
}

/// The number of the record with which a step of the main job starts.
fn start_of(step: &str) -> String {
    let project = seeded();
    project.run(&["run", "kms-replace", "--env", "sandbox"]).ended(0);
    let journal = project.journal();
    let starts = |record: &&serde_json::Value| {
        record["event"]["event"] == "step_started" && record["event"]["step"] == step
    };
    journal.iter().find(starts).map(|record| record["seq"].to_string()).expect("the step starts")
}
