//! What a rehearsal sees in the emulated accounts beside files: a leftover is caught, and named with its step.

use crate::env::Project;
use crate::remains::processes;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A leftover in Parameter Store is seen, and named with its step.
#[test]
fn what_an_undo_leaves_in_a_parameter_is_caught() {
    const BOOK: &str = r#"---
title: Leave
summary: For the tests.
owner: tests
account: data
---

# Leave

## Do

### Two parameters

```bash step=two
aws ssm put-parameter --name /leave/one --value 1 --type String --overwrite
aws ssm put-parameter --name /leave/two --value 2 --type String --overwrite
```

```bash observe=two
aws ssm get-parameter --name /leave/one
```

```bash undo=two
aws ssm delete-parameter --name /leave/one || true
```
"#;
    let project = Project::cloud(&[("leave", BOOK)]);
    let rehearse = ["rehearse", "leave", "--undo-each"];
    let ran = project.run(&rehearse).ended(1).says("not as before").says("/leave/two: 2 (String)");
    assert!(
        ran.stdout.contains("step two") && !ran.stdout.contains("/leave/one"),
        "{}",
        ran.stdout
    );
    let both = BOOK.replace(
        "delete-parameter --name /leave/one",
        "delete-parameters --names /leave/one /leave/two",
    );
    project.write("runbooks/leave.md", &both);
    project.run(&rehearse).ended(0);
}

/// The emulators of the cases, while they run.
fn emulators(project: &Project) -> Vec<String> {
    processes(project).into_iter().filter(|process| process.ends_with("-m shim ")).collect()
}

/// Waits for a condition, and panics when it does not come about.
#[track_caller]
fn wait(project: &Project, what: &str, holds: &mut dyn FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "{what}: {:?}", processes(project));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Each takes half a gigabyte, so a case must not begin before the one of another has ended.
#[test]
fn an_emulator_ends_with_its_case() {
    const ONE: &str = "#| effect: read\naws sts get-caller-identity\n```\n";
    let book = |steps: &str| {
        format!("---\ntitle: T\nsummary: S\nowner: o\naccount: data\n---\n\n# T\n\n{steps}")
    };
    let project = Project::with_its_own_sandbox();
    // Something comes before, so that each case begins with a copy of it.
    let seeded = project.read("runbook.yaml").replace("[account-redeploy]", "[first]");
    project.write("runbook.yaml", &seeded);
    project.write("runbooks/first.md", &book(&format!("```bash step=one\n{ONE}")));
    let steps = format!("```bash step=one\n{ONE}\n```bash step=two\n{ONE}");
    project.write("runbooks/asks.md", &book(&steps));
    let mut rehearsal = project.command(&["rehearse", "asks", "--fail-each", "--jobs", "1"]);
    let mut rehearsal = rehearsal.stdout(Stdio::null()).spawn().expect("a rehearsal");
    let mut seen = BTreeSet::new();
    let mut ended = None;
    wait(&project, "the rehearsal does not end", &mut || {
        let now = emulators(&project);
        assert!(now.len() <= 1, "{now:?}");
        seen.extend(now);
        ended = rehearsal.try_wait().expect("its end");
        ended.is_some()
    });
    assert!(ended.is_some_and(|ended| ended.success()), "{ended:?}");
    assert!(seen.len() >= 3, "each of two cases has one, and what came before: {seen:?}");
}

/// An emulator that outlived its case would be there for ever: nobody else knows of it.
#[test]
fn the_emulator_of_a_case_ends_when_the_rehearsal_is_killed() {
    let project = Project::with_its_own_sandbox();
    let mut rehearsal = project.command(&["rehearse", "trust-chain", "--fail-each"]);
    let mut rehearsal =
        rehearsal.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a rehearsal");
    wait(&project, "no emulator began", &mut || !emulators(&project).is_empty());
    rehearsal.kill().expect("a kill");
    rehearsal.wait().expect("its end");
    wait(&project, "it is still there", &mut || emulators(&project).is_empty());
}
