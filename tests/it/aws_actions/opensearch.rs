//! Domains, collections, and what is in them.

use super::bench::Bench;
use crate::cloud::{answer, plain};
use runbook::actions::Certainty;
use runbook::engine::outcome::Observation;
use serde_json::{Value, json};

/// A new domain: its host.
pub(super) async fn domain(bench: &Bench, name: &str, version: &str) -> String {
    let body = json!({ "DomainName": name, "EngineVersion": version,
        "ClusterConfig": { "InstanceType": "r6g.large.search", "InstanceCount": 1 },
        "EBSOptions": { "EBSEnabled": true, "VolumeType": "gp3", "VolumeSize": 20 } });
    let call = plain(&bench.account, "es", "POST", "/2021-01-01/opensearch/domain");
    let made = answer(call.body(body.to_string())).await;
    made["DomainStatus"]["Endpoint"].as_str().expect("a host").to_owned()
}

fn request(host: &str, method: &str, path: &str, body: Value) -> Value {
    json!({ "endpoint": host, "method": method, "path": path, "body": body })
}

#[tokio::test]
async fn a_domain_says_how_it_stands_and_what_could_not_be_read() {
    let bench = Bench::new();
    let host = domain(&bench, "index", "OpenSearch_2.15").await;
    let mut step = bench.step("opensearch/health", "look", json!({ "domain": "index" }));
    let outputs = step.run().await.expect("its health");
    step.keeps_its_word(&outputs);
    assert_eq!((&outputs["status"], &outputs["level"]), (&json!("green"), &json!("ok")));
    assert_eq!(outputs["shard_limit"], 1_000);
    // The emulator writes no metrics. That is said, and not taken for a good sign.
    assert_eq!(outputs["heap_percent"], Value::Null);
    assert!(outputs["unread"].to_string().contains("JVMMemoryPressure"), "{outputs:?}");
    let made = request(&host, "PUT", "/corpus", json!({ "settings": { "number_of_replicas": 1 } }));
    bench.step("opensearch/request", "make", made).run().await.expect("an index");
    let outputs = step.run().await.expect("its health");
    assert_eq!((&outputs["status"], &outputs["level"]), (&json!("yellow"), &json!("relief")));
    assert_eq!(outputs["reliefs"], json!(["unassigned"]));
    let missing = bench.step("opensearch/health", "none", json!({ "domain": "none" })).run().await;
    assert!(missing.expect_err("no domain").message.contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn a_collection_is_judged_by_its_capacity() {
    let bench = Bench::new();
    let policy = json!({ "name": "keys", "type": "encryption",
        "policy": json!({ "Rules": [{ "ResourceType": "collection", "Resource": ["collection/corpus-index"] }], "AWSOwnedKey": true }).to_string() });
    for (operation, body) in [
        ("CreateSecurityPolicy", policy),
        ("CreateCollection", json!({ "name": "corpus-index", "type": "VECTORSEARCH" })),
    ] {
        let call = plain(&bench.account, "aoss", "POST", "/");
        let call = call.header("x-amz-target", format!("OpenSearchServerless.{operation}"));
        answer(call.body(body.to_string())).await;
    }
    let with = json!({ "collection": "corpus-index" });
    let mut step = bench.step("opensearch/health", "look", with);
    let outputs = step.run().await.expect("its health");
    step.keeps_its_word(&outputs);
    assert_eq!(outputs["kind"], "collection");
    assert!(outputs["unread"].to_string().contains("units for searching"), "{outputs:?}");
    assert_eq!(outputs["shards"], Value::Null, "a collection shows no shards");
}

#[tokio::test]
async fn a_domain_is_made_larger_and_the_dry_run_is_told() {
    let bench = Bench::new();
    domain(&bench, "index", "OpenSearch_2.19").await;
    let with = json!({ "domain": "index", "instance_count": 2 });
    let mut step = bench.step("opensearch/scale-domain", "more", with);
    assert_eq!(step.look().await, Observation::Absent);
    let outputs = step.run().await.expect("larger");
    step.keeps_its_word(&outputs);
    assert!(bench.heard("Blue/Green").await);
    assert_eq!(outputs["previous"]["ClusterConfig"]["InstanceCount"], 1);
    let seen = step.in_place().await;
    assert_eq!(seen["previous"], outputs["previous"]);
}

#[tokio::test]
async fn a_request_to_an_index_is_answered_or_refused_in_words() {
    let bench = Bench::new();
    let host = domain(&bench, "index", "OpenSearch_2.19").await;
    let bulk = "{\"index\":{\"_id\":\"1\"}}\n{\"text\":\"hello\"}\n";
    let made = request(&host, "POST", "/corpus/_bulk", bulk.into());
    bench.step("opensearch/request", "fill", made).run().await.expect("filled");
    let mut count = bench.step(
        "opensearch/request",
        "count",
        json!({ "endpoint": format!("https://{host}"), "path": "/corpus/_count" }),
    );
    let outputs = count.run().await.expect("a count");
    count.keeps_its_word(&outputs);
    assert_eq!(outputs["body"]["count"], 1);
    let again = request(&host, "PUT", "/corpus", json!({}));
    let refused = bench.step("opensearch/request", "again", again).run().await.expect_err("there");
    assert_eq!(refused.certainty, Certainty::NothingHappened);
    assert!(refused.message.contains("status 400: index [corpus] already exists"), "{refused}");
    let gone =
        json!({ "endpoint": host, "path": "/none", "method": "HEAD", "statuses": [200, 404] });
    let outputs = bench.step("opensearch/request", "gone", gone).run().await.expect("it is fine");
    assert_eq!(outputs["status"], 404);
}

/// In a sandbox no name leads off this machine: the emulator is asked, whatever the host is called.
#[tokio::test]
async fn a_sandbox_asks_nobody_but_the_emulator() {
    let bench = Bench::new();
    let with = json!({ "endpoint": "search-real-abc.eu-west-1.es.amazonaws.com", "path": "/_cat/indices", "patience": 5 });
    let trouble = bench.step("opensearch/request", "out", with).run().await.expect_err("no domain");
    // The emulator knows no such host and takes the path for a bucket's or refuses it: it has answered.
    assert!(trouble.message.contains("status "), "{trouble}");
    let with = json!({ "endpoint": "a@evil.example", "path": "/" });
    let trouble = bench.step("opensearch/request", "odd", with).run().await.expect_err("no host");
    assert!(trouble.message.contains("is not a host of AWS"), "{trouble}");
}
