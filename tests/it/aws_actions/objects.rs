//! The `s3/` actions, and `kms/key-users`.

use super::bench::{Bench, REGION};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule, VersioningConfiguration,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use runbook::actions::Certainty;
use runbook::actions::context::Stop;
use runbook::engine::outcome::Observation;
use serde_json::{Value, json};

pub(super) async fn create(bench: &Bench, bucket: &str) {
    let here = BucketLocationConstraint::from(REGION);
    let here = CreateBucketConfiguration::builder().location_constraint(here).build();
    let call = bench.s3().create_bucket().bucket(bucket).create_bucket_configuration(here);
    call.send().await.expect("a bucket");
}

/// A bucket with versions whose default is that key.
pub(super) async fn bucket(bench: &Bench, key: &str) -> String {
    let name = format!("b-{}-{}", bench.account, rand::random::<u32>());
    let s3 = bench.s3();
    create(bench, &name).await;
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning()
        .bucket(&name)
        .versioning_configuration(on)
        .send()
        .await
        .expect("versions");
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id(key)
        .build()
        .expect("a default");
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(true)
        .build();
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("rules");
    let call = s3.put_bucket_encryption().bucket(&name);
    call.server_side_encryption_configuration(rules).send().await.expect("a default");
    name
}

pub(super) async fn put(bench: &Bench, bucket: &str, key: &str, under: Option<&str>) {
    let body = ByteStream::from(key.as_bytes().to_vec());
    let call = bench.s3().put_object().bucket(bucket).key(key).body(body);
    let call = match under {
        Some(arn) => call.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(arn),
        None => call,
    };
    call.send().await.expect("an object");
}

/// The keys of every version, sorted.
async fn keys(bench: &Bench, bucket: &str) -> Vec<String> {
    let s3 = bench.s3();
    let page = s3.list_object_versions().bucket(bucket).send().await.expect("versions");
    let mut keys = Vec::new();
    for version in page.versions.unwrap_or_default() {
        let head = s3
            .head_object()
            .bucket(bucket)
            .key(version.key.expect("a key"))
            .set_version_id(version.version_id)
            .send()
            .await
            .expect("a head");
        keys.push(head.ssekms_key_id.unwrap_or_default());
    }
    keys.sort();
    keys
}

async fn default_key(bench: &Bench, bucket: &str) -> Option<String> {
    let answer = bench.s3().get_bucket_encryption().bucket(bucket).send().await.expect("a default");
    let rule = answer.server_side_encryption_configuration?.rules.into_iter().next()?;
    assert_eq!(rule.bucket_key_enabled, Some(true));
    rule.apply_server_side_encryption_by_default?.kms_master_key_id
}

#[tokio::test]
async fn every_version_moves_and_exactly_those_move_back() {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    let bucket = bucket(&bench, &old).await;
    for n in 0..5 {
        put(&bench, &bucket, &format!("o{n}"), None).await;
    }
    put(&bench, &bucket, "o0", None).await;
    put(&bench, &bucket, "theirs", Some(&new)).await;
    bench.s3().delete_object().bucket(&bucket).key("o1").send().await.expect("a delete marker");

    let with = json!({ "bucket": bucket, "from_key": old, "to_key": new });
    let mut step = bench.step("s3/reencrypt", "move", with);
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("moved");
    step.keeps_its_word(&outputs);
    assert_eq!(
        outputs,
        json!({ "reencrypted": 6, "already": 1, "skipped": [], "remaining": 0, "versions": 7 })
            .as_object()
            .cloned()
            .expect("a mapping")
    );
    assert_eq!(keys(&bench, &bucket).await, vec![new.clone(); 7]);
    assert_eq!(default_key(&bench, &bucket).await.as_deref(), Some(new.as_str()));
    assert_eq!(step.in_place().await, outputs);
    assert_eq!(step.run_only().await.expect("again"), outputs);

    put(&bench, &bucket, "later", None).await;
    step.undo(Some(&outputs)).await.expect("moved back");
    assert_eq!(default_key(&bench, &bucket).await.as_deref(), Some(old.as_str()));
    let now = keys(&bench, &bucket).await;
    assert_eq!(now.iter().filter(|key| **key == old).count(), 6);
    assert_eq!(now.iter().filter(|key| **key == new).count(), 2, "what others wrote was touched");
    step.undo(None).await.expect("harmless to repeat");
}

#[tokio::test]
async fn a_parked_move_goes_on_and_forgets_nothing() {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    let bucket = bucket(&bench, &old).await;
    for n in 0..8 {
        put(&bench, &bucket, &format!("o{n}"), None).await;
    }
    let with = json!({ "bucket": bucket, "from_key": old, "to_key": new, "concurrency": 1 });
    let mut step = bench.step("s3/reencrypt", "move", with);
    step.prepare().await.expect("ready");
    bench.stop.send(Stop::Park).expect("a listener");
    assert_eq!(step.run_only().await.expect_err("parked").certainty, Certainty::Parked);
    bench.stop.send(Stop::No).expect("a listener");
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run_only().await.expect("moved");
    assert_eq!(outputs["reencrypted"], json!(8));
    step.undo(Some(&outputs)).await.expect("moved back");
    assert_eq!(keys(&bench, &bucket).await, vec![old; 8]);
}

#[tokio::test]
async fn a_move_that_is_stopped_on_the_way_is_whole_in_the_end() {
    // With `--full`, more objects than one page of a listing holds: that takes a minute.
    let full = std::env::var_os("RUNBOOK_TEST_FULL").is_some();
    move_and_stop_on_the_way(if full { 1_040 } else { 80 }).await;
}

async fn move_and_stop_on_the_way(objects: usize) {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    let bucket = bucket(&bench, &old).await;
    let s3 = bench.s3();
    let puts = (0..objects).map(|n| {
        s3.put_object().bucket(&bucket).key(format!("o{n:05}")).body(b"x".to_vec().into()).send()
    });
    let puts: Vec<_> = puts.collect();
    stream::iter(puts).buffer_unordered(32).try_for_each(async |_| Ok(())).await.expect("objects");
    let is_moved = async |n: usize| {
        let head = s3.head_object().bucket(&bucket).key(format!("o{n:05}")).send().await;
        head.expect("a head").ssekms_key_id.as_deref() == Some(new.as_str())
    };

    let with = json!({ "bucket": bucket, "from_key": old, "to_key": new });
    let mut step = bench.step("s3/reencrypt", "move", with);
    step.prepare().await.expect("ready");
    let (stopped, ()) = tokio::join!(step.run_only(), async {
        while !is_moved(10).await {}
        bench.stop.send(Stop::Park).expect("a listener");
    });
    assert_eq!(stopped.expect_err("parked").certainty, Certainty::Parked);
    assert!(!is_moved(objects - 1).await, "it was too quick to be stopped on the way");
    bench.stop.send(Stop::No).expect("a listener");
    let outputs = step.run_only().await.expect("moved");
    assert_eq!(outputs["reencrypted"], json!(objects));
    assert_eq!(outputs["versions"], json!(objects));
    assert!(is_moved(objects - 1).await);
    step.undo(Some(&outputs)).await.expect("moved back");
    assert!(!is_moved(0).await && !is_moved(objects - 1).await);
}

#[tokio::test]
async fn a_bucket_without_versions_and_only_a_prefix() {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    let bucket = format!("plain-{}", bench.account);
    create(&bench, &bucket).await;
    put(&bench, &bucket, "in/a b+c", Some(&old)).await;
    put(&bench, &bucket, "out/x", Some(&old)).await;
    put(&bench, &bucket, "in/plain", None).await;
    let with = json!({ "bucket": bucket, "prefix": "in/", "from_key": old, "to_key": new });
    let outputs = bench.step("s3/reencrypt", "move", with).run().await.expect("moved");
    assert_eq!(outputs["reencrypted"], json!(1));
    assert_eq!(outputs["versions"], json!(2));
    let mut expected = vec![String::new(), old, new];
    expected.sort();
    let mut now = keys(&bench, &bucket).await;
    now.sort();
    assert_eq!(now, expected);
}

#[tokio::test]
async fn a_disabled_key_is_found_out_before_anything_moves() {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    let bucket = bucket(&bench, &old).await;
    bench.kms().disable_key().key_id(&new).send().await.expect("disabled");
    let with = json!({ "bucket": bucket, "from_key": old, "to_key": new });
    let trouble = bench.step("s3/reencrypt", "move", with).run().await.expect_err("disabled");
    assert_eq!(trouble.certainty, Certainty::NothingHappened);
    assert_eq!(default_key(&bench, &bucket).await.as_deref(), Some(old.as_str()));
}

#[tokio::test]
async fn a_probe_really_reads() {
    let bench = Bench::new();
    let key = bench.key().await;
    let bucket = bucket(&bench, &key).await;
    let with = json!({ "bucket": bucket, "key": key });
    let empty = bench.step("s3/read-probe", "probe", with.clone()).run().await;
    assert!(empty.expect_err("nothing to read").message.contains("nothing is proven"));
    put(&bench, &bucket, "a", None).await;
    let mut probe = bench.step("s3/read-probe", "probe", with.clone());
    let outputs = probe.run().await.expect("read");
    probe.keeps_its_word(&outputs);
    assert_eq!(outputs["read"], json!(1));
    assert_eq!(outputs["keys"], json!([key]));
    put(&bench, &bucket, "b", Some(&bench.key().await)).await;
    let other = bench.step("s3/read-probe", "probe", with.clone()).run().await;
    assert!(other.expect_err("another key").message.contains("b is under"));
    bench.kms().disable_key().key_id(&key).send().await.expect("disabled");
    let disabled = bench.step("s3/read-probe", "probe", json!({ "bucket": bucket })).run().await;
    assert!(disabled.expect_err("refused").message.contains("Disabled"));
}

#[tokio::test]
async fn the_users_of_a_key_are_found_and_what_was_not_looked_at_is_said() {
    let bench = Bench::new();
    let (old, new) = (bench.key().await, bench.key().await);
    bench
        .kms()
        .create_alias()
        .alias_name("alias/corpus")
        .target_key_id(&old)
        .send()
        .await
        .expect("an alias");
    let bucket = bucket(&bench, "alias/corpus").await;
    put(&bench, &bucket, "a", Some(&old)).await;
    put(&bench, &bucket, "a", Some(&old)).await;
    put(&bench, &bucket, "b", Some(&new)).await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&bench.sdk());
    logs.create_log_group().log_group_name("/g").kms_key_id(&old).send().await.expect("a group");
    let secrets = aws_sdk_secretsmanager::Client::new(&bench.sdk());
    secrets
        .create_secret()
        .name("s")
        .kms_key_id(&old)
        .secret_string("x")
        .send()
        .await
        .expect("a secret");

    let mut step = bench.step("kms/key-users", "users", json!({ "key": "alias/corpus" }));
    let outputs = step.run().await.expect("an answer");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["complete"], json!(true), "{outputs:?}");
    let users = outputs["users"].as_array().expect("a list");
    let has = |service: &str, detail: &str, count: Option<u64>| {
        users.iter().any(|user| {
            user["service"] == json!(service)
                && user["detail"] == json!(detail)
                && user.get("count").and_then(Value::as_u64) == count
        })
    };
    assert!(has("s3", "object versions", Some(2)), "{users:?}");
    assert!(has("s3", "default encryption of the bucket", None), "{users:?}");
    assert!(has("logs", "log group", None), "{users:?}");
    assert!(has("secretsmanager", "secret versions", Some(1)), "{users:?}");
    let unseen = outputs["not_looked_at"].as_array().expect("a list");
    assert!(unseen.iter().any(|entry| entry["service"] == json!("rds")));

    let with =
        json!({ "key": old, "services": ["s3"], "buckets": ["there-is-no-such-bucket-at-all"] });
    let outputs = bench.step("kms/key-users", "half", with).run().await.expect("an answer");
    assert_eq!(outputs["complete"], json!(false));
    assert_eq!(outputs["total"], json!(0));
}
