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

const BUCKETS: &str = r#"{
  "Parameters": { "Kind": { "Type": "String", "Default": "small" } },
  "Conditions": { "Keeps": { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "Kind" }, "none"] }] } },
  "Resources": {
    "Queue": { "Type": "AWS::SQS::Queue" },
    "Corpus": { "Type": "AWS::S3::Bucket", "Condition": "Keeps", "Properties": {
      "BucketName": { "Fn::Sub": "corpus-${AWS::AccountId}-${Kind}" }
    } }
  }
}"#;

async fn buckets(bench: &Bench) -> Vec<String> {
    let all = aws_sdk_s3::Client::new(&bench.sdk()).list_buckets().send().await.expect("a list");
    let names = all.buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name);
    names.filter(|name| name.starts_with("corpus-")).collect()
}

async fn change_sets(bench: &Bench) -> usize {
    let all = cloudformation(bench).list_change_sets().stack_name("corpus").send().await;
    let all = all.expect("a list").summaries.unwrap_or_default();
    let open = all.iter().filter(|set| {
        set.execution_status.as_ref().is_some_and(|status| status.as_str() == "AVAILABLE")
    });
    open.count()
}

#[tokio::test]
async fn what_holds_data_is_neither_deleted_nor_replaced_unless_it_is_named() {
    let bench = Bench::new();
    deploy(&bench, "create", BUCKETS, None).run().await.expect("created");
    let before = buckets(&bench).await;
    assert_eq!(before.len(), 1);
    for (kind, words) in [("none", "would be deleted"), ("large", "would be replaced")] {
        let trouble = deploy(&bench, kind, BUCKETS, Some(kind)).run().await.expect_err("refused");
        assert_eq!(trouble.certainty, Certainty::NothingHappened, "{trouble}");
        assert!(trouble.message.contains("Corpus (AWS::S3::Bucket)"), "{trouble}");
        assert!(trouble.message.contains(words), "{trouble}");
        assert_eq!((buckets(&bench).await, change_sets(&bench).await), (before.clone(), 0));
        let plan = deploy(&bench, kind, BUCKETS, Some(kind)).preview().await.expect("a plan");
        assert!(plan.notes.iter().any(|note| note.contains("may_lose")), "{plan:?}");
    }
    let with = json!({
        "stack": "corpus", "template_body": BUCKETS, "parameters": { "Kind": "none" }, "may_lose": ["Corpus"],
    });
    let mut named = bench.step("cloudformation/deploy", "named", with);
    named.run().await.expect("it may go");
    assert_eq!(buckets(&bench).await, Vec::<String>::new());
    // What a step has made goes when the step is taken back.
    let mut again = deploy(&bench, "again", BUCKETS, None);
    again.run().await.expect("it comes back");
    again.undo(None).await.expect("it goes again");
    assert_eq!(buckets(&bench).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_template_is_read_from_the_folder_of_the_runbooks_only() {
    let bench = Bench::new();
    std::fs::create_dir(bench.templates.path().join("stacks")).expect("a folder");
    std::fs::write(bench.templates.path().join("stacks/queues.json"), QUEUES).expect("a template");
    let with = |path: &str| json!({ "stack": "corpus", "template": path });
    bench
        .step("cloudformation/deploy", "file", with("stacks/queues.json"))
        .run()
        .await
        .expect("created");
    let out = bench.step("cloudformation/deploy", "out", with("../queues.json")).run().await;
    assert_eq!(out.expect_err("outside").certainty, Certainty::NothingHappened);
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
                "Properties": { "Handle": { "Ref": "Handle" }, "Timeout": "3", "Count": 1 } } } }"#;
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
    assert_eq!(run.expect_err("parked").certainty, Certainty::Parked);
    // Nobody signals, so what was joined fails, for a reason from before it was joined.
    let trouble = step.run_only().await.expect_err("nobody signals");
    assert!(trouble.message.contains("ROLLBACK_COMPLETE: Wait ("), "{trouble}");
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

#[tokio::test]
async fn a_kept_parameter_stays_and_a_new_stack_takes_its_default() {
    let bench = Bench::new();
    let with = json!({ "stack": "corpus", "template_body": QUEUES, "keep": ["Kind"] });
    let mut new = bench.step("cloudformation/deploy", "new", with.clone());
    new.run().await.expect("created");
    assert_eq!(kind(&bench).await, json!("small"));
    deploy(&bench, "large", QUEUES, Some("large")).run().await.expect("updated");
    let mut kept = bench.step("cloudformation/deploy", "kept", with);
    assert!(matches!(kept.look().await, Observation::InPlace(_)), "it would change something");
    assert_eq!(kept.run().await.expect("nothing to do")["change"], json!("unchanged"));
    assert_eq!(kind(&bench).await, json!("large"));
}

#[tokio::test]
async fn a_resource_that_cannot_be_deleted_is_left_only_when_told_and_then_listed() {
    let bench = Bench::new();
    let name = format!("stuck-{}", bench.account);
    let template = json!({ "Resources": {
        "Data": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": name } },
        "Queue": { "Type": "AWS::SQS::Queue" },
    }});
    let with = json!({ "stack": "corpus", "template_body": template.to_string() });
    bench.step("cloudformation/deploy", "make", with).run().await.expect("created");
    let put = bench.s3().put_object().bucket(&name).key("a").body(b"x".to_vec().into());
    put.send().await.expect("an object");
    let with = |more: bool| json!({ "stack": "corpus", "retain_failed": more });
    let full = bench.step("cloudformation/delete", "no", with(false)).run().await;
    assert_eq!(full.expect_err("full").certainty, Certainty::Failed);
    assert_eq!(status(&bench).await.as_deref(), Some("DELETE_FAILED"));
    let mut step = bench.step("cloudformation/delete", "yes", with(true));
    let outputs = step.run().await.expect("deleted");
    step.keeps_its_word(&outputs);
    assert!(outputs["retained"].to_string().contains("Data"), "{outputs:?}");
    assert_eq!(status(&bench).await, None);
    bench.s3().head_bucket().bucket(&name).send().await.expect("the bucket is still there");
    assert!(bench.heard("without Data").await, "it was not said");
}

#[tokio::test]
async fn an_inventory_knows_the_order_what_stays_what_costs_and_whose_name_is_taken() {
    let bench = Bench::new();
    let make = async |stack: &str, template: Value| {
        let with = json!({ "stack": stack, "template_body": template.to_string() });
        bench.step("cloudformation/deploy", stack, with).run().await.expect("created");
    };
    let bucket = format!("corpus-{}", bench.account);
    make("base", json!({
        "Resources": {
            "Key": { "Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": { "Description": "kept" } },
            "Bucket": { "Type": "AWS::S3::Bucket", "Properties": { "BucketName": bucket } },
        },
        "Outputs": { "Name": { "Value": { "Ref": "Bucket" }, "Export": { "Name": "base-bucket" } } },
    }))
    .await;
    let imports = json!({ "Resources": { "Queue": { "Type": "AWS::SQS::Queue",
        "Properties": { "QueueName": { "Fn::ImportValue": "base-bucket" } } } } });
    make("above", imports).await;
    let look = async |with: Value| {
        let mut step = bench.step("account/inventory", "look", with);
        let outputs = step.run().await.expect("an inventory");
        step.keeps_its_word(&outputs);
        outputs
    };
    let all = look(json!({ "name": "corpus" })).await;
    assert_eq!(all["stacks"], json!(["above", "base"]));
    assert_eq!(all["blocked"], json!([]));
    assert_eq!(all["keys"].as_array().map(Vec::len), Some(1));
    assert!(all["retained"].to_string().contains("base: Key (AWS::KMS::Key"), "{all:?}");
    assert_eq!(all["buckets"], json!([format!("{bucket}: 0 object versions")]));
    assert_eq!((&all["left"], &all["taken"]), (&json!([]), &json!([])));

    let one = look(json!({ "stacks": ["base"] })).await;
    assert_eq!(one["blocked"], json!(["above imports from base, and is to stay"]));
    assert_eq!(one["others"], json!(["above"]));

    let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
    logs.create_log_group().log_group_name("/corpus/old").send().await.expect("a group");
    let loose = bench.key().await;
    bench
        .step("cloudformation/delete", "a", json!({ "stack": "above" }))
        .run()
        .await
        .expect("gone");
    bench.step("cloudformation/delete", "b", json!({ "stack": "base" })).run().await.expect("gone");
    let after = look(json!({ "name": "corpus" })).await;
    let left = after["left"].to_string();
    let key = all["keys"][0].as_str().expect("an ARN");
    assert!(left.contains(key) && left.contains(&loose) && left.contains("/corpus/old"), "{left}");
    assert_eq!(after["taken"], json!(["log group /corpus/old"]));
    bench.kms().schedule_key_deletion().key_id(key).send().await.expect("scheduled");
    let left = look(json!({})).await["left"].to_string();
    assert!(!left.contains(key), "a key that waits for its deletion costs nothing: {left}");
}
