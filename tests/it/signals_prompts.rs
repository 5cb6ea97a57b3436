//! Every question, answered at a real terminal, and every question that is broken off: the program ends
//! with its code, the terminal is as it was, and nothing is left.

use crate::env::Project;
use crate::pty::Terminal;
use crate::remains::assert_nothing_remains;
use nix::sys::signal::Signal;

/// How many of the broken-off questions are tried in a plain test run.
const SAMPLE: usize = 8;

const ENTER: &str = "\r";
const DOWN: &str = "\x1b[B";
const CTRL_C: &str = "\x03";

fn book(front: &str, steps: &str) -> String {
    format!(
        "---\ntitle: Questions\nsummary: For the tests.\nowner: tests\n{front}---\n\n# Questions\n\n## Steps\n\n{steps}"
    )
}

fn bash(id: &str, options: &[&str], text: &str) -> String {
    let options: String = options.iter().map(|line| format!("#| {line}\n")).collect();
    format!("```bash step={id}\n{options}{text}\n```\n\n")
}

fn changes(id: &str) -> String {
    bash(id, &["irreversible: test"], &format!("touch \"$RUNBOOK_PROJECT/{id}\""))
}

const RUN: [&str; 4] = ["run", "book", "--env", "sandbox"];

/// A kind of question, and how it is brought about.
struct Question {
    name: &'static str,
    book: fn() -> String,
    /// After `run book --env sandbox`.
    more: &'static [&'static str],
    /// Keys that lead to it, each after a text.
    way: &'static [(&'static str, &'static str)],
    /// What is shown when it is open.
    shows: &'static str,
    /// How the program ends when it is broken off.
    code: i32,
    /// Whether a run began before it.
    begun: bool,
}

const QUESTIONS: [Question; 11] = [
    Question {
        name: "a parameter",
        book: || book("params:\n  place: { type: string }\n", &changes("one")),
        more: &[],
        way: &[],
        shows: "place (string)",
        code: 130,
        begun: false,
    },
    Question {
        name: "a secret parameter",
        book: || book("params:\n  token: { type: string, secret: true }\n", &changes("one")),
        more: &[],
        way: &[],
        shows: "token (string)",
        code: 130,
        begun: false,
    },
    Question {
        name: "an agreement",
        book: || {
            let confirm = ["irreversible: test", "confirm: Is the standby ready?"];
            book("", &bash("one", &confirm, "true"))
        },
        more: &[],
        way: &[],
        shows: "Go on?",
        code: 130,
        begun: true,
    },
    Question {
        name: "something to do",
        book: || book("", &manual("uses: manual/confirm\nwith: { ask: Call the bank. }")),
        more: &[],
        way: &[],
        shows: "Done?",
        code: 130,
        begun: true,
    },
    Question {
        name: "the second of a checklist",
        book: || {
            book("", &manual("uses: manual/checklist\nwith: { items: [first, second, third] }"))
        },
        more: &[],
        way: &[("1/3 first", "y")],
        shows: "2/3 second",
        code: 130,
        begun: true,
    },
    Question {
        name: "a value",
        book: || book("", &input("{ type: integer }")),
        more: &[],
        way: &[],
        shows: "value (integer)",
        code: 130,
        begun: true,
    },
    Question {
        name: "a hidden value",
        book: || book("", &input("{ type: string, secret: true }")),
        more: &[],
        way: &[],
        shows: "value (string)",
        code: 130,
        begun: true,
    },
    Question {
        name: "a choice",
        book: || book("", &input("{ type: string, choices: [north, south] }")),
        more: &[],
        way: &[],
        shows: "south",
        code: 130,
        begun: true,
    },
    Question {
        name: "before every step",
        book: || book("", &changes("one")),
        more: &["--step"],
        way: &[],
        shows: "quit (pause here)",
        code: 130,
        begun: true,
    },
    Question {
        name: "why a step is skipped",
        book: || book("", &changes("one")),
        more: &["--step"],
        way: &[
            ("quit (pause here)", "\x1b[B"),
            ("quit (pause here)", "\x1b[B"),
            ("quit (pause here)", "\r"),
        ],
        shows: "Why is it skipped?",
        code: 130,
        begun: true,
    },
    Question {
        name: "after a failure",
        book: || book("", &bash("one", &["effect: read"], "exit 7")),
        more: &[],
        way: &[],
        shows: "leave it: decide later",
        // What the run came to is known, and was so before the question.
        code: 1,
        begun: true,
    },
];

fn manual(body: &str) -> String {
    format!("```yaml step=ask\n{body}\n```\n\n{}", changes("one"))
}

fn input(field: &str) -> String {
    manual(&format!(
        "uses: manual/input\nwith:\n  ask: Read it off.\n  fields:\n    value: {field}"
    ))
}

/// How a question is broken off.
#[derive(Clone, Copy, Debug)]
enum Off {
    CtrlC,
    Signal(Signal),
    Close,
}

#[test]
fn a_question_that_is_broken_off_leaves_the_terminal_and_the_run_well() {
    let offs = [Off::CtrlC, Off::Signal(Signal::SIGTERM), Off::Signal(Signal::SIGHUP), Off::Close];
    let all: Vec<_> =
        QUESTIONS.iter().flat_map(|question| offs.map(|off| (question, off))).collect();
    for (question, off) in crate::sample::some_of("broken-off questions", all, SAMPLE) {
        let case = format!("{} {off:?}", question.name);
        let project = Project::local(&[("book", &(question.book)())]);
        let arguments = [&RUN[..], question.more].concat();
        let mut terminal = Terminal::start(&project, &arguments, &[]);
        for (text, keys) in question.way {
            terminal.asked(text).press(keys);
        }
        terminal.asked(question.shows);
        match off {
            Off::CtrlC => drop(terminal.press(CTRL_C)),
            Off::Signal(signal) => drop(terminal.signal(signal)),
            Off::Close => drop(terminal.close()),
        }
        let code = terminal.code();
        let text = terminal.text();
        // The question may notice before the signal comes that the terminal is gone: nobody answered then.
        let unanswered = matches!(off, Off::Close) && question.begun && code == 10;
        assert!(code == question.code || unanswered, "{case}: exit code {code}\n{text}");
        if !matches!(off, Off::Close) {
            terminal.assert_sane();
            if question.begun {
                assert!(
                    text.contains("runbook resume") || text.contains("runbook answer"),
                    "{case}: how to go on?\n{text}"
                );
            } else {
                assert!(text.contains("Nothing was begun"), "{case}\n{text}");
            }
        }
        assert_nothing_remains(&project);
        assert!(!project.exists("one"), "{case}: a step ran that nobody agreed to");
        if question.begun {
            let last = project.journal().pop().expect("a record");
            assert_eq!(last["event"]["event"], "run_paused", "{case}");
        } else {
            assert!(!project.exists(".runbook/runs"), "{case}: a run began");
        }
    }
}

/// Keys at one question after the other, and how the program ends.
fn answered(text: &str, more: &[&str], keys: &[(&str, &str)], code: i32) -> (Project, String) {
    let project = Project::local(&[("book", text)]);
    let mut terminal = Terminal::start(&project, &[&RUN[..], more].concat(), &[]);
    for (shows, keys) in keys {
        terminal.asked(shows).press(keys);
    }
    terminal.ended(code).assert_sane();
    let text = terminal.text();
    assert_nothing_remains(&project);
    (project, text)
}

#[test]
fn a_step_waits_for_agreement() {
    let confirm = ["irreversible: test", "confirm: Is the standby ready?"];
    let text = book("", &bash("one", &confirm, "touch \"$RUNBOOK_PROJECT/one\""));
    let (project, shown) = answered(&text, &[], &[("Go on?", "y")], 0);
    assert!(project.exists("one") && shown.contains("Is the standby ready?"), "{shown}");
    let (project, shown) = answered(&text, &[], &[("Go on?", "n")], 10);
    assert!(!project.exists("one") && shown.contains("--yes"), "{shown}");
}

#[test]
fn a_checklist_is_gone_through_item_by_item() {
    let text = book("", &manual("uses: manual/checklist\nwith: { items: [first, second] }"));
    let keys = [("1/2 first", "y"), ("2/2 second", "y")];
    let (project, _) = answered(&text, &[], &keys, 0);
    assert!(project.exists("one"));
    let keys = [("1/2 first", "y"), ("2/2 second", "n")];
    let (project, _) = answered(&text, &[], &keys, 10);
    assert!(!project.exists("one"));
}

#[test]
fn a_destructive_step_in_production_wants_its_phrase_typed() {
    let destroys =
        bash("one", &["effect: destroy", "irreversible: test"], "touch \"$RUNBOOK_PROJECT/one\"");
    let project = Project::local(&[("book", &book("", &destroys))]);
    project.write(
        "runbook.yaml",
        "version: 1\nenvironments:\n  live: { kind: production, accounts: {} }\n",
    );
    // No credentials, and nobody is asked for any.
    let home = project.path().to_string_lossy().into_owned();
    let nobody = [("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", home.as_str())];
    let arguments = ["run", "book", "--env", "live"];
    for (typed, code) in [("destroy in this machin", 10), ("y", 10), ("destroy in this machine", 0)]
    {
        let mut terminal = Terminal::start(&project, &arguments, &nobody);
        terminal.asked("type exactly: destroy in this machine").press(typed).press(ENTER);
        terminal.ended(code).assert_sane();
        assert_eq!(project.exists("one"), code == 0, "{typed}");
        if code != 0 {
            assert!(terminal.text().contains("That is not the phrase"), "{}", terminal.text());
            project.run(&["abort", "--reason", "the next try"]).ended(0);
        }
    }
    // `--yes` agrees to a `confirm`, and is no phrase.
    let ran = project.run_with(&["run", "book", "--env", "live", "--yes"], &nobody).ended(10);
    assert!(ran.stderr.contains("phrase="), "{}", ran.stderr);
    assert_nothing_remains(&project);
}

#[test]
fn a_hidden_value_is_shown_nowhere() {
    let hidden = "correct-horse-battery";
    let use_it = bash(
        "one",
        &["irreversible: test", "env: { VALUE: \"{{ steps.ask.value }}\" }"],
        "echo \"got $VALUE\"; test \"$VALUE\" = correct-horse-battery; touch \"$RUNBOOK_PROJECT/one\"",
    );
    let ask = "```yaml step=ask\nuses: manual/input\nwith:\n  ask: Read it off.\n  fields:\n    value: { type: string, secret: true }\n```\n\n";
    let text = book("", &format!("{ask}{use_it}"));
    let keys = [("value (string)", hidden), ("", ENTER)];
    let project = Project::local(&[("book", &text)]);
    let mut terminal = Terminal::start(&project, &RUN, &[]);
    for (shows, keys) in keys {
        terminal.asked(shows).press(keys);
    }
    terminal.ended(0).assert_sane();
    assert!(project.exists("one"));
    let shown = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!shown.contains("correct"), "{shown}");
    let journal = std::fs::read_to_string(project.newest_run().join("journal.jsonl")).expect("it");
    assert!(!journal.contains("correct"), "{journal}");
}

#[test]
fn a_value_is_asked_for_until_it_fits() {
    let keys = [("value (integer)", "many\r"), ("value (integer)", "42\r")];
    let (project, _) = answered(&book("", &input("{ type: integer }")), &[], &keys, 0);
    let answer = project.journal().into_iter().find(|one| one["event"]["event"] == "step_answered");
    assert_eq!(answer.expect("an answer")["event"]["values"]["value"], 42);

    let choice = book("", &input("{ type: string, choices: [north, south] }"));
    let (project, _) =
        answered(&choice, &[], &[("south", DOWN), ("south", DOWN), ("south", ENTER)], 0);
    let answer = project.journal().into_iter().find(|one| one["event"]["event"] == "step_answered");
    assert_eq!(answer.expect("an answer")["event"]["values"]["value"], "south");

    let front = "params:\n  count: { type: integer, max: 9 }\n";
    let keys = [("count (integer)", "12\r"), ("count (integer)", "7\r")];
    answered(&book(front, &changes("one")), &[], &keys, 0);
}

/// What the menu offers, counted from where it begins.
fn chosen(down: usize) -> Vec<(&'static str, &'static str)> {
    let mut keys = vec![("quit (pause here)", DOWN); down];
    keys.push(("", ENTER));
    keys
}

#[test]
fn every_step_is_asked_about_when_that_is_wanted() {
    let text = book("", &(changes("one") + &changes("two")));
    let with = |first: Vec<(&'static str, &'static str)>, then: &[(&'static str, &'static str)]| {
        [first, then.to_vec()].concat()
    };
    // Run the first, run all that follow.
    let keys = with(chosen(0), &[("Next: ", DOWN), ("quit (pause here)", ENTER)]);
    let (project, _) = answered(&text, &["--step"], &keys, 0);
    assert!(project.exists("one") && project.exists("two"));
    // All at once.
    let (project, _) = answered(&text, &["--step"], &chosen(1), 0);
    assert!(project.exists("one") && project.exists("two"));
    // Without the first, and why.
    let keys = with(chosen(2), &[("Why is it skipped?", "done by hand\r"), ("Next: ", ENTER)]);
    let (project, _) = answered(&text, &["--step"], &keys, 0);
    assert!(!project.exists("one") && project.exists("two"));
    assert!(project.events_of("one").contains(&"step_skipped".to_owned()));
    // Not now.
    let (project, shown) = answered(&text, &["--step"], &chosen(4), 10);
    assert!(!project.exists("one") && shown.contains("runbook resume"), "{shown}");
}

/// What the menu after a failure offers, counted upwards from `leave it`, where it begins.
fn menu(up: usize) -> Vec<(&'static str, &'static str)> {
    let mut keys = vec![("leave it: decide later", "\x1b[A"); up];
    keys.push(("", ENTER));
    keys
}

#[test]
fn what_to_do_after_a_failure_can_be_chosen() {
    // It fails until it may not, and can be taken back.
    let text = book(
        "",
        &("```bash step=one\ntest -e \"$RUNBOOK_PROJECT/tried\" || { touch \"$RUNBOOK_PROJECT/tried\"; exit 7; }\n```\n\n\
           ```bash undo=one\ntouch \"$RUNBOOK_PROJECT/undone\"\n```\n\n"
            .to_owned()
            + &bash("two", &["effect: read"], "true")),
    );
    let run =
        |keys: Vec<(&'static str, &'static str)>, more: &[(&'static str, &'static str)], code| {
            answered(&text, &[], &[keys, more.to_vec()].concat(), code).0
        };
    let ends_with = |project: &Project, event: &str| {
        assert_eq!(project.journal().last().expect("a record")["event"]["event"], event);
    };
    ends_with(&run(menu(0), &[], 1), "run_paused");
    ends_with(&run(menu(1), &[("Why?", "enough\r")], 1), "run_aborted");
    let project = run(menu(2), &[("Take back everything", "y")], 0);
    assert!(project.exists("undone"));
    ends_with(&project, "run_undone");
    let project = run(menu(4), &[("Why?", "seen\r")], 0);
    assert!(project.events_of("one").contains(&"step_resolved".to_owned()));
    ends_with(&project, "run_succeeded");
    let project = run(menu(5), &[("Why?", "not needed\r")], 0);
    assert!(
        project
            .events_of("one")
            .iter()
            .any(|event| event.contains("skipped") || event.contains("resolved"))
    );
    ends_with(&run(menu(6), &[], 0), "run_succeeded");
}
