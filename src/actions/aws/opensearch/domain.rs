//! How an OpenSearch domain stands, read from everything that knows a part of it.

use super::judge::{Numbers, shards_of_a_node};
use super::metrics::{Asked, newest};
use super::own::{self, Asker, Own};
use crate::actions::Trouble;
use crate::actions::aws::cli::Calls;
use crate::model::value::Value;
use serde_json::json;

const METRICS: [Asked; 3] = [
    ("heap", "JVMMemoryPressure", "Maximum"),
    ("free", "FreeStorageSpace", "Minimum"),
    ("blocked", "ClusterIndexWritesBlocked", "Maximum"),
];

/// A domain as its management plane describes it.
pub(super) async fn described(calls: &Calls<'_>, name: &str) -> Result<Value, Trouble> {
    let input = json!({ "DomainName": name });
    let mut answer = calls.read("opensearch", "describe-domain", Some(&input)).await?;
    Ok(answer["DomainStatus"].take())
}

/// The health of a domain in lower case, when it says.
pub(super) fn status_of(health: &Value) -> Option<String> {
    let word = health["ClusterHealth"].as_str()?.to_ascii_lowercase();
    ["red", "yellow", "green"].contains(&word.as_str()).then_some(word)
}

/// What the management plane says about the shards and their nodes.
pub(super) async fn health_of(calls: &Calls<'_>, name: &str) -> Result<Value, Trouble> {
    let input = json!({ "DomainName": name });
    calls.read("opensearch", "describe-domain-health", Some(&input)).await
}

/// Whether a change of the configuration is under way.
pub(super) fn is_changing(domain: &Value) -> bool {
    ["Processing", "UpgradeProcessing"].iter().any(|name| domain[*name] == true)
}

/// The numbers of a domain, and what of them could not be read.
pub(super) async fn numbers(
    calls: &Calls<'_>,
    account: &str,
    name: &str,
    asker: Option<Asker<'_>>,
) -> Result<(Numbers, Vec<String>), Trouble> {
    let domain = described(calls, name).await?;
    let mut unread = Vec::new();
    let mut note =
        |what: &str, trouble: &Trouble| unread.push(format!("{what}: {}", trouble.message));
    let health = match health_of(calls, name).await {
        Ok(health) => health,
        Err(trouble) => {
            note("health", &trouble);
            Value::Null
        }
    };
    let dimensions = [("DomainName", name), ("ClientId", account)];
    let metrics = newest(calls, "AWS/ES", &dimensions, &METRICS).await;
    let metrics = metrics.unwrap_or_else(|trouble| {
        note("metrics", &trouble);
        vec![None; METRICS.len()]
    });
    let heap = match heap_of_a_node(calls, &domain).await {
        Ok(heap) => heap,
        Err(trouble) => {
            note("memory of a node", &trouble);
            None
        }
    };
    for ((_, metric, _), value) in METRICS.iter().zip(&metrics) {
        if value.is_none() {
            unread
                .push(format!("{metric}: CloudWatch has no value of the last quarter of an hour"));
        }
    }
    let number = |name: &str| health[name].as_str().and_then(|text| text.parse::<u64>().ok());
    let own = match asker.as_ref().map(|asker| own::ask(asker, &domain)) {
        None => Own::default(),
        Some(asked) => asked.await.unwrap_or_else(|trouble| {
            unread.push(format!("the index itself: {}", trouble.message));
            Own::default()
        }),
    };
    let limit = shard_limit(&domain, heap, own);
    if limit.is_none() {
        unread.push(
            "the limit of shards: it depends on the heap of a node, which is not known".to_owned(),
        );
    }
    let numbers = Numbers {
        status: status_of(&health),
        changing: is_changing(&domain),
        shards: own.shards.or_else(|| number("TotalShards")),
        shard_limit: limit,
        unassigned: number("TotalUnAssignedShards"),
        heap: metrics[0],
        free_mib: metrics[1],
        volume_mib: domain["EBSOptions"]["VolumeSize"].as_f64().map(|gib| gib * 1024.0),
        blocked: metrics[2].map(|blocked| blocked > 0.0),
        ocu: Vec::new(),
    };
    Ok((numbers, unread))
}

/// The shards that all data nodes may hold together. What somebody has set counts, and otherwise what AWS sets.
fn shard_limit(domain: &Value, heap: Option<f64>, own: Own) -> Option<u64> {
    let cluster = &domain["ClusterConfig"];
    let standby = cluster["MultiAZWithStandbyEnabled"] == true;
    let version = domain["EngineVersion"].as_str()?;
    let nodes = cluster["InstanceCount"].as_u64().unwrap_or(1);
    let of_a_node = own.of_a_node.or_else(|| shards_of_a_node(version, heap, standby));
    of_a_node.map(|shards| shards * nodes)
}

/// What a heap certainly has. The newest versions take more, so a limit may be higher than it is said to be.
const LARGEST_HEAP_GIB: f64 = 32.0;

/// Half of a node's memory. Only EC2 says how much an instance has.
async fn heap_of_a_node(calls: &Calls<'_>, domain: &Value) -> Result<Option<f64>, Trouble> {
    let kind = domain["ClusterConfig"]["InstanceType"].as_str().unwrap_or_default();
    let Some(kind) = kind.strip_suffix(".search").or_else(|| kind.strip_suffix(".elasticsearch"))
    else {
        return Ok(None);
    };
    let input = json!({ "InstanceTypes": [kind] });
    let answer = calls.read("ec2", "describe-instance-types", Some(&input)).await?;
    let memory = answer["InstanceTypes"][0]["MemoryInfo"]["SizeInMiB"].as_f64();
    Ok(memory.map(|mib| (mib / 1024.0 / 2.0).min(LARGEST_HEAP_GIB)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_health_that_is_no_colour_is_not_known() {
        assert_eq!(status_of(&json!({ "ClusterHealth": "Red" })).as_deref(), Some("red"));
        assert_eq!(status_of(&json!({ "ClusterHealth": "NotAvailable" })), None);
        assert_eq!(status_of(&Value::Null), None);
    }

    #[test]
    fn the_limit_is_that_of_all_data_nodes() {
        let domain =
            json!({ "EngineVersion": "OpenSearch_2.19", "ClusterConfig": { "InstanceCount": 3 } });
        assert_eq!(shard_limit(&domain, Some(32.0), Own::default()), Some(6_000));
        assert_eq!(shard_limit(&domain, None, Own::default()), None);
        let set = Own { of_a_node: Some(5), ..Own::default() };
        assert_eq!(shard_limit(&domain, Some(32.0), set), Some(15));
    }
}
