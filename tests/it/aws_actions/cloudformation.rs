//! The `cloudformation/` actions.

use super::bench::{Bench, Step};
use aws_sdk_cloudformation::types::ChangeSetType;
use runbook::actions::Certainty;
use runbook::actions::context::Stop;
use runbook::engine::outcome::Observation;
use serde_json::{Value, json};

const QUEUES: &str = r#"{
  "Parameters": { "Kind": { "Type": "String", "Default": "small" } },
  "Resources": {
    "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Fn::Sub": "q-${Kind}" } } }
  },
  "Outputs": { "Kind": { "Value": { "Ref": "Kind" } } }
}"#;

fn deploy<'a>(bench: &'a Bench, key: &str, template: &str, kind: Option<&str>) -> Step<'a> {
    let parameters = kind.map_or(json!({}), |kind| json!({ "Kind": kind }));
    let with = json!({ "stack": "corpus", "template_body": template, "parameters": parameters });
    bench.step("cloudformation/deploy", key, with)
}

fn cloudformation(bench: &Bench) -> aws_sdk_cloudformation::Client {
    aws_sdk_cloudformation::Client::new(&bench.sdk())
}

async fn status(bench: &Bench) -> Option<String> {
    let answer = cloudformation(bench).describe_stacks().stack_name("corpus").send().await.ok()?;
    let stack = answer.stacks?.into_iter().next()?;
    stack.stack_status.map(|status| status.as_str().to_owned())
}

async fn kind(bench: &Bench) -> Value {
    let with = json!({ "stack": "corpus" });
    let mut step = bench.step("cloudformation/outputs", "read", with);
    let outputs = step.run().await.expect("a stack");
    step.keeps_its_word(&outputs);
    outputs["outputs"]["Kind"].clone()
}

#[tokio::test]
async fn a_stack_is_created_updated_left_alone_and_taken_back_step_by_step() {
    let bench = Bench::new();
    let mut create = deploy(&bench, "create", QUEUES, None);
    assert_eq!(create.look().await, Observation::Absent);
    let outputs = create.run().await.expect("created");
    create.keeps_its_word(&outputs);
    assert_eq!(outputs["change"], json!("created"));
    assert_eq!(outputs["outputs"], json!({ "Kind": "small" }));
    assert!(bench.heard("AWS::SQS::Queue").await, "no progress was told");
    assert_eq!(create.in_place().await, outputs);
    assert_eq!(create.run_only().await.expect("again")["change"], json!("created"));

    let mut update = deploy(&bench, "update", QUEUES, Some("large"));
    assert_eq!(update.look().await, Observation::Absent);
    let outputs = update.run().await.expect("updated");
    assert_eq!(outputs["change"], json!("updated"));
    assert_eq!(kind(&bench).await, json!("large"));
    assert_eq!(update.in_place().await["outputs"], outputs["outputs"]);
    // A second attempt does not take its own work for the state to go back to.
    update.run().await.expect("again");

    let mut same = deploy(&bench, "same", QUEUES, Some("large"));
    assert_eq!(same.run().await.expect("nothing to do")["change"], json!("unchanged"));

    update.undo(Some(&outputs)).await.expect("back");
    assert_eq!(kind(&bench).await, json!("small"));
    update.undo(None).await.expect("harmless to repeat");
    create.undo(None).await.expect("gone");
    assert_eq!(status(&bench).await, None);
    create.undo(None).await.expect("harmless to repeat");
}

#[tokio::test]
async fn a_stack_in_review_and_one_that_was_never_created_do_not_stand_in_the_way() {
    let bench = Bench::new();
    cloudformation(&bench)
        .create_change_set()
        .stack_name("corpus")
        .change_set_name("theirs")
        .change_set_type(ChangeSetType::Create)
        .template_body(QUEUES)
        .send()
        .await
        .expect("a change set");
    let outputs = deploy(&bench, "review", QUEUES, None).run().await.expect("created");
    assert_eq!(outputs["change"], json!("created"));
    cloudformation(&bench).delete_stack().stack_name("corpus").send().await.expect("deleted");

    let broken = QUEUES.replace("AWS::SQS::Queue", "AWS::SQS::NoSuchThing");
    let mut step = deploy(&bench, "broken", &broken, None);
    let trouble = step.run().await.expect_err("broken");
    assert_ne!(trouble.certainty, Certainty::Unknown);
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = deploy(&bench, "mended", QUEUES, None).run().await.expect("created");
    assert_eq!(outputs["change"], json!("created"));
}

#[tokio::test]
async fn a_slow_stack_is_parked_and_joined_again() {
    let bench = Bench::new();
    let slow = r#"{ "Resources": {
      "Handle": { "Type": "AWS::CloudFormation::WaitConditionHandle" },
      "Wait": { "Type": "AWS::CloudFormation::WaitCondition",
                "Properties": { "Handle": { "Ref": "Handle" }, "Timeout": "3", "Count": 0 } } } }"#;
    let mut step = deploy(&bench, "slow", slow, None);
    step.cx.inputs.remove("parameters");
    step.prepare().await.expect("ready");
    let (run, park) = tokio::join!(step.run_only(), async {
        for _ in 0..400 {
            if status(&bench).await.as_deref() == Some("CREATE_IN_PROGRESS") {
                break;
            }
            tokio::task::yield_now().await;
        }
        bench.stop.send(Stop::Park)
    });
    park.expect("a listener");
    bench.stop.send(Stop::No).expect("a listener");
    if let Err(parked) = &run {
        assert_eq!(parked.certainty, Certainty::Parked, "{parked}");
    }
    match step.run_only().await {
        Ok(outputs) => assert_eq!(outputs["change"], json!("created")),
        Err(trouble) => assert_eq!(trouble.certainty, Certainty::Failed, "{trouble}"),
    }
    step.undo(None).await.expect("gone");
    assert_eq!(status(&bench).await, None);
}

#[tokio::test]
async fn a_protected_stack_and_a_full_bucket_are_deleted_only_when_told() {
    let bench = Bench::new();
    let name = format!("full-{}", bench.account);
    let template = json!({ "Resources": {
        "Data": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": name } },
        "Kept": { "Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain" },
    }});
    let with = json!({ "stack": "corpus", "template_body": template.to_string(), "termination_protection": true });
    let mut step = bench.step("cloudformation/deploy", "make", with);
    step.run().await.expect("created");
    assert!(matches!(step.look().await, Observation::InPlace(_)));
    bench
        .s3()
        .put_object()
        .bucket(&name)
        .key("a")
        .body(b"x".to_vec().into())
        .send()
        .await
        .expect("an object");

    let delete = |more: Value| {
        let mut with = json!({ "stack": "corpus" });
        with.as_object_mut()
            .expect("a mapping")
            .extend(more.as_object().cloned().expect("a mapping"));
        bench.step("cloudformation/delete", "delete", with)
    };
    let refused = delete(json!({})).run().await.expect_err("protected");
    assert_eq!(refused.certainty, Certainty::NothingHappened);
    let full =
        delete(json!({ "disable_termination_protection": true })).run().await.expect_err("full");
    assert_eq!(full.certainty, Certainty::Failed);
    assert!(full.message.contains("Data") && full.message.contains("not empty"), "{full}");
    let mut last = delete(json!({ "disable_termination_protection": true, "empty_buckets": true }));
    let outputs = last.run().await.expect("deleted");
    last.keeps_its_word(&outputs);
    assert_eq!(outputs["deleted"], json!(true));
    assert!(outputs["retained"].to_string().contains("Kept"), "{outputs:?}");
    assert_eq!(last.in_place().await["deleted"], json!(true));
    assert_eq!(last.run_only().await.expect("again")["deleted"], json!(true));
    let gone = bench.step("cloudformation/delete", "none", json!({ "stack": "none" })).run().await;
    assert_eq!(gone.expect("nothing to do")["deleted"], json!(false));
}
