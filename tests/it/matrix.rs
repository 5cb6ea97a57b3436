//! Fails every step of every shipped runbook in turn, takes the run back, and finds the state before.
//!
//! A new runbook is one more row. The steps are read off the runbook itself, and each is broken in two
//! ways: before it acts, and after it has acted.

use crate::env::Project;
use crate::inventory::{Inventory, difference, inventory, new_keys};
use crate::sample::{is_turn, say, some_of};
use runbook::model::runbook::Runbook;
use runbook::model::step::{Body, Interpreter, Step};
use runbook::model::value::NodeKind;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One runbook, in one situation.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) runbook: &'static str,
    /// Brings the accounts to where the runbook begins, and gives the parameters to run it with.
    pub(crate) given: fn(&Project) -> Vec<String>,
    /// What new keys are like after an undo, by promise of the runbook.
    pub(crate) new_keys: &'static str,
    /// Whether the state before is a healthy one.
    pub(crate) healthy: bool,
    /// Whether anything is otherwise when it ends. A drill gives back what it took, and a look changes nothing.
    pub(crate) leaves: bool,
    /// Steps that do not come about here, so that they cannot fail after they have acted.
    pub(crate) skipped: &'static [&'static str],
}

pub(crate) fn deployed(project: &Project) -> Vec<String> {
    project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
    Vec::new()
}

fn other_retention(project: &Project) -> Vec<String> {
    deployed(project);
    vec!["-p".to_owned(), "log_retention_days=60".to_owned()]
}

fn replaced(project: &Project) -> Vec<String> {
    deployed(project);
    let old = crate::main_job::look(project).alias;
    project.run(&["run", "kms-replace", "--env", "sandbox"]).ended(0);
    project.write("soak.yaml", "soak: [1s, 1s]\ndays: 7\n");
    ["-p", &format!("key={old}"), "--params", "soak.yaml"].map(str::to_owned).to_vec()
}

pub(crate) const REPLACE: Row = Row {
    runbook: "kms-replace",
    given: deployed,
    new_keys: "PendingDeletion",
    healthy: true,
    leaves: true,
    skipped: &[],
};

pub(crate) const RETIRE: Row = Row {
    runbook: "kms-retire",
    given: replaced,
    new_keys: "none",
    healthy: true,
    leaves: true,
    // It enables a key that is missed, and nothing misses it.
    skipped: &["rescue"],
};

/// An old account whose corpus is copied.
fn lost_account(project: &Project) -> Vec<String> {
    crate::cloud::wait(crate::aws_actions::old_corpus(&project.accounts.data, 0)).0
}

pub(crate) const REDEPLOY: Row = Row {
    runbook: "account-redeploy",
    given: lost_account,
    // A key is never deleted as a side effect.
    new_keys: "Enabled",
    healthy: false,
    leaves: true,
    // The index is a domain here.
    skipped: &["collection"],
};

/// From its first deletion on it can only go forward: `teardown.rs` says how.
pub(crate) const TEARDOWN: Row = Row {
    runbook: "stack-teardown",
    given: deployed,
    new_keys: "none",
    healthy: true,
    leaves: true,
    skipped: &[],
};

pub(crate) const REDEPLOY_OTHERWISE: Row = Row {
    given: other_retention,
    new_keys: "none",
    healthy: true,
    // Nothing is copied where everything is, and inferences are logged and samples stored already.
    skipped: &["collection", "copy_corpus", "invocation_logging", "sample_objects", "source_token"],
    ..REDEPLOY
};

#[test]
fn kms_replace_is_taken_back_from_every_step() {
    matrix(&REPLACE);
}

#[test]
fn kms_retire_is_taken_back_from_every_step() {
    if is_turn("the undo matrix of kms retire", 0, 3) {
        matrix(&RETIRE);
    }
}

#[test]
fn account_redeploy_is_taken_back_from_every_step() {
    if is_turn("the undo matrix of account redeploy", 1, 3) {
        matrix(&REDEPLOY);
    }
}

#[test]
fn a_changed_account_redeploy_is_taken_back_from_every_step() {
    if is_turn("the undo matrix of a changed account redeploy", 2, 3) {
        matrix(&REDEPLOY_OTHERWISE);
    }
}

/// Every shipped runbook is in the matrix, by itself or because another one runs it.
#[test]
fn every_shipped_runbook_is_in_the_matrix() {
    let mut seen = Vec::new();
    let all = [REPLACE, RETIRE, REDEPLOY, REDEPLOY_OTHERWISE, TEARDOWN]
        .into_iter()
        .chain(crate::rows::ROWS)
        .chain(crate::failover::ROWS);
    for row in all {
        seen.extend(books(&crate::env::root(), row.runbook).into_iter().map(|(name, _)| name));
    }
    for entry in std::fs::read_dir(crate::env::root().join("runbooks")).expect("runbooks") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "md") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            assert!(seen.contains(&name), "{name} has no row in the undo matrix");
        }
    }
}

/// When a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Before it acts.
    Before,
    /// After it has acted.
    After,
}

/// One step, made to fail.
#[derive(Clone, Debug)]
struct Case {
    file: String,
    step: Step,
    when: When,
}

impl std::fmt::Display for Case {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}: {} fails {:?} it acts", self.file, self.step.id(), self.when)
    }
}

/// Tries one row by chance, or each of them in a full test run, and fails when one did. All are tried: the first that
/// fails may take an hour to come to. `RUNBOOK_TEST_ROW` names the runbook whose row is to be tried.
///
/// # Panics
/// When no row has that name: to try nothing would look like a success.
pub(crate) fn try_rows(what: &str, rows: &[Row], test: impl Fn(&Row)) {
    let chosen: Vec<Row> = match std::env::var("RUNBOOK_TEST_ROW") {
        Ok(wanted) => {
            let all = crate::rows::ROWS.into_iter().chain(crate::failover::ROWS);
            assert!(
                all.map(|row| row.runbook).any(|name| name == wanted),
                "RUNBOOK_TEST_ROW={wanted}: there is no such row"
            );
            rows.iter().filter(|row| row.runbook == wanted).copied().collect()
        }
        Err(_) => some_of(what, rows.to_vec(), 1),
    };
    let fails = |row: &Row| catch_unwind(AssertUnwindSafe(|| test(row))).is_err();
    let failed: Vec<&str> = chosen.iter().filter(|row| fails(row)).map(|row| row.runbook).collect();
    assert!(failed.is_empty(), "{what}: these have failed, as told above: {failed:?}");
}

/// How many cases of a row a plain test run tries, beside the very last step.
const SAMPLE: usize = 1;

pub(crate) fn matrix(row: &Row) {
    let project = Project::shipped();
    let given = (row.given)(&project);
    if !row.healthy {
        // Nothing can be healthy where nothing is, and nobody wants to wait for it.
        let file = format!("runbooks/{}.md", row.runbook);
        let text = impatient(&project.read(&file));
        project.write(&file, &text);
    }
    let all = cases(&project, row);
    // With the very last step everything has happened that can. It is always tried.
    let (last, rest) = all.split_last().expect("a step");
    let mut chosen = some_of(&format!("failures of {}", row.runbook), rest.to_vec(), SAMPLE);
    chosen.push(last.clone());
    let before = inventory(&project);
    // All of them at once: each takes as long to find as a whole row takes.
    let mut in_place = Vec::new();
    for case in &chosen {
        let began = std::time::Instant::now();
        let undone = fail_and_undo(&project, row, &given, case);
        say(&format!("{case}: {:?}", began.elapsed()));
        if undone.was_in_place {
            in_place.push(case.to_string());
        }
        if row.leaves && case.step.id() == last.step.id() {
            let moved = difference(&before, &undone.between);
            assert!(!moved.is_empty(), "it failed too early to prove anything");
        }
        assert_as_before(row, &before, &inventory(&project), &format!("{case}"));
        assert_eq!(undone.last["event"]["event"], "run_undone");
        assert_eq!(undone.last["event"]["healthy"], row.healthy, "{case}");
    }
    assert!(
        in_place.is_empty(),
        "these are in place already, so the row has to skip them: {in_place:#?}"
    );
}

/// The text of a runbook that waits a second at most for its health.
fn impatient(text: &str) -> String {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        inside = if line.starts_with("```") { line.contains(" health=") } else { inside };
        if inside && line.trim_start_matches("#| ").starts_with("within:") {
            continue;
        }
        lines.push(line);
        if inside && line.starts_with("```") {
            lines.push(if line.starts_with("```yaml") { "within: 1s" } else { "#| within: 1s" });
        }
    }
    lines.join("\n") + "\n"
}

/// What was seen on the way.
struct Undone {
    /// The step found its effect there, so that it could not fail after it had acted.
    was_in_place: bool,
    /// After the failure.
    between: Inventory,
    /// The last record of the journal.
    last: Value,
}

fn fail_and_undo(project: &Project, row: &Row, given: &[String], case: &Case) -> Undone {
    let text = project.read(&case.file);
    project.write(&case.file, &broken(&text, case));
    let mut arguments = vec!["run", row.runbook, "--env", "sandbox"];
    arguments.extend(given.iter().map(String::as_str));
    let ran = project.run(&arguments);
    let events = events_of(project, case.step.id().as_str());
    let started = events.iter().any(|event| event["event"] == "step_started");
    let last = events.last().expect("an event");
    let acted = case.when == When::After;
    let was_in_place = acted && last["event"] == "step_in_place";
    if !was_in_place {
        assert_eq!(last["event"], "step_failed", "{case}: {events:?}");
        // Where the effect was there before, what is expected of it is looked at, and nothing starts.
        let looked = last["failure"]["stage"] == "guard";
        ran.ended(if looked { 4 } else { 1 }).says(case.step.id().as_str());
        assert!(if acted { started || looked } else { !started }, "{case}: {events:?}");
    }
    project.write(&case.file, &text);
    let between = inventory(project);
    project.run(&["undo"]).ended(if row.healthy { 0 } else { 9 });
    // What was taken back leaves nothing to be settled.
    let run = project.newest_run();
    let run = run.file_name().expect("a name").to_string_lossy().into_owned();
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    let owed: Value = serde_json::from_str(&owed).expect("JSON");
    let owed = owed.as_array().expect("a list").iter().filter(|one| one["run"] == run);
    assert_eq!(owed.count(), 0, "{case}: something is still owed after the undo");
    Undone { was_in_place, between, last: project.journal().pop().expect("a record") }
}

/// Runs a runbook whose very last step fails after it has acted, so that everything of it is to be taken
/// back, and then does something about it.
pub(crate) fn fail_at_the_end(project: &Project, row: &Row, given: &[String], then: impl FnOnce()) {
    let last = cases(project, row).pop().expect("a step");
    let text = project.read(&last.file);
    project.write(&last.file, &broken(&text, &last));
    let mut arguments = vec!["run", row.runbook, "--env", "sandbox"];
    arguments.extend(given.iter().map(String::as_str));
    project.run(&arguments).ended(1).says(last.step.id().as_str());
    project.write(&last.file, &text);
    then();
}

/// The events of a step wherever it stands: at the top, in a loop, in another runbook.
fn events_of(project: &Project, id: &str) -> Vec<Value> {
    let is_it = |event: &Value| {
        let key = event["step"].as_str().unwrap_or_default();
        key.rsplit('/').next().and_then(|end| end.split('[').next()) == Some(id)
    };
    project.journal().into_iter().map(|mut record| record["event"].take()).filter(is_it).collect()
}

/// Panics unless everything is as it was. A key cannot be unmade at once, so a new one may be left, as
/// the runbook says, when nothing points at it.
#[track_caller]
pub(crate) fn assert_as_before(row: &Row, before: &Inventory, after: &Inventory, what: &str) {
    let left = new_keys(before, after);
    for (key, state) in &left {
        assert!(state.starts_with(row.new_keys), "{what}: {key} is {state}");
    }
    let mut rest = after.clone();
    rest.retain(|name, _| !left.contains_key(name));
    let difference = difference(before, &rest);
    assert!(difference.is_empty(), "{what}: not as before:\n{}", difference.join("\n"));
}

/// Every step of a runbook and of the runbooks that it runs, each made to fail in both ways.
fn cases(project: &Project, row: &Row) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut unknown: Vec<&str> = row.skipped.to_vec();
    for (name, book) in books(project.path(), row.runbook).into_iter().rev() {
        for step in &book.steps {
            if called(step).is_some() {
                continue;
            }
            let skipped = row.skipped.contains(&step.id().as_str());
            unknown.retain(|id| *id != step.id().as_str());
            // Behind a step that cannot be taken back there is only forward.
            let is_last = step.block.options.irreversible.is_some();
            for when in [When::Before, When::After] {
                if when == When::Before || !(skipped || is_last) {
                    let file = file_of(project.path(), &name);
                    cases.push(Case { file, step: step.clone(), when });
                }
            }
            if is_last {
                break;
            }
        }
    }
    assert!(unknown.is_empty(), "there are no steps {unknown:?}");
    cases
}

/// The file of a runbook, or of a manifest of stacks.
fn file_of(project: &std::path::Path, name: &str) -> String {
    let [file, manifest] = runbook::parse::places(name).map(|place| format!("runbooks/{place}"));
    if project.join(&file).exists() { file } else { manifest }
}

/// A runbook and the runbooks that it runs.
fn books(project: &std::path::Path, name: &str) -> Vec<(String, Runbook)> {
    let path = file_of(project, name);
    let text = std::fs::read_to_string(project.join(&path)).expect("a runbook");
    let (book, _) = runbook::parse::runbook(name, &path, &text);
    let inner: Vec<String> = book.steps.iter().filter_map(called).collect();
    let mut all = vec![(name.to_owned(), book)];
    all.extend(inner.iter().flat_map(|inner| books(project, inner)));
    all
}

/// The runbook that a step runs.
fn called(step: &Step) -> Option<String> {
    let Body::Action { uses, with } = &step.block.body else { return None };
    let named = with.iter().find(|(key, _)| uses.value == "runbook/run" && key.value == "runbook");
    match &named?.1.kind {
        NodeKind::Text(text) => Some(text.value.clone()),
        other => panic!("{}: which runbook is {other:?}?", step.id()),
    }
}

/// The text of a runbook whose step fails.
fn broken(text: &str, case: &Case) -> String {
    let span = case.step.block.span;
    let block = &text[span.start..span.end];
    let broken = match case.when {
        When::Before => without_effect(block, case),
        When::After => after_its_effect(block, case),
    };
    format!("{}{broken}{}", &text[..span.start], &text[span.end..])
}

/// What stands before an option of the step.
fn mark(case: &Case) -> &'static str {
    match case.step.block.body {
        Body::Script { .. } => "#| ",
        Body::Action { .. } if is_stack(case) => "    ",
        Body::Action { .. } => "",
    }
}

/// Whether the step is a stack of a manifest.
fn is_stack(case: &Case) -> bool {
    case.file.ends_with(".yaml")
}

/// A block without some options. Each must stand on one line.
fn lines_without<'a>(block: &'a str, case: &Case, options: &[&str]) -> Vec<&'a str> {
    let mark = mark(case);
    let is_one = |line: &str| {
        let line = line.strip_prefix(mark).unwrap_or_default();
        options.iter().any(|option| line.strip_prefix(option).is_some_and(|l| l.starts_with(':')))
    };
    block.lines().filter(|line| !is_one(line)).collect()
}

/// Its condition cannot be told, so it fails before it starts.
fn without_effect(block: &str, case: &Case) -> String {
    let mut lines = lines_without(block, case, &["if"]);
    let condition = format!("{}if: (accounts.data.region | int) > 0", mark(case));
    lines.insert(1, &condition);
    lines.join("\n") + "\n"
}

/// It does what it does, and then is found wanting.
fn after_its_effect(block: &str, case: &Case) -> String {
    const FALSE: &str = "accounts.data.region == \"nowhere\"";
    let mut lines: Vec<String> =
        lines_without(block, case, &["retry"]).into_iter().map(str::to_owned).collect();
    // A fence has a last line of its own.
    let end = lines.len() - usize::from(!is_stack(case));
    match &case.step.block.body {
        Body::Script { interpreter: Interpreter::Python, .. } => {
            lines.insert(end, "raise SystemExit(1)".to_owned());
        }
        Body::Script { .. } => lines.insert(end, "exit 1".to_owned()),
        Body::Action { .. } => match lines.iter().position(|line| line.starts_with("expect:")) {
            None => lines.insert(end, format!("{}expect: ['{FALSE}']", mark(case))),
            Some(at) if lines[at].contains('[') => {
                lines[at] = lines[at].replacen('[', &format!("['{FALSE}', "), 1);
            }
            Some(at) => lines.insert(at + 1, format!("  - '{FALSE}'")),
        },
    }
    lines.join("\n") + "\n"
}
