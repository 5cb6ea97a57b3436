//! The shipped runbooks on the stage of `runbook rehearse`: each comes through failures, kills, undos and lost answers.

use crate::env::{Project, root};
use crate::sample::{full, is_turn, say, some_of};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long one rehearsal may take, with every case.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);

const KILL: &str = "--kill-each";

/// The undo matrix and the lost answers have tests of their own, with all their cases.
const OTHER_WAYS: [&str; 3] = ["--fail-each", "--undo-each", "--lose-each"];

/// What a rehearsal has to be told where a runbook does not begin in accounts that were just filled, or takes
/// parameters that a rehearsal must not leave to a person.
const GIVEN: [(&str, &[&str]); 6] = [
    ("bedrock-failback", &["--before", "bedrock-failover"]),
    ("index-snapshot-restore", &["-p", "switch=true"]),
    ("kms-retire", &["--before", "kms-replace", "-p", "soak=1s,1s", "-p", "days=7"]),
    ("opensearch-limit", &["-p", "replicas=0"]),
    ("secret-revoke", &["--before", "secret-rotate source=generated"]),
    ("secret-rotate", &["-p", "source=generated"]),
];

/// Runbooks that another one runs, with the one that does.
const INNER: [(&str, &str); 1] = [("kms-soak", "kms-retire")];

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("runbooks")).expect("runbooks").flatten();
    let stems = entries.filter_map(|entry| {
        let path = entry.path();
        let is_book = path.extension().is_some_and(|end| end == "md");
        is_book.then(|| path.file_stem().expect("a name").to_string_lossy().into_owned())
    });
    let mut names: Vec<String> = stems.collect();
    names.sort();
    names
}

/// The shipped runbooks, each with what its rehearsal has to be told. `RUNBOOK_TEST_ROW` names the only one to try.
fn rows() -> Vec<(String, &'static [&'static str])> {
    let names = names();
    for (name, _) in GIVEN {
        assert!(names.iter().any(|one| one == name), "there is no runbook {name}");
    }
    for (inner, outer) in INNER {
        let text = std::fs::read_to_string(root().join(format!("runbooks/{outer}.md")));
        assert!(text.expect("a text").contains(inner), "{outer} does not run {inner}");
    }
    let wanted = std::env::var("RUNBOOK_TEST_ROW").ok();
    if let Some(wanted) = &wanted {
        assert!(names.contains(wanted), "RUNBOOK_TEST_ROW={wanted}: there is no such runbook");
    }
    let is_wanted = |name: &String| {
        let inner = INNER.iter().any(|(inner, _)| inner == name);
        !inner && wanted.as_ref().is_none_or(|wanted| wanted == name)
    };
    let given = |name: &str| GIVEN.iter().find(|(one, _)| *one == name).map(|(_, given)| *given);
    names
        .into_iter()
        .filter(is_wanted)
        .map(|name| {
            let given = given(&name).unwrap_or_default();
            (name, given)
        })
        .collect()
}

fn rehearse(name: &str, way: &str, more: &[&str]) {
    // Without an `endpoint`, so that each case has an emulator of its own.
    let project = Project::with_its_own_sandbox();
    let mut arguments = vec!["rehearse", name, way, "--json"];
    arguments.extend(more);
    let began = Instant::now();
    let ran = project.run_long(&arguments, PATIENCE).ended(0);
    let results: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(results["proven"], true, "{name} {way}: {results:#}");
    let cases = results["cases"].as_array().expect("cases");
    // Only a runbook that changes nothing has no answer to lose.
    assert!(!cases.is_empty() || way == "--lose-each", "{name} {way}: nothing was tried");
    say(&format!("{name} {way}: {} cases in {:?}", cases.len(), began.elapsed()));
}

/// Killed at any record of its journal, a run ends as it would have ended. In a plain run one runbook is killed at its
/// last record: then everything has been done that can be.
#[test]
fn each_shipped_runbook_goes_on_after_a_kill_at_any_record() {
    if !is_turn("kills of the shipped runbooks", 0, 2) {
        return;
    }
    let most: &[&str] = if full() { &[] } else { &["--most", "1"] };
    for (name, given) in some_of("runbooks to be killed", rows(), 1) {
        rehearse(&name, KILL, &[given, most].concat());
    }
}

/// In a plain run one runbook in one way, in the case that comes last.
#[test]
fn each_shipped_runbook_comes_through_its_rehearsal() {
    if !is_turn("rehearsals of the shipped runbooks", 1, 2) {
        return;
    }
    let cases = rows().into_iter().flat_map(|row| OTHER_WAYS.map(|way| (row.clone(), way)));
    let most = if full() { "2" } else { "1" };
    for ((name, given), way) in some_of("rehearsals", cases.collect(), 1) {
        rehearse(&name, way, &[given, &["--most", most]].concat());
    }
}
