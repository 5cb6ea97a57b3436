//! What was seen to go wrong in other tools, so that it does not go wrong here. `docs/comparison.md` has what
//! they do; each of its rows is a test in this file, in `local.rs` (values are no code) or in `secrets.rs`.

use crate::env::Project;

/// A script step that changes something and writes its id down.
fn step(id: &str, options: &str, script: &str) -> String {
    let options: String = options.lines().map(|line| format!("#| {line}\n")).collect();
    format!(
        "```bash step={id}\n#| irreversible: It writes a line.\n{options}echo {id} >> \"$RUNBOOK_PROJECT/log\"\n{script}\n```\n\n"
    )
}

fn project(steps: &[String]) -> Project {
    let front = "---\ntitle: T\nsummary: S.\nowner: o\n---\n\n# T\n\n## Steps\n\n";
    Project::local(&[("it", &format!("{front}{}", steps.concat()))])
}

const RUN: [&str; 4] = ["run", "it", "--env", "sandbox"];

/// The status of a step, as `runbook status` tells it.
fn status(project: &Project, step: &str) -> String {
    let said = project.run(&["status", "--json"]).stdout;
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let steps = said["steps"].as_array().expect("steps");
    let one = steps.iter().find(|one| one["step"] == step).expect("the step");
    one["status"].as_str().expect("a status").to_owned()
}

/// Chaos Toolkit keeps no journal until the end, and starts over.
#[test]
fn killed_in_the_second_step_the_first_is_known_and_the_second_is_unknown() {
    // The script kills the program that runs it.
    let project =
        project(&[step("one", "", ""), step("two", "", "kill -9 $PPID"), step("three", "", "")]);
    assert_eq!(project.run(&RUN).signal, Some(9));
    assert_eq!(status(&project, "one"), "succeeded");
    assert_eq!(status(&project, "two"), "unknown");
    project.run(&["resume"]).ended(5).says("two");
    project.run(&["resume", "--step", "two=done", "--reason", "I looked."]).ended(0);
    assert_eq!(project.read("log"), "one\ntwo\nthree\n");
}

/// Chaos Toolkit runs the rollback of an action that never ran, and exits with 0.
#[test]
fn a_gate_that_fails_before_anything_ran_undoes_nothing() {
    let gate = "```bash step=gate\n#| effect: read\nfalse\n```\n\n".to_owned();
    let act = "```bash step=act\necho act >> \"$RUNBOOK_PROJECT/log\"\n```\n\n```bash undo=act\necho undo >> \"$RUNBOOK_PROJECT/log\"\n```\n".to_owned();
    let project = project(&[gate, act]);
    project.run(&RUN).ended(1);
    project.run(&["undo"]).ended(0);
    assert!(!project.exists("log"), "{}", project.read("log"));
}

/// Chaos Toolkit records it as succeeded. In Atuin a `false` in the middle of a script is a success.
#[test]
fn a_command_that_exits_with_another_status_failed_wherever_it_stands() {
    for script in ["exit 3", "false\ntrue", "false | true", "x=$(false)\ntrue"] {
        let project = project(&[step("one", "", script), step("two", "", "")]);
        project.run(&RUN).ended(1);
        assert_eq!(project.read("log"), "one\n", "{script}");
    }
}

/// Chaos Toolkit records a dry run as a completed one.
#[test]
fn a_plan_is_no_run() {
    let project = project(&[step("one", "", "")]);
    project.run(&["plan", "it", "--env", "sandbox"]).ended(0);
    let runs = project.run(&["runs", "--json"]).ended(0).stdout;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&runs).expect("JSON"),
        serde_json::json!([])
    );
    assert!(!project.exists("log"));
}

/// After Ansible's `--start-at-task` the registered values are gone. braintree/runbook starts over.
#[test]
fn what_a_step_gave_is_there_after_a_resume() {
    let one = step("one", "outputs: [value]", "echo value=42 >> \"$RUNBOOK_OUTPUT\"");
    let two = "```bash step=two\n#| effect: read\n#| env: { GIVEN: \"{{ steps.one.value }}\" }\necho \"two:$GIVEN\" >> \"$RUNBOOK_PROJECT/log\"\ntest -e \"$RUNBOOK_PROJECT/go\"\n```\n".to_owned();
    let project = project(&[one, two]);
    project.run(&RUN).ended(1);
    project.write("go", "");
    project.run(&["resume"]).ended(0);
    assert_eq!(project.read("log"), "one\ntwo:42\ntwo:42\n");
}

/// Atuin runs the raw `{{ var.x }}` and reports success. Ansible finds out when it comes to it.
#[test]
fn an_undefined_name_is_found_before_anything_runs() {
    let project =
        project(&[step("one", "", ""), step("two", "env: { X: \"{{ params.nowhere }}\" }", "")]);
    project.run(&RUN).ended(3).says("nowhere");
    assert!(!project.exists("log"));
}

/// In Innovation Engine a misspelt directive switches the check off. In runme the step loses its name.
#[test]
fn a_misspelt_option_is_found_before_anything_runs() {
    let project = project(&[step("one", "", ""), step("two", "timeuot: 5s", "")]);
    project.run(&RUN).ended(3).says("timeuot").says("timeout");
    assert!(!project.exists("log"));
}

/// Ansible loses a handler when a later task fails.
#[test]
fn an_obligation_outlives_the_failure_of_a_later_step() {
    let one = step("one", "obligation: { text: Clean up., due: 7d }", "");
    let two =
        "```bash step=two\n#| effect: read\ntest -e \"$RUNBOOK_PROJECT/go\"\n```\n".to_owned();
    let project = project(&[one, two]);
    project.run(&RUN).ended(1);
    project.run(&["obligations"]).ended(0).says("Clean up.");
    project.write("go", "");
    project.run(&["resume"]).ended(0);
    project.run(&["obligations"]).ended(0).says("Clean up.");
}

/// mask drops the first one and says nothing.
#[test]
fn two_blocks_under_one_heading_are_two_steps() {
    let project = project(&["### Both\n\n".to_owned(), step("one", "", ""), step("two", "", "")]);
    project.run(&RUN).ended(0);
    assert_eq!(project.read("log"), "one\ntwo\n");
}
