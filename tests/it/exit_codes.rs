//! Every exit code of the manual, brought about by a real command; and no other.

use crate::env::{Project, root};
use crate::signals::Started;
use std::collections::BTreeMap;

fn book(front: &str, steps: &str) -> String {
    format!(
        "---\ntitle: Codes\nsummary: For the tests.\nowner: tests\n{front}---\n\n# Codes\n\n## Steps\n\n{steps}"
    )
}

fn project(steps: &str) -> Project {
    Project::local(&[("book", &book("", steps))])
}

const RUN: [&str; 4] = ["run", "book", "--env", "sandbox"];
const GOOD: &str = "```bash step=one\n#| irreversible: test\ntrue\n```\n";
const BAD: &str = "```bash step=one\n#| irreversible: test\nexit 7\n```\n";

fn done() -> i32 {
    code(&project(GOOD), &RUN)
}

fn failed() -> i32 {
    code(&project(BAD), &RUN)
}

fn usage() -> i32 {
    code(&project(GOOD), &["run", "book", "--env", "nowhere"])
}

fn invalid() -> i32 {
    code(&project("```bash step=one\n#| irreversibel: test\ntrue\n```\n"), &RUN)
}

fn refused() -> i32 {
    let project = project(GOOD);
    project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
    code(&project, &RUN)
}

fn unknown() -> i32 {
    code(
        &project(
            "```bash step=one\n#| irreversible: test\n#| timeout: 1s\nwhile :; do sleep 0.1; done\n```\n",
        ),
        &RUN,
    )
}

fn stuck() -> i32 {
    let undo = "```bash step=one\ntrue\n```\n\n```bash undo=one\nexit 7\n```\n\n";
    let project = project(&format!("{undo}```bash step=two\n#| effect: read\nexit 7\n```\n"));
    project.run(&RUN).ended(1);
    code(&project, &["undo"])
}

fn locked() -> i32 {
    let project = project(&slow());
    let mut first = Started::new(&project, &RUN);
    first.until("the script", || project.exists("begun"));
    let code = code(&project, &RUN);
    project.write("go", "");
    first.ended(0);
    code
}

fn unhealthy() -> i32 {
    let health = "\n## Health\n\n```bash health=up\n#| within: 1s\nexit 1\n```\n";
    code(&project(&format!("{GOOD}{health}")), &RUN)
}

fn waiting() -> i32 {
    code(
        &project("```yaml step=one\nuses: manual/confirm\nwith: { ask: Call the bank. }\n```\n"),
        &RUN,
    )
}

fn interrupted() -> i32 {
    let project = project(&slow());
    let mut run = Started::new(&project, &RUN);
    run.until("the script", || project.exists("begun"));
    run.signal(nix::sys::signal::Signal::SIGTERM);
    run.until("the signal", || project.read("stderr").contains("finishing"));
    project.write("go", "");
    run.ended(130);
    130
}

fn slow() -> String {
    let wait = "touch \"$RUNBOOK_PROJECT/begun\"\nuntil test -e \"$RUNBOOK_PROJECT/go\"; do sleep 0.02; done";
    format!("```bash step=one\n#| irreversible: test\n{wait}\n```\n")
}

#[track_caller]
fn code(project: &Project, arguments: &[&str]) -> i32 {
    let ran = project.run(arguments);
    ran.code.unwrap_or_else(|| panic!("{ran:?}"))
}

/// The codes of the manual with what it says about each.
fn manual() -> BTreeMap<i32, String> {
    let text = std::fs::read_to_string(root().join("docs/exit-codes.md")).expect("the manual");
    let rows = text.lines().filter_map(|line| {
        let (code, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
        Some((code.parse().ok()?, rest.to_owned()))
    });
    rows.collect()
}

#[test]
fn every_exit_code_of_the_manual_is_one_that_a_command_ends_with() {
    let cases: [(i32, fn() -> i32); 13] = [
        (0, done),
        (1, failed),
        (2, usage),
        (3, invalid),
        (4, refused),
        (5, unknown),
        (6, stuck),
        (7, locked),
        (8, crate::drills::too_late),
        (9, unhealthy),
        (10, waiting),
        (11, crate::drills::not_well_before),
        (130, interrupted),
    ];
    for (wanted, case) in cases {
        assert_eq!(case(), wanted);
    }
    let shown: Vec<i32> = cases.iter().map(|(code, _)| *code).collect();
    assert_eq!(shown, manual().into_keys().collect::<Vec<_>>(), "a code has no case here");
}
