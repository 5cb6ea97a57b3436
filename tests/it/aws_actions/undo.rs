//! Every AWS action that takes itself back: one table, and everything in the account as it was.

use super::bench::{Bench, Step};
use super::data::function;
use super::objects::{bucket, put};
use super::trust::with_variables;
use crate::cloud::set_parameter;
use crate::inventory::{Inventory, difference, new_keys, of_account};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One action, in one situation.
struct Row {
    action: &'static str,
    /// Brings the account to where the step begins, and gives the step's inputs.
    given: for<'a> fn(&'a Bench) -> LocalBoxFuture<'a, Value>,
}

const ROWS: [Row; 21] = [
    Row { action: "cloudformation/deploy", given: |_| Box::pin(async { stack("small") }) },
    Row {
        action: "cloudformation/deploy",
        given: |bench| {
            Box::pin(async {
                bench
                    .step("cloudformation/deploy", "before", stack("small"))
                    .run()
                    .await
                    .expect("it");
                stack("large")
            })
        },
    },
    Row { action: "kms/create-key", given: |_| Box::pin(async { json!({ "rotation": true }) }) },
    Row {
        action: "kms/create-key",
        given: |bench| Box::pin(async { json!({ "like": bench.key().await }) }),
    },
    Row {
        action: "kms/set-alias",
        given: |bench| Box::pin(async { json!({ "alias": "alias/a", "key": bench.key().await }) }),
    },
    Row {
        action: "kms/set-alias",
        given: |bench| {
            Box::pin(async {
                alias(bench, &bench.key().await).await;
                json!({ "alias": "alias/a", "key": bench.key().await })
            })
        },
    },
    Row {
        action: "kms/disable-key",
        given: |bench| Box::pin(async { json!({ "key": bench.key().await }) }),
    },
    Row {
        action: "kms/enable-key",
        given: |bench| {
            Box::pin(async {
                let key = bench.key().await;
                bench.kms().disable_key().key_id(&key).send().await.expect("disabled");
                json!({ "key": key })
            })
        },
    },
    Row {
        action: "kms/schedule-deletion",
        given: |bench| Box::pin(async { json!({ "key": bench.key().await, "days": 7 }) }),
    },
    Row {
        action: "lambda/set-key",
        given: |bench| {
            Box::pin(async {
                function(bench, "def handler(event, context):\n    return event\n").await;
                json!({ "function": "reader", "key": bench.key().await })
            })
        },
    },
    Row {
        action: "logs/associate-key",
        given: |bench| {
            Box::pin(async {
                let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
                let old = bench.key().await;
                let group = logs.create_log_group().log_group_name("/g").kms_key_id(old);
                group.send().await.expect("a group");
                json!({ "log_group": "/g", "key": bench.key().await })
            })
        },
    },
    Row {
        action: "logs/set-retention",
        given: |bench| {
            Box::pin(async {
                let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
                logs.create_log_group().log_group_name("/g").send().await.expect("a group");
                let kept = logs.put_retention_policy().log_group_name("/g").retention_in_days(7);
                kept.send().await.expect("kept");
                json!({ "log_group": "/g", "days": 30 })
            })
        },
    },
    Row {
        action: "opensearch/scale-domain",
        given: |bench| {
            Box::pin(async {
                super::opensearch::domain(bench, "index", "OpenSearch_2.19").await;
                json!({ "domain": "index", "instance_count": 3, "volume_size": 40 })
            })
        },
    },
    Row {
        action: "lambda/set-variables",
        given: |bench| {
            Box::pin(async {
                let lambda = with_variables(bench, &[("API_TOKEN", "hunter2"), ("B", "b")]).await;
                lambda.publish_version().function_name("reader").send().await.expect("a version");
                json!({ "function": "reader", "set": { "C": "c" }, "drop": ["API_TOKEN"], "kept_in": "1" })
            })
        },
    },
    Row {
        action: "secrets/from-variable",
        given: |bench| {
            Box::pin(async {
                with_variables(bench, &[("API_TOKEN", "hunter2")]).await;
                json!({ "function": "reader", "variable": "API_TOKEN", "secret": "corpus/api" })
            })
        },
    },
    Row {
        action: "secrets/from-variable",
        given: |bench| {
            Box::pin(async {
                with_variables(bench, &[("API_TOKEN", "hunter2")]).await;
                let key = bench.key().await;
                json!({ "function": "reader", "variable": "API_TOKEN", "secret": "corpus/api", "key": key })
            })
        },
    },
    Row {
        action: "ssm/set-parameter",
        given: |_| Box::pin(async { json!({ "name": "/corpus/new", "value": "eu-central-1" }) }),
    },
    Row {
        action: "ssm/set-parameter",
        given: |bench| {
            Box::pin(async {
                set_parameter(&bench.account, "/corpus/region", "eu-west-1").await;
                json!({ "name": "/corpus/region", "value": "eu-central-1" })
            })
        },
    },
    Row {
        action: "s3/copy",
        given: |bench| Box::pin(async { super::copies::source_and_target(bench).await }),
    },
    Row {
        action: "s3/reencrypt",
        given: |bench| {
            Box::pin(async {
                let (old, new) = (bench.key().await, bench.key().await);
                let bucket = bucket(bench, &old).await;
                for key in ["a", "a", "b c"] {
                    put(bench, &bucket, key, None).await;
                }
                put(bench, &bucket, "theirs", Some(&new)).await;
                json!({ "bucket": bucket, "from_key": old, "to_key": new })
            })
        },
    },
    Row {
        action: "secrets/reencrypt",
        given: |bench| {
            Box::pin(async {
                let secrets = aws_sdk_secretsmanager::Client::new(&bench.sdk());
                let made = secrets.create_secret().name("s").kms_key_id(bench.key().await);
                made.secret_string("one").send().await.expect("a secret");
                let next = secrets.put_secret_value().secret_id("s").secret_string("two");
                next.send().await.expect("a version");
                json!({ "secret": "s", "key": bench.key().await })
            })
        },
    },
];

fn stack(kind: &str) -> Value {
    let template = r#"{ "Parameters": { "Kind": { "Type": "String" } }, "Resources": {
        "Log": { "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": { "Fn::Sub": "/${Kind}" } } } } }"#;
    // A log with another name is another log.
    json!({
        "stack": "corpus", "template_body": template, "parameters": { "Kind": kind }, "may_lose": ["Log"],
    })
}

async fn alias(bench: &Bench, key: &str) {
    let made = bench.kms().create_alias().alias_name("alias/a").target_key_id(key).send().await;
    made.expect("an alias");
}

/// A new action that takes itself back must be shown to do so.
#[test]
fn every_action_that_takes_itself_back_is_in_the_table() {
    let catalog = runbook::actions::catalog::catalog();
    let with_undo = catalog.iter().filter(|action| action.needs_account && action.undo.is_some());
    let wanted: BTreeSet<&str> = with_undo.map(|action| action.name).collect();
    let shown: BTreeSet<&str> = ROWS.iter().map(|row| row.action).collect();
    assert_eq!(wanted, shown);
}

/// How far a step has come when it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Its start is durable, and it has not acted.
    Start,
    /// It has acted, and nobody knows what it gave.
    Effect,
    /// It has acted, and what it gave is known.
    End,
}

#[tokio::test]
async fn every_undo_brings_back_the_state_before_and_is_harmless_to_repeat() {
    for (place, row) in (0..).zip(ROWS) {
        for (number, until) in (0..).zip([Until::Start, Until::Effect, Until::End]) {
            // Each row begins elsewhere, so that a plain test run tries every way.
            if crate::sample::is_turn(row.action, (place + number) % 3, 3) {
                taken_back(&row, until).await;
            }
        }
    }
}

async fn taken_back(row: &Row, until: Until) {
    let bench = Bench::new();
    let given = (row.given)(&bench).await;
    let before = of_account(&bench.account).await;
    let what = format!("{} {given} until {until:?}", row.action);
    let mut step: Step<'_> = bench.step(row.action, "it", given);
    step.prepare().await.unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
    let mut outputs = None;
    if until != Until::Start {
        let gave = step.run_only().await.unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
        let changed = difference(&before, &of_account(&bench.account).await);
        assert!(!changed.is_empty(), "{what}: it has changed nothing, so this proves nothing");
        outputs = Some(gave).filter(|_| until == Until::End);
    }
    for time in ["once", "again"] {
        let undone = step.undo(outputs.as_ref()).await;
        undone.unwrap_or_else(|trouble| panic!("{what}, {time}: {trouble}"));
        assert_as_before(&before, of_account(&bench.account).await, &format!("{what}, {time}"));
    }
}

/// A key cannot be unmade at once. It waits for its deletion.
fn assert_as_before(before: &Inventory, mut after: Inventory, what: &str) {
    for (key, state) in new_keys(before, &after) {
        assert!(state.starts_with("PendingDeletion"), "{what}: {key} is {state}");
        after.remove(&key);
    }
    let difference = difference(before, &after);
    assert!(difference.is_empty(), "{what}: not as before:\n{}", difference.join("\n"));
}

/// Steps that begin, and are then refused.
const REFUSED: [Row; 4] = [
    Row {
        action: "kms/enable-key",
        given: |bench| Box::pin(async { json!({ "key": dying(bench).await }) }),
    },
    Row {
        action: "kms/disable-key",
        given: |bench| Box::pin(async { json!({ "key": dying(bench).await }) }),
    },
    Row {
        action: "logs/associate-key",
        given: |bench| {
            Box::pin(async {
                let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
                logs.create_log_group().log_group_name("/g").send().await.expect("a group");
                json!({ "log_group": "/g", "key": dying(bench).await })
            })
        },
    },
    Row {
        action: "cloudformation/deploy",
        given: |_| {
            Box::pin(async {
                let template = r#"{ "Resources": { "No": { "Type": "AWS::SQS::NoSuchThing" } } }"#;
                json!({ "stack": "corpus", "template_body": template })
            })
        },
    },
];

/// A key that waits for its deletion.
async fn dying(bench: &Bench) -> String {
    let key = bench.key().await;
    bench.kms().schedule_key_deletion().key_id(&key).send().await.expect("scheduled");
    key
}

#[tokio::test]
async fn what_was_refused_can_be_taken_back_too() {
    for row in REFUSED {
        let bench = Bench::new();
        let given = (row.given)(&bench).await;
        let before = of_account(&bench.account).await;
        let what = format!("{} {given}", row.action);
        let mut step = bench.step(row.action, "it", given);
        step.prepare().await.unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
        assert!(step.run_only().await.is_err(), "{what}: it was not refused");
        step.undo(None).await.unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
        assert_as_before(&before, of_account(&bench.account).await, &what);
    }
}
