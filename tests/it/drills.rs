//! Drills without a cloud: a file is lost, and restored. What passes, what fails, what shows nothing, and that
//! whatever was broken is mended.

use crate::env::Project;
use crate::guards::until;
use crate::sample::some_of;
use serde_json::Value;

/// Brings the file back. Its probe does not wait long.
const RESTORE: &str = "---\ntitle: Restore\nsummary: Brings the file back.\nowner: tests\n---\n\n# Restore\n\n## Do\n\n### Put it back\n\n```bash step=put_back\n#| estimate: 1s\necho content > \"$RUNBOOK_PROJECT/data\"\n```\n\n```bash observe=put_back\ntest -s \"$RUNBOOK_PROJECT/data\"\n```\n\n```bash undo=put_back\nrm -f \"$RUNBOOK_PROJECT/data\"\n```\n\n## Health\n\n```bash health=has_content\n#| within: 1s\n#| every: 1s\ntest -s \"$RUNBOOK_PROJECT/data\"\n```\n";

/// Takes the file away. The mending leaves alone what the recovery has brought back.
const FAULT: &str = "---\ntitle: The data is lost\nsummary: Takes the file away.\nowner: tests\ntags: [fault]\nparams:\n  max_duration: { type: duration, default: 1h, description: How long it may last }\n---\n\n# The data is lost\n\n### Take it away\n\n```bash step=take_away\nmv \"$RUNBOOK_PROJECT/data\" \"$RUNBOOK_PROJECT/away\"\n```\n\n```bash observe=take_away\ntest -e \"$RUNBOOK_PROJECT/away\"\n```\n\n```bash undo=take_away\ntest -e \"$RUNBOOK_PROJECT/data\" || mv \"$RUNBOOK_PROJECT/away\" \"$RUNBOOK_PROJECT/data\"\nrm -f \"$RUNBOOK_PROJECT/away\"\n```\n";

const DRILL: &str = "title: The data is lost\nsummary: Proves that it can be restored.\nowner: tests\ncadence: { every: 3 months, from: 2026-01-15 }\nenvironment: sandbox\nobjective: { rto: 10m }\nscenario:\n  - fault: lost\n  - incident: The data is gone.\n  - expect: { unhealthy: restore }\n  - run: restore\n  - recovered: [restore]\n";

/// A project in which all is well.
pub(crate) fn project() -> Project {
    let project = Project::local(&[("restore", RESTORE)]);
    project.write("drills/faults/lost.md", FAULT);
    project.write("drills/lost.yaml", DRILL);
    project.write("data", "content\n");
    let text = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project.write("runbook.yaml", &text);
    project
}

/// Writes a file of the project anew.
pub(crate) fn edit(project: &Project, file: &str, from: &str, to: &str) {
    let text = project.read(file);
    assert!(text.contains(from), "{file} has no {from:?}");
    project.write(file, &text.replace(from, to));
}

/// All is as it was, and nothing is broken any more.
#[track_caller]
fn assert_mended(project: &Project) {
    assert!(!project.exists("away"), "the fault still stands");
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    assert_eq!(owed.trim(), "[]");
}

fn report(project: &Project, code: i32) -> Value {
    let ran = project.run(&["drill", "report", "lost", "--json"]).ended(code);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

const RUN: [&str; 3] = ["drill", "run", "lost"];

#[test]
fn a_drill_passes_as_a_rehearsal_which_is_no_evidence() {
    let project = project();
    project.run(&["check"]).ended(0).says("no errors");
    project.run(&RUN).ended(0).says("✓ passed (a rehearsal, and no evidence)");
    assert_mended(&project);
    assert_eq!(project.read("data"), "content\n");
    let report = report(&project, 0);
    assert_eq!((&report["verdict"], &report["mode"]), (&"passed".into(), &"rehearsal".into()));
    assert_eq!(report["counts_as_evidence"], false);
    assert!(report["rto_seconds"].as_f64().expect("a time") < 600.0);
    assert_eq!(report["incidents"][0]["incident"], "The data is gone.");
    assert!(report["faults"][0]["mended"].is_string());
    project.run(&["drill", "list"]).ended(0).says("rehearsal: passed");
    // It was never done: what was done was a rehearsal.
    project.run(&["drill", "due", "--on", "2026-01-20"]).ended(0).says("was never done");
    project.run(&["drill", "due", "--on", "2026-04-15"]).ended(8).says("OVERDUE since 2026-04-14");
    let junit = project.run(&["drill", "report", "--junit"]).ended(0).stdout;
    assert!(junit.contains("errors=\"0\"") && junit.contains("name=\"verdict\""), "{junit}");
    let calendar = project.run(&["drill", "due", "--ics", "--on", "2026-01-20"]).ended(0).stdout;
    assert!(calendar.contains("DTSTART;VALUE=DATE:20260415\r\n"), "{calendar}");
    // The second one is compared with the first.
    project.run(&RUN).ended(0).says("before");
    project.run(&["drill", "report"]).ended(0).says("before");
}

/// A cadence that is misspelt is not one that nobody wants.
#[test]
fn a_drill_whose_file_has_errors_is_not_silently_never_due() {
    let project = project();
    edit(&project, "drills/lost.yaml", "every: 3 months", "every: 3 moons");
    let due = ["drill", "due", "--on", "2026-01-20"];
    project.run(&due).ended(3).says("cannot be told").says("runbook check drills/lost.yaml");
    project.run(&["check", "drills/lost.yaml"]).ended(3).says("3 moons");
}

#[test]
fn a_drill_that_does_not_recover_has_failed_and_is_mended() {
    let project = project();
    edit(&project, "runbooks/restore.md", "echo content >", "true >");
    edit(
        &project,
        "runbooks/restore.md",
        "test -s \"$RUNBOOK_PROJECT/data\"\n```\n\n```bash undo",
        "test -e \"$RUNBOOK_PROJECT/data\"\n```\n\n```bash undo",
    );
    project.run(&RUN).ended(9).says("✗ failed").says("health was not reached");
    assert_mended(&project);
    assert_eq!(report(&project, 9)["cause"], "health");
    // Its steps can still be taken back.
    project.run(&["undo"]).ended(9);
}

#[test]
fn a_recovery_step_that_fails_fails_the_drill_and_the_fault_is_mended() {
    let project = project();
    edit(&project, "runbooks/restore.md", "echo content >", "exit 3 #");
    project.run(&RUN).ended(1).says("✗ failed").says("put_back");
    assert_mended(&project);
    assert_eq!(project.read("data"), "content\n", "the mending brings it back");
    // What is done later does not make it a pass: the fault was gone.
    project.run(&["resume", "--step", "restore/put_back=retry"]).says("✗ failed");
    assert_eq!(report(&project, 1)["verdict"], "failed");
}

/// A drill that misses its objective, and its exit code.
pub(crate) fn too_late() -> i32 {
    let project = project();
    edit(&project, "drills/lost.yaml", "rto: 10m", "rto: 0s");
    project.run(&RUN).code.expect("a code")
}

/// A drill that begins where all is not well, and its exit code.
pub(crate) fn not_well_before() -> i32 {
    let project = project();
    project.write("data", "");
    project.run(&RUN).code.expect("a code")
}

#[test]
fn an_objective_that_is_missed_fails_the_drill() {
    let project = project();
    edit(&project, "drills/lost.yaml", "rto: 10m", "rto: 0s");
    project.run(&RUN).ended(8).says("the objective is 0s");
    assert_mended(&project);
    assert_eq!(report(&project, 8)["cause"], "objective");
    // Every step ended well. The page of the run says what the drill says.
    project.run(&["docs", "build"]).ended(0);
    let runs = std::fs::read_dir(project.path().join("site/runs")).expect("pages");
    let page = runs.map(|page| page.expect("a page").path()).next().expect("the run");
    let page = std::fs::read_to_string(page).expect("text");
    assert!(page.contains(">Failed</p>") && page.contains("and the objective is 0s."), "{page}");
}

#[test]
fn nothing_is_touched_when_all_is_not_well_before() {
    let project = project();
    project.write("data", "");
    project.run(&RUN).ended(11).says("? could not judge").says("all is not well before");
    assert!(project.exists("data") && !project.exists("away"));
    let started: Vec<String> = project
        .journal()
        .iter()
        .filter(|record| record["event"]["event"] == "step_started")
        .map(|record| record["event"]["step"].as_str().expect("a step").to_owned())
        .collect();
    assert_eq!(started, ["steady_state"]);
    project.run(&["resume"]).ended(2);
}

#[test]
fn a_fault_that_does_not_show_judges_nothing() {
    let project = project();
    edit(
        &project,
        "drills/faults/lost.md",
        "mv \"$RUNBOOK_PROJECT/data\" \"$RUNBOOK_PROJECT/away\"\n```\n\n```bash obs",
        "cp \"$RUNBOOK_PROJECT/data\" \"$RUNBOOK_PROJECT/away\"\n```\n\n```bash obs",
    );
    project.run(&RUN).ended(11).says("? could not judge").says("the fault does not show");
    assert_mended(&project);
    assert!(project.events_of("restore").is_empty(), "it went on");
}

#[test]
fn a_step_that_was_skipped_is_no_pass() {
    let project = project();
    edit(&project, "drills/lost.yaml", "  - fault: lost\n", "  - run: lose\n");
    let lose = FAULT.replace("tags: [fault]\n", "").replace("params:\n  max_duration: { type: duration, default: 1h, description: How long it may last }\n", "");
    project.write("runbooks/lose.md", &lose);
    edit(&project, "runbooks/restore.md", "echo content >", "exit 3 #");
    project.run(&RUN).ended(1);
    project.write("data", "by hand\n");
    let skip = ["resume", "--step", "restore/put_back=skip", "--reason", "done by hand"];
    project.run(&skip).ended(1).says("was skipped by");
    assert_eq!(report(&project, 1)["cause"], "hand");
}

#[test]
fn an_edited_journal_is_evidence_of_nothing() {
    let project = project();
    project.run(&RUN).ended(0);
    let path = project.newest_run().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).expect("a journal");
    let edited = text.replacen("\"mode\":\"rehearsal\"", "\"mode\":\"drill\"", 1);
    assert_ne!(edited, text);
    std::fs::write(&path, edited).expect("written");
    project.run(&["drill", "list"]).ended(0).says("evidence of nothing");
    project.run(&["drill", "due", "--on", "2026-11-20"]).ended(8).says("OVERDUE");
}

pub(crate) fn add_environment(project: &Project, name: &str, kind: &str) {
    let account = "data: { id: \"222222222222\", region: eu-west-1 }";
    let added = format!("  {name}:\n    kind: {kind}\n    accounts:\n      {account}\n");
    project.write("runbook.yaml", &(project.read("runbook.yaml") + &added));
}

#[test]
fn no_drill_and_no_fault_runs_in_production() {
    let project = project();
    add_environment(&project, "live", "production");
    project.run(&["drill", "run", "lost", "--env", "live"]).ended(4).says("production");
    project
        .run(&["run", "drills/faults/lost.md", "--env", "live"])
        .ended(4)
        .says("breaks something on purpose");
    assert!(project.exists("data"), "something was broken");
    edit(&project, "drills/lost.yaml", "environment: sandbox", "environment: live");
    project.run(&["check"]).ended(3).says("RB0901");
}

/// A run that has ended is not taken back, so nobody would mend it.
#[test]
fn a_fault_runs_alone_in_the_sandbox_only() {
    let project = project();
    add_environment(&project, "exercise", "drill");
    let alone = |environment| project.run(&["run", "drills/faults/lost.md", "--env", environment]);
    alone("exercise").ended(4).says("only a drill would mend it");
    assert!(project.exists("data"), "something was broken");
    alone("sandbox").ended(0);
    assert!(!project.exists("data"), "nothing was broken");
}

#[test]
fn ctrl_c_mends_what_was_broken() {
    let project = project();
    edit(
        &project,
        "runbooks/restore.md",
        "echo content >",
        "touch \"$RUNBOOK_PROJECT/begun\"; sleep 2; echo content >",
    );
    let mut child = project.command(&RUN).spawn().expect("it starts");
    until(|| project.exists("begun"));
    let interrupted =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("kill").success());
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    assert_mended(&project);
}

#[test]
fn a_fault_is_mended_when_it_has_lasted_as_long_as_it_may() {
    let project = project();
    edit(
        &project,
        "drills/lost.yaml",
        "  - fault: lost\n",
        "  - fault: lost\n    max_duration: 1s\n",
    );
    // It waits until the fault is gone, which nothing but its time takes away.
    edit(
        &project,
        "runbooks/restore.md",
        "echo content >",
        "until test ! -e \"$RUNBOOK_PROJECT/away\"; do sleep 0.1; done; echo content >",
    );
    project.run(&RUN).ended(11).says("has lasted as long as it may").says("mended before");
    assert_mended(&project);
}

/// Killed at a record, it is listed as owed for as long as the fault stands. The next resume goes on, and mends.
#[test]
fn killed_at_every_record_it_goes_on_and_is_mended() {
    let usual = project();
    usual.run(&RUN).ended(0);
    let records = usual.journal().len();
    assert!(records > 20, "only {records} records");
    for record in some_of("records of a drill to be killed at", (1..=records).collect(), 4) {
        let project = project();
        let at = record.to_string();
        let ran = project.run_with(&RUN, &[("RUNBOOK_KILL_AT_RECORD", &at)]);
        assert_eq!(ran.signal, Some(9), "record {record}: {}", ran.stderr);
        if project.exists("away") {
            project
                .run(&["obligations"])
                .ended(0)
                .says("Mend what the drill")
                .says("runbook resume");
            project.run(&["status"]).ended(0).says("stands");
        }
        let last = project.journal().pop().expect("a record");
        if last["event"]["event"] != "run_succeeded" {
            let resumed = project.run(&["resume"]);
            assert_eq!(
                resumed.code,
                Some(0),
                "record {record}: {}{}",
                resumed.stdout,
                resumed.stderr
            );
        }
        assert_mended(&project);
        assert_eq!(report(&project, 0)["verdict"], "passed", "record {record}");
    }
}

/// Killed while the fault stands, it can be taken back as well.
#[test]
fn a_killed_drill_is_taken_back_with_what_it_broke() {
    let project = project();
    project.run_with(&RUN, &[("RUNBOOK_KILL_AT_RECORD", "9")]);
    assert!(project.exists("away"), "it was killed too early or too late");
    project.run(&["undo"]).ended(0);
    assert_mended(&project);
    assert_eq!(report(&project, 11)["verdict"], "could_not_judge");
}
