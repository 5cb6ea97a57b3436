//! Runbooks whose effects can be counted, and what must hold of them after any crash.

use crate::env::{Project, Ran};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const HEAD: &str =
    "---\ntitle: Counted\nsummary: For the tests.\nowner: tests\n---\n\n# Counted\n\n## Steps\n\n";

/// A step whose only effect is a line with its name. It can look whether the line is there.
fn seen(id: &str, options: &str) -> String {
    let look = format!("grep -qxF '{id}' \"$RUNBOOK_PROJECT/effects\"");
    format!("{}```bash observe={id}\n{look}\n```\n\n", blind(id, options))
}

/// The same without a way to look. A child of its script is at work meanwhile.
fn blind(id: &str, options: &str) -> String {
    // Long enough to be met by the one who resumes.
    let child = if id == "last" { "0.3" } else { "0.01" };
    format!(
        "### {id}\n\n```bash step={id}\n{options}#| irreversible: test\n(sleep {child}) &\necho '{id}' >> \"$RUNBOOK_PROJECT/effects\"\nwait\n```\n\n"
    )
}

/// An element of a loop, which has a line of its own.
fn each() -> String {
    let look = "grep -qxF \"each $N\" \"$RUNBOOK_PROJECT/effects\"";
    let options = "#| needs: [one]\n#| for_each: \"['a', 'b', 'c']\"\n#| concurrency: 2\n#| irreversible: test\n";
    let env = "#| env: { N: \"{{ item }}\" }\n";
    format!(
        "### each\n\n```bash step=each\n{options}{env}(sleep 0.01) &\necho \"each $N\" >> \"$RUNBOOK_PROJECT/effects\"\nwait\n```\n\n```bash observe=each\n{env}{look}\n```\n\n"
    )
}

/// Steps in a row, side by side and in a loop, one in another runbook, and a last one that cannot look.
pub(crate) fn project() -> Project {
    let inner = [HEAD, &seen("in", "")].concat();
    let call = "### call\n\n```yaml step=call\nuses: runbook/run\nneeds: [left, right]\nwith:\n  runbook: inner\n```\n\n";
    let outer = [
        HEAD,
        &seen("one", ""),
        &seen("left", "#| needs: [one]\n"),
        &seen("right", "#| needs: [one]\n"),
        &each(),
        call,
        &blind("last", "#| needs: [call, each]\n"),
    ]
    .concat();
    let project = Project::local(&[("inner", &inner), ("counted", &outer)]);
    // Without it a look could not tell, instead of saying no.
    project.write("effects", "");
    project
}

/// Every effect of a whole run.
const EFFECTS: [&str; 8] = ["one", "left", "right", "each a", "each b", "each c", "in", "last"];

/// The effects so far, each with how often it was had.
pub(crate) fn effects(project: &Project) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(project.path().join("effects")).unwrap_or_default();
    let mut effects = BTreeMap::new();
    for line in text.lines() {
        *effects.entry(line.to_owned()).or_default() += 1;
    }
    effects
}

/// The steps by what the journal says of them last, read without the program: done, begun, or neither.
fn known(journal: &[Value]) -> BTreeMap<String, &'static str> {
    let mut known = BTreeMap::new();
    for record in journal {
        let event = &record["event"];
        let Some(step) = event["step"].as_str() else { continue };
        let word = match event["event"].as_str().expect("a name") {
            "step_started" => "unknown",
            "step_succeeded" => "succeeded",
            "step_in_place" => "in place",
            "step_resolved" if event["verdict"]["as"] == "done" => "succeeded",
            "step_resolved" => "pending",
            "step_unknown" => "unknown",
            _ => continue,
        };
        known.insert(step.to_owned(), word);
    }
    known
}

/// Whether any run began. Without one nothing may have happened.
pub(crate) fn began(project: &Project) -> bool {
    let status = project.run(&["status", "--json"]);
    if status.code == Some(2) {
        assert!(status.stderr.contains("there is no run"), "{}", status.stderr);
        assert_eq!(effects(project), BTreeMap::new(), "an effect without a run");
        return false;
    }
    status.ended(0);
    true
}

/// What the next person finds after a crash: what is done, and what is unknown. Nothing else.
pub(crate) fn assert_told(project: &Project, how: &str) {
    let status = project.run(&["status", "--json"]).ended(0);
    let told: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let journal = project.whole_journal();
    let over = journal.last().is_some_and(|last| last["event"]["event"] == "run_succeeded");
    let known = known(&journal);
    for step in told["steps"].as_array().expect("steps") {
        let key = step["step"].as_str().expect("a key");
        let is = step["status"].as_str().expect("a word");
        // A bracket around other steps has no effect of its own.
        if let Some(wanted) = known.get(key).filter(|_| key != "call" && key != "each") {
            assert_eq!(is, *wanted, "{how}: {key} in {}", status.stdout);
        }
    }
    assert_eq!(told["over"], over, "{how}");
    // Before anything was done it was written down.
    let starts = journal.iter().filter(|record| record["event"]["event"] == "step_started").count();
    let had: usize = effects(project).values().sum();
    assert!(had <= starts, "{how}: {had} effects, {starts} starts");
}

/// Goes on until the run is over, as a person would: what cannot be told by looking is looked up and decided.
pub(crate) fn finish(project: &Project, how: &str) {
    for _ in 0..4 {
        let before = project.whole_journal().len();
        let resumed = project.run(&["resume"]);
        assert_no_orphan(project, how);
        match resumed.code {
            Some(0) => return assert_whole(project, how),
            // It was over already: the last record was the run's success.
            Some(2) if resumed.stderr.contains("there is no run that could go on") => {
                assert_eq!(project.whole_journal().len(), before, "{how}");
                return assert_whole(project, how);
            }
            Some(5) => {
                assert!(resumed.stderr.contains("last"), "{how}: {}", resumed.stderr);
                let verdict =
                    if effects(project).contains_key("last") { "last=done" } else { "last=retry" };
                let decided = project.run(&["resume", "--step", verdict, "--reason", "looked"]);
                if decided.code == Some(0) {
                    return assert_whole(project, how);
                }
            }
            other => panic!("{how}: resume ended with {other:?}: {}", resumed.stderr),
        }
    }
    panic!("{how}: the run never ends");
}

fn assert_whole(project: &Project, how: &str) {
    let once: BTreeMap<String, usize> =
        EFFECTS.iter().map(|name| ((*name).to_owned(), 1)).collect();
    assert_eq!(effects(project), once, "{how}: something was lost, or done twice");
    let mut ended: BTreeMap<String, usize> = BTreeMap::new();
    for record in project.whole_journal() {
        let event = &record["event"];
        if matches!(event["event"].as_str(), Some("step_succeeded" | "step_in_place")) {
            *ended.entry(event["step"].as_str().expect("a step").to_owned()).or_default() += 1;
        }
    }
    assert!(ended.values().all(|times| *times == 1), "{how}: {ended:?}");
    project.run(&["log", "--verify"]).ended(0);
}

/// No script of this project runs any more, nor anything that one has started.
fn assert_no_orphan(project: &Project, how: &str) {
    let left = scripts(project);
    assert!(left.is_empty(), "{how}: processes {left:?} go on beside what comes next");
}

/// The living processes that scripts of this project have started.
pub(crate) fn scripts(project: &Project) -> BTreeSet<i32> {
    let ours = format!("RUNBOOK_PROJECT={}", project.path().display());
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| {
        // The environment of a process that has ended reads as empty.
        std::fs::read(format!("/proc/{id}/environ")).is_ok_and(|environment| {
            environment.split(|byte| *byte == 0).any(|entry| entry == ours.as_bytes())
        })
    })
    .collect()
}

impl Project {
    /// The newest run's journal without an end that is torn.
    pub(crate) fn whole_journal(&self) -> Vec<Value> {
        let runs = std::fs::read_dir(self.path().join(".runbook/runs")).expect("runs").flatten();
        let journals = runs.map(|run| run.path().join("journal.jsonl"));
        // A run that never began has left a folder at most.
        let begun = journals.filter(|path| path.metadata().is_ok_and(|found| found.len() > 0));
        let text = std::fs::read(begun.max().expect("a run")).expect("a journal");
        let text = String::from_utf8_lossy(&text).into_owned();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map_while(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// The events that a run with `--output json` told, one a line.
pub(crate) fn told(ran: &Ran) -> Vec<Value> {
    let whole = ran.stdout.rfind('\n').map_or("", |end| &ran.stdout[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}
