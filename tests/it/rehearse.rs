//! `runbook rehearse` and `runbook evidence`: a sound procedure comes through, and one that is not is caught.

use crate::env::Project;
use serde_json::Value;

fn step(id: &str, script: &str, observe: &str, undo: &str) -> String {
    format!(
        "### {id}\n\n```bash step={id}\n{script}\n```\n\n{observe}```bash undo={id}\n{undo}\n```\n\n"
    )
}

fn book(steps: &str) -> String {
    format!(
        "---\ntitle: Restore\nsummary: For the tests.\nowner: tests\n---\n\n# Restore\n\n## Do\n\n{steps}"
    )
}

fn observed(id: &str, test: &str) -> String {
    format!("```bash observe={id}\n{test}\n```\n\n")
}

/// Two files are written. Each can be looked at, and be taken away again.
pub(crate) fn sound() -> String {
    let one = |id: &str| {
        step(
            id,
            &format!("echo {id} > \"$RUNBOOK_PROJECT/{id}\""),
            &observed(id, &format!("test -e \"$RUNBOOK_PROJECT/{id}\"")),
            &format!("rm -f \"$RUNBOOK_PROJECT/{id}\""),
        )
    };
    book(&(one("first") + &one("second")))
}

fn results(project: &Project, arguments: &[&str], code: i32) -> Value {
    let mut all = vec!["rehearse", "restore", "--json", "--jobs", "2"];
    all.extend(arguments);
    let ran = project.run(&all).ended(code);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn a_sound_procedure_comes_through_everything() {
    let project = Project::local(&[("restore", &sound())]);
    let text = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project.write("runbook.yaml", &text);
    let results = results(&project, &[], 0);
    assert_eq!(results["proven"], true, "{results:#}");
    let ways: Vec<&str> = results["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .map(|case| case["way"].as_str().expect("a word"))
        .collect();
    let count = |way: &str| ways.iter().filter(|one| **one == way).count();
    // Two steps, and each of the seven records of the journal.
    assert_eq!((count("fail"), count("undo"), count("lose")), (2, 2, 0));
    assert!(count("kill") >= 6, "{ways:?}");
    // Only copies were touched.
    assert!(!project.exists("first") && !project.exists(".runbook/rehearse"));
    let junit = project.run(&["rehearse", "restore", "--fail-each", "--junit"]).ended(0).stdout;
    assert!(junit.contains("failures=\"0\"") && junit.contains("restore.fail"), "{junit}");
}

/// Each has a place of its own, and the first to end takes nothing from the other.
#[test]
fn two_rehearsals_at_once_do_not_meet() {
    let project = Project::local(&[("restore", &sound())]);
    let text = project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
    project.write("runbook.yaml", &text);
    let begin = |ways: &[&str]| {
        let mut all = vec!["rehearse", "restore", "--jobs", "1"];
        all.extend(ways);
        project.command(&all).spawn().expect("it starts")
    };
    let all = [begin(&[]), begin(&["--fail-each"]), begin(&["--undo-each"])];
    for mut rehearsal in all {
        assert!(rehearsal.wait().expect("it ends").success());
    }
    assert!(!project.exists(".runbook/rehearse"));
}

#[test]
fn a_step_that_does_its_work_twice_is_caught_and_named() {
    // It looks for something that is never there, so it is believed not to have happened.
    let blind = step(
        "note",
        "echo noted >> \"$RUNBOOK_PROJECT/log\"",
        &observed("note", "test -e \"$RUNBOOK_PROJECT/never\" || exit 1"),
        "rm -f \"$RUNBOOK_PROJECT/log\"",
    );
    let after = "### after\n\n```bash step=after\n#| effect: read\ntrue\n```\n";
    let project = Project::local(&[("restore", &book(&format!("{blind}{after}")))]);
    // Its own verification finds that out at once: it does not even succeed undisturbed.
    project.run(&["rehearse", "restore", "--fail-each"]).ended(1).says("nothing goes wrong");

    // Nothing looks for it: after a kill nobody can tell.
    let unseen = step(
        "note",
        "echo noted >> \"$RUNBOOK_PROJECT/log\"",
        "",
        "rm -f \"$RUNBOOK_PROJECT/log\"",
    );
    let project = Project::local(&[("restore", &book(&format!("{unseen}{after}")))]);
    let results = results(&project, &["--fail-each", "--kill-each"], 1);
    let wrong: Vec<&Value> = results["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .filter(|case| case["end"] == "wrong")
        .collect();
    assert!(
        wrong.iter().any(|case| case["way"] == "fail" && case["step"] == "note"),
        "{results:#}"
    );
    let killed = wrong.iter().find(|case| case["way"] == "kill").expect("a kill in the middle");
    assert_eq!(killed["step"], "note");
    assert!(killed["why"].as_str().expect("a reason").contains("observe="), "{killed}");
}

#[test]
fn an_undo_that_leaves_something_behind_is_caught_and_named() {
    let forgets = step(
        "write",
        "touch \"$RUNBOOK_PROJECT/kept\" \"$RUNBOOK_PROJECT/forgotten\"",
        &observed("write", "test -e \"$RUNBOOK_PROJECT/kept\""),
        "rm -f \"$RUNBOOK_PROJECT/kept\"",
    );
    let project = Project::local(&[("restore", &book(&forgets))]);
    let ran = project.run(&["rehearse", "restore", "--undo-each"]).ended(1);
    let said = ran.says("not as before").says("+ file forgotten");
    assert!(said.stdout.contains("step write"), "{}", said.stdout);
}

#[test]
fn an_archive_is_verified_without_the_project_and_every_alteration_is_found() {
    let project = Project::local(&[("restore", &sound())]);
    project.run(&["run", "restore", "--env", "sandbox"]).ended(0);
    let run = project.newest_run().file_name().expect("a name").to_string_lossy().into_owned();
    project.run(&["evidence", "pack", &run, "--out", "one.tar"]).ended(0);
    project.run(&["evidence", "pack", &run, "--out", "two.tar"]).ended(0);
    let bytes = std::fs::read(project.path().join("one.tar")).expect("an archive");
    let again = std::fs::read(project.path().join("two.tar")).expect("an archive");
    assert!(bytes == again, "the same run gives other bytes");
    // Standard tools agree with its README.
    let unpacked = project.path().join("unpacked");
    std::fs::create_dir(&unpacked).expect("a folder");
    project.run_other("tar", &["-xf", "one.tar", "-C", "unpacked"]).ended(0);
    let check = "cd unpacked/evidence && sha256sum -c --quiet SHA256SUMS";
    project.run_other("sh", &["-c", check]).ended(0);
    let readme = project.read("unpacked/evidence/README.txt");
    let script = readme.split("<<'END'\n").nth(1).and_then(|rest| rest.split("     END").next());
    let script: String = script
        .expect("a script")
        .lines()
        .map(|line| format!("{}\n", line.get(5..).unwrap_or("")))
        .collect();
    project.write("chain.py", &script);
    let journal = format!("unpacked/evidence/runs/{run}/journal.jsonl");
    let head = project.run_other("python3", &["chain.py", &journal]).ended(0).stdout;
    let manifest: Value =
        serde_json::from_str(&project.read("unpacked/evidence/manifest.json")).expect("JSON");
    assert!(head.contains(manifest["journal_heads"][&run].as_str().expect("a head")), "{head}");
    // It needs no project.
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::write(elsewhere.path().join("e.tar"), &bytes).expect("written");
    let mut command = project.command(&["evidence", "verify", "e.tar", "--json"]);
    let output = command.current_dir(elsewhere.path()).output().expect("it runs");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&found["whole"], &found["runs"][0]["run"]), (&true.into(), &run.clone().into()));
    // Any byte of any file in it.
    let places = [
        b"\"mode\":\"rehearsal\"".as_slice(),
        b"title: Restore",
        b"\"status\": \"succeeded",
        b"Evidence of",
    ];
    for place in places {
        let at =
            bytes.windows(place.len()).position(|window| window == place).expect("it is there");
        let mut altered = bytes.clone();
        altered[at + place.len() - 1] ^= 1;
        project.write("altered.tar", "");
        std::fs::write(project.path().join("altered.tar"), altered).expect("written");
        project.run(&["evidence", "verify", "altered.tar"]).ended(3).says("✗");
    }
}
