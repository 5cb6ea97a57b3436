//! Logs, secrets and functions.

use super::bench::Bench;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use runbook::actions::Certainty;
use runbook::engine::outcome::Observation;
use serde_json::{Value, json};

#[tokio::test]
async fn a_log_group_comes_under_a_key_and_back() {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
    for name in ["/corpus/audit", "/corpus/audit/more"] {
        logs.create_log_group().log_group_name(name).send().await.expect("a group");
    }
    logs.put_retention_policy()
        .log_group_name("/corpus/audit")
        .retention_in_days(30)
        .send()
        .await
        .expect("kept");
    let key = async || {
        let groups =
            logs.describe_log_groups().send().await.expect("groups").log_groups.expect("groups");
        let mut groups = groups.into_iter();
        groups
            .find(|g| g.log_group_name.as_deref() == Some("/corpus/audit"))
            .expect("a group")
            .kms_key_id
    };
    let with = |key: &str| json!({ "log_group": "/corpus/audit", "key": key });
    let mut first = bench.step("logs/associate-key", "first", with(&old));
    let outputs = first.run().await.expect("under it");
    first.keeps_its_word(&outputs);
    assert_eq!(outputs["previous_key_arn"], Value::Null);
    assert_eq!(outputs["retention_days"], json!(30));
    let mut second = bench.step("logs/associate-key", "second", with(&new));
    assert_eq!(second.look().await, Observation::Absent);
    let outputs = second.run().await.expect("under the other");
    assert_eq!(outputs["previous_key_arn"], json!(old));
    assert_eq!(second.in_place().await, outputs);
    assert_eq!(second.run().await.expect("again"), outputs);
    assert!(bench.heard("for 30 days, its retention").await);
    second.undo(Some(&outputs)).await.expect("back");
    assert_eq!(key().await.as_deref(), Some(old.as_str()));
    first.undo(None).await.expect("under none");
    assert_eq!(key().await, None);

    bench.kms().disable_key().key_id(&new).send().await.expect("disabled");
    let refused =
        bench.step("logs/associate-key", "bad", with(&new)).run().await.expect_err("disabled");
    assert_eq!(refused.certainty, Certainty::NothingHappened);
    assert!(refused.hint.is_some_and(|hint| hint.contains("logs.eu-west-1.amazonaws.com")));
    let alias = bench.step("logs/associate-key", "alias", with("alias/x")).run().await;
    assert!(alias.expect_err("an alias").message.contains("full ARN"));
}

#[tokio::test]
async fn a_secret_comes_under_a_key_with_its_versions() {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    let secrets = aws_sdk_secretsmanager::Client::new(&bench.sdk());
    secrets
        .create_secret()
        .name("corpus/api")
        .kms_key_id(&old)
        .secret_string("one")
        .send()
        .await
        .expect("a secret");
    secrets
        .put_secret_value()
        .secret_id("corpus/api")
        .secret_string("two")
        .send()
        .await
        .expect("a version");
    let mut step =
        bench.step("secrets/reencrypt", "move", json!({ "secret": "corpus/api", "key": new }));
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("moved");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["previous_key"], json!(old));
    assert_eq!(outputs["unverified"], json!([]));
    let versions = outputs["versions"].as_array().expect("versions");
    assert_eq!(versions.len(), 2);
    assert!(versions.iter().all(|version| version["key"] == json!(new)), "{versions:?}");
    assert_eq!(step.in_place().await, outputs);
    assert_eq!(step.run().await.expect("again"), outputs);
    step.undo(Some(&outputs)).await.expect("back");
    let now = secrets.describe_secret().secret_id("corpus/api").send().await.expect("a secret");
    assert_eq!(now.kms_key_id.as_deref(), Some(old.as_str()));
    let value = secrets.get_secret_value().secret_id("corpus/api").send().await.expect("a value");
    assert_eq!(value.secret_string.as_deref(), Some("two"));
}

/// A zip archive with one stored file, which is all that a function needs.
pub(crate) fn archive(text: &str) -> Vec<u8> {
    let (name, data) = ("index.py".as_bytes(), text.as_bytes());
    let crc = data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    }) ^ u32::MAX;
    let size = u32::try_from(data.len()).expect("small").to_le_bytes();
    let common =
        [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc.to_le_bytes(), &size, &size, &[8, 0, 0, 0]]
            .concat();
    let local = [&b"PK\x03\x04"[..], &common, name, data].concat();
    let central = [&b"PK\x01\x02\x14\x00"[..], &common, &[0; 6], &[0; 4], &[0; 4], name].concat();
    let at = u32::try_from(local.len()).expect("small").to_le_bytes();
    let length = u32::try_from(central.len()).expect("small").to_le_bytes();
    let end = [&b"PK\x05\x06"[..], &[0, 0, 0, 0, 1, 0, 1, 0], &length, &at, &[0, 0]].concat();
    [local, central, end].concat()
}

pub(super) async fn function(bench: &Bench, text: &str) -> aws_sdk_lambda::Client {
    let lambda = aws_sdk_lambda::Client::new(&bench.sdk());
    let code = FunctionCode::builder().zip_file(Blob::new(archive(text))).build();
    lambda
        .create_function()
        .function_name("reader")
        .runtime(Runtime::Python312)
        .handler("index.handler")
        .role(format!("arn:aws:iam::{}:role/reader", bench.account))
        .code(code)
        .send()
        .await
        .expect("a function");
    lambda
}

#[tokio::test]
async fn a_functions_key_is_set_and_put_back() {
    let bench = Bench::new();
    let key = bench.key().await;
    let lambda = function(&bench, "def handler(event, context):\n    return event\n").await;
    let mut step = bench.step("lambda/set-key", "key", json!({ "function": "reader", "key": key }));
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("set");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["previous_key"], Value::Null);
    assert_eq!(step.in_place().await["function_arn"], outputs["function_arn"]);
    step.run().await.expect("again");
    step.undo(Some(&outputs)).await.expect("back");
    let now = lambda
        .get_function_configuration()
        .function_name("reader")
        .send()
        .await
        .expect("a function");
    assert_eq!(now.kms_key_arn.filter(|arn| !arn.is_empty()), None);
}

#[tokio::test]
async fn a_function_that_fails_fails_the_step() {
    let bench = Bench::new();
    function(&bench, "def handler(event, context):\n    if event.get('bad'):\n        raise ValueError('no')\n    return {'got': event}\n").await;
    let mut step =
        bench.step("lambda/invoke", "call", json!({ "function": "reader", "payload": { "a": 1 } }));
    let outputs = step.run().await.expect("an answer");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["result"], json!({ "got": { "a": 1 } }));
    let bad = json!({ "function": "reader", "payload": { "bad": true } });
    let trouble = bench.step("lambda/invoke", "call", bad).run().await.expect_err("it failed");
    assert_eq!(trouble.certainty, Certainty::Failed);
    assert!(trouble.message.contains("no"), "{trouble}");
}
