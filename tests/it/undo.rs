//! Ways back that the undo matrix does not go: after a kill, and when hands must help.

use crate::env::Project;
use crate::main_job::{look, seeded};

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

/// Its undo works only once somebody has made that possible, and the check after it looks.
const STUBBORN: &str = "---\ntitle: Stubborn\nsummary: For the tests.\nowner: tests\n---\n\n# Stubborn\n\n## Steps\n\n### First\n\n```bash step=first\necho first >> \"$RUNBOOK_PROJECT/made\"\n```\n\n```bash undo=first\necho -first >> \"$RUNBOOK_PROJECT/made\"\n```\n\n### Second\n\n```bash step=second\necho second >> \"$RUNBOOK_PROJECT/made\"\n```\n\n```bash undo=second\ntest -e \"$RUNBOOK_PROJECT/possible\"\necho -second >> \"$RUNBOOK_PROJECT/made\"\n```\n\n### Fails\n\n```bash step=fails\n#| effect: read\nfalse\n```\n";

fn stuck() -> (Project, String) {
    let project = Project::local(&[("stubborn", STUBBORN)]);
    project.run(&["run", "stubborn", "--env", "sandbox"]).ended(1);
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    project
        .run(&["undo"])
        .ended(6)
        .says("Stuck")
        .says("It could not be taken back and needs hands.")
        .says(&format!("runbook undo {run}"))
        .says(&format!("runbook resume {run} --step second=done"));
    // What came before it may depend on it, so it waits.
    assert_eq!(project.read("made"), "first\nsecond\n");
    (project, run)
}

#[test]
fn a_stuck_undo_is_finished_once_the_cause_is_gone() {
    let (project, run) = stuck();
    project.run(&["undo"]).ended(6);
    project.run(&["resume", &run]).ended(2).says("stuck").says("runbook undo");
    project.write("possible", "");
    project.run(&["undo"]).ended(0);
    assert_eq!(project.read("made"), "first\nsecond\n-second\n-first\n");
    assert_eq!(project.journal().pop().expect("a record")["event"]["event"], "run_undone");
}

#[test]
fn a_stuck_undo_goes_on_when_somebody_says_that_hands_have_done_it() {
    let (project, run) = stuck();
    // Only what could not be taken back can be said to be.
    let wrong = ["resume", &run, "--step", "first=done", "--reason", "by hand"];
    project.run(&wrong).ended(2).says("stuck");
    let done = ["resume", &run, "--step", "second=done", "--reason", "by hand"];
    project.run(&done).ended(0).says("taken back");
    assert_eq!(project.read("made"), "first\nsecond\n-first\n");
    let resolved = project.events_of("second");
    assert!(resolved.iter().any(|event| event == "step_resolved"), "{resolved:?}");
    project.run(&["log", &run, "--verify"]).ended(0);
}
