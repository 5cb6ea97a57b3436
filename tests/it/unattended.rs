//! Nobody is there: no question is waited for. Each ends the program with its code, and says what answers it.

use crate::env::Project;
use crate::pty::Terminal;
use crate::remains::assert_nothing_remains;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many of the questions and ways to be alone are tried in a plain test run.
const SAMPLE: usize = 16;

/// How long a command may take. Only one that waits for an answer comes near it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A question that cannot be asked.
struct Question {
    name: &'static str,
    front: &'static str,
    steps: &'static str,
    more: &'static [&'static str],
    code: i32,
    /// What is said to answer it. `RUN` stands for the run's id.
    says: &'static [&'static str],
}

const QUESTIONS: [Question; 11] = [
    Question {
        name: "a parameter",
        front: "params:\n  place: { type: string }\n",
        steps: "",
        more: &[],
        code: 2,
        says: &["-p place=…", "RUNBOOK_PARAM_PLACE", "Nothing was begun"],
    },
    Question {
        name: "a secret parameter",
        front: "params:\n  token: { type: string, secret: true }\n",
        steps: "",
        more: &[],
        code: 2,
        says: &["-p token=@FILE", "RUNBOOK_PARAM_TOKEN", "Nothing was begun"],
    },
    Question {
        name: "an agreement",
        front: "",
        steps: "```bash step=ask\n#| irreversible: test\n#| confirm: Is the standby ready?\ntrue\n```\n\n",
        more: &[],
        code: 10,
        says: &["Is the standby ready?", "runbook resume RUN --yes"],
    },
    Question {
        name: "a phrase",
        front: "",
        steps: "```bash step=ask\n#| irreversible: test\n#| effect: destroy\ntrue\n```\n\n",
        // Agreeing is not enough.
        more: &["--yes"],
        code: 10,
        says: &[
            "destroy in this machine",
            "runbook answer RUN ask 'phrase=destroy in this machine'",
        ],
    },
    Question {
        name: "something to do",
        front: "",
        steps: "```yaml step=ask\nuses: manual/confirm\nwith: { ask: Call the bank. }\n```\n\n",
        more: &["--yes"],
        code: 10,
        says: &["Call the bank.", "runbook answer RUN ask"],
    },
    Question {
        name: "a checklist",
        front: "",
        steps: "```yaml step=ask\nuses: manual/checklist\nwith: { items: [first, second] }\n```\n\n",
        more: &["--yes"],
        code: 10,
        says: &["second", "runbook answer RUN ask"],
    },
    Question {
        name: "a value",
        front: "",
        steps: "```yaml step=ask\nuses: manual/input\nwith:\n  ask: Read it off.\n  fields:\n    value: { type: integer }\n```\n\n",
        more: &["--yes"],
        code: 10,
        says: &["Read it off.", "runbook answer RUN ask value=…"],
    },
    Question {
        name: "a choice",
        front: "",
        steps: "```yaml step=ask\nuses: manual/input\nwith:\n  ask: Which one?\n  fields:\n    value: { type: string, choices: [north, south] }\n```\n\n",
        more: &[],
        code: 10,
        says: &["north", "runbook answer RUN ask value=…"],
    },
    Question {
        name: "a secret value",
        front: "",
        steps: "```yaml step=ask\nuses: manual/input\nwith:\n  ask: Read it off.\n  fields:\n    value: { type: string, secret: true }\n```\n\n",
        more: &[],
        code: 10,
        // An answer from another process would have to be written down in between.
        says: &["Read it off.", "runbook resume RUN", "at a terminal"],
    },
    Question {
        name: "before every step",
        front: "",
        steps: "",
        more: &["--step"],
        code: 2,
        says: &["--step", "nobody is there", "Nothing was begun"],
    },
    Question {
        name: "after a failure",
        front: "",
        steps: "```bash step=ask\n#| effect: read\nexit 7\n```\n\n",
        more: &[],
        code: 1,
        says: &["runbook resume RUN --step ask=retry"],
    },
];

/// The ways in which nobody is there.
#[derive(Clone, Copy, Debug)]
enum Alone {
    /// Standard input at /dev/null.
    Null,
    /// No standard input at all.
    Closed,
    /// A pipe that nobody writes to, and nobody closes.
    Silent,
    /// A terminal to read from, but nothing is shown on one.
    Unseen,
    /// A terminal, in a pipeline.
    Pipeline,
}

const ALONE: [Alone; 5] =
    [Alone::Null, Alone::Closed, Alone::Silent, Alone::Unseen, Alone::Pipeline];

fn project(question: &Question) -> Project {
    let Question { front, steps, .. } = question;
    let text = format!(
        "---\ntitle: Alone\nsummary: For the tests.\nowner: tests\n{front}---\n\n# Alone\n\n## Steps\n\n{steps}\
         ```bash step=after\n#| irreversible: test\ntouch \"$RUNBOOK_PROJECT/after\"\n```\n"
    );
    let project = Project::local(&[("book", &text)]);
    // In a sandbox a rehearsal agrees to much by itself.
    let live = "version: 1\nenvironments:\n  live: { kind: production, accounts: {} }\n";
    project.write("runbook.yaml", live);
    project
}

/// Runs it with nobody there. Gives the exit code, and everything that was said.
fn run(project: &Project, arguments: &[&str], alone: Alone) -> (i32, String) {
    let home = project.path().to_string_lossy().into_owned();
    // No credentials, and nobody is asked for any.
    let nobody = [("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", home.as_str())];
    if let Alone::Pipeline = alone {
        let more = [&nobody[..], &[("CI", "true")]].concat();
        let mut terminal = Terminal::start(project, arguments, &more);
        let code = terminal.code();
        terminal.assert_sane();
        return (code, terminal.text());
    }
    let inner = project.command(arguments);
    let mut command = match alone {
        Alone::Closed => {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "exec \"$0\" \"$@\" <&-"]).arg(inner.get_program());
            command
        }
        _ => Command::new(inner.get_program()),
    };
    command
        .args(arguments)
        .current_dir(project.path())
        .env_clear()
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .envs(nobody);
    let terminal = nix::pty::openpty(None, None).expect("a terminal");
    let (silent, writer) = std::io::pipe().expect("a pipe");
    match alone {
        Alone::Silent => command.stdin(silent),
        Alone::Unseen => command.stdin(terminal.slave.try_clone().expect("a terminal")),
        _ => command.stdin(Stdio::null()),
    };
    let file = std::fs::File::create(project.path().join("said")).expect("a file");
    command.stdout(file.try_clone().expect("a file")).stderr(file);
    let mut child = command.spawn().expect("the program starts");
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a state") {
            break status;
        }
        if Instant::now() > deadline {
            drop(child.kill());
            panic!("{alone:?}: it waits:\n{}", project.read("said"));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    drop(writer);
    (status.code().expect("a code"), project.read("said"))
}

#[test]
fn no_question_is_ever_waited_for_and_each_says_what_answers_it() {
    let all = QUESTIONS.iter().flat_map(|question| ALONE.map(|alone| (question, alone))).collect();
    for (question, alone) in crate::sample::some_of("questions with nobody there", all, SAMPLE) {
        let case = format!("{}, {alone:?}", question.name);
        let project = project(question);
        let arguments = [&["run", "book", "--env", "live"], question.more].concat();
        let (code, said) = run(&project, &arguments, alone);
        assert_eq!(code, question.code, "{case}\n{said}");
        let run = if project.exists(".runbook/runs") {
            project.newest_run().file_name().expect("a name").to_string_lossy().into_owned()
        } else {
            String::new()
        };
        for words in question.says {
            let words = words.replace("RUN", &run).replace(&format!("{run}BOOK"), "RUNBOOK");
            assert!(said.contains(&words), "{case}: it did not say {words:?}:\n{said}");
        }
        assert!(!project.exists("after"), "{case}: it went on");
        assert_nothing_remains(&project);
    }
}

/// What was said to answer it does.
#[test]
fn what_is_said_to_answer_a_question_answers_it() {
    for (name, answers) in [
        ("an agreement", &[&["resume", "--yes"][..]][..]),
        ("a phrase", &[&["answer", "RUN", "ask", "phrase=destroy in this machine"], &["resume"]]),
        ("something to do", &[&["answer", "RUN", "ask"], &["resume"]]),
        ("a checklist", &[&["answer", "RUN", "ask"], &["resume"]]),
        ("a value", &[&["answer", "RUN", "ask", "value=7"], &["resume"]]),
        ("a choice", &[&["answer", "RUN", "ask", "value=south"], &["resume"]]),
        ("after a failure", &[&["resume", "--step", "ask=skip", "--reason", "not today"]]),
    ] {
        let question = QUESTIONS.iter().find(|question| question.name == name).expect("it");
        let project = project(question);
        let arguments = [&["run", "book", "--env", "live"], question.more].concat();
        assert_eq!(run(&project, &arguments, Alone::Null).0, question.code, "{name}");
        let id = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
        for answer in answers {
            let answer: Vec<&str> =
                answer.iter().map(|word| if *word == "RUN" { id.as_str() } else { word }).collect();
            let (code, said) = run(&project, &answer, Alone::Null);
            assert_eq!(code, 0, "{name}: {answer:?}\n{said}");
        }
        assert!(project.exists("after"), "{name}: it did not go on");
        assert_nothing_remains(&project);
    }
}

/// The answer to a secret question would have to be kept between two processes.
#[test]
fn a_secret_answer_from_elsewhere_is_refused_and_kept_nowhere() {
    let question = QUESTIONS.iter().find(|question| question.name == "a secret value").expect("it");
    let project = project(question);
    run(&project, &["run", "book", "--env", "live"], Alone::Null);
    let id = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    project.write("elsewhere", "correct-horse-battery");
    for value in ["value=@elsewhere", "value=correct-horse-battery"] {
        let (code, said) = run(&project, &["answer", &id, "ask", value], Alone::Null);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("runbook resume") && !said.contains("correct-horse"), "{said}");
    }
    let journal = std::fs::read_to_string(project.newest_run().join("journal.jsonl")).expect("it");
    assert!(!journal.contains("correct-horse"), "{journal}");
}
