//! `kill -9` at every journal record of the main job, and a journal cut at every byte of its end.

use crate::env::Project;
use crate::main_job::{assert_replaced, look, seeded};
use crate::sample::some_of;
use std::collections::BTreeMap;

const SIGKILL: i32 = 9;

/// How many of the records are tried in a plain test run.
const SAMPLE: usize = 6;

#[test]
fn killed_at_every_record_the_main_job_ends_the_same() {
    const RUN: [&str; 4] = ["run", "kms-replace", "--env", "sandbox"];
    let project = seeded();
    let before = look(&project);
    project.run(&RUN).ended(0);
    assert_replaced(&before, &look(&project));
    let records = project.journal().len();
    assert!(records > 30, "only {records} records: is this the main job?");
    for record in some_of("records to be killed at", (1..=records).collect(), SAMPLE) {
        let before = look(&project);
        let at = record.to_string();
        let ran = project.run_with(&RUN, &[("RUNBOOK_KILL_AT_RECORD", &at)]);
        assert_eq!(ran.signal, Some(SIGKILL), "record {record} of {records}: {}", ran.stderr);
        let resumed = project.run(&["resume"]);
        let how_far = format!("killed at record {record}:\n{}", resumed.stderr);
        // The very last record is the success of the run. Nothing is left to resume then.
        if project.journal().last().expect("a record")["event"]["event"] != "run_succeeded"
            || resumed.code == Some(0)
        {
            assert_eq!(resumed.code, Some(0), "{how_far}");
        }
        assert_replaced(&before, &look(&project));
        assert_nothing_done_twice(&project, &how_far);
        project.run(&["log", &run_name(&project), "--verify"]).ended(0);
    }
}

/// No step succeeded twice, and every question that was asked was answered.
#[track_caller]
fn assert_nothing_done_twice(project: &Project, how_far: &str) {
    let mut ended: BTreeMap<String, usize> = BTreeMap::new();
    let (mut asked, mut answered) = (0, 0);
    for record in project.journal() {
        let event = &record["event"];
        match event["event"].as_str().expect("a name") {
            "step_succeeded" | "step_in_place" => {
                *ended.entry(event["step"].as_str().expect("a step").to_owned()).or_default() += 1;
            }
            "step_waiting" => asked += 1,
            "step_answered" => answered += 1,
            _ => {}
        }
    }
    assert!(ended.values().all(|times| *times == 1), "{how_far}\n{ended:?}");
    assert!(asked >= 1 && asked == answered, "{how_far}\n{asked} questions, {answered} answers");
}

fn run_name(project: &Project) -> String {
    project.newest_run().file_name().expect("a name").to_string_lossy().into_owned()
}

const TWO_STEPS: &str = "---\ntitle: Two\nsummary: For the tests.\nowner: tests\n---\n\n# Two\n\n## Steps\n\n### One\n\n```bash step=one\n#| effect: read\ntrue\n```\n\n### Two\n\n```bash step=two\n#| effect: read\ntest -e \"$RUNBOOK_PROJECT/go\"\n```\n";

#[test]
fn a_journal_cut_at_every_byte_of_its_last_record_is_resumed() {
    let project = Project::local(&[("two", TWO_STEPS)]);
    project.run(&["run", "two", "--env", "sandbox"]).ended(1);
    project.write("go", "");
    let journal = project.newest_run().join("journal.jsonl");
    let whole = std::fs::read(&journal).expect("a journal");
    let last =
        whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("a line") + 1;
    // Every byte is cut; to keep the suite's time every seventh cut is resumed by a process of its own.
    for cut in last..whole.len() {
        std::fs::write(&journal, &whole[..cut]).expect("a cut");
        if cut % 7 == 0 || cut == last || cut + 1 == whole.len() {
            project.run(&["status", "--json"]).ended(0);
            let resumed = project.run(&["resume"]).ended(0);
            assert_eq!(
                resumed.stderr.contains("cut off"),
                cut != last,
                "cut at {cut}:\n{}",
                resumed.stderr
            );
        }
    }
}

#[test]
fn a_journal_that_is_damaged_in_the_middle_is_refused() {
    let project = Project::local(&[("two", TWO_STEPS)]);
    project.run(&["run", "two", "--env", "sandbox"]).ended(1);
    project.write("go", "");
    let journal = project.newest_run().join("journal.jsonl");
    let whole = std::fs::read_to_string(&journal).expect("a journal");
    // The edit keeps every line valid JSON: only the hash chain can tell.
    let edited = whole.replacen("\"attempt\":1", "\"attempt\":2", 1);
    assert_ne!(whole, edited);
    std::fs::write(&journal, edited).expect("an edit");
    let run = run_name(&project);
    project.run(&["resume"]).ended(4).says("line").says(&run);
    assert_ne!(project.run(&["log", &run, "--verify"]).code, Some(0));
}

const OUTLIVES: &str = "---\ntitle: Outlives\nsummary: For the tests.\nowner: tests\n---\n\n# Outlives\n\n## Steps\n\n### Slow\n\n```bash step=slow\n#| irreversible: test\necho $$ > \"$RUNBOOK_PROJECT/pid\"\ntouch \"$RUNBOOK_PROJECT/begun\"\nwhile :; do sleep 0.1; done\n```\n";

#[test]
fn a_script_that_lost_its_runbook_is_ended_before_the_run_goes_on() {
    let project = Project::local(&[("outlives", OUTLIVES)]);
    let mut first =
        project.command(&["run", "outlives", "--env", "sandbox"]).spawn().expect("the first");
    crate::guards::until(|| project.exists("begun"));
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    let script = project.read("pid");
    assert!(lives(script.trim()), "the script died with its runbook: this test proves nothing");
    project.run(&["resume"]).ended(5).says("slow");
    assert!(!lives(script.trim()), "the script goes on beside the resumed run");
}

/// Whether a process runs. One that has ended and waits to be collected does not.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}
