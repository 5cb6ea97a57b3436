//! The shipped runbooks about trust, secrets, keys and logs: each a row of the matrices, and each from its
//! start to health in a sandbox that was just filled.

use crate::cloud::{config, wait};
use crate::env::Project;
use crate::inventory::inventory;
use crate::lost::{changes_nothing, outlives};
use crate::matrix::{Row, assert_as_before, deployed, matrix, try_rows};
use crate::sample::is_turn;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use serde_json::Value;

const LOOK: Row = Row {
    runbook: "trust-chain",
    given: deployed,
    new_keys: "none",
    healthy: true,
    leaves: false,
    skipped: &[],
};

pub(crate) const TRUST: Row = LOOK;

pub(crate) const RESIDENCY: Row = Row { runbook: "residency", ..LOOK };

pub(crate) const REVOKE: Row = Row { runbook: "kms-revoke", ..LOOK };

pub(crate) const ROTATE: Row = Row {
    runbook: "secret-rotate",
    given: generated,
    leaves: true,
    // The token is not asked for here, since nobody is there to enter one.
    skipped: &["issue"],
    ..LOOK
};

pub(crate) const FORGET: Row =
    Row { runbook: "secret-revoke", given: rotated, leaves: true, ..LOOK };

pub(crate) const SECRETS: Row =
    Row { runbook: "lambda-secrets", given: planted, leaves: true, ..LOOK };

// The log begins without its key, which is no healthy state.
pub(crate) const INFERENCES: Row =
    Row { runbook: "inference-logs", given: flagged, healthy: false, leaves: true, ..LOOK };

pub(crate) const REKEY: Row = Row {
    runbook: "kms-replace-index",
    given: indexed,
    // A key is never deleted as a side effect.
    new_keys: "Enabled",
    leaves: true,
    ..LOOK
};

/// Every row of this file.
pub(crate) const ROWS: [Row; 8] =
    [TRUST, RESIDENCY, REVOKE, ROTATE, FORGET, SECRETS, INFERENCES, REKEY];

/// An index with something in it.
fn indexed(project: &Project) -> Vec<String> {
    deployed(project);
    project.write("runbooks/fill.md", FILL);
    project.run(&["run", "fill", "--env", "sandbox"]).ended(0);
    Vec::new()
}

const FILL: &str = r#"---
title: Fill the index
summary: For the tests.
owner: tests
account: workload
---

# Fill

## Do

### Where

```yaml step=where
uses: aws/call
with: { service: ssm, operation: get-parameter, input: { Name: /corpus/index/endpoint } }
```

### It

```yaml step=it
uses: opensearch/request
irreversible: a test
with:
  endpoint: "{{ steps.where.Parameter.Value }}"
  role: "arn:aws:iam::{{ accounts.workload.id }}:role/corpus-indexer"
  method: POST
  path: "/passages/_bulk"
  body: |
    {"index":{"_id":"1"}}
    {"text":"one"}
    {"index":{"_id":"2"}}
    {"text":"two"}
```
"#;

/// A log of inferences that has lost its key and keeps them too briefly, with one that was flagged.
fn flagged(project: &Project) -> Vec<String> {
    deployed(project);
    wait(log_inferences(&project.accounts.workload));
    Vec::new()
}

async fn log_inferences(account: &str) {
    const GROUP: &str = "/corpus/inference";
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config(account));
    logs.disassociate_kms_key().log_group_name(GROUP).send().await.expect("no key");
    let kept = logs.put_retention_policy().log_group_name(GROUP).retention_in_days(7);
    kept.send().await.expect("kept");
    let stream = "aws/bedrock/modelinvocations";
    let made = logs.create_log_stream().log_group_name(GROUP).log_stream_name(stream);
    made.send().await.expect("a stream");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let now = i64::try_from(now.as_millis()).expect("a number") - 60_000;
    let event = |message: &str| {
        let event = aws_sdk_cloudwatchlogs::types::InputLogEvent::builder().timestamp(now);
        event.message(message).build().expect("an event")
    };
    let put = logs.put_log_events().log_group_name(GROUP).log_stream_name(stream);
    put.log_events(event(r#"{"output":{"outputBodyJson":{"stopReason":"end_turn"}}}"#))
        .log_events(event(FLAGGED))
        .send()
        .await
        .expect("events");
}

/// What somebody asked. It must not be seen here.
const ASKED: &str = "how-do-i-open-that-lock";

/// What a flagged inference looks like: a guardrail has stepped in.
const FLAGGED: &str = r#"{"input":"how-do-i-open-that-lock","output":{"outputBodyJson":{"stopReason":"guardrail_intervened","amazon-bedrock-guardrailAction":"INTERVENED"}}}"#;

fn generated(project: &Project) -> Vec<String> {
    deployed(project);
    vec!["-p".to_owned(), "source=generated".to_owned()]
}

fn rotated(project: &Project) -> Vec<String> {
    deployed(project);
    rotate(project)
}

/// Leaves an old token owed, and says what its revocation is to be run with.
fn rotate(project: &Project) -> Vec<String> {
    project.run(&["run", "secret-rotate", "--env", "sandbox", "-p", "source=generated"]).ended(0);
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    let owed: Value = serde_json::from_str(&owed).expect("JSON");
    let settle = owed[0]["settle"].as_str().expect("a command that settles it");
    let version = settle.split_whitespace().find(|word| word.starts_with("version="));
    vec!["-p".to_owned(), version.expect("the obligation names a version").to_owned()]
}

/// What a function that has a plain secret holds. It must not be seen anywhere.
const PLAIN: &str = "hunter2-and-a-little-more";

/// Code that takes the secret, and falls back to the variable.
const READS_BOTH: &str = r#"import os

import botocore.session


def handler(event, context):
    secret = os.environ.get("API_TOKEN_SECRET")
    if secret:
        reader = botocore.session.get_session().create_client("secretsmanager", region_name=os.environ["AWS_REGION"])
        token = reader.get_secret_value(SecretId=secret)["SecretString"]
    else:
        token = os.environ.get("API_TOKEN", "")
    return {"healthy": token.startswith("hunter2")}
"#;

/// A function with a plain secret, a version of it, and an alias that its callers use.
fn planted(project: &Project) -> Vec<String> {
    deployed(project);
    legacy(project)
}

fn legacy(project: &Project) -> Vec<String> {
    wait(plant(&project.accounts.data));
    ["function=corpus-legacy", "variable=API_TOKEN", "secret=corpus/legacy-token", "alias=live"]
        .iter()
        .flat_map(|one| ["-p".to_owned(), (*one).to_owned()])
        .collect()
}

async fn plant(account: &str) {
    let lambda = aws_sdk_lambda::Client::new(&config(account));
    let code = crate::aws_actions::archive(READS_BOTH);
    let code =
        FunctionCode::builder().zip_file(aws_sdk_lambda::primitives::Blob::new(code)).build();
    let variables = [("API_TOKEN".to_owned(), PLAIN.to_owned())].into_iter().collect();
    lambda
        .create_function()
        .function_name("corpus-legacy")
        .runtime(Runtime::Python312)
        .handler("index.handler")
        .role(format!("arn:aws:iam::{account}:role/corpus-ingest"))
        .code(code)
        .environment(Environment::builder().set_variables(Some(variables)).build())
        .send()
        .await
        .expect("a function");
    let version =
        lambda.publish_version().function_name("corpus-legacy").send().await.expect("one");
    let alias = lambda.create_alias().function_name("corpus-legacy").name("live");
    let alias = alias.function_version(version.version.expect("a number"));
    alias.send().await.expect("an alias");
    // Somebody has worked on it since, so that the version before is another one than the callers use.
    let variables = [("API_TOKEN", PLAIN), ("LOG_LEVEL", "debug")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = Environment::builder().set_variables(Some(variables.into_iter().collect()));
    let update = lambda.update_function_configuration().function_name("corpus-legacy");
    update.environment(environment.build()).send().await.expect("another variable");
}

/// One sandbox that was just filled, and every runbook of this file from its start to health.
#[test]
fn each_runs_from_a_fresh_sandbox_to_health() {
    let project = crate::main_job::seeded();
    let before = inventory(&project);
    for name in ["trust-chain", "residency", "lambda-secrets", "kms-revoke"] {
        project.run(&["run", name, "--env", "sandbox"]).ended(0).says("health is reached");
        assert_as_before(&LOOK, &before, &inventory(&project), name);
    }
    the_graph_is_in_the_journal(&project);
    a_token_is_rotated_and_revoked(&project);
    a_plain_secret_moves(&project);
    flagged_inferences_are_copied(&project);
    project
        .run(&["run", "kms-replace-index", "--env", "sandbox"])
        .ended(0)
        .says("health is reached");
    a_stranger_stops_the_chain(&project);
}

/// What the site draws.
fn the_graph_is_in_the_journal(project: &Project) {
    project.run(&["run", "trust-chain", "--env", "sandbox"]).ended(0);
    let events = project.journal().into_iter().map(|mut record| record["event"].take());
    let graph = events
        .filter(|event| event["event"] == "step_succeeded" && event["step"] == "graph")
        .find_map(|event| event.get("outputs").cloned())
        .expect("the outputs of step graph");
    let reader = format!("arn:aws:iam::{}:role/corpus-reader", project.accounts.data);
    let answers = format!("arn:aws:iam::{}:role/corpus-answers", project.accounts.workload);
    let edges = graph["edges"].as_array().expect("edges");
    let crosses = edges.iter().find(|edge| edge["from"] == *answers && edge["to"] == *reader);
    assert_eq!(crosses.expect("the way across")["permitted"], true);
    let nodes = graph["nodes"].as_array().expect("nodes");
    assert!(nodes.iter().filter(|node| node["owner"] == "stack data").count() >= 2, "{graph:#}");
}

fn a_token_is_rotated_and_revoked(project: &Project) {
    let given = rotate(project);
    let mut arguments = vec!["run", "secret-revoke", "--env", "sandbox"];
    arguments.extend(given.iter().map(String::as_str));
    project.run(&arguments).ended(0);
    let owed = project.run(&["obligations", "--json"]).ended(0).stdout;
    assert_eq!(owed.trim(), "[]", "the rotation is settled");
}

/// It is found, moved while the function goes on working, and to be seen nowhere.
fn a_plain_secret_moves(project: &Project) {
    let given = legacy(project);
    project.run(&["run", "lambda-secrets", "--env", "sandbox"]).ended(1).says("API_TOKEN");
    let mut arguments = vec!["run", "lambda-secrets", "--env", "sandbox"];
    arguments.extend(given.iter().map(String::as_str));
    let ran = project.run(&arguments).ended(0);
    assert!(!ran.stdout.contains(PLAIN) && !ran.stderr.contains(PLAIN));
    assert_is_nowhere(project, PLAIN);
    let owed = project.run(&["obligations"]).ended(0).says("corpus/legacy-token");
    owed.says("runbook run secret-rotate");
}

/// They lie in the store, and nothing of them lies here.
fn flagged_inferences_are_copied(project: &Project) {
    let copy = |flagged: &str, copies: usize| {
        project.run(&["run", "inference-logs", "--env", "sandbox"]).ended(0).says(flagged);
        let all = wait(crate::inventory::of_account(&project.accounts.platform));
        let stored: Vec<_> = all.iter().filter(|(name, _)| name.contains("/inferences/")).collect();
        assert_eq!(stored.len(), copies, "{stored:?}");
    };
    copy("0 flagged inferences", 0);
    wait(log_inferences(&project.accounts.workload));
    copy("1 flagged inferences", 1);
    let all = wait(crate::inventory::of_account(&project.accounts.workload));
    let group = &all[&format!("log group {} /corpus/inference", project.accounts.workload)];
    assert!(group.starts_with("30 days under arn:"), "{group}");
    assert_is_nowhere(project, ASKED);
}

fn a_stranger_stops_the_chain(project: &Project) {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999998:root"},"Action":"sts:AssumeRole"}]}"#;
    let text = format!(
        "---\ntitle: Let a stranger in\nsummary: For the tests.\nowner: tests\naccount: data\n---\n\n# Let\n\n## Do\n\n### It\n\n```yaml step=it\nuses: aws/call\nirreversible: a test\nwith:\n  service: iam\n  operation: update-assume-role-policy\n  input: {{ RoleName: corpus-reader, PolicyDocument: '{policy}' }}\n```\n"
    );
    project.write("runbooks/let.md", &text);
    project.run(&["run", "let", "--env", "sandbox"]).ended(0);
    project
        .run(&["run", "trust-chain", "--env", "sandbox"])
        .ended(1)
        .says("account:999999999998")
        .says("it is not as stack data says");
    let allowed = ["run", "trust-chain", "--env", "sandbox", "-p", "expected=account:999999999998"];
    project.run(&allowed).ended(0);
}

/// Neither in a journal nor in a log nor in any other file of a run.
fn assert_is_nowhere(project: &Project, words: &str) {
    for entry in walk(&project.path().join(".runbook")) {
        let bytes = std::fs::read(&entry).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(words), "{words} is in {}", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let inside = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => walk(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    };
    entries.flat_map(inside).collect()
}

/// In a plain test run one row is taken back or loses an answer, by chance. `rehearse_shipped.rs` kills them.
#[test]
fn each_is_taken_back_from_every_step() {
    if is_turn("rows to take back", 0, 2) {
        try_rows("rows to take back", &ROWS, matrix);
    }
}

/// Those that only look make no changing call whose answer could be lost.
#[test]
fn each_outlives_the_loss_of_any_answer() {
    if is_turn("lost answers of the rows", 1, 2) {
        try_rows("rows whose answers are lost", &ROWS, |row| {
            if matches!(row.runbook, "trust-chain" | "residency") {
                changes_nothing(row);
            } else {
                outlives(row);
            }
        });
    }
}

/// The call succeeds, and the group goes on keeping events as a policy of the account says. The emulator
/// has no such policies, so a server of the test's own answers.
#[test]
fn a_retention_that_a_policy_of_the_account_overrides_fails_and_names_the_policy() {
    const BOOK: &str = "---\ntitle: Keep\nsummary: For the tests.\nowner: tests\naccount: data\n---\n\n# Keep\n\n## Do\n\n### It\n\n```yaml step=it\nuses: logs/set-retention\nwith: { log_group: /g, days: 30 }\n```\n";
    let project = Project::local(&[("keep", BOOK)]);
    let endpoint = crate::fake_aws::start(&project.accounts.data, |request| {
        let text = match request.operation.as_str() {
            "DescribeLogGroups" => r#"{"logGroups":[{"logGroupName":"/g","retentionInDays":7}]}"#,
            "DescribeAccountPolicies" => {
                r#"{"accountPolicies":[{"policyName":"a-week","policyDocument":"{\"RetentionInDays\":7}"}]}"#
            }
            _ => "{}",
        };
        (200, text.to_owned())
    });
    let text = project.read("runbook.yaml").replace("http://127.0.0.1:9", &endpoint);
    project.write("runbook.yaml", &text.replace("    seed: [account-redeploy]\n", ""));
    project
        .run(&["run", "keep", "--env", "sandbox"])
        .ended(1)
        .says("reads back as 7 days")
        .says("`a-week`")
        .says("It had begun: its effect may be there in part");
}
