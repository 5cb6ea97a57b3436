//! `stack-teardown`: what `account-redeploy` built is gone, nothing else is, and it can be built again.

use crate::cloud::{config, wait};
use crate::env::{Project, emulator};
use crate::inventory::{Inventory, difference, inventory};
use crate::sample::{is_turn, some_of};
use regex::Regex;
use std::collections::BTreeSet;

const REDEPLOY: [&str; 4] = ["run", "account-redeploy", "--env", "sandbox"];
const TEARDOWN: [&str; 4] = ["run", "stack-teardown", "--env", "sandbox"];

/// Everything in the accounts, also of the services that the common inventory does not read.
fn everything(project: &Project) -> Inventory {
    let mut all = inventory(project);
    let accounts = &project.accounts;
    for account in [&accounts.workload, &accounts.data, &accounts.platform] {
        for (kind, service, path, body, names) in SERVICES {
            let found = wait(ask(account, service, path, body));
            let names = Regex::new(names).expect("a pattern");
            for name in names.captures_iter(&found) {
                all.insert(format!("{kind} {account} {}", &name[1]), "there".to_owned());
            }
        }
    }
    all
}

/// What a thing is called, the service that has it, how it is asked, and what a name looks like in its answer.
const SERVICES: [(&str, &str, &str, &str, &str); 6] = [
    ("role", "iam", "/", "Action=ListRoles&Version=2010-05-08", "<RoleName>([^<]+)"),
    (
        "endpoint",
        "ec2",
        "/",
        "Action=DescribeVpcEndpoints&Version=2016-11-15",
        "<serviceName>([^<]+)",
    ),
    ("network", "ec2", "/", "Action=DescribeVpcs&Version=2016-11-15", "<vpcId>([^<]+)"),
    ("domain", "es", "/2021-01-01/domain", "", r#""DomainName": "([^"]+)"#),
    ("invocation log", "bedrock", "/logging/modelinvocations", "", r#""logGroupName": "([^"]+)"#),
    ("API", "apigateway", "/restapis", "", r#""name": "([^"]+)"#),
];

/// The answer of a service, as text.
async fn ask(account: &str, service: &str, path: &str, body: &str) -> String {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    let address = format!("{}{path}", emulator().endpoint);
    let client = reqwest::Client::new();
    let call = if body.is_empty() { client.get(address) } else { client.post(address) };
    let call = call.header("authorization", scope).body(body.to_owned());
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    let answer = call.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{service}: {}", answer.status());
    answer.text().await.expect("a text")
}

/// Nothing is there that was not there before, but for keys that wait for their deletion.
#[track_caller]
fn assert_empty_again(project: &Project, before: &Inventory, what: &str) {
    let mut after = everything(project);
    after.retain(|name, state| !(name.starts_with("key ") && state.starts_with("PendingDeletion")));
    let difference = difference(before, &after);
    assert!(difference.is_empty(), "{what}: not as before:\n{}", difference.join("\n"));
}

#[test]
fn what_was_redeployed_is_taken_down_and_can_be_built_again() {
    let project = Project::shipped();
    let before = everything(&project);
    project.run(&REDEPLOY).ended(0);
    let deployed = everything(&project);
    for kind in
        ["role", "endpoint", "network", "domain", "invocation log", "API", "stack", "bucket"]
    {
        let there = deployed.keys().filter(|name| name.starts_with(kind));
        assert!(
            there.count() > before.keys().filter(|name| name.starts_with(kind)).count(),
            "no {kind} was built, so this proves nothing"
        );
    }
    project.run(&TEARDOWN).ended(0);
    assert_empty_again(&project, &before, "after the teardown");
    // Each key that waits for its deletion is owed to somebody until then.
    let keys: BTreeSet<String> =
        deployed.keys().filter_map(|name| name.strip_prefix("key ").map(str::to_owned)).collect();
    assert!(keys.len() >= 6, "{keys:?}");
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    for key in &keys {
        assert!(owed.contains(key.as_str()), "{key} is on no list:\n{owed}");
    }
    project.run(&REDEPLOY).ended(0);
    // An account that is empty is taken down in no time, and nothing is asked of it.
    project.run(&TEARDOWN).ended(0);
    project.run(&TEARDOWN).ended(0);
    assert_empty_again(&project, &before, "after the third teardown");
}

#[test]
fn a_teardown_cannot_be_taken_back_and_goes_on_when_what_stopped_it_is_gone() {
    if !is_turn("a teardown that is stopped", 0, 3) {
        return;
    }
    let project = Project::shipped();
    let before = everything(&project);
    project.run(&REDEPLOY).ended(0);
    protect(&project, true);
    project.run(&TEARDOWN).ended(4).says("protected from termination");
    let stacks = inventory(&project);
    let has = |account: &str, name: &str| stacks.contains_key(&format!("stack {account} {name}"));
    assert!(!has(&project.accounts.workload, "workload") && has(&project.accounts.data, "data"));
    project.run(&["undo"]).ended(4).says("stop_logging").says("account-redeploy turns it on again");
    protect(&project, false);
    project.run(&["resume"]).ended(0);
    assert_empty_again(&project, &before, "after the resumed teardown");
}

/// Protects the data stack from its deletion, or does not.
fn protect(project: &Project, on: bool) {
    let client = aws_sdk_cloudformation::Client::new(&config(&project.accounts.data));
    let call = client.update_termination_protection().stack_name("data");
    wait(call.enable_termination_protection(on).send()).expect("protected");
}

#[test]
fn killed_at_any_record_a_teardown_ends_the_same() {
    if !is_turn("a teardown that is killed", 1, 3) {
        return;
    }
    let project = Project::shipped();
    let before = everything(&project);
    project.run(&REDEPLOY).ended(0);
    project.run(&TEARDOWN).ended(0);
    let records = project.journal().len();
    for record in some_of("records of stack-teardown", (1..records).collect(), 1) {
        project.run(&REDEPLOY).ended(0);
        let at = record.to_string();
        let ran = project.run_with(&TEARDOWN, &[("RUNBOOK_KILL_AT_RECORD", &at)]);
        assert_eq!(ran.signal, Some(9), "record {record} of {records}: {}", ran.stderr);
        let resumed = project.run(&["resume"]);
        assert_eq!(resumed.code, Some(0), "killed at record {record}: {}", resumed.stderr);
        assert_empty_again(&project, &before, &format!("killed at record {record}"));
    }
}

#[test]
fn stack_teardown_outlives_the_loss_of_any_answer() {
    if is_turn("lost answers of stack-teardown", 2, 3) {
        crate::lost::outlives(&crate::matrix::TEARDOWN);
    }
}

#[test]
fn a_production_environment_refuses_a_teardown() {
    let project = Project::shipped_at("http://127.0.0.1:9");
    let text = std::fs::read_to_string(crate::env::root().join("runbook.yaml")).expect("a file");
    project.write("runbook.yaml", &text);
    let refused = ["run", "stack-teardown", "--env", "production"];
    project.run(&refused).ended(4).says("tagged `teardown`").says("production");
    // Not through another runbook either.
    let outer = "---\ntitle: Outer\nsummary: For the tests.\nowner: tests\n---\n\n# Outer\n\n```yaml step=inner\nuses: runbook/run\nwith: { runbook: stack-teardown }\n```\n";
    project.write("runbooks/outer.md", outer);
    project.run(&["run", "outer", "--env", "production"]).ended(4).says("tagged `teardown`");
}
