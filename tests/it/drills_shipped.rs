//! The shipped drills, against the emulator: each passes as a rehearsal, and what it broke is mended.

use crate::env::{Project, root};
use crate::sample::some_of;
use serde_json::Value;

fn project() -> Project {
    let project = Project::shipped();
    // The drills are meant for accounts of their own. Here they are named only, and never called.
    let accounts: String = [("workload", 1), ("data", 2), ("platform", 3)]
        .map(|(name, n)| format!("      {name}: {{ id: \"44444444444{n}\", region: eu-west-1 }}\n"))
        .concat();
    let drill = format!("  drill:\n    kind: drill\n    accounts:\n{accounts}");
    let text = project.read("runbook.yaml");
    let with = text.replacen("environments:\n", &format!("environments:\n{drill}"), 1);
    project.write("runbook.yaml", &with);
    for (folder, ending) in [("drills", "yaml"), ("drills/faults", "md")] {
        for entry in std::fs::read_dir(root().join(folder)).expect("drills").flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == ending) {
                let name = entry.file_name().to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).expect("a text");
                project.write(&format!("{folder}/{name}"), &text);
            }
        }
    }
    project
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("drills")).expect("drills").flatten();
    let stems = entries.filter_map(|entry| {
        let path = entry.path();
        let is_drill = path.extension().is_some_and(|end| end == "yaml");
        is_drill.then(|| path.file_stem().expect("a name").to_string_lossy().into_owned())
    });
    let mut names: Vec<String> = stems.collect();
    names.sort();
    names
}

#[test]
fn each_shipped_drill_passes_as_a_rehearsal() {
    let all = names();
    assert!(all.len() >= 2, "{all:?}");
    for name in some_of("shipped drills", all, 1) {
        let project = project();
        let run = ["drill", "run", name.as_str(), "--env", "sandbox", "--yes"];
        project.run(&run).ended(0).says("✓ passed (a rehearsal, and no evidence)");
        let report = project.run(&["drill", "report", &name, "--json"]).ended(0).stdout;
        let report: Value = serde_json::from_str(&report).expect("JSON");
        assert_eq!(
            (&report["verdict"], &report["counts_as_evidence"]),
            (&"passed".into(), &false.into())
        );
        for fault in report["faults"].as_array().expect("a list") {
            assert!(fault["mended"].is_string(), "{fault}");
        }
    }
}

/// A recovery that is broken on purpose fails the drill, and the fault is mended by its own undo.
#[test]
fn a_shipped_drill_whose_recovery_is_broken_fails_and_mends() {
    if !crate::sample::is_turn("a broken recovery of the lost stack", 0, 3) {
        return;
    }
    let project = project();
    let expected = "outputs.account == accounts.platform.id";
    let text = project.read("runbooks/account-redeploy.md");
    assert!(text.contains(expected), "the runbook has another first step");
    project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
    let broken = text.replace(expected, "outputs.account == accounts.data.id");
    project.write("runbooks/account-redeploy.md", &broken);
    let run = ["drill", "run", "stack-lost", "--env", "sandbox", "--yes"];
    project.run(&run).ended(1).says("✗ failed");
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    assert!(!owed.contains("stack-lost"), "{owed}");
    // Its own undo has brought the stack back, so there is nothing left to change.
    project.write("runbooks/account-redeploy.md", &text);
    project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
}
