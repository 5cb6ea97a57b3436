//! A runbook is edited while a run of it stands still: what `resume` says, and what it does, edit by edit.

use crate::env::{Project, Ran};
use crate::sample::some_of;

const HEAD: &str =
    "---\ntitle: A test\nsummary: For the tests.\nowner: tests\n---\n\n# A test\n\n## Steps\n\n";

/// A step that notes its id and its version. What its own look says is for the tests of crashes.
fn step(id: &str, version: &str) -> String {
    format!(
        "### {id}\n\n```bash step={id}\necho {id}{version} >> \"$RUNBOOK_PROJECT/done\"\n```\n\n```bash undo={id}\necho -{id}{version} >> \"$RUNBOOK_PROJECT/done\"\n```\n\n"
    )
}

/// The step at which the run stands still. It has an effect before it fails.
fn gate(version: &str) -> String {
    format!(
        "### gate\n\n```bash step=gate\necho gate{version} >> \"$RUNBOOK_PROJECT/done\"\ntest -e \"$RUNBOOK_PROJECT/go\"\n```\n\n```bash undo=gate\ntrue\n```\n\n"
    )
}

/// `a` and `b` are done, `gate` has failed, `c` and `d` are pending.
fn original() -> String {
    [HEAD, &step("a", ""), &step("b", ""), &gate(""), &step("c", ""), &step("d", "")].concat()
}

fn stopped() -> Project {
    let project = Project::local(&[("edited", &original())]);
    project.run(&["run", "edited", "--env", "sandbox"]).ended(1);
    assert_eq!(project.read("done"), "a\nb\ngate\n");
    project.write("go", "");
    project
}

/// One edit, and everything that follows from it.
struct Edit {
    name: &'static str,
    /// The text as it is now.
    text: String,
    /// What is said about the steps, one a line, when the run goes on with its own copy.
    told: &'static [&'static str],
    /// What `--adopt` is told beside `gate=retry`.
    decisions: &'static [&'static str],
    /// How it ends.
    code: i32,
    /// What was done in the end, after what had been done before.
    done: &'static str,
    /// What it says.
    says: &'static str,
}

#[expect(clippy::too_many_lines, reason = "it is one table")]
fn edits() -> Vec<Edit> {
    let all = |steps: &[String]| [HEAD.to_owned(), steps.concat()].concat();
    let (a, b, gate0, c, d) =
        (step("a", ""), step("b", ""), gate(""), step("c", ""), step("d", ""));
    let own =
        |steps: &[&String]| all(&steps.iter().map(|step| (*step).clone()).collect::<Vec<_>>());
    vec![
        Edit {
            name: "prose only",
            text: original().replace("# A test\n", "# A test\n\nBe careful.\n"),
            told: &["no step differs"],
            decisions: &[],
            code: 0,
            done: "gate c d",
            says: "gate",
        },
        Edit {
            name: "a pending step changed",
            text: own(&[&a, &b, &gate0, &step("c", "2"), &d]),
            told: &["changed  c"],
            decisions: &[],
            code: 0,
            done: "gate c2 d",
            says: "with the files as they are now",
        },
        Edit {
            name: "the failed step changed, and was decided about",
            text: own(&[&a, &b, &gate("2"), &c, &d]),
            told: &["changed  gate (failed)"],
            decisions: &[],
            code: 0,
            done: "gate2 c d",
            says: "with the files as they are now",
        },
        Edit {
            name: "a finished step changed, and nobody decided",
            text: own(&[&step("a", "2"), &b, &gate0, &c, &d]),
            told: &["changed  a (succeeded)"],
            decisions: &[],
            code: 4,
            done: "",
            says: "`--step a=done` keeps what it did",
        },
        Edit {
            name: "a finished step changed, and its result is kept",
            text: own(&[&step("a", "2"), &b, &gate0, &c, &d]),
            told: &["changed  a (succeeded)"],
            decisions: &["a=done"],
            code: 0,
            done: "gate c d",
            says: "a",
        },
        Edit {
            name: "a finished step changed, and runs again",
            text: own(&[&step("a", "2"), &b, &gate0, &c, &d]),
            told: &["changed  a (succeeded)"],
            decisions: &["a=retry"],
            code: 0,
            done: "a2 gate c d",
            says: "a",
        },
        Edit {
            name: "a finished step is the same: it cannot be run again by the way",
            text: own(&[&a, &b, &gate0, &step("c", "2"), &d]),
            told: &["changed  c"],
            decisions: &["b=retry"],
            code: 2,
            done: "",
            says: "step `b` is succeeded; that decision does not fit",
        },
        Edit {
            name: "only the undo of a finished step changed",
            text: original().replace("echo -a >>", "echo -a2 >>"),
            told: &["changed  a (succeeded)"],
            decisions: &[],
            code: 4,
            done: "",
            says: "step `a` is succeeded, and its text has changed",
        },
        Edit {
            name: "another interpreter for a finished step",
            text: original().replace("```bash step=a\n", "```sh step=a\n"),
            told: &["changed  a (succeeded)"],
            decisions: &[],
            code: 4,
            done: "",
            says: "step `a` is succeeded, and its text has changed",
        },
        Edit {
            name: "a finished step renamed",
            text: own(&[
                &a.replace("step=a", "step=z").replace("undo=a", "undo=z"),
                &b,
                &gate0,
                &c,
                &d,
            ]),
            told: &["renamed  a to z (succeeded)"],
            decisions: &[],
            code: 4,
            done: "",
            says: "is called `z` now: give it its id back",
        },
        Edit {
            name: "a pending step renamed",
            text: own(&[
                &a,
                &b,
                &gate0,
                &c.replace("step=c", "step=z").replace("undo=c", "undo=z"),
                &d,
            ]),
            told: &["renamed  c to z"],
            decisions: &[],
            code: 0,
            done: "gate c d",
            says: "z",
        },
        Edit {
            name: "a finished step removed",
            text: own(&[&b, &gate0, &c, &d]),
            told: &["removed  a (succeeded)"],
            decisions: &[],
            code: 4,
            done: "",
            says: "is not in the file any more: put it back",
        },
        Edit {
            name: "a pending step removed",
            text: own(&[&a, &b, &gate0, &d]),
            told: &["removed  c"],
            decisions: &[],
            code: 0,
            done: "gate d",
            says: "d",
        },
        Edit {
            name: "a step added before one that is done",
            text: own(&[&a, &step("new", ""), &b, &gate0, &c, &d]),
            told: &["added    new"],
            decisions: &[],
            code: 0,
            done: "new gate c d",
            says: "new",
        },
        Edit {
            name: "pending steps in another order",
            text: own(&[&a, &b, &gate0, &d, &c]),
            told: &["moved    "],
            decisions: &[],
            code: 0,
            done: "gate d c",
            says: "d",
        },
        Edit {
            name: "finished steps in another order keep their results",
            text: own(&[&b, &a, &gate0, &c, &d]),
            told: &["moved    "],
            decisions: &[],
            code: 0,
            done: "gate c d",
            says: "gate",
        },
        Edit {
            name: "a parameter that nobody was asked for",
            text: original()
                .replace("owner: tests\n", "owner: tests\nparams:\n  size: { type: integer }\n"),
            told: &["no step differs"],
            decisions: &[],
            code: 4,
            done: "",
            says: "parameter `size` is new",
        },
        Edit {
            name: "a text that does not pass the check",
            text: original().replace("step=c", "stpe=c"),
            told: &["The files have changed"],
            decisions: &[],
            code: 3,
            done: "",
            says: "stpe",
        },
    ]
}

fn adopt(project: &Project, edit: &Edit) -> Ran {
    let mut arguments =
        vec!["resume", "--adopt", "--reason", "for the test", "--step", "gate=retry"];
    for decision in edit.decisions {
        arguments.extend(["--step", decision]);
    }
    project.run(&arguments)
}

#[test]
fn a_run_goes_on_with_its_own_copy_and_says_step_by_step_what_differs() {
    for edit in some_of("edits", edits(), 6) {
        let project = stopped();
        project.write("runbooks/edited.md", &edit.text);
        let ran = project.run(&["resume", "--step", "gate=retry"]);
        assert_eq!(ran.code, Some(0), "{}: {}", edit.name, ran.stderr);
        for told in edit.told {
            assert!(
                ran.stderr.contains(told),
                "{} is not told {told:?}: {}",
                edit.name,
                ran.stderr
            );
        }
        // What was not edited is not named: `b` is the same in every row but two.
        let b = ran.stderr.lines().any(|line| line == "  changed  b (succeeded)");
        assert!(!b, "{}: {}", edit.name, ran.stderr);
        assert_eq!(project.read("done"), "a\nb\ngate\ngate\nc\nd\n", "{}", edit.name);
        project.run(&["log", "--verify"]).ended(0);
    }
}

#[test]
fn a_run_that_adopts_an_edit_keeps_what_is_the_same_and_asks_about_what_is_not() {
    for edit in some_of("edits", edits(), 12) {
        let project = stopped();
        project.write("runbooks/edited.md", &edit.text);
        let before = project.journal().len();
        let ran = adopt(&project, &edit);
        let told = format!("{}: {}{}", edit.name, ran.stdout, ran.stderr);
        assert_eq!(ran.code, Some(edit.code), "{told}");
        assert!(told.contains(edit.says), "does not say {:?}: {told}", edit.says);
        let done: String = edit.done.split_whitespace().map(|line| format!("{line}\n")).collect();
        assert_eq!(project.read("done"), format!("a\nb\ngate\n{done}"), "{}", edit.name);
        project.run(&["log", "--verify"]).ended(0);
        if edit.code != 0 {
            // A refusal leaves everything as it was, and the way with its own copy open.
            assert_eq!(project.journal().len(), before, "{}", edit.name);
            project.run(&["resume", "--step", "gate=retry"]).ended(0);
        }
    }
}

#[test]
fn what_was_adopted_stays_adopted_and_is_taken_back_with_its_own_undo() {
    let project = stopped();
    std::fs::remove_file(project.path().join("go")).expect("a closed gate");
    let edited = [HEAD, &step("a", "2"), &step("b", ""), &gate("2"), &step("c", "")].concat();
    project.write("runbooks/edited.md", &edited);
    let arguments = ["resume", "--adopt", "--step", "gate=retry", "--step", "a=retry"];
    project.run(&arguments).ended(1);
    // The file is gone altogether; the run has its copy of both texts.
    std::fs::remove_file(project.path().join("runbooks/edited.md")).expect("the file");
    project.run(&["status"]).ended(0).says("gate");
    project.run(&["undo"]).ended(0);
    assert_eq!(project.read("done"), "a\nb\ngate\na2\ngate2\n-b\n-a2\n");
    project.run(&["log", "--verify"]).ended(0);
}

#[test]
fn a_file_that_is_gone_does_not_keep_a_run_from_going_on() {
    let project = stopped();
    std::fs::remove_file(project.path().join("runbooks/edited.md")).expect("the file");
    project.run(&["resume", "--adopt", "--step", "gate=retry"]).ended(2);
    project
        .run(&["resume", "--step", "gate=retry"])
        .ended(0)
        .says("cannot be run as they are now")
        .says("goes on with its own copy");
    assert_eq!(project.read("done"), "a\nb\ngate\ngate\nc\nd\n");
}
