//! The shipped runbooks on the stage of `runbook rehearse`: each comes through failures, kills, undos and lost answers.

use crate::env::{Project, root};
use crate::sample::{full, is_turn, some_of};
use serde_json::Value;

const WAYS: [&str; 4] = ["--fail-each", "--kill-each", "--undo-each", "--lose-each"];

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

/// In a plain run one runbook in one way, in the case that comes last: then everything has been done that can be.
#[test]
fn each_shipped_runbook_comes_through_its_rehearsal() {
    if !is_turn("rehearsals of the shipped runbooks", 1, 2) {
        return;
    }
    let names = names();
    for (name, _) in GIVEN {
        assert!(names.iter().any(|one| one == name), "there is no runbook {name}");
    }
    let mut cases = Vec::new();
    for name in &names {
        if let Some((_, outer)) = INNER.iter().find(|(inner, _)| inner == name) {
            let text = std::fs::read_to_string(root().join(format!("runbooks/{outer}.md")));
            assert!(text.expect("a text").contains(name.as_str()), "{outer} does not run {name}");
        } else {
            cases.extend(WAYS.map(|way| (name.clone(), way)));
        }
    }
    let most = if full() { "2" } else { "1" };
    for (name, way) in some_of("rehearsals", cases, 1) {
        // Without an `endpoint`, so that each case has an emulator of its own.
        let project = Project::with_its_own_sandbox();
        let mut arguments = vec!["rehearse", &name, way, "--most", most, "--json"];
        let given = GIVEN.iter().find(|(one, _)| *one == name);
        arguments.extend(given.into_iter().flat_map(|(_, given)| given.iter().copied()));
        let ran = project.run(&arguments).ended(0);
        let results: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(results["proven"], true, "{name} {way}: {results:#}");
        let cases = results["cases"].as_array().expect("cases");
        // Only a runbook that changes nothing has no answer to lose.
        assert!(!cases.is_empty() || way == "--lose-each", "{name} {way}: nothing was tried");
    }
}
