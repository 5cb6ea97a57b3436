//! The shipped drills, against the emulator: each passes as a rehearsal, and what it broke is mended. Each fails when its
//! recovery is broken or too slow, and judges nothing when its fault does not show or all is not well before.

use crate::env::{Project, root};
use crate::sample::{is_turn, some_of};
use serde_json::Value;

/// One shipped drill.
pub(crate) struct Shipped {
    pub(crate) name: &'static str,
    /// The runbook that brings everything back.
    recovery: &'static str,
    /// What to change in its fault, so that it breaks nothing: the file, the text, and what stands there instead.
    /// Nothing when it has no fault: then there is nothing that has to show.
    silent: Option<(&'static str, &'static str, &'static str)>,
    /// Whether it begins by taking everything down, so that one that fails leaves nothing behind.
    takes_down: bool,
}

const SHIPPED: [Shipped; 8] = [
    Shipped {
        name: "bedrock-outage",
        recovery: "bedrock-failover",
        silent: Some((
            "drills/faults/bedrock-outage.md",
            "if: run.mode == \"rehearsal\"",
            "if: run.mode != \"rehearsal\"",
        )),
        takes_down: false,
    },
    Shipped {
        name: "handoff-acceptance",
        recovery: "account-redeploy",
        silent: Some(NOTHING_DELETED),
        takes_down: false,
    },
    Shipped { name: "key-replacement", recovery: "kms-replace", silent: None, takes_down: false },
    Shipped { name: "key-revocation", recovery: "kms-revoke", silent: None, takes_down: false },
    Shipped {
        name: "opensearch-limit",
        recovery: "opensearch-limit",
        silent: Some(("drills/faults/index-full.md", "(SHARDS + 20)", "(SHARDS + 2000)")),
        takes_down: false,
    },
    Shipped {
        name: "private-path",
        recovery: "network-close",
        silent: Some((
            "drills/faults/way-out.md",
            "aws ec2 attach-internet-gateway --internet-gateway-id \"$GATEWAY\" --vpc-id \"$VPC\"",
            "aws ec2 create-tags --resources \"$GATEWAY\" --tags Key=Silent,Value=yes",
        )),
        takes_down: false,
    },
    Shipped {
        name: "quarterly-teardown",
        recovery: "account-redeploy",
        silent: None,
        takes_down: true,
    },
    Shipped {
        name: "stack-lost",
        recovery: "account-redeploy",
        silent: Some(NOTHING_DELETED),
        takes_down: false,
    },
];

/// It deletes a stack that is not there, which CloudFormation takes for done.
const NOTHING_DELETED: (&str, &str, &str) = (
    "drills/faults/stack-deleted.md",
    "aws cloudformation delete-stack --stack-name \"$STACK\"",
    "aws cloudformation delete-stack --stack-name none; exit 0",
);

pub(crate) fn project() -> Project {
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
        for name in files(folder, ending) {
            let path = format!("{folder}/{name}.{ending}");
            let text = std::fs::read_to_string(root().join(&path)).expect("a text");
            project.write(&path, &text);
        }
    }
    project
}

/// The stems of the files with that ending, in order.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder").flatten();
    let stems = entries.filter_map(|entry| {
        let path = entry.path();
        let is_one = path.extension().is_some_and(|end| end == ending);
        is_one.then(|| path.file_stem().expect("a name").to_string_lossy().into_owned())
    });
    let mut names: Vec<String> = stems.collect();
    names.sort();
    names
}

/// A project with everything deployed.
pub(crate) fn deployed() -> Project {
    let project = project();
    project.run(&["run", "account-redeploy", "--env", "sandbox"]).ended(0);
    project
}

fn edit(project: &Project, file: &str, from: &str, to: &str) {
    let text = project.read(file);
    assert!(text.contains(from), "{file} has no {from:?}");
    project.write(file, &text.replace(from, to));
}

pub(crate) fn arguments(name: &str) -> [&str; 6] {
    ["drill", "run", name, "--env", "sandbox", "--yes"]
}

/// Its newest report, and that it has this verdict, is no evidence, and left nothing broken.
#[track_caller]
pub(crate) fn assert_judged(project: &Project, name: &str, code: i32, verdict: &str) -> Value {
    let report = project.run(&["drill", "report", name, "--json"]).ended(code).stdout;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["verdict"], verdict, "{name}: {report:#}");
    assert_eq!(report["counts_as_evidence"], false, "{name}");
    for fault in report["faults"].as_array().expect("a list") {
        assert!(fault["mended"].is_string(), "{name}: {fault}");
    }
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    assert!(!owed.contains("Mend what the drill"), "{name}: {owed}");
    report
}

/// `RUNBOOK_TEST_ROW` names the only one to try.
pub(crate) fn chosen(what: &str, wanted: impl Fn(&Shipped) -> bool) -> Vec<Shipped> {
    let only = std::env::var("RUNBOOK_TEST_ROW").ok();
    if let Some(only) = &only {
        let known = SHIPPED.iter().any(|one| one.name == only);
        assert!(known, "RUNBOOK_TEST_ROW={only}: there is no such drill");
    }
    let is_it = |one: &Shipped| only.as_ref().is_none_or(|only| one.name == only) && wanted(one);
    some_of(what, SHIPPED.into_iter().filter(is_it).collect(), 1)
}

#[test]
fn every_shipped_drill_and_fault_is_in_the_table() {
    let named: Vec<&str> = SHIPPED.iter().map(|one| one.name).collect();
    assert_eq!(files("drills", "yaml"), named);
    let readme = std::fs::read_to_string(root().join("drills/README.md")).expect("the README");
    for name in named {
        assert!(readme.contains(&format!("[{name}]({name}.yaml)")), "README.md lacks {name}");
    }
    for fault in files("drills/faults", "md") {
        assert!(readme.contains(&format!("[{fault}](faults/{fault}.md)")), "README.md: {fault}");
    }
}

#[test]
fn each_shipped_drill_passes_as_a_rehearsal() {
    for Shipped { name, .. } in chosen("shipped drills", |_| true) {
        let project = project();
        project.run(&arguments(name)).ended(0).says("✓ passed (a rehearsal, and no evidence)");
        assert_judged(&project, name, 0, "passed");
    }
}

/// A recovery that is broken on purpose fails the drill, and the fault is mended by its own undo.
#[test]
fn a_shipped_drill_whose_recovery_is_broken_fails_and_mends() {
    if !is_turn("a shipped drill whose recovery is broken", 0, 3) {
        return;
    }
    for Shipped { name, recovery, takes_down, .. } in chosen("broken recoveries", |_| true) {
        let project = deployed();
        let path = format!("runbooks/{recovery}.md");
        let whole = project.read(&path);
        let first = whole.find("\n## ").and_then(|_| phase_of_first_step(&whole)).expect("a step");
        let broken = "### Broken on purpose\n\n```bash step=broken_on_purpose\n#| effect: read\nexit 3\n```\n\n";
        project.write(&path, &format!("{}{broken}{}", &whole[..first], &whole[first..]));
        project.run(&arguments(name)).ended(1).says("✗ failed").says("broken_on_purpose");
        assert_judged(&project, name, 1, "failed");
        // Its own undo has mended it, so all is well without the recovery.
        project.write(&path, &whole);
        if !takes_down {
            project.run(&arguments(name)).ended(0).says("✓ passed");
        }
    }
}

/// Where the heading of the first step begins.
fn phase_of_first_step(text: &str) -> Option<usize> {
    let step = text.find("step=")?;
    Some(text[..step].rfind("\n### ")? + 1)
}

#[test]
fn a_shipped_drill_that_is_too_slow_fails() {
    if !is_turn("a shipped drill that is too slow", 1, 3) {
        return;
    }
    for Shipped { name, .. } in chosen("objectives that are missed", |_| true) {
        let project = project();
        let file = format!("drills/{name}.yaml");
        let text = project.read(&file);
        let from = text.find("rto: ").expect("an objective");
        let to = from + text[from..].find(" }").expect("its end");
        project.write(&file, &format!("{}rto: 0s{}", &text[..from], &text[to..]));
        project.run(&arguments(name)).ended(8).says("the objective is 0s");
        let report = assert_judged(&project, name, 8, "failed");
        assert_eq!(report["cause"], "objective");
    }
}

#[test]
fn a_shipped_drill_whose_fault_does_not_show_judges_nothing() {
    if !is_turn("a shipped drill whose fault does not show", 2, 3) {
        return;
    }
    for one in chosen("faults that do not show", |one| one.silent.is_some()) {
        let Shipped { name, silent: Some((file, from, to)), .. } = one else { continue };
        let project = deployed();
        edit(&project, file, from, to);
        // What never shows is not waited for.
        for book in files("runbooks", "md") {
            let path = format!("runbooks/{book}.md");
            let text = project.read(&path);
            project.write(&path, &text.replace("within: 5m", "within: 2s"));
        }
        let ran = project.run(&arguments(name));
        assert_eq!(ran.code, Some(11), "{name}: {}{}", ran.stdout, ran.stderr);
        let report = assert_judged(&project, name, 11, "could_not_judge");
        let why = report["why"].as_str().expect("a reason");
        assert!(why.contains("does not show") || why.contains("could not be made"), "{why}");
    }
}

#[test]
fn a_shipped_drill_that_begins_unwell_touches_nothing() {
    for Shipped { name, recovery, .. } in chosen("steady states that do not hold", |_| true) {
        let project = deployed();
        let never = "\n### Never\n\n```bash health=never\n#| within: 1s\n#| every: 1s\nfalse\n```\n\n## What the sandbox can show\n";
        edit(
            &project,
            &format!("runbooks/{recovery}.md"),
            "\n## What the sandbox can show\n",
            never,
        );
        project.run(&arguments(name)).ended(11).says("all is not well before");
        assert_judged(&project, name, 11, "could_not_judge");
        let begun: Vec<Value> = project
            .journal()
            .iter()
            .filter(|record| record["event"]["event"] == "step_started")
            .map(|record| record["event"]["step"].clone())
            .collect();
        assert_eq!(begun, ["steady_state"], "{name}");
    }
}
