//! Two at once: many processes for one environment, on one machine and through a shared folder; takeover; freeze.

use crate::env::Project;
use crate::guards::until;
use crate::sample::{full, say};
use std::process::{Child, Output, Stdio};

/// Two steps, each with one effect. The first waits for `go`.
const TWO: &str = "---\ntitle: Two\nsummary: For the tests.\nowner: tests\n---\n\n# Two\n\n## Steps\n\n### One\n\n```bash step=one\n#| irreversible: test\necho one >> \"$RUNBOOK_PROJECT/done\"\nfor _ in $(seq 1200); do test -e \"$RUNBOOK_PROJECT/go\" && exit 0; sleep 0.05; done\nexit 1\n```\n\n### Two\n\n```bash step=two\n#| irreversible: test\necho two >> \"$RUNBOOK_PROJECT/done\"\n```\n";

/// One step, at once.
const OTHER: &str = "---\ntitle: Other\nsummary: For the tests.\nowner: tests\n---\n\n# Other\n\n## Steps\n\n### Other\n\n```bash step=other\n#| irreversible: test\necho other >> \"$RUNBOOK_PROJECT/done\"\n```\n";

fn project() -> Project {
    Project::local(&[("two", TWO), ("other", OTHER)])
}

/// A process that is under way.
struct Going(Child);

impl Going {
    fn start(project: &Project, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = project.command(arguments);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("it starts"))
    }

    /// A run of `two` whose first step is at work.
    fn at_work(project: &Project, environment: &[(&str, &str)]) -> Self {
        let going = Self::start(project, &["run", "two", "--env", "sandbox"], environment);
        until(|| project.exists("done"));
        going
    }

    fn ended(mut self, code: i32) -> String {
        until(|| self.0.try_wait().expect("a state").is_some());
        let Output { status, stderr, .. } = self.0.wait_with_output().expect("its output");
        let said = String::from_utf8_lossy(&stderr).into_owned();
        assert_eq!(status.code(), Some(code), "{said}");
        said
    }

    fn kill(mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it ends");
    }
}

fn run_name(project: &Project) -> String {
    project.newest_run().file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn of_many_that_begin_at_once_exactly_one_goes_on_and_the_others_name_it() {
    let rounds = if full() { 60 } else { 4 };
    for round in 0..rounds {
        let project = project();
        let many = 2 + round % 7;
        let mut all: Vec<Going> = (0..many)
            .map(|_| Going::start(&project, &["run", "two", "--env", "sandbox"], &[]))
            .collect();
        // Nobody lets the winner go on before all the others have ended.
        let mut lost = Vec::new();
        until(|| {
            for at in (0..all.len()).rev() {
                if all[at].0.try_wait().expect("a state").is_some() {
                    lost.push(all.remove(at));
                }
            }
            lost.len() + 1 >= many
        });
        assert_eq!((all.len(), lost.len()), (1, many - 1), "round {round}: nobody won");
        let winner = all.remove(0);
        until(|| project.exists("done"));
        let run = project.run(&["runs", "--json"]).ended(0).stdout;
        let pid = winner.0.id().to_string();
        for loser in lost {
            let said = loser.ended(7);
            for part in
                ["environment `sandbox` is locked by run ", " of ", " on ", ", for ", "alive"]
            {
                assert!(said.contains(part), "round {round}: no {part:?} in {said}");
            }
            assert!(said.contains(&format!("(process {pid})")), "round {round}: {pid}: {said}");
        }
        assert!(run.contains("running"), "{run}");
        project.write("go", "");
        winner.ended(0);
        assert_eq!(project.read("done"), "one\ntwo\n", "round {round}");
        project.run(&["log", "--verify"]).ended(0);
        // Those that were refused left nothing behind.
        project.run(&["run", "other", "--env", "sandbox"]).ended(0);
    }
    say(&format!("{rounds} races"));
}

#[test]
fn of_many_that_resume_one_run_at_once_exactly_one_does() {
    for round in 0..(if full() { 30 } else { 2 }) {
        let project = project();
        Going::at_work(&project, &[]).kill();
        project.run(&["resume"]).ended(5);
        let resume = ["resume", "--step", "one=retry"];
        let many = 2 + round % 5;
        let all: Vec<Going> = (0..many).map(|_| Going::start(&project, &resume, &[])).collect();
        // One is at work in the step again; the others are refused, or come when it has begun.
        until(|| project.read("done") == "one\none\n");
        project.write("go", "");
        let mut ended: Vec<i32> = all
            .into_iter()
            .map(|mut going| going.0.wait().expect("it ends").code().unwrap_or(-1))
            .collect();
        ended.sort_unstable();
        assert_eq!(ended[0], 0, "{ended:?}");
        // One that comes when the run is over finds nothing to resume.
        assert!(ended[1..].iter().all(|code| matches!(code, 2 | 7)), "{ended:?}");
        assert_eq!(project.read("done"), "one\none\ntwo\n", "round {round}");
        project.run(&["log", "--verify"]).ended(0);
    }
}

/// Who holds the environment, and what a second person is told and may do.
struct Holder {
    name: &'static str,
    alive: bool,
    /// Whether the second person is at another machine.
    elsewhere: bool,
    /// Whether the folder carries locks from one machine to the other.
    locks: bool,
    /// What a new run of another runbook says.
    new: (i32, &'static str),
    /// What `resume` of the same run says.
    resume: (i32, &'static str),
}

const HOLDERS: [Holder; 6] = [
    Holder {
        name: "alive, here",
        alive: true,
        elsewhere: false,
        locks: true,
        new: (7, "that process is alive"),
        resume: (7, "that process is alive"),
    },
    Holder {
        name: "gone, here",
        alive: false,
        elsewhere: false,
        locks: true,
        new: (7, "that process is gone: `runbook resume"),
        resume: (5, "one"),
    },
    Holder {
        name: "alive, elsewhere, with locks",
        alive: true,
        elsewhere: true,
        locks: true,
        new: (7, "that process is alive"),
        resume: (7, "that process is alive"),
    },
    Holder {
        name: "gone, elsewhere, with locks",
        alive: false,
        elsewhere: true,
        locks: true,
        new: (7, "cannot be told from this machine"),
        resume: (7, "cannot be told from this machine"),
    },
    // What a folder is that a program keeps in step with another machine's.
    Holder {
        name: "alive, elsewhere, without locks",
        alive: true,
        elsewhere: true,
        locks: false,
        new: (7, "cannot be told from this machine"),
        resume: (7, "cannot be told from this machine"),
    },
    Holder {
        name: "gone, elsewhere, without locks",
        alive: false,
        elsewhere: true,
        locks: false,
        new: (7, "cannot be told from this machine"),
        resume: (7, "cannot be told from this machine"),
    },
];

#[test]
fn whoever_comes_second_is_told_who_holds_and_can_take_over_with_a_reason() {
    for holder in HOLDERS {
        let name = holder.name;
        let project = project();
        let shim = crate::crash_disk::shim();
        let mut first = vec![("LD_PRELOAD", shim)];
        let mut second = vec![("LD_PRELOAD", shim)];
        if holder.elsewhere {
            first.push(("SHIM_HOST", "first.example"));
            second.push(("SHIM_HOST", "second.example"));
        }
        if !holder.locks {
            first.push(("SHIM_UNLOCKED", "1"));
            second.push(("SHIM_UNLOCKED", "1"));
        }
        let going = Going::at_work(&project, &first);
        let run = run_name(&project);
        let old = if holder.alive {
            Some(going)
        } else {
            going.kill();
            None
        };
        let journal = || std::fs::read(project.newest_run().join("journal.jsonl")).expect("it");
        let before = journal();
        let other = ["run", "other", "--env", "sandbox"];
        let refused = project.run_with(&other, &second);
        let text = format!("{name}: {}", refused.stderr);
        assert_eq!(refused.code, Some(holder.new.0), "{text}");
        assert!(text.contains(holder.new.1) && text.contains(&run), "{text}");
        assert!(text.contains(&format!("runbook unlock {run} --reason")), "{text}");
        if holder.elsewhere {
            assert!(text.contains("on first.example"), "{text}");
            let status = project.run_with(&["status"], &second).ended(0);
            assert!(status.stdout.contains("is on another machine"), "{name}: {}", status.stdout);
        }
        if holder.resume.0 == 7 {
            let refused = project.run_with(&["resume"], &second);
            let text = format!("{name}: {}", refused.stderr);
            assert_eq!(refused.code, Some(7), "{text}");
            assert!(text.contains(holder.resume.1), "{text}");
            assert_eq!(journal(), before, "{name}: a refusal wrote to the journal");
        }
        // Without a reason nothing is taken over.
        assert_eq!(project.run_with(&["unlock", &run], &second).code, Some(2), "{name}");
        project.run_with(&["unlock", &run, "--reason", "asked them"], &second).ended(0);
        project.run_with(&other, &second).ended(0);
        project.write("go", "");
        if let Some(old) = old {
            let taken = journal();
            let said = old.ended(7);
            assert!(said.contains("the run was taken over, so this process stops here"), "{said}");
            assert_eq!(journal(), taken, "{name}: it wrote after it had lost its run");
        }
        assert_eq!(project.read("done"), "one\nother\n", "{name}: the old process went on");
        // What it had begun is unknown, and the run goes on from there.
        project.run_with(&["resume", &run], &second).ended(5).says("one");
        let decided = ["resume", &run, "--step", "one=done", "--reason", "it is there"];
        project.run_with(&decided, &second).ended(0);
        assert_eq!(project.read("done"), "one\nother\ntwo\n", "{name}");
        project.run(&["log", &run, "--verify"]).ended(0).says("whole");
        let why = project.run(&["log", &run]).ended(0).stdout;
        assert!(why.contains("asked them"), "{name}: {why}");
    }
}

#[test]
fn a_run_that_stands_still_is_taken_up_on_another_machine_without_a_word() {
    let project = project();
    let shim = crate::crash_disk::shim();
    let machine = |name| [("LD_PRELOAD", shim), ("SHIM_HOST", name)];
    let until_two = ["run", "two", "--env", "sandbox", "--until", "two"];
    project.write("go", "");
    project.run_with(&until_two, &machine("first.example")).ended(10);
    project.run_with(&["run", "other", "--env", "sandbox"], &machine("second.example")).ended(0);
    let run = project.run(&["runs", "--json"]).ended(0).stdout;
    assert!(run.contains("paused"), "{run}");
    project.run_with(&["resume"], &machine("third.example")).ended(0);
    assert_eq!(project.read("done"), "one\nother\ntwo\n");
}

#[test]
fn a_command_that_is_refused_does_not_close_the_environment() {
    let project = project();
    project.write("go", "");
    let until_two = ["run", "two", "--env", "sandbox", "--until", "two"];
    project.run(&until_two).ended(10);
    // Past its point of no return, and asked about a step that does not fit.
    project.run(&["undo"]).ended(4);
    project.run(&["resume", "--step", "one=retry"]).ended(2);
    project.run(&["run", "other", "--env", "sandbox"]).ended(0);
    project.run(&["freeze", "sandbox", "--reason", "audit"]).ended(0);
    project.run(&["run", "other", "--env", "sandbox"]).ended(4);
    project.run(&["thaw", "sandbox"]).ended(0);
    project.run(&["run", "other", "--env", "sandbox"]).ended(0);
    // An account that cannot be entered is found out about when the lock is taken already.
    let text = TWO.replace("owner: tests\n", "owner: tests\naccount: data\n");
    project.write("runbooks/far.md", &text);
    let seeded = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project.write("runbook.yaml", &seeded);
    let far = project.run(&["run", "far", "--env", "sandbox"]);
    assert_ne!(far.code, Some(0), "{far:?}");
    project.run(&["run", "other", "--env", "sandbox"]).ended(0);
}

/// A step that looks before it acts. The look waits, so that something can happen meanwhile.
const LOOKS: &str = "---\ntitle: Looks\nsummary: For the tests.\nowner: tests\n---\n\n# Looks\n\n## Steps\n\n### One\n\n```bash step=one\n#| irreversible: test\necho one >> \"$RUNBOOK_PROJECT/done\"\n```\n\n### Act\n\n```bash step=act\n#| irreversible: test\necho act >> \"$RUNBOOK_PROJECT/done\"\n```\n\n```bash observe=act\n#| timeout: 60s\ntouch \"$RUNBOOK_PROJECT/looking\"\nuntil test -e \"$RUNBOOK_PROJECT/go\"; do sleep 0.02; done\ngrep -qx act \"$RUNBOOK_PROJECT/done\"\n```\n";

#[test]
fn a_freeze_lets_the_step_end_that_is_under_way_and_no_other_begin() {
    let project = project();
    let going = Going::at_work(&project, &[]);
    project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
    project.write("go", "");
    let said = going.ended(4);
    assert!(said.contains("incident 7") && said.contains("runbook thaw sandbox"), "{said}");
    assert_eq!(project.read("done"), "one\n", "it changed something in a frozen environment");
    assert_eq!(project.events_of("one"), ["step_started", "step_succeeded"]);
    project.run(&["resume"]).ended(4).says("incident 7");
    project.run(&["thaw", "sandbox"]).ended(0);
    project.run(&["resume"]).ended(0);
    assert_eq!(project.read("done"), "one\ntwo\n");
}

#[test]
fn a_freeze_that_comes_while_a_step_is_looked_at_stops_it() {
    let project = Project::local(&[("looks", LOOKS)]);
    let going = Going::start(&project, &["run", "looks", "--env", "sandbox"], &[]);
    until(|| project.exists("looking"));
    project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
    project.write("go", "");
    let said = going.ended(4);
    assert!(said.contains("incident 7"), "{said}");
    assert_eq!(project.read("done"), "one\n", "it changed something in a frozen environment");
    project.run(&["thaw", "sandbox"]).ended(0);
    project.run(&["resume"]).ended(0);
    assert_eq!(project.read("done"), "one\nact\n");
}

/// A step that can be taken back, and one that fails.
const BACK: &str = "---\ntitle: Back\nsummary: For the tests.\nowner: tests\n---\n\n# Back\n\n## Steps\n\n### One\n\n```bash step=one\necho one >> \"$RUNBOOK_PROJECT/done\"\n```\n\n```bash undo=one\necho -one >> \"$RUNBOOK_PROJECT/done\"\n```\n\n### Fail\n\n```bash step=fail\n#| effect: read\nfalse\n```\n";

#[test]
fn nothing_is_taken_back_in_a_frozen_environment() {
    let project = Project::local(&[("back", BACK)]);
    project.run(&["run", "back", "--env", "sandbox"]).ended(1);
    project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
    let before = project.journal().len();
    project.run(&["undo"]).ended(4).says("incident 7").says("`runbook undo ");
    assert_eq!((project.read("done").as_str(), project.journal().len()), ("one\n", before));
    project.run(&["thaw", "sandbox"]).ended(0);
    project.run(&["undo"]).ended(0);
    assert_eq!(project.read("done"), "one\n-one\n");
}

/// Two steps that can be taken back, the later one with an undo that waits, and one that fails.
const BACK_TWICE: &str = "---\ntitle: Back twice\nsummary: For the tests.\nowner: tests\n---\n\n# Back twice\n\n## Steps\n\n### One\n\n```bash step=one\necho one >> \"$RUNBOOK_PROJECT/done\"\n```\n\n```bash undo=one\necho -one >> \"$RUNBOOK_PROJECT/done\"\n```\n\n### Two\n\n```bash step=two\necho two >> \"$RUNBOOK_PROJECT/done\"\n```\n\n```bash undo=two\ntouch \"$RUNBOOK_PROJECT/undoing\"\nuntil test -e \"$RUNBOOK_PROJECT/go\"; do sleep 0.02; done\necho -two >> \"$RUNBOOK_PROJECT/done\"\n```\n\n### Fail\n\n```bash step=fail\n#| effect: read\nfalse\n```\n";

#[test]
fn a_freeze_in_the_middle_of_an_undo_stops_it_before_its_next_change() {
    for with in ["undo", "resume"] {
        let project = Project::local(&[("back", BACK_TWICE)]);
        project.run(&["run", "back", "--env", "sandbox"]).ended(1);
        let going = Going::start(&project, &["undo"], &[]);
        until(|| project.exists("undoing"));
        project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
        project.write("go", "");
        let said = going.ended(4);
        let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
        let again = format!("`runbook thaw sandbox`, then `runbook undo {run}`");
        assert!(said.contains("incident 7") && said.contains(&again), "{said}");
        assert!(!said.contains("needs hands") && !said.contains("Stuck"), "{said}");
        // What was under way has ended, and nothing else was begun.
        assert_eq!(project.read("done"), "one\ntwo\n-two\n");
        let status = project.run(&["status"]).ended(0).says("on the way back").says("incident 7");
        drop(status.says("this changed nothing").says(&format!("runbook undo {run}")));
        let stopped = project.journal();
        project.run(&["undo"]).ended(4).says("incident 7");
        assert_eq!(project.journal(), stopped, "a refused undo wrote to the journal");
        project.run(&["thaw", "sandbox"]).ended(0);
        project.run(&[with]).ended(0);
        assert_eq!(project.read("done"), "one\ntwo\n-two\n-one\n", "{with}");
        project.run(&["log", &run, "--verify"]).ended(0);
    }
}
