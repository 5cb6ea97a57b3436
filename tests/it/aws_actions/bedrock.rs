//! Models: what answers, and what could.

use super::bench::Bench;
use crate::cloud::{answer, plain};
use serde_json::{Value, json};

const MODEL: &str = "amazon.titan-text-express-v1";

#[tokio::test]
async fn a_model_that_answers_is_healthy() {
    let bench = Bench::new();
    let with = json!({ "model": MODEL, "calls": 3, "concurrency": 2, "max_tokens": 64 });
    let mut step = bench.step("bedrock/probe", "probe", with);
    let outputs = step.run().await.expect("it answers");
    step.keeps_its_word(&outputs);
    assert_eq!((&outputs["verdict"], &outputs["succeeded"]), (&json!("healthy"), &json!(3)));
    assert_eq!(outputs["request_ids"].as_array().map(Vec::len), Some(3));
    let with = json!({ "model": MODEL, "calls": 1, "accept": ["outage"] });
    let refused =
        bench.step("bedrock/probe", "other", with).run().await.expect_err("it is healthy");
    assert!(refused.message.contains("healthy: 0 of 1 calls failed"), "{refused}");
    assert!(refused.hint.is_some_and(|hint| hint.contains("The model answers")));
}

/// Nothing is ready in a Region where nobody has prepared anything, and each finding says why.
#[tokio::test]
async fn a_region_that_nobody_prepared_is_not_ready_and_says_what_is_missing() {
    let bench = Bench::new();
    let with = json!({ "model": MODEL, "log_group": "/corpus/inference", "quotas": ["L-1=5"] });
    let mut step = bench.step("bedrock/readiness", "ready", with);
    let outputs = step.run().await.expect("findings");
    step.keeps_its_word(&outputs);
    let states: Vec<String> =
        outputs["findings"].as_array().into_iter().flatten().map(state).collect();
    assert_eq!(
        states,
        ["access ok", "quotas unknown", "endpoint missing", "policy missing", "logging missing"]
    );
    assert_eq!((&outputs["ready"], &outputs["complete"]), (&json!(false), &json!(false)));
    let with = json!({ "model": MODEL, "require": ["access"] });
    let outputs = bench.step("bedrock/readiness", "some", with).run().await.expect("findings");
    assert_eq!(outputs["ready"], true);
    let with = json!({ "model": "eu.nobody.has-this-v1:0", "require": ["access"] });
    let outputs = bench.step("bedrock/readiness", "none", with).run().await.expect("findings");
    assert_eq!(outputs["ready"], false, "{outputs:?}");
}

fn state(finding: &Value) -> String {
    let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("check"), text("state"))
}

#[tokio::test]
async fn a_region_that_is_prepared_is_ready() {
    let bench = Bench::new();
    let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
    logs.create_log_group().log_group_name("/corpus/inference").send().await.expect("a group");
    let logging = json!({ "loggingConfig": { "cloudWatchConfig": {
        "logGroupName": "/corpus/inference", "roleArn": "arn:aws:iam::1:role/log" } } });
    let call = plain(&bench.account, "bedrock", "PUT", "/logging/modelinvocations");
    answer(call.body(logging.to_string())).await;
    let query = |text: &str| {
        plain(&bench.account, "ec2", "POST", "/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(text.to_owned())
    };
    let made = query("Action=CreateVpc&CidrBlock=10.0.0.0/16&Version=2016-11-15").send().await;
    let made = made.expect("an answer").text().await.expect("a network");
    let vpc = made.split("<vpcId>").nth(1).and_then(|rest| rest.split('<').next()).expect("an id");
    let service = "com.amazonaws.eu-west-1.bedrock-runtime";
    query(&format!("Action=CreateVpcEndpoint&VpcId={vpc}&ServiceName={service}&VpcEndpointType=Interface&Version=2016-11-15"))
        .send()
        .await
        .expect("an endpoint");
    let with = json!({ "model": MODEL, "vpc": vpc, "log_group": "/corpus/inference",
        "require": ["access", "endpoint", "policy", "logging"] });
    let outputs = bench.step("bedrock/readiness", "ready", with).run().await.expect("findings");
    assert_eq!(
        (&outputs["ready"], &outputs["complete"]),
        (&json!(true), &json!(true)),
        "{outputs:?}"
    );
}

/// The emulator's CloudTrail shows the marker, and no way through a private endpoint: so nothing is proven.
#[tokio::test]
async fn a_marker_that_did_not_come_through_our_endpoint_proves_nothing() {
    let bench = Bench::new();
    let with = json!({ "model": MODEL, "endpoint_id": "vpce-1", "wait_seconds": 1 });
    let mut step = bench.step("bedrock/private-path", "marker", with);
    let outputs = step.run().await.expect("it looks");
    step.keeps_its_word(&outputs);
    assert_ne!(outputs["proof"], "private", "{outputs:?}");
    assert!(outputs["request_id"].as_str().is_some_and(|id| !id.is_empty()));
}
