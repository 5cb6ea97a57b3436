//! `s3/copy`: from another account's bucket, stopped on the way, and what must not be touched.

use super::bench::{Bench, REGION};
use super::objects::{bucket, create, put};
use crate::proxy::{Fault, Proxy};
use aws_sdk_s3::primitives::ByteStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use runbook::actions::Certainty;
use runbook::actions::context::Stop;
use runbook::engine::outcome::Observation;
use runbook::model::project::Access;
use serde_json::{Value, json};

/// What breaks careless tools.
const NAMES: [&str; 5] = [
    "original/plain",
    "original/a b+c&d=e",
    "parsed/Grüße%41",
    "parsed/x?versionId=y",
    "lineage/#1",
];

/// Lets another account read a bucket and use its key.
async fn open(bench: &Bench, to: &str, bucket: &str, key: &str) {
    let principal = json!({ "AWS": format!("arn:aws:iam::{to}:root") });
    let read = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": principal,
        "Action": ["s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging"],
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")] }] });
    let call = bench.s3().put_bucket_policy().bucket(bucket).policy(read.to_string());
    call.send().await.expect("a policy");
    let everything = json!({ "AWS": [format!("arn:aws:iam::{}:root", bench.account), format!("arn:aws:iam::{to}:root")] });
    let decrypt = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": everything, "Action": "kms:*", "Resource": "*" }] });
    let call = bench.kms().put_key_policy().key_id(key).policy(decrypt.to_string());
    call.send().await.expect("a policy");
}

/// A bucket of another account that this one may read.
async fn abroad(bench: &Bench) -> (Bench, String) {
    let other = Bench::new();
    let key = other.key().await;
    let source = bucket(&other, &key).await;
    open(&other, &bench.account, &source, &key).await;
    (other, source)
}

/// For the table of what is taken back: a source, and a bucket in which something is already.
pub(super) async fn source_and_target(bench: &Bench) -> Value {
    let (other, source) = abroad(bench).await;
    for name in NAMES {
        put(&other, &source, name, None).await;
    }
    let target = bucket(bench, &bench.key().await).await;
    put(bench, &target, "original/plain", None).await;
    put(bench, &target, "original/ours", None).await;
    put(bench, &target, "parsed/Grüße%41", None).await;
    bench.s3().delete_object().bucket(&target).key("parsed/Grüße%41").send().await.expect("gone");
    json!({ "from_bucket": source, "bucket": target })
}

/// An old account with a corpus of so many objects beside those of hard names, and what tells a runbook to copy
/// it: the parameters, the account and the bucket.
pub(crate) async fn old_corpus(reader: &str, more: usize) -> (Vec<String>, String, String) {
    let other = Bench::new();
    let key = other.key().await;
    let source = bucket(&other, &key).await;
    open(&other, reader, &source, &key).await;
    for name in NAMES.into_iter().chain(["~probe/ingest"]) {
        put(&other, &source, name, None).await;
    }
    for n in 0..more {
        put(&other, &source, &format!("original/{n:04}"), None).await;
    }
    let account = other.account.clone();
    let given = [format!("corpus_from={source}"), format!("corpus_from_account={account}")];
    let given = given.into_iter().flat_map(|one| ["-p".to_owned(), one]).collect();
    (given, account, source)
}

/// Every object of a bucket with its contents.
pub(crate) async fn contents(s3: &aws_sdk_s3::Client, bucket: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut pages = s3.list_objects_v2().bucket(bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        for object in page.expect("a page").contents.unwrap_or_default() {
            let key = object.key.expect("a key");
            let got = s3.get_object().bucket(bucket).key(&key).send().await.expect("an object");
            all.push((key, got.body.collect().await.expect("a body").to_vec()));
        }
    }
    all
}

#[tokio::test]
async fn a_corpus_of_another_account_is_copied_and_encrypted_by_its_new_bucket() {
    let bench = Bench::new();
    let (other, source) = abroad(&bench).await;
    for name in NAMES {
        put(&other, &source, name, None).await;
    }
    put(&other, &source, "~probe/ingest", None).await;
    let key = bench.key().await;
    let target = bucket(&bench, &key).await;
    let with = |prefix: &str| json!({ "from_bucket": source, "bucket": target, "prefix": prefix });
    let mut copied = 0;
    for prefix in ["original/", "parsed/", "lineage/"] {
        let mut step = bench.step("s3/copy", prefix.trim_end_matches('/'), with(prefix));
        assert_eq!(step.look().await, Observation::Absent);
        let outputs = step.run().await.expect("copied");
        step.keeps_its_word(&outputs);
        assert_eq!(outputs["objects"], outputs["copied"]);
        copied += outputs["copied"].as_u64().expect("a number");
        assert_eq!(step.in_place().await, outputs);
        assert_eq!(step.run_only().await.expect("again"), outputs);
    }
    assert_eq!(copied, 5);
    let mut expected = contents(&other.s3(), &source).await;
    expected.retain(|(name, _)| name != "~probe/ingest");
    assert_eq!(contents(&bench.s3(), &target).await, expected);
    for name in NAMES {
        let head = bench.s3().head_object().bucket(&target).key(name).send().await.expect("a head");
        assert_eq!(head.ssekms_key_id.as_deref(), Some(key.as_str()), "{name}");
    }
}

async fn versions(s3: &aws_sdk_s3::Client, bucket: &str) -> Vec<String> {
    let all = s3.list_object_versions().bucket(bucket).send().await.expect("a list");
    all.versions.unwrap_or_default().into_iter().filter_map(|version| version.key).collect()
}

/// Whichever request is lost on its way back: each object is there once, and an undo takes all of them away.
#[tokio::test]
async fn a_copy_whose_answer_is_lost_is_made_once_and_taken_back() {
    const MIB: usize = 1024 * 1024;
    // The second one ends the upload of the large object.
    for lost in ["s3:CopyObject", "s3:POST uploadId"] {
        let proxy = Proxy::start();
        let bench = Bench::behind(Access::Ambient, proxy.endpoint().to_owned());
        let (other, source) = abroad(&bench).await;
        put(&other, &source, "original/small", None).await;
        let large = other.s3().put_object().bucket(&source).key("original/large");
        large.body(vec![7; 6 * MIB].into()).send().await.expect("an object");
        let target = bucket(&bench, &bench.key().await).await;
        let with = json!({ "from_bucket": source, "bucket": target, "part_mib": 5 });
        let mut step = bench.step("s3/copy", "copy", with);
        let mut first = true;
        proxy.decide(move |call| {
            (call.name.starts_with(lost) && std::mem::take(&mut first)).then_some(Fault::Lost)
        });
        let outputs = step.run().await.expect("copied");
        let failed = proxy.failed().unwrap_or_default();
        assert!(failed.starts_with(lost), "{lost} is none of {:?}", proxy.changes());
        proxy.let_through();
        assert_eq!(outputs["objects"], json!(2), "{lost}");
        let wanted = ["original/large", "original/small"];
        assert_eq!(versions(&bench.s3(), &target).await, wanted, "{lost}");
        step.undo(Some(&outputs)).await.expect("taken back");
        assert_eq!(versions(&bench.s3(), &target).await, [""; 0], "{lost}");
    }
}

#[tokio::test]
async fn a_copy_that_is_stopped_on_the_way_is_whole_in_the_end() {
    let bench = Bench::new();
    let (other, source) = abroad(&bench).await;
    // With `--full`, more objects than one page of a listing holds.
    let objects: usize = if crate::sample::full() { 1_040 } else { 80 };
    let s3 = other.s3();
    let name = |n: usize| format!("original/{n:05}");
    let puts: Vec<_> = (0..objects)
        .map(|n| {
            s3.put_object().bucket(&source).key(name(n)).body(name(n).into_bytes().into()).send()
        })
        .collect();
    stream::iter(puts).buffer_unordered(32).try_for_each(async |_| Ok(())).await.expect("objects");
    let target = bucket(&bench, &bench.key().await).await;
    let is_there =
        async |n: usize| bench.s3().head_object().bucket(&target).key(name(n)).send().await.is_ok();

    let with = json!({ "from_bucket": source, "bucket": target, "concurrency": 4 });
    let mut step = bench.step("s3/copy", "copy", with);
    step.prepare().await.expect("ready");
    let (stopped, ()) = tokio::join!(step.run_only(), async {
        while !is_there(10).await {}
        bench.stop.send(Stop::Park).expect("a listener");
    });
    assert_eq!(stopped.expect_err("parked").certainty, Certainty::Parked);
    assert!(!is_there(objects - 1).await, "it was too quick to be stopped on the way");
    bench.stop.send(Stop::No).expect("a listener");
    let outputs = step.run_only().await.expect("copied");
    assert_eq!(outputs["objects"], json!(objects));
    assert_eq!(outputs["copied"], json!(objects));
    assert_eq!(outputs["bytes"], json!(objects * name(0).len()));
    assert_eq!(contents(&bench.s3(), &target).await, contents(&other.s3(), &source).await);
    step.undo(Some(&outputs)).await.expect("taken back");
    assert_eq!(contents(&bench.s3(), &target).await, vec![]);
}

#[tokio::test]
async fn a_large_object_comes_in_parts_with_all_that_is_said_of_it() {
    let bench = Bench::new();
    let (other, source) = abroad(&bench).await;
    let body: Vec<u8> =
        (0..11_u32 * 1024 * 1024).map(|n| u8::try_from(n % 251).unwrap_or(0)).collect();
    let put =
        other.s3().put_object().bucket(&source).key("original/large").content_type("text/x-corpus");
    let put = put.metadata("origin", "archive").body(ByteStream::from(body.clone()));
    put.send().await.expect("an object");
    let target = bucket(&bench, &bench.key().await).await;
    let with = json!({ "from_bucket": source, "bucket": target, "part_mib": 5 });
    let mut step = bench.step("s3/copy", "copy", with);
    let outputs = step.run().await.expect("copied");
    assert_eq!(outputs["bytes"], json!(body.len()));
    let got =
        bench.s3().get_object().bucket(&target).key("original/large").send().await.expect("it");
    assert_eq!(got.content_type.as_deref(), Some("text/x-corpus"));
    assert_eq!(
        got.metadata.as_ref().and_then(|all| all.get("origin")).map(String::as_str),
        Some("archive")
    );
    assert!(got.e_tag.as_deref().is_some_and(|tag| tag.ends_with("-3\"")), "{:?}", got.e_tag);
    assert_eq!(got.body.collect().await.expect("a body").to_vec(), body);
    assert_eq!(step.in_place().await, outputs);
    // An upload that was cut off is ended by the undo.
    let upload = bench.s3().create_multipart_upload().bucket(&target).key("original/large");
    upload.send().await.expect("an upload");
    step.undo(Some(&outputs)).await.expect("taken back");
    assert_eq!(contents(&bench.s3(), &target).await, vec![]);
    let left = bench.s3().list_multipart_uploads().bucket(&target).send().await.expect("uploads");
    assert_eq!(left.uploads.unwrap_or_default().len(), 0);
}

#[tokio::test]
async fn what_others_have_written_is_named_and_never_touched() {
    let bench = Bench::new();
    let (other, source) = abroad(&bench).await;
    put(&other, &source, "original/one", None).await;
    put(&other, &source, "original/two", None).await;
    let target = bucket(&bench, &bench.key().await).await;
    let theirs = b"something quite different".to_vec();
    let put =
        bench.s3().put_object().bucket(&target).key("original/one").body(theirs.clone().into());
    put.send().await.expect("an object");
    let with = json!({ "from_bucket": source, "bucket": target });
    let mut step = bench.step("s3/copy", "copy", with);
    let trouble = step.run().await.expect_err("it differs");
    assert!(
        trouble.message.contains("original/one") && !trouble.message.contains("original/two"),
        "{trouble}"
    );
    assert!(trouble.hint.is_some());
    let now = contents(&bench.s3(), &target).await;
    assert_eq!(now[0], ("original/one".to_owned(), theirs.clone()));
    assert_eq!(now.len(), 2, "the other one is copied all the same");
    step.undo(None).await.expect("taken back");
    assert_eq!(contents(&bench.s3(), &target).await, vec![("original/one".to_owned(), theirs)]);
}

#[tokio::test]
async fn a_bucket_without_versions_is_filled_and_emptied_again() {
    let bench = Bench::new();
    let (other, source) = abroad(&bench).await;
    put(&other, &source, "original/one", None).await;
    put(&other, &source, "original/two", None).await;
    let target = format!("plain-{}", bench.account);
    create(&bench, &target).await;
    let mut step =
        bench.step("s3/copy", "copy", json!({ "from_bucket": source, "bucket": target }));
    let outputs = step.run().await.expect("copied");
    assert_eq!(outputs["copied"], json!(2));
    put(&bench, &target, "original/two", None).await;
    bench
        .s3()
        .put_object()
        .bucket(&target)
        .key("original/one")
        .body(b"by somebody".to_vec().into())
        .send()
        .await
        .expect("it");
    step.undo(Some(&outputs)).await.expect("taken back");
    assert_eq!(
        contents(&bench.s3(), &target).await,
        vec![("original/one".to_owned(), b"by somebody".to_vec())]
    );
}

#[tokio::test]
async fn a_source_that_may_not_be_read_is_found_out_before_anything_is_copied() {
    let bench = Bench::new();
    let other = Bench::new();
    let source = bucket(&other, &other.key().await).await;
    put(&other, &source, "original/one", None).await;
    let target = bucket(&bench, &bench.key().await).await;
    for from in [source.as_str(), "there-is-no-such-bucket-at-all"] {
        let with = json!({ "from_bucket": from, "bucket": target });
        let trouble = bench.step("s3/copy", "copy", with).run().await.expect_err("refused");
        assert_eq!(trouble.certainty, Certainty::NothingHappened);
        assert!(trouble.message.contains(from) && trouble.message.contains(REGION), "{trouble}");
    }
    let same = json!({ "from_bucket": target, "bucket": target });
    assert!(bench.step("s3/copy", "same", same).run().await.is_err());
    // A key that may not be used to read is found out at the first object.
    let key = other.key().await;
    open(&other, &bench.account, &source, &key).await;
    put(&other, &source, "original/one", Some(&key)).await;
    other.kms().disable_key().key_id(&key).send().await.expect("disabled");
    let with = json!({ "from_bucket": source, "bucket": target });
    let trouble = bench.step("s3/copy", "late", with).run().await.expect_err("refused");
    assert!(trouble.message.contains("Disabled"), "{trouble}");
}
