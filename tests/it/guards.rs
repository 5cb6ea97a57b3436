//! Who is let in: the right account only, one process at a time, and nobody while it is frozen.

use crate::env::{Project, emulator};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

const CHANGE: &str = "---\ntitle: A change\nsummary: For the tests.\nowner: tests\naccount: data\n---\n\n# A change\n\n## Steps\n\n### Change\n\n```bash step=change\n#| irreversible: test\ntouch \"$RUNBOOK_PROJECT/changed\"\n```\n";

const SLOW: &str = "---\ntitle: Slow\nsummary: For the tests.\nowner: tests\n---\n\n# Slow\n\n## Steps\n\n### Slow\n\n```bash step=slow\n#| irreversible: test\ntouch \"$RUNBOOK_PROJECT/begun\"\nfor _ in $(seq 600); do test -e \"$RUNBOOK_PROJECT/go\" && exit 0; sleep 0.05; done\nexit 1\n```\n";

#[test]
fn the_wrong_account_is_refused_before_anything_happens() {
    let project = Project::shipped();
    project.write("runbooks/change.md", CHANGE);
    // An AWS that answers as another account than the one the environment promises.
    let (data, platform) = (project.accounts.data.clone(), project.accounts.platform.clone());
    let endpoint = answering_as(&data, &platform);
    let text = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project.write("runbook.yaml", &text.replace(&emulator().endpoint, &endpoint));
    project
        .run(&["run", "change", "--env", "sandbox"])
        .ended(4)
        .says("wrong account")
        .says(&platform)
        .says("Nothing was changed");
    assert!(!project.exists("changed"));
}

/// The emulator behind a proxy that puts one account's id in place of another's in every answer.
pub(crate) fn answering_as(promised: &str, real: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let behind = emulator().endpoint.trim_start_matches("http://").to_owned();
    let (promised, real) = (promised.as_bytes().to_vec(), real.as_bytes().to_vec());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (behind, promised, real) = (behind.clone(), promised.clone(), real.clone());
            std::thread::spawn(move || relay(client, &behind, &promised, &real));
        }
    });
    endpoint
}

fn relay(client: TcpStream, behind: &str, promised: &[u8], real: &[u8]) -> Option<()> {
    let server = TcpStream::connect(behind).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (mut server, mut client) = (server, client);
    let mut bytes = vec![0; 65_536];
    loop {
        let count = server.read(&mut bytes).ok().filter(|count| *count > 0)?;
        let answer = &mut bytes[..count];
        // The two ids are of the same length, so the answer keeps its length.
        for at in 0..answer.len().saturating_sub(promised.len() - 1) {
            if answer[at..].starts_with(promised) {
                answer[at..at + promised.len()].copy_from_slice(real);
            }
        }
        client.write_all(answer).ok()?;
    }
}

#[test]
fn a_denied_account_is_refused_whatever_the_environment_says() {
    let project = Project::shipped();
    project.write("runbooks/change.md", CHANGE);
    let text = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project
        .write("runbook.yaml", &format!("{text}deny_accounts: [\"{}\"]\n", project.accounts.data));
    project.run(&["run", "change", "--env", "sandbox"]).ended(4).says("deny_accounts");
    assert!(!project.exists("changed"));
}

#[test]
fn a_second_process_is_refused_while_the_first_lives() {
    let project = Project::local(&[("slow", SLOW)]);
    let mut first =
        project.command(&["run", "slow", "--env", "sandbox"]).spawn().expect("the first");
    until(|| project.exists("begun"));
    project.run(&["run", "slow", "--env", "sandbox"]).ended(7).says("alive");
    project.run(&["resume"]).ended(7);
    project.write("go", "");
    assert!(first.wait().expect("the first ends").success());
    project.run(&["run", "slow", "--env", "sandbox"]).ended(0);
}

#[test]
fn a_frozen_environment_is_left_alone_until_it_is_thawed() {
    let project = Project::local(&[("slow", SLOW)]);
    project.write("go", "");
    project.run(&["freeze", "sandbox", "--reason", "incident 7"]).ended(0);
    project
        .run(&["run", "slow", "--env", "sandbox"])
        .ended(4)
        .says("incident 7")
        .says("runbook thaw sandbox");
    assert!(!project.exists("begun"));
    project.run(&["thaw", "sandbox"]).ended(0);
    project.run(&["run", "slow", "--env", "sandbox"]).ended(0);
}

#[test]
fn a_run_that_was_killed_holds_its_environment_until_it_is_resumed() {
    let project = Project::local(&[("slow", SLOW)]);
    let mut first =
        project.command(&["run", "slow", "--env", "sandbox"]).spawn().expect("the first");
    until(|| project.exists("begun"));
    first.kill().expect("the first can be killed");
    first.wait().expect("the first ends");
    project.write("go", "");
    project
        .run(&["run", "slow", "--env", "sandbox"])
        .ended(7)
        .says("runbook resume")
        .says("runbook unlock");
    // A script that cannot look for its own effect is unknown, and nobody but a person can say more.
    project.run(&["resume"]).ended(5).says("slow");
    project.run(&["resume", "--step", "slow=done", "--reason", "seen with my own eyes"]).ended(0);
}

/// Waits for a condition, and gives up after a time that only a broken program needs.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !condition() {
        assert!(std::time::Instant::now() < deadline, "waited for a minute in vain");
        std::thread::yield_now();
    }
}
