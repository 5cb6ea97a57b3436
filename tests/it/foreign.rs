//! What others have written: a CDK app, Terraform and Pulumi, and CloudFormation templates of the public.
//!
//! A plain run checks the examples. A full run installs the tools by name, and deploys.

use crate::cloud::{config, wait};
use crate::env::{Project, emulator, root};
use crate::sample::{full, say};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A project with the examples where their words say that they go.
fn with_examples() -> Project {
    let project = Project::cloud(&[]);
    let examples = root().join("runbooks/stacks/examples");
    let copy = |from: &str, to: &str| {
        let text = std::fs::read_to_string(examples.join(from)).expect("an example");
        project.write(&format!("runbooks/{to}"), &text);
    };
    for name in
        ["package.json", "cdk.json", "app.js", "lookup/index.py", "assets.yaml", "stacks.yaml"]
    {
        copy(&format!("cdk/{name}"), &format!("cdk/{name}"));
    }
    copy("cdk/cdk-assets.md", "cdk-assets.md");
    copy("terraform/terraform-network.md", "terraform-network.md");
    copy("pulumi/pulumi-network.md", "pulumi-network.md");
    project
}

#[test]
fn the_examples_are_sound() {
    let project = with_examples();
    project.write("runbooks/cdk/cdk.out/Lookup.template.json", "{}");
    project.run(&["check"]).ended(0).says("no errors");
    project.run(&["list"]).ended(0).says("A CDK app");
}

#[test]
fn a_cdk_app_is_synthesized_published_deployed_and_called() {
    if !full() {
        return;
    }
    let project = with_examples();
    let folder = project.path().join("runbooks/cdk");
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let ended = command.args(arguments).current_dir(&folder).env("CI", "1").output();
        let ended = ended.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(
            ended.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
    };
    run("npm", &["install", "--no-audit", "--no-fund"]);
    run("npx", &["--no-install", "cdk", "synth", "--quiet", "--output", "cdk.out"]);
    std::fs::remove_dir_all(folder.join("node_modules"))
        .expect("what only synthesizes is not needed");
    project.run(&["run", "cdk", "--env", "sandbox"]).ended(0);
    let lambda = aws_sdk_lambda::Client::new(&config(&project.accounts.workload));
    let answer = wait(lambda.invoke().function_name("lookup-find").send()).expect("an answer");
    let answer: Value =
        serde_json::from_slice(answer.payload().expect("a payload").as_ref()).expect("JSON");
    assert_eq!(answer["healthy"], true, "{answer}");
    // Everything is in place the second time.
    project.run(&["run", "cdk", "--env", "sandbox"]).ended(0);
    let started =
        project.journal().into_iter().filter(|record| record["event"]["event"] == "step_started");
    let started: Vec<String> = started.map(|record| record["event"]["step"].to_string()).collect();
    assert!(started.is_empty(), "{started:?}");
}

/// The example with the real Terraform, where it is installed. Its provider is the one that is built in: the others
/// would have to be fetched.
#[test]
fn a_terraform_project_is_applied_by_a_manifest_and_taken_back() {
    if Command::new("terraform").arg("version").output().is_err() {
        say("terraform is not installed here, so its example was not run");
        return;
    }
    let project = with_examples();
    let describe = |range: &str| {
        let text =
            format!("resource \"terraform_data\" \"network\" {{\n  input = \"{range}\"\n}}\n");
        project.write("terraform/network/main.tf", &text);
    };
    let state = || {
        let text = project.read("terraform/network/terraform.tfstate");
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let range = |state: &Value| {
        state["resources"][0]["instances"][0]["attributes"]["output"]["value"].clone()
    };
    describe("10.0.0.0/16");
    let head = "version: 1\ntitle: T\nsummary: S\nowner: o\nstacks:\n  network:\n    runbook: terraform-network\n";
    project.write("runbooks/mine/stacks.yaml", head);
    let run = |ends: i32| project.run(&["run", "mine", "--env", "sandbox"]).ended(ends);
    run(0);
    assert_eq!(range(&state()), "10.0.0.0/16");
    // Terraform says that it is in place, so nothing is begun.
    run(0);
    let events: Vec<Value> =
        project.journal().into_iter().map(|mut record| record["event"].take()).collect();
    assert!(
        !events.iter().any(|e| e["event"] == "step_started" && e["step"] == "network/apply"),
        "{events:?}"
    );
    // It says when something is otherwise. What comes after it fails, and then it is taken back.
    describe("10.1.0.0/16");
    let book = "---\ntitle: T\nsummary: S\nowner: o\n---\n\n# T\n\n```bash step=fail\n#| effect: read\nexit 1\n```\n";
    project.write("runbooks/fails.md", book);
    project.write(
        "runbooks/mine/stacks.yaml",
        &format!("{head}  after:\n    runbook: fails\n    needs: [network]\n"),
    );
    run(1);
    assert_eq!(range(&state()), "10.1.0.0/16");
    project.run(&["undo"]).ended(0);
    assert_eq!(state()["resources"], serde_json::json!([]));
}

/// Where cfn-lint keeps what it found in public. Its source carries the templates, so none is copied here.
fn public_templates(to: &Path) -> PathBuf {
    let python = emulator()
        .cli
        .parent()
        .and_then(Path::parent)
        .expect("an installation")
        .join("venv/bin/python");
    let run = |program: &Path, arguments: &[&str]| {
        let ended =
            Command::new(program).args(arguments).current_dir(to).output().expect("it starts");
        assert!(
            ended.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
        String::from_utf8(ended.stdout).expect("UTF-8")
    };
    run(
        &python,
        &["-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "cfn-lint==1.58.0"],
    );
    run(Path::new("tar"), &["xzf", "cfn_lint-1.58.0.tar.gz"]);
    let script = root().join("tests/it/foreign/parameters.py");
    let folder = "cfn_lint-1.58.0/test/fixtures/templates";
    let found = run(&python, &[&script.to_string_lossy(), folder]);
    std::fs::write(to.join("templates.json"), found).expect("written");
    to.to_path_buf()
}

/// What is said of a template that cannot be deployed here: a type that the emulator does not know, a size that
/// CloudFormation does not take, and what a template wants of somebody else.
const WORDS: [&str; 4] = [
    "Unrecognized resource types: [AWS::",
    "CloudFormation takes 51200",
    "nested-stack template",
    "ServiceToken",
];

#[test]
fn public_templates_are_deployed_or_it_is_said_what_is_in_the_way() {
    if !full() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let there = public_templates(folder.path());
    let all = std::fs::read_to_string(there.join("templates.json")).expect("a list");
    let all: Vec<Value> = serde_json::from_str(&all).expect("JSON");
    assert!(all.len() >= 10, "{} templates", all.len());
    let mut deployed = 0;
    for template in &all {
        let name = template["name"].as_str().expect("a name");
        let path = there.join(template["path"].as_str().expect("a path"));
        let book = format!(
            "---\ntitle: T\nsummary: S\nowner: o\naccount: workload\n---\n\n# T\n\n```yaml step=deploy\nuses: cloudformation/deploy\nwith:\n  stack: public\n  template: public/{name}\n  capabilities: [CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]\n  parameters: {}\n```\n",
            template["parameters"]
        );
        let project = Project::cloud(&[("public", &book)]);
        let text = std::fs::read_to_string(path).expect("a template");
        project.write(&format!("runbooks/public/{name}"), &text);
        let ran = project.run(&["run", "public", "--env", "sandbox"]);
        let word = WORDS.into_iter().find(|word| ran.stderr.contains(word));
        say(&format!("{name}: exit {:?}, {}", ran.code, word.unwrap_or("deployed")));
        match ran.code {
            Some(0) => deployed += 1,
            // 4: it was refused before anything was sent.
            Some(1 | 4) => assert!(word.is_some(), "{name}: {}", ran.stderr),
            _ => panic!("{name}: {ran:?}"),
        }
    }
    assert!(deployed >= 3, "only {deployed} were deployed");
}
