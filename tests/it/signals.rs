//! Signals to a run under way: what becomes of the step, the exit code, and what is left behind.
//!
//! Every way to end is tried with every kind of script that makes it hard.

use crate::env::Project;
use crate::remains::{TEMPORARY, assert_nothing_remains};
use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};
use nix::unistd::Pid;
use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How many pairs of a script and a way to end are tried in a plain test run.
const SAMPLE: usize = 8;

/// How long something may take. Only a broken program needs it.
const PATIENCE: Duration = Duration::from_secs(300);

/// Scripts that make it hard to end them. Each says that it has begun, and ends well once it may.
const SCRIPTS: [(&str, &str); 8] = [
    ("plain", ""),
    ("deaf", "trap '' INT TERM HUP QUIT"),
    (
        "parent",
        // Children in the same group, in another one, and in another session; none listens, and
        // each holds the output open.
        "cd \"$RUNBOOK_PROJECT\"\ncat > deaf.sh <<'E'\ntrap '' INT TERM HUP QUIT\ntouch \"$1\"\nwhile :; do sleep 1 || :; done\nE\n\
         bash deaf.sh one &\n(set -m; bash deaf.sh two & disown)\nsetsid bash deaf.sh three < /dev/null &\n\
         until test -e one && test -e two && test -e three; do sleep 0.02; done",
    ),
    ("daemon", "(setsid bash -c 'cd /; while :; do sleep 1; done' > /dev/null 2>&1 < /dev/null &)"),
    // Nothing of it says whose it is: another session, no environment, and no parent any more. Only its name
    // for itself tells this test.
    (
        "stranger",
        "(setsid env -i PATH=\"$PATH\" bash -c 'cd /; trap \"\" INT TERM HUP; while :; do sleep 1; done' \"$RUNBOOK_PROJECT\" > /dev/null 2>&1 < /dev/null &)",
    ),
    (
        "reader",
        "if read -r line; then exit 90; fi\nif { read -r line < /dev/tty; } 2> /dev/null; then exit 91; fi",
    ),
    ("talker", "(while :; do echo 'one more line of many'; done) & talker=$!"),
    ("no-newline", "(while :; do printf 'and more '; done) & talker=$!"),
];

const WAIT: &str = "touch \"$RUNBOOK_PROJECT/begun\"\n\
    until test -e \"$RUNBOOK_PROJECT/go\"; do sleep 0.02 || :; done\n\
    test -z \"${talker:-}\" || kill \"$talker\"";

/// The signals, and whether the step may still end by itself.
const WAYS: [(&[Signal], bool); 7] = [
    (&[SIGINT], true),
    (&[SIGTERM], true),
    (&[SIGHUP], true),
    // The system and the shell both tell that a terminal has closed.
    (&[SIGHUP, SIGHUP], true),
    (&[SIGINT, SIGINT], false),
    (&[SIGTERM, SIGTERM], false),
    (&[SIGHUP, SIGINT], false),
];

pub(crate) fn book(script: &str) -> String {
    format!(
        "---\ntitle: Signals\nsummary: For the tests.\nowner: tests\n---\n\n# Signals\n\n## Steps\n\n\
         ```bash step=first\n#| irreversible: test\n{script}\n{WAIT}\n```\n\n\
         ```bash step=second\n#| irreversible: test\ntouch \"$RUNBOOK_PROJECT/second\"\n```\n"
    )
}

/// The program, started and not waited for. What it prints goes to files, so that it never has to wait.
pub(crate) struct Started<'p> {
    project: &'p Project,
    child: Child,
}

impl<'p> Started<'p> {
    pub(crate) fn new(project: &'p Project, arguments: &[&str]) -> Self {
        Self::with(project, arguments, &[])
    }

    pub(crate) fn with(
        project: &'p Project,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        std::fs::create_dir_all(project.path().join(TEMPORARY)).expect("a folder");
        let file = |name: &str| File::create(project.path().join(name)).expect("a file");
        let mut command = project.command(arguments);
        command
            .env("TMPDIR", project.path().join(TEMPORARY))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"));
        Self { project, child: command.spawn().expect("the program starts") }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a number"));
        nix::sys::signal::kill(pid, signal).expect("it can be signalled");
    }

    /// Waits for a condition while the program lives.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition() {
            let ended = self.child.try_wait().expect("a state");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{what} never came ({ended:?})\n{}",
                self.printed()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    pub(crate) fn ended(&mut self, code: i32) {
        self.watched(code, |_| ());
    }

    /// Waits for the end with that code, and looks at the process until then.
    #[track_caller]
    pub(crate) fn watched(&mut self, code: i32, mut look: impl FnMut(u32)) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            look(self.child.id());
            if let Some(status) = self.child.try_wait().expect("a state") {
                break status;
            }
            assert!(Instant::now() < deadline, "it hangs\n{}", self.printed());
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(code), "{status}\n{}", self.printed());
    }

    fn printed(&self) -> String {
        let text = self.project.read("stderr");
        let end = text.char_indices().rev().nth(4000).map_or(0, |(at, _)| at);
        text[end..].to_owned()
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn whatever_a_script_does_a_signal_ends_the_run_well_and_nothing_is_left() {
    let pairs: Vec<_> =
        SCRIPTS.iter().flat_map(|script| WAYS.iter().map(move |way| (script, way))).collect();
    for ((name, script), (signals, may_end)) in
        crate::sample::some_of("scripts and signals", pairs, SAMPLE)
    {
        let case = format!("{name} {signals:?}");
        let project = Project::local(&[("book", &book(script))]);
        let mut run = Started::new(&project, &["run", "book", "--env", "sandbox"]);
        run.until(&format!("{case}: the script"), || project.exists("begun"));
        for (at, signal) in signals.iter().enumerate() {
            run.signal(*signal);
            // The second wish is one only after the first was taken note of.
            let word = if at == 0 { "finishing the current step" } else { "stopping now" };
            if at == 0 || !may_end {
                run.until(&format!("{case}: {word}"), || project.read("stderr").contains(word));
            }
        }
        if *may_end {
            // Nothing was broken off: the script still waits to be let go.
            project.write("go", "");
        }
        run.ended(if *may_end { 130 } else { 5 });
        assert_nothing_remains(&project);
        assert!(!project.exists("second"), "{case}: a step began after the signal");
        let first = project.events_of("first");
        let last = if *may_end { "step_succeeded" } else { "step_unknown" };
        assert_eq!(first, ["step_started", last], "{case}");
        assert_eq!(project.journal().last().expect("a record")["event"]["event"], "run_paused");
        assert!(project.read("stderr").contains("runbook resume"), "{case}: how to go on?");
        project.write("go", "");
        if *may_end {
            project.run(&["resume"]).ended(0);
        } else {
            project.run(&["resume"]).ended(5).says("first");
            let why = ["resume", "--step", "first=done", "--reason", "it was there"];
            project.run(&why).ended(0);
        }
        assert!(project.exists("second"), "{case}: the run did not go on");
        assert_nothing_remains(&project);
    }
}

/// Two steps side by side. Each leaves a process that nothing ties to it; `helped` needs its own until the end.
const STRANGERS: &str = "---\ntitle: Strangers\nsummary: For the tests.\nowner: tests\n---\n\n# Strangers\n\n## Steps\n\n```bash step=helped\n#| irreversible: test\n#| needs: []\n(setsid env -i PATH=\"$PATH\" bash -c 'cd /; touch \"$0/helper\"; until test -e \"$0/go\"; do sleep 0.02; done; touch \"$0/help\"' \"$RUNBOOK_PROJECT\" > /dev/null 2>&1 < /dev/null &)\nuntil test -e \"$RUNBOOK_PROJECT/help\"; do sleep 0.02; done\n```\n\n```bash step=quick\n#| irreversible: test\n#| needs: []\nuntil test -e \"$RUNBOOK_PROJECT/helper\"; do sleep 0.02; done\n(setsid env -i PATH=\"$PATH\" bash -c 'cd /; while :; do sleep 1; done' \"$RUNBOOK_PROJECT/left\" > /dev/null 2>&1 < /dev/null &)\n```\n\n```bash step=after\n#| irreversible: test\n#| needs: [helped, quick]\ntouch \"$RUNBOOK_PROJECT/after\"\nuntil test -e \"$RUNBOOK_PROJECT/end\"; do sleep 0.02; done\n```\n";

#[test]
fn what_nothing_ties_to_its_step_is_ended_with_it_and_nothing_else_is() {
    let project = Project::local(&[("strangers", STRANGERS)]);
    let mut run = Started::new(&project, &["run", "strangers", "--env", "sandbox"]);
    // While both run, either may have left what is left. So it stays, and so does the helper of the other.
    let ended = || {
        project.read("stderr").lines().any(|line| line.contains("done") && line.contains("quick"))
    };
    run.until("the helper", || project.exists("helper"));
    run.until("the end of the quick step", ended);
    project.write("go", "");
    run.until("the last step", || project.exists("after"));
    let left: Vec<String> = crate::remains::processes(&project)
        .into_iter()
        .filter(|process| process.contains("/left"))
        .collect();
    assert_eq!(left, [""; 0], "its step has ended, and so has every other that could have left it");
    project.write("end", "");
    run.ended(0);
    assert_nothing_remains(&project);
}

#[test]
fn a_terminal_that_closes_parks_the_run() {
    let project = Project::local(&[("book", &book(""))]);
    let arguments = ["run", "book", "--env", "sandbox"];
    let mut terminal = crate::pty::Terminal::start(&project, &arguments, &[]);
    crate::guards::until(|| project.exists("begun"));
    terminal.close();
    // What the shell would add to what the system has said.
    terminal.signal(SIGHUP);
    project.write("go", "");
    terminal.ended(130);
    assert_nothing_remains(&project);
    assert_eq!(project.events_of("first"), ["step_started", "step_succeeded"]);
    // Nobody can see when the signals were noted, so the next step may have begun before that. It ended well.
    assert_eq!(project.journal().last().expect("a record")["event"]["event"], "run_paused");
    project.run(&["resume"]).ended(0);
    assert_eq!(project.events_of("second"), ["step_started", "step_succeeded"]);
}

#[test]
fn ctrl_c_at_the_terminal_reaches_the_run_and_not_its_script() {
    for twice in [false, true] {
        let project = Project::local(&[("book", &book(""))]);
        let arguments = ["run", "book", "--env", "sandbox"];
        let mut terminal = crate::pty::Terminal::start(&project, &arguments, &[]);
        crate::guards::until(|| project.exists("begun"));
        terminal.press("\x03").wait_for("press Ctrl-C again");
        if twice {
            terminal.press("\x03").ended(5);
        } else {
            project.write("go", "");
            terminal.ended(130);
        }
        terminal.assert_sane();
        assert!(terminal.text().contains("runbook resume"), "{}", terminal.text());
        let last = if twice { "step_unknown" } else { "step_succeeded" };
        assert_eq!(project.events_of("first"), ["step_started", last]);
        assert!(!project.exists("second"));
        assert_nothing_remains(&project);
    }
}

/// Standard output and standard error, each closed under the program.
#[test]
fn a_reader_that_goes_away_stops_the_output_and_not_the_run() {
    let script = "for n in $(seq 2000); do echo \"line $n of many that nobody reads\"; done";
    for (stream, arguments) in [
        ("stdout", &["run", "book", "--env", "sandbox", "--output", "json"][..]),
        ("stderr", &["run", "book", "--env", "sandbox"][..]),
        ("stderr", &["run", "book", "--env", "sandbox", "-vvv"][..]),
    ] {
        let project = Project::local(&[("book", &book(script))]);
        project.write("go", "");
        let mut command = project.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (reader, writer) = std::io::pipe().expect("a pipe");
        match stream {
            "stdout" => command.stdout(writer),
            _ => command.stderr(writer),
        };
        let mut child = command.spawn().expect("the program starts");
        // The command keeps a copy of the writer, which would keep the pipe whole.
        drop(command);
        let mut first = [0; 1];
        std::io::Read::read_exact(&mut &reader, &mut first).expect("a first byte");
        drop(reader);
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "{stream} {arguments:?}: {status}");
        assert!(project.exists("second"), "{stream} {arguments:?}");
        assert_nothing_remains(&project);
    }
}

/// `| head -1`, for every command that prints more than a line.
#[test]
fn a_result_that_nobody_reads_on_is_no_error() {
    let project = Project::local(&[("book", &book(""))]);
    project.write("go", "");
    project.run(&["run", "book", "--env", "sandbox"]).ended(0);
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    for arguments in [
        &["list"][..],
        &["runs"],
        &["status", &run],
        &["status", &run, "--json"],
        &["log", &run],
        &["log", &run, "--json"],
        &["plan", "book", "--env", "sandbox"],
        &["check"],
        &["actions"],
        &["schema", "project"],
        &["help"],
        &["run", "--help"],
        &["completions", "bash"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = project.command(arguments);
        command.stdout(writer).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        drop(command);
        let output = child.wait_with_output().expect("its end");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

/// The AWS CLI is a program at our terminal. Ctrl-C is a wish to us, and not its end in the middle of a change.
#[test]
fn ctrl_c_at_the_terminal_does_not_break_off_a_call_of_the_aws_cli() {
    let data = crate::env::Accounts::new().data;
    let folder = tempfile::tempdir().expect("a folder");
    let (asked, go) = (folder.path().join("asked"), folder.path().join("go"));
    let (mark, wait) = (asked.clone(), go.clone());
    let endpoint = crate::fake_aws::start(&data, move |_| {
        std::fs::write(&mark, "").expect("a mark");
        crate::guards::until(|| wait.exists());
        (200, "{}".to_owned())
    });
    let steps = "```yaml step=first\nuses: aws/call\nirreversible: test\nwith: { service: kms, operation: create-alias, \
        input: { AliasName: alias/x, TargetKeyId: y } }\n```\n\n\
        ```bash step=second\n#| irreversible: test\ntouch \"$RUNBOOK_PROJECT/second\"\n```\n";
    let text = format!(
        "---\ntitle: Call\nsummary: For the tests.\nowner: tests\naccount: data\n---\n\n# Call\n\n## Steps\n\n{steps}"
    );
    let project = Project::local(&[("book", &text)]);
    let yaml = project.read("runbook.yaml").replace(&project.accounts.data, &data);
    let yaml = yaml.replace("http://127.0.0.1:9", &endpoint);
    project.write("runbook.yaml", &yaml.replace("    seed: [account-redeploy]\n", ""));
    let mut terminal =
        crate::pty::Terminal::start(&project, &["run", "book", "--env", "sandbox"], &[]);
    crate::guards::until(|| asked.exists());
    terminal.press("\x03").wait_for("press Ctrl-C again");
    std::fs::write(&go, "").expect("a go");
    terminal.ended(130).assert_sane();
    assert_eq!(project.events_of("first"), ["step_started", "step_succeeded"]);
    assert!(!project.exists("second"));
    assert_nothing_remains(&project);
}
