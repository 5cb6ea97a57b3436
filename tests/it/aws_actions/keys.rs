//! The `kms/` actions.

use super::bench::Bench;
use aws_sdk_kms::types::Tag;
use runbook::actions::Certainty;
use runbook::engine::outcome::Observation;
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_like_another_takes_over_what_matters() {
    let bench = Bench::new();
    let kms = bench.kms();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Root", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", bench.account) },
    }]});
    let tag = |key: &str, value: &str| {
        Tag::builder().tag_key(key).tag_value(value).build().expect("a tag")
    };
    let old = kms
        .create_key()
        .description("old")
        .policy(policy.to_string())
        .tags(tag("team", "search"))
        .tags(tag("runbook:run", "another"))
        .send()
        .await
        .expect("a key")
        .key_metadata
        .expect("a key");
    kms.enable_key_rotation().key_id(&old.key_id).send().await.expect("rotation");
    kms.create_alias()
        .alias_name("alias/corpus")
        .target_key_id(&old.key_id)
        .send()
        .await
        .expect("an alias");
    kms.create_grant()
        .key_id(&old.key_id)
        .grantee_principal(format!("arn:aws:iam::{}:role/reader", bench.account))
        .operations(aws_sdk_kms::types::GrantOperation::Decrypt)
        .send()
        .await
        .expect("a grant");

    let mut step = bench.step(
        "kms/create-key",
        "make[0]",
        json!({ "like": "alias/corpus", "tags": { "cost": "7" } }),
    );
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("a key");
    step.keeps_its_word(&outputs);
    let id = outputs["key_id"].as_str().expect("an id");
    assert_ne!(id, old.key_id);
    let tags = kms.list_resource_tags().key_id(id).send().await.expect("tags").tags.expect("tags");
    let has =
        |key: &str, value: &str| tags.iter().any(|t| t.tag_key == key && t.tag_value == value);
    assert!(has("team", "search") && has("cost", "7") && has("runbook:step", "make:0"), "{tags:?}");
    assert!(!has("runbook:run", "another"), "another run's mark was copied");
    let got =
        kms.get_key_policy().key_id(id).send().await.expect("a policy").policy.expect("a policy");
    assert_eq!(serde_json::from_str::<Value>(&got).expect("JSON"), policy);
    let rotation = kms.get_key_rotation_status().key_id(id).send().await.expect("a status");
    assert!(rotation.key_rotation_enabled);
    assert!(bench.heard("not copied: 1 grants").await);
}

#[tokio::test]
async fn a_crash_never_makes_a_second_key_and_the_first_is_finished() {
    let bench = Bench::new();
    let kms = bench.kms();
    let mut step = bench.step("kms/create-key", "make", json!({ "rotation": true }));
    let first = step.run().await.expect("a key");
    let id = first["key_id"].as_str().expect("an id").to_owned();
    assert_eq!(step.in_place().await, first);
    assert_eq!(step.run_only().await.expect("the same key"), first);

    // As if the crash had come before rotation was turned on.
    kms.disable_key_rotation().key_id(&id).send().await.expect("off");
    assert_eq!(step.look().await, Observation::Absent);
    assert_eq!(step.run_only().await.expect("finished"), first);
    assert!(
        kms.get_key_rotation_status()
            .key_id(&id)
            .send()
            .await
            .expect("a status")
            .key_rotation_enabled
    );
    let keys = kms.list_keys().send().await.expect("keys").keys.expect("keys");
    assert_eq!(keys.len(), 1);

    kms.create_alias()
        .alias_name("alias/in-use")
        .target_key_id(&id)
        .send()
        .await
        .expect("an alias");
    let trouble = step.undo(Some(&first)).await.expect_err("an alias points at it");
    assert!(trouble.message.contains("alias/in-use"), "{trouble}");
    kms.delete_alias().alias_name("alias/in-use").send().await.expect("gone");
    step.undo(Some(&first)).await.expect("taken back");
    let key =
        kms.describe_key().key_id(&id).send().await.expect("a key").key_metadata.expect("a key");
    assert_eq!(key.key_state.expect("a state").as_str(), "PendingDeletion");
    step.undo(None).await.expect("harmless to repeat");
}

#[tokio::test]
async fn an_alias_moves_and_moves_back() {
    let bench = Bench::new();
    let kms = bench.kms();
    let (old, new) = (bench.key().await, bench.key().await);
    let old_id = old.rsplit('/').next().expect("an id").to_owned();
    let points_at = async |alias: &str| {
        let key = kms.describe_key().key_id(alias).send().await.ok()?;
        key.key_metadata.and_then(|key| key.arn)
    };
    kms.create_alias()
        .alias_name("alias/corpus")
        .target_key_id(&old)
        .send()
        .await
        .expect("an alias");
    let with = json!({ "alias": "alias/corpus", "key": new });
    let mut step = bench.step("kms/set-alias", "move", with);
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("moved");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["previous_key_id"], json!(old_id));
    assert_eq!(points_at("alias/corpus").await.as_deref(), Some(new.as_str()));
    // After a crash the outputs are the same, and a second attempt does not take its own work for the past.
    assert_eq!(step.in_place().await, outputs);
    assert_eq!(step.run().await.expect("again"), outputs);
    step.undo(Some(&outputs)).await.expect("moved back");
    assert_eq!(points_at("alias/corpus").await.as_deref(), Some(old.as_str()));
    step.undo(None).await.expect("harmless to repeat");

    let mut fresh =
        bench.step("kms/set-alias", "fresh", json!({ "alias": "alias/fresh", "key": new }));
    let outputs = fresh.run().await.expect("made");
    assert_eq!(outputs["previous_key_id"], Value::Null);
    fresh.undo(Some(&outputs)).await.expect("deleted");
    assert_eq!(points_at("alias/fresh").await, None);
    fresh.undo(None).await.expect("harmless to repeat");
    let bad =
        bench.step("kms/set-alias", "bad", json!({ "alias": "corpus", "key": new })).run().await;
    assert_eq!(bad.expect_err("no alias").certainty, Certainty::NothingHappened);
}

#[tokio::test]
async fn a_key_is_disabled_enabled_and_put_back_as_it_was() {
    let bench = Bench::new();
    let key = bench.key().await;
    let with = json!({ "key": key });
    let state = async || {
        let outputs =
            bench.step("kms/describe-key", "look", with.clone()).run().await.expect("a key");
        outputs["state"].as_str().expect("a state").to_owned()
    };
    let mut disable = bench.step("kms/disable-key", "off", with.clone());
    assert_eq!(disable.look().await, Observation::Absent);
    let outputs = disable.run().await.expect("disabled");
    disable.keeps_its_word(&outputs);
    assert_eq!(outputs["was"], json!("Enabled"));
    assert_eq!(disable.in_place().await["was"], json!("Enabled"));
    assert_eq!(state().await, "Disabled");

    let mut enable = bench.step("kms/enable-key", "on", with.clone());
    let outputs = enable.run().await.expect("enabled");
    assert_eq!(outputs["was"], json!("Disabled"));
    enable.undo(Some(&outputs)).await.expect("disabled again");
    assert_eq!(state().await, "Disabled");
    disable.undo(None).await.expect("enabled again");
    assert_eq!(state().await, "Enabled");
}

#[tokio::test]
async fn a_deletion_is_scheduled_and_cancelled_and_the_key_is_as_before() {
    let bench = Bench::new();
    let key = bench.key().await;
    let mut step = bench.step("kms/schedule-deletion", "bin", json!({ "key": key, "days": 7 }));
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("scheduled");
    step.keeps_its_word(&outputs);
    assert!(outputs["deletion_date"].is_string());
    assert_eq!(step.in_place().await, outputs);
    assert_eq!(step.run_only().await.expect("again"), outputs);
    step.undo(Some(&outputs)).await.expect("cancelled");
    step.undo(None).await.expect("harmless to repeat");
    let mut look = bench.step("kms/describe-key", "look", json!({ "key": key }));
    let found = look.run().await.expect("a key");
    look.keeps_its_word(&found);
    assert_eq!(found["state"], json!("Enabled"));

    let short =
        bench.step("kms/schedule-deletion", "short", json!({ "key": key, "days": 6 })).run().await;
    assert_eq!(short.expect_err("six days").certainty, Certainty::NothingHappened);
}

#[tokio::test]
async fn the_last_use_of_a_key_is_read() {
    let bench = Bench::new();
    let key = bench.key().await;
    let mut step = bench.step("kms/key-usage", "use", json!({ "key": key }));
    let outputs = step.run().await.expect("an answer");
    step.keeps_its_word(&outputs);
}
