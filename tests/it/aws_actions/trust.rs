//! Who may become whom, plain secrets, retention and residency.

use super::bench::{Bench, Step};
use super::data::function;
use runbook::actions::Certainty;
use runbook::engine::outcome::Observation;
use runbook::model::value::Values;
use serde_json::{Value, json};

/// Any call, through the action that makes any call.
async fn call(bench: &Bench, service: &str, operation: &str, input: Value) -> Values {
    let with = json!({ "service": service, "operation": operation, "input": input });
    let done = bench.step("aws/call", operation, with).run().await;
    done.unwrap_or_else(|trouble| panic!("{service} {operation}: {trouble}"))
}

fn trust(principal: Value, condition: Value) -> String {
    let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

async fn role(bench: &Bench, name: &str, principal: Value, condition: Value) {
    let document = trust(principal, condition);
    let with = json!({ "RoleName": name, "AssumeRolePolicyDocument": document });
    call(bench, "iam", "create-role", with).await;
}

fn found<'a>(outputs: &'a Values, kind: &str) -> Vec<(&'a str, bool)> {
    let all = outputs["findings"].as_array().expect("findings").iter();
    let is_it = |one: &&Value| one["kind"] == kind;
    let about =
        |one: &'a Value| one["about"].as_str().expect("an ARN").rsplit('/').next().expect("a name");
    all.filter(is_it).map(|one| (about(one), one["unexpected"] == true)).collect()
}

#[tokio::test]
async fn strangers_keys_drift_and_the_way_from_role_to_role_are_found() {
    let bench = Bench::new();
    let account = &bench.account;
    let arn = |name: &str| format!("arn:aws:iam::{account}:role/{name}");
    let root = json!({ "AWS": format!("arn:aws:iam::{account}:root") });
    let service = json!({ "Service": "lambda.amazonaws.com" });
    role(&bench, "answers", service, json!({})).await;
    // Trusted as one of the account, if it is that role.
    let only = json!({ "ArnEquals": { "aws:PrincipalArn": arn("answers") } });
    role(&bench, "reader", root.clone(), only).await;
    let nobody = json!({ "ArnEquals": { "aws:PrincipalArn": arn("nobody") } });
    role(&bench, "haunted", root, nobody).await;
    role(&bench, "stranger", json!({ "AWS": "999999999998" }), json!({})).await;
    role(&bench, "partner", json!({ "AWS": "arn:aws:iam::999999999997:role/us" }), json!({})).await;
    role(&bench, "open", json!({ "AWS": "*" }), json!({})).await;
    let may = json!({ "Statement": [{ "Effect": "Allow", "Action": "sts:*", "Resource": arn("reader") }] });
    let policy =
        json!({ "RoleName": "answers", "PolicyName": "p", "PolicyDocument": may.to_string() });
    call(&bench, "iam", "put-role-policy", policy).await;
    call(&bench, "iam", "create-user", json!({ "UserName": "ann" })).await;
    call(&bench, "iam", "create-access-key", json!({ "UserName": "ann" })).await;

    let with = json!({ "expected": ["arn:aws:iam::999999999997:role/*"] });
    let mut step = bench.step("iam/trust-graph", "look", with);
    let outputs = step.run().await.expect("a graph");
    step.keeps_its_word(&outputs);
    assert_eq!(found(&outputs, "outside"), [("partner", false), ("stranger", true)]);
    assert_eq!(found(&outputs, "anyone"), [("open", true)]);
    assert_eq!(found(&outputs, "ghost"), [("haunted", false)]);
    assert_eq!(found(&outputs, "long-lived-key"), [("ann", false)]);
    assert_eq!(outputs["unexpected"], json!(2));
    assert_eq!(outputs["long_lived_keys"], json!(1));
    assert!(found(&outputs, "unmanaged").contains(&("reader", false)));
    let edge = |from: &str, to: &str| {
        let all = outputs["edges"].as_array().expect("edges");
        all.iter().find(|edge| edge["from"] == *from && edge["to"] == *to).cloned()
    };
    let way = edge(&arn("answers"), &arn("reader")).expect("a way");
    assert_eq!(way["permitted"], true, "{way}");
    assert!(edge("service:lambda.amazonaws.com", &arn("answers")).is_some());
    assert!(bench.heard("unexpected: ").await);
}

#[tokio::test]
async fn a_role_that_is_not_as_its_stack_says_is_drift_and_one_that_is_has_an_owner() {
    let bench = Bench::new();
    let template = json!({ "Resources": { "Reader": { "Type": "AWS::IAM::Role", "Properties": {
        "RoleName": "reader",
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }] } } } } });
    let with = json!({ "stack": "corpus", "template_body": template.to_string(), "capabilities": ["CAPABILITY_NAMED_IAM"] });
    bench.step("cloudformation/deploy", "deploy", with).run().await.expect("a stack");
    let mut look = bench.step("iam/trust-graph", "look", json!({}));
    let outputs = look.run().await.expect("a graph");
    assert_eq!(outputs["drift"], json!(0), "{outputs:?}");
    assert_eq!(found(&outputs, "unmanaged"), []);
    let nodes = outputs["nodes"].as_array().expect("nodes");
    let reader = nodes.iter().find(|node| node["name"] == "reader").expect("a node");
    assert_eq!(reader["owner"], "stack corpus");

    let other = trust(json!({ "Service": "ec2.amazonaws.com" }), json!({}));
    let change = json!({ "RoleName": "reader", "PolicyDocument": other });
    call(&bench, "iam", "update-assume-role-policy", change).await;
    let outputs = look.run().await.expect("a graph");
    assert_eq!(found(&outputs, "drift"), [("reader", false)]);
    assert!(bench.heard("AssumeRolePolicyDocument").await);
}

/// Two accounts: neither of them alone can tell.
#[tokio::test]
async fn graphs_of_two_accounts_together_tell_who_may_cross() {
    let (ours, theirs) = (Bench::new(), Bench::new());
    let caller = format!("arn:aws:iam::{}:role/answers", theirs.account);
    role(&ours, "reader", json!({ "AWS": caller.clone() }), json!({})).await;
    role(&theirs, "answers", json!({ "Service": "lambda.amazonaws.com" }), json!({})).await;
    let there = theirs.step("iam/trust-graph", "there", json!({})).run().await.expect("a graph");
    let joined = async |there: &Values| {
        let one = json!({ "nodes": there["nodes"], "edges": there["edges"] });
        let with = json!({ "join": [one], "expected": [caller.clone()] });
        let outputs = ours.step("iam/trust-graph", "here", with).run().await.expect("a graph");
        let edges = outputs["edges"].as_array().expect("edges");
        edges.iter().find(|edge| edge["from"] == *caller).expect("an edge")["permitted"].clone()
    };
    assert_eq!(joined(&there).await, false, "its own account does not let it");
    let target = format!("arn:aws:iam::{}:role/reader", ours.account);
    let may = json!({ "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": target } });
    let policy =
        json!({ "RoleName": "answers", "PolicyName": "p", "PolicyDocument": may.to_string() });
    call(&theirs, "iam", "put-role-policy", policy).await;
    let there = theirs.step("iam/trust-graph", "there", json!({})).run().await.expect("a graph");
    assert_eq!(joined(&there).await, true);
    let bad = ours.step("iam/trust-graph", "bad", json!({ "join": ["no graph"] })).run().await;
    assert!(bad.expect_err("no graph").message.contains("join"));
}

const PLAIN: &str = "hunter2-and-nothing-else";

pub(super) async fn with_variables(
    bench: &Bench,
    variables: &[(&str, &str)],
) -> aws_sdk_lambda::Client {
    let lambda = function(bench, "def handler(event, context):\n    return {}\n").await;
    let all = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let all = aws_sdk_lambda::types::Environment::builder().set_variables(Some(all.collect()));
    let call = lambda.update_function_configuration().function_name("reader");
    call.environment(all.build()).send().await.expect("variables");
    lambda
}

#[tokio::test]
async fn plain_secrets_are_named_and_their_values_are_nowhere() {
    let bench = Bench::new();
    let variables =
        [("API_TOKEN", PLAIN), ("LEVEL", "debug-all"), ("SOURCE_TOKEN", "corpus/source-token")];
    let lambda = with_variables(&bench, &variables).await;
    lambda.publish_version().function_name("reader").send().await.expect("a version");
    let mut step = bench.step("lambda/secrets-scan", "scan", json!({}));
    let outputs = step.run().await.expect("a scan");
    step.keeps_its_word(&outputs);
    let findings = outputs["findings"].as_array().expect("findings");
    let named: Vec<_> = findings.iter().map(|one| (&one["variable"], &one["version"])).collect();
    assert_eq!(named.len(), 2, "{findings:?}");
    assert!(named.iter().all(|(variable, _)| *variable == "API_TOKEN"), "{findings:?}");
    assert!(named.iter().any(|(_, version)| *version == "1"), "published versions keep it too");
    assert!(bench.heard("API_TOKEN").await);
    assert!(!bench.heard(PLAIN).await && !format!("{outputs:?}").contains(PLAIN));
    let ignored = json!({ "ignore": ["reader:API_TOKEN"] });
    let outputs = bench.step("lambda/secrets-scan", "less", ignored).run().await.expect("a scan");
    assert_eq!(outputs["total"], json!(0));
    let lost =
        bench.step("lambda/secrets-scan", "lost", json!({ "functions": ["none"] })).run().await;
    assert!(lost.expect_err("no function").message.contains("there is no function none"));
}

#[tokio::test]
async fn a_variable_becomes_a_secret_and_is_dropped_only_when_a_version_keeps_it() {
    let bench = Bench::new();
    let lambda = with_variables(&bench, &[("API_TOKEN", PLAIN), ("LEVEL", "debug")]).await;
    let with = json!({ "function": "reader", "variable": "API_TOKEN", "secret": "corpus/api" });
    let mut make = bench.step("secrets/from-variable", "make", with.clone());
    assert_eq!(make.look().await, Observation::Absent);
    let outputs = make.run().await.expect("a secret");
    make.keeps_its_word(&outputs);
    assert_eq!(make.in_place().await, outputs);
    assert_eq!(make.run_only().await.expect("again"), outputs);
    let secrets = aws_sdk_secretsmanager::Client::new(&bench.sdk());
    let held = secrets.get_secret_value().secret_id("corpus/api").send().await.expect("a value");
    assert_eq!(held.secret_string.as_deref(), Some(PLAIN));
    secrets
        .put_secret_value()
        .secret_id("corpus/api")
        .secret_string("other")
        .send()
        .await
        .expect("it");
    let other =
        bench.step("secrets/from-variable", "other", with).run().await.expect_err("it is taken");
    assert_eq!(other.certainty, Certainty::NothingHappened);
    assert!(other.message.contains("with another value"), "{other}");

    let unkept = json!({ "function": "reader", "drop": ["API_TOKEN"] });
    let refused =
        bench.step("lambda/set-variables", "unkept", unkept).run().await.expect_err("not kept");
    assert!(refused.hint.is_some_and(|hint| hint.contains("kept_in")));
    let version = lambda.publish_version().function_name("reader").send().await.expect("a version");
    let version = version.version.expect("a number");
    let with = json!({ "function": "reader", "set": { "API_TOKEN_SECRET": outputs["secret_arn"] }, "drop": ["API_TOKEN"], "kept_in": version });
    let mut step = bench.step("lambda/set-variables", "drop", with);
    let outputs = step.run().await.expect("dropped");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["variables"], json!(["API_TOKEN_SECRET", "LEVEL"]));
    assert!(!format!("{:?} {outputs:?}", step.cx.memo).contains(PLAIN));
    step.undo(Some(&outputs)).await.expect("back");
    let now = lambda.get_function_configuration().function_name("reader").send().await.expect("it");
    let now = now.environment.and_then(|all| all.variables).expect("variables");
    assert_eq!(now.get("API_TOKEN").map(String::as_str), Some(PLAIN));
    assert_eq!(now.len(), 2, "{now:?}");
    let over = json!({ "function": "reader", "set": { "LEVEL": "info" } });
    let over =
        bench.step("lambda/set-variables", "over", over).run().await.expect_err("it has a value");
    assert!(over.message.contains("with another value"), "{over}");
}

#[tokio::test]
async fn a_retention_is_set_read_back_and_brought_back() {
    let bench = Bench::new();
    let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
    logs.create_log_group().log_group_name("/g").send().await.expect("a group");
    let with = |days: i64| json!({ "log_group": "/g", "days": days });
    let mut step = bench.step("logs/set-retention", "set", with(30));
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("set");
    step.keeps_its_word(&outputs);
    assert_eq!((&outputs["retention_days"], &outputs["previous_days"]), (&json!(30), &Value::Null));
    assert_eq!(step.in_place().await, outputs);
    let mut ever: Step<'_> = bench.step("logs/set-retention", "ever", with(0));
    assert_eq!(ever.run().await.expect("for ever")["retention_days"], Value::Null);
    ever.undo(None).await.expect("30 days");
    assert_eq!(step.in_place().await["retention_days"], json!(30));
    step.undo(None).await.expect("for ever");
    assert_eq!(step.look().await, Observation::Absent);
    let odd =
        bench.step("logs/set-retention", "odd", with(31)).run().await.expect_err("no such number");
    assert_eq!(odd.certainty, Certainty::NothingHappened);
    assert!(odd.hint.is_some_and(|hint| hint.contains("30, 60")));
}

#[tokio::test]
async fn a_key_that_another_region_may_use_is_a_violation() {
    let bench = Bench::new();
    let root = json!({ "AWS": format!("arn:aws:iam::{}:root", bench.account) });
    let through = |region: &str| json!({ "StringEquals": { "kms:ViaService": format!("s3.{region}.amazonaws.com") } });
    let policy = |region: &str| {
        let statement = json!({ "Sid": "Readers", "Effect": "Allow", "Principal": root, "Action": "kms:Decrypt",
            "Resource": "*", "Condition": through(region) });
        let admin = json!({ "Sid": "Admin", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*" });
        json!({ "Version": "2012-10-17", "Statement": [admin, statement] }).to_string()
    };
    let key = bench.kms().create_key().policy(policy("eu-west-1")).send().await.expect("a key");
    let key = key.key_metadata.expect("a key").key_id;
    let mut step = bench.step("residency/read", "read", json!({ "regions": ["eu-west-1"] }));
    let outputs = step.run().await.expect("a reading");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["total"], json!(0), "{outputs:?}");
    assert_eq!(outputs["keys"][0]["regions_in_policy"], json!(["eu-west-1"]));
    assert_eq!(outputs["unpinned"][0]["statement"], "Admin");
    let put = bench.kms().put_key_policy().key_id(&key).policy(policy("us-east-1"));
    put.send().await.expect("a policy");
    let outputs = step.run().await.expect("a reading");
    assert_eq!(outputs["violations"][0]["region"], "us-east-1", "{outputs:?}");
    let elsewhere = json!({ "regions": ["eu-central-1"] });
    let outputs = bench.step("residency/read", "other", elsewhere).run().await.expect("a reading");
    assert_eq!(
        outputs["total"],
        json!(2),
        "the key itself, and what its policy names: {outputs:?}"
    );
}
