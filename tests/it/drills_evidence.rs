//! What counts as evidence: a drill in an environment of kind drill, and nothing else. These drills need no cloud: an
//! environment that is no sandbox takes no other endpoint, so no emulator can stand behind it.

use crate::drills::{edit, project};
use crate::env::Project;
use serde_json::Value;

/// A drill that a promise of the handoff reads.
const NAME: &str = "bedrock-outage";
const RUN: [&str; 3] = ["drill", "run", NAME];
/// A day on which a drill that was never done is overdue.
const LATER: &str = "2027-12-01";

/// The project of `drills.rs`, whose drill runs in accounts that are not emulated.
fn real() -> Project {
    let project = project();
    project.write(
        "runbook.yaml",
        "version: 1\nenvironments:\n  exercise:\n    kind: drill\n    accounts:\n      data: { id: \"444444444444\", region: eu-west-1 }\n  sandbox:\n    kind: sandbox\n    endpoint: \"http://127.0.0.1:9\"\n    accounts:\n      data: { id: \"100000000001\", region: eu-west-1 }\n",
    );
    let text = project.read("drills/lost.yaml");
    let text = text.replace("environment: sandbox", "environment: exercise");
    std::fs::remove_file(project.path().join("drills/lost.yaml")).expect("removed");
    project.write(&format!("drills/{NAME}.yaml"), &text);
    project
}

fn report(project: &Project, code: i32) -> Value {
    let ran = project.run(&["drill", "report", NAME, "--json"]).ended(code);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

/// The run that the readiness board takes for its promise, if it takes any.
fn on_the_board(project: &Project) -> Option<String> {
    let ran = project.run(&["handoff", "--json"]).ended(0);
    let board: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let promises = board["promises"].as_array().expect("promises");
    let promise = promises.iter().find(|one| one["id"] == NAME).expect("the promise");
    if promise["light"] == "red" {
        return None;
    }
    promise["run"].as_str().map(str::to_owned)
}

/// Nothing that was done counts: not in the report, not for what is due, and not on the board.
#[track_caller]
fn assert_no_evidence(project: &Project) {
    project.run(&["drill", "due", "--on", LATER]).ended(8).says("OVERDUE");
    let due = project.run(&["drill", "due", "--json", "--on", LATER]).ended(8).stdout;
    let due: Value = serde_json::from_str(&due).expect("JSON");
    assert!(due[0]["last"].is_null(), "{due:#}");
    assert_eq!(on_the_board(project), None);
}

#[test]
fn a_drill_in_its_own_environment_is_evidence() {
    let project = real();
    assert_no_evidence(&project);
    let ran = project.run(&RUN).ended(0).says("✓ passed");
    assert!(!ran.stdout.contains("no evidence"), "{}", ran.stdout);
    let report = report(&project, 0);
    assert_eq!((&report["verdict"], &report["mode"]), (&"passed".into(), &"drill".into()));
    assert_eq!(report["counts_as_evidence"], true);
    assert_eq!(on_the_board(&project).as_deref(), report["run"].as_str());
    let packed = project.run(&["evidence", "pack", "--out", "all.tar"]).ended(0);
    drop(packed);
    project.run(&["evidence", "verify", "all.tar"]).ended(0);
}

#[test]
fn a_rehearsal_and_a_plan_of_the_same_drill_are_none() {
    let project = real();
    project.run(&[&RUN[..], &["--env", "sandbox"]].concat()).ended(0).says("no evidence");
    assert_eq!(report(&project, 0)["counts_as_evidence"], false);
    assert_no_evidence(&project);
    let runs = || std::fs::read_dir(project.path().join(".runbook/runs")).expect("runs").count();
    let before = runs();
    let drill = format!("drills/{NAME}.yaml");
    project.run(&["plan", &drill, "--env", "exercise"]);
    project.run(&["plan", "restore", "--env", "exercise"]);
    assert_eq!(runs(), before, "a plan has left a run");
    assert_no_evidence(&project);
}

#[test]
fn a_skipped_step_of_the_recovery_is_none() {
    let project = real();
    let drill = format!("drills/{NAME}.yaml");
    edit(&project, &drill, "  - run: restore\n", "  - run: restore\n  - run: extra\n");
    let extra = "---\ntitle: Extra\nsummary: For the tests.\nowner: tests\n---\n\n# Extra\n\n### Fail\n\n```bash step=fail\n#| effect: read\nexit 3\n```\n";
    project.write("runbooks/extra.md", extra);
    project.run(&RUN).ended(1);
    project.run(&["resume", "--step", "extra/fail=skip", "--reason", "not today"]);
    let report = report(&project, 1);
    assert_eq!(
        (&report["verdict"], &report["counts_as_evidence"]),
        (&"failed".into(), &false.into())
    );
    assert_no_evidence(&project);
}

/// Whatever is altered in the journal of a drill that passed, or of a rehearsal, it proves nothing any more.
#[test]
fn an_altered_journal_is_none() {
    let alterations = [
        ("\"mode\":\"rehearsal\"", "\"mode\":\"drill\""),
        ("\"attempt\":1", "\"attempt\":2"),
        ("\"took_ms\":", "\"took_ms\":1"),
    ];
    let mut altered = 0;
    for environment in ["exercise", "sandbox"] {
        let project = real();
        project.run(&[&RUN[..], &["--env", environment]].concat()).ended(0);
        let path = project.newest_run().join("journal.jsonl");
        let text = std::fs::read_to_string(&path).expect("a journal");
        for (from, to) in alterations {
            let other = text.replace(from, to);
            if other == text {
                continue;
            }
            altered += 1;
            std::fs::write(&path, other).expect("written");
            project.run(&["drill", "list"]).ended(0).says("evidence of nothing");
            assert_no_evidence(&project);
        }
        // A line that is left out, and the last one written again by hand.
        let mut lines: Vec<&str> = text.lines().collect();
        lines.remove(lines.len() / 2);
        std::fs::write(&path, lines.join("\n") + "\n").expect("written");
        assert_no_evidence(&project);
        std::fs::write(&path, &text).expect("written");
        if environment == "exercise" {
            assert!(on_the_board(&project).is_some(), "the journal as it was still counts");
        }
    }
    assert!(altered >= 5, "only {altered} alterations");
}

/// One that failed while nobody was there stands still. It is packed all the same: nobody hides a failure by not giving it up.
#[test]
fn a_failure_that_was_never_given_up_is_packed_and_what_is_left_out_is_told() {
    let project = real();
    let pack = ["evidence", "pack", "--out", "all.tar"];
    project.run(&RUN).ended(0);
    let rehearse = [&RUN[..], &["--env", "sandbox"]].concat();
    let open = project.run_with(&rehearse, &[("RUNBOOK_KILL_AT_RECORD", "3")]);
    assert_eq!(open.signal, Some(9), "{}", open.stderr);
    let open = project.newest_run();
    let open = open.file_name().and_then(|name| name.to_str()).expect("a run");
    project
        .run(&pack)
        .ended(0)
        .says("holds 1 run. 1 counts as evidence")
        .says(&format!("left out: {open} is not over"));
    project.run(&["resume"]).ended(0);
    edit(&project, "runbooks/restore.md", "echo content >", "exit 3 #");
    project.run(&RUN).ended(1).says("✗ failed");
    project.run(&["runs"]).ended(0).says("paused");
    project.run(&pack).ended(0).says("holds 3 runs. 1 counts as evidence");
    let verified = project.run(&["evidence", "verify", "all.tar"]).ended(0);
    // A journal that nobody can read may be a drill.
    let broken = project.newest_run();
    let path = broken.join("journal.jsonl");
    let text = std::fs::read_to_string(&path).expect("a journal");
    std::fs::write(path, text.replacen("\"runbook\"", "\"other\"", 1)).expect("written");
    let broken = broken.file_name().and_then(|name| name.to_str()).expect("a run");
    project.run(&pack).ended(0).says("holds 2 runs").says(&format!("left out: {broken} cannot"));
    verified.says("failed").says("is whole: 3 runs, 1 counts as evidence");
}

/// What the sums hold together is not yet all that was packed: the manifest names every run.
#[test]
fn a_run_that_is_taken_out_of_an_archive_is_missed() {
    use runbook::evidence::{Archive, sums};
    let project = real();
    project.run(&RUN).ended(0);
    project.run(&RUN).ended(0);
    project.run(&["evidence", "pack", "--out", "all.tar"]).ended(0);
    let whole = std::fs::read(project.path().join("all.tar")).expect("an archive");
    let whole = Archive::read(&whole).expect("an archive");
    let verified_without = |taken: &str| {
        let mut less = whole.clone();
        less.files.retain(|path, _| !path.starts_with(taken));
        less.files.remove("evidence/SHA256SUMS").expect("sums");
        let sums = sums(&less);
        less.add("evidence/SHA256SUMS", sums);
        let less = less.write().expect("bytes");
        std::fs::write(project.path().join("less.tar"), less).expect("written");
        project.run(&["evidence", "verify", "less.tar"]).ended(3).says("less.tar is not whole")
    };
    let runs = whole.runs();
    let run = runs.first().expect("a run");
    verified_without(&format!("evidence/runs/{run}/")).says(&format!("run {run} is missing"));
    verified_without("evidence/manifest.json").says("manifest.json is missing");
    project.write("no.tar", "# runbook\n");
    project.run(&["evidence", "verify", "no.tar"]).ended(3).says("is no whole tar archive");
}
