//! Runs without a cloud: order, parallel steps, loops, conditions, outputs, sub-runbooks, resume.

use crate::env::Project;

fn book(front: &str, body: &str) -> String {
    format!(
        "---\ntitle: A test\nsummary: For the tests.\nowner: tests\n{front}---\n\n# A test\n\n## Steps\n\n{body}"
    )
}

/// A script step.
fn bash(id: &str, options: &str, text: &str) -> String {
    let options: String = options.lines().map(|line| format!("#| {line}\n")).collect();
    format!("### {id}\n\n```bash step={id}\n{options}{text}\n```\n\n")
}

#[test]
fn outputs_flow_through_the_environment_and_never_become_code() {
    let hostile = "$(touch pwned) `touch pwned` \"; touch pwned; ' é\n🔑 {{ params.value }}";
    let steps = bash(
        "write",
        "irreversible: test\noutputs: [copied]\nenv:\n  VALUE: \"{{ params.value }}\"",
        "{ echo 'copied<<END'; printf '%s\\n' \"$VALUE\"; echo END; } >> \"$RUNBOOK_OUTPUT\"",
    ) + &bash(
        "compare",
        "effect: read\nenv:\n  COPIED: \"{{ steps.write.copied }}\"\n  VALUE: \"{{ params.value }}\"",
        "test \"$COPIED\" = \"$VALUE\"",
    );
    let project =
        Project::local(&[("flow", &book("params:\n  value: { type: string }\n", &steps))]);
    project.write("value.txt", hostile);
    project.run(&["run", "flow", "--env", "sandbox", "-p", "value=@value.txt"]).ended(0);
    assert!(!project.exists("pwned"), "a value was run");
    let found = std::process::Command::new("find")
        .arg(project.path())
        .args(["-name", "pwned"])
        .output()
        .expect("find");
    assert!(found.stdout.is_empty(), "a value was run: {}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn a_failed_step_pauses_and_resume_goes_on_from_there() {
    let steps = bash("first", "irreversible: test", "echo once >> \"$RUNBOOK_PROJECT/first\"")
        + &bash("second", "effect: read", "test -e \"$RUNBOOK_PROJECT/go\"")
        + &bash("third", "irreversible: test", "echo once >> \"$RUNBOOK_PROJECT/third\"");
    let project = Project::local(&[("pause", &book("", &steps))]);
    project
        .run(&["run", "pause", "--env", "sandbox"])
        .ended(1)
        .says("second")
        .says("runbook resume");
    assert!(!project.exists("third"));
    project.write("go", "");
    project.run(&["resume"]).ended(0);
    assert_eq!(project.read("first"), "once\n");
    assert_eq!(project.read("third"), "once\n");
}

#[test]
fn a_failed_script_that_cannot_look_for_its_effect_needs_a_decision() {
    let steps = bash(
        "half",
        "irreversible: test",
        "echo half >> \"$RUNBOOK_PROJECT/half\"; test -e \"$RUNBOOK_PROJECT/go\"",
    );
    let project = Project::local(&[("half", &book("", &steps))]);
    project.run(&["run", "half", "--env", "sandbox"]).ended(1);
    project.write("go", "");
    project.run(&["resume"]).ended(1).says("--step half=");
    assert_eq!(project.read("half"), "half\n", "it ran again without being told to");
    project.run(&["resume", "--step", "half=retry"]).ended(0);
    assert_eq!(project.read("half"), "half\nhalf\n");
}

#[test]
fn independent_steps_run_at_once_and_meet() {
    // Each of the two waits for the other: in sequence neither could end.
    let meet = |mine: &str, other: &str| {
        format!(
            "touch \"$RUNBOOK_PROJECT/{mine}\"\nfor _ in $(seq 400); do test -e \"$RUNBOOK_PROJECT/{other}\" && exit 0; sleep 0.05; done\nexit 1"
        )
    };
    let steps = bash("left", "needs: []\nirreversible: test", &meet("l", "r"))
        + &bash("right", "needs: []\nirreversible: test", &meet("r", "l"))
        + &bash("after", "needs: [left, right]\neffect: read", "true");
    let project = Project::local(&[("meet", &book("", &steps))]);
    project.run(&["run", "meet", "--env", "sandbox"]).ended(0);
}

#[test]
fn a_loop_runs_once_per_element_and_collects_in_order() {
    let steps = bash(
        "names",
        "effect: read\noutputs: json",
        "echo '{\"list\": [\"a\", \"b\", \"c\"]}'",
    ) + &bash(
        "each",
        "effect: read\nfor_each: steps.names.list\nconcurrency: 3\noutputs: [upper]\nenv:\n  NAME: \"{{ item }}\"",
        "echo \"upper=${NAME^^}\" >> \"$RUNBOOK_OUTPUT\"",
    ) + &bash(
        "check",
        "effect: read\nenv:\n  ALL: \"{{ steps.each[0].upper }}{{ steps.each[1].upper }}{{ steps.each[2].upper }}\"",
        "test \"$ALL\" = ABC",
    );
    let project = Project::local(&[("each", &book("", &steps))]);
    project.run(&["run", "each", "--env", "sandbox"]).ended(0);
    assert_eq!(project.events_of("each"), ["step_opened", "step_succeeded"]);
    assert_eq!(project.events_of("each[1]"), ["step_started", "step_succeeded"]);
}

#[test]
fn a_false_condition_skips_with_its_reason() {
    let steps =
        bash("never", "if: params.go\nirreversible: test", "touch \"$RUNBOOK_PROJECT/never\"");
    let front = "params:\n  go: { type: boolean, default: false }\n";
    let project = Project::local(&[("skip", &book(front, &steps))]);
    project.run(&["run", "skip", "--env", "sandbox"]).ended(0).says("params.go");
    assert!(!project.exists("never"));
    project.run(&["run", "skip", "--env", "sandbox", "-p", "go=true"]).ended(0);
    assert!(project.exists("never"));
}

#[test]
fn a_runbook_runs_another_and_sees_what_it_gave() {
    let inner = book(
        "params:\n  who: { type: string }\n",
        &bash(
            "greet",
            "effect: read\noutputs: [text]\nenv:\n  WHO: \"{{ params.who }}\"",
            "echo \"text=hello $WHO\" >> \"$RUNBOOK_OUTPUT\"",
        ),
    );
    let outer = book(
        "",
        &("### call\n\n```yaml step=call\nuses: runbook/run\nwith:\n  runbook: inner\n  params: { who: world }\n```\n\n".to_owned()
            + &bash("check", "effect: read\nenv:\n  TEXT: \"{{ steps.call.greet.text }}\"", "test \"$TEXT\" = 'hello world'")),
    );
    let project = Project::local(&[("inner", &inner), ("outer", &outer)]);
    project.run(&["run", "outer", "--env", "sandbox"]).ended(0);
    assert_eq!(project.events_of("call/greet"), ["step_started", "step_succeeded"]);
}

#[test]
fn a_manual_step_unattended_exits_10_and_goes_on_after_an_answer() {
    let steps = "### Read it off\n\n```yaml step=read_off\nuses: manual/input\nwith:\n  ask: The ticket's number.\n  fields:\n    ticket: { type: integer, description: Its number }\n```\n\n".to_owned()
        + &bash("use", "effect: read\nenv:\n  TICKET: \"{{ steps.read_off.ticket }}\"", "test \"$TICKET\" = 42");
    let project = Project::local(&[("manual", &book("", &steps))]);
    project.run(&["run", "manual", "--env", "sandbox"]).ended(10).says("runbook answer");
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    project.run(&["answer", &run, "read_off", "ticket=many"]).ended(2).says("ticket");
    project.run(&["answer", &run, "read_off", "ticket=42"]).ended(0);
    project.run(&["resume"]).ended(0);
}

#[test]
fn run_refuses_what_check_refuses() {
    let project = Project::local(&[("broken", &book("", "```bash stpe=x\ntrue\n```\n"))]);
    project.run(&["check"]).ended(3).says("runbooks/broken.md:").says("step");
    project.run(&["run", "broken", "--env", "sandbox"]).ended(3);
    assert!(
        !project.exists(".runbook/runs")
            || std::fs::read_dir(project.path().join(".runbook/runs"))
                .expect("runs")
                .next()
                .is_none()
    );
}

#[test]
fn a_run_is_taken_back_in_the_reverse_order_of_its_starts() {
    let step = |id: &str| {
        bash(id, "", &format!("echo +{id} >> \"$RUNBOOK_PROJECT/log\""))
            + &format!("```bash undo={id}\necho -{id} >> \"$RUNBOOK_PROJECT/log\"\n```\n\n")
    };
    let steps =
        step("one") + &step("two") + &bash("fails", "effect: read", "false") + &step("never");
    let project = Project::local(&[("back", &book("", &steps))]);
    project.run(&["run", "back", "--env", "sandbox"]).ended(1);
    project.run(&["undo"]).ended(0);
    assert_eq!(project.read("log"), "+one\n+two\n-two\n-one\n");
}
