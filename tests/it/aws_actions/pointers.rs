//! Parameters that others read.

use super::bench::Bench;
use crate::cloud::{answer, plain, set_parameter};
use runbook::actions::Certainty;
use runbook::engine::outcome::Observation;
use serde_json::{Value, json};

const NAME: &str = "/corpus/bedrock/region";

fn with(value: &str) -> Value {
    json!({ "name": NAME, "value": value })
}

#[tokio::test]
async fn a_pointer_moves_and_its_previous_value_is_known() {
    let bench = Bench::new();
    set_parameter(&bench.account, NAME, "eu-west-1").await;
    let mut step = bench.step("ssm/set-parameter", "move", with("eu-central-1"));
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("moved");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["previous_value"], "eu-west-1");
    assert_eq!(step.in_place().await, outputs);
    // A second attempt remembers what was there before the first.
    assert_eq!(step.run().await.expect("again"), outputs);
}

#[tokio::test]
async fn what_somebody_else_has_set_since_is_left_alone() {
    let bench = Bench::new();
    set_parameter(&bench.account, NAME, "eu-west-1").await;
    let mut step = bench.step("ssm/set-parameter", "move", with("eu-central-1"));
    step.run().await.expect("moved");
    set_parameter(&bench.account, NAME, "eu-north-1").await;
    let trouble = step.undo(None).await.expect_err("it is not ours any more");
    assert!(trouble.message.contains("eu-north-1"), "{trouble}");
    assert_eq!(trouble.certainty, Certainty::NothingHappened);
    set_parameter(&bench.account, NAME, "eu-central-1").await;
    step.undo(None).await.expect("now it is");
}

#[tokio::test]
async fn a_secret_parameter_is_refused_before_anything_happens() {
    let bench = Bench::new();
    let body = json!({ "Name": NAME, "Value": "hunter2", "Type": "SecureString" });
    let call = plain(&bench.account, "ssm", "POST", "/");
    answer(call.header("x-amz-target", "AmazonSSM.PutParameter").body(body.to_string())).await;
    let mut step = bench.step("ssm/set-parameter", "move", with("eu-central-1"));
    let trouble = step.run().await.expect_err("its previous value would be kept");
    assert!(trouble.message.contains("SecureString"), "{trouble}");
    assert_eq!(trouble.certainty, Certainty::NothingHappened);
    assert_eq!(step.cx.memo, Value::Null);
}
