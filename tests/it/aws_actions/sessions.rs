//! Who we are, and what an unreachable or refusing service means.

use super::bench::Bench;
use runbook::actions::Certainty;
use runbook::actions::context::Accounts;
use runbook::model::project::Access;
use serde_json::json;

#[tokio::test]
async fn a_role_is_assumed_from_the_operators_own_credentials() {
    let bench = Bench::with(Access::Role("runbook-operator".to_owned()));
    let caller = bench.sessions.caller(&bench.target).await.expect("a caller");
    assert_eq!(caller.account, bench.account);
    assert!(caller.arn.contains("runbook-operator"), "{}", caller.arn);
    let operator = bench.sessions.operator_caller().await.expect("an operator");
    assert_ne!(operator.account, bench.account);
    let child = bench.sessions.child_environment(&bench.target).await.expect("variables");
    assert!(child.iter().any(|(name, _)| name == "AWS_SESSION_TOKEN"));
}

#[tokio::test]
async fn an_identity_is_read() {
    let bench = Bench::new();
    let mut step = bench.step("aws/identity", "who", json!({}));
    let outputs = step.run().await.expect("an identity");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["account"], json!(bench.account));
}

#[tokio::test]
async fn any_call_goes_through_the_cli_and_its_errors_are_understood() {
    let bench = Bench::new();
    let make = json!({ "service": "dynamodb", "operation": "create-table", "input": {
        "TableName": "orders",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    }});
    let outputs = bench.step("aws/call", "make", make).run().await.expect("a table");
    assert_eq!(outputs["TableDescription"]["TableName"], json!("orders"));

    let look = json!({ "service": "dynamodb", "operation": "describe-table", "input": { "TableName": "none" } });
    let trouble = bench.step("aws/call", "look", look).run().await.expect_err("no such table");
    assert_eq!(trouble.certainty, Certainty::NothingHappened);
    assert!(trouble.message.contains("ResourceNotFoundException"), "{trouble}");
}

#[tokio::test]
async fn a_refusal_names_the_call_the_key_the_account_and_the_region() {
    let bench = Bench::new();
    let with = json!({ "key": "alias/none" });
    let trouble = bench.step("kms/describe-key", "look", with).run().await.expect_err("no alias");
    let place = format!(
        "kms:DescribeKey on alias/none in account {} (data), eu-west-1: NotFoundException",
        bench.account
    );
    assert!(trouble.message.starts_with(&place), "{trouble}");
}
