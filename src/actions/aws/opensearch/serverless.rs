//! How a collection of OpenSearch Serverless stands. It has no shards and no heap to look at, only units.

use super::judge::Numbers;
use super::metrics::{Asked, newest};
use crate::actions::Trouble;
use crate::actions::aws::cli::Calls;
use crate::model::value::Value;
use serde_json::json;

const METRICS: [Asked; 2] =
    [("search", "SearchOCU", "Maximum"), ("indexing", "IndexingOCU", "Maximum")];

/// The numbers of a collection, and what of them could not be read.
pub(super) async fn numbers(
    calls: &Calls<'_>,
    account: &str,
    name: &str,
) -> Result<(Numbers, Vec<String>), Trouble> {
    let input = json!({ "names": [name] });
    let answer = calls.read("opensearchserverless", "batch-get-collection", Some(&input)).await?;
    let collection = &answer["collectionDetails"][0];
    let Some(status) = collection["status"].as_str() else {
        return Err(Trouble::nothing_happened(format!("there is no collection {name}")));
    };
    let mut unread = Vec::new();
    let settings = calls.read("opensearchserverless", "get-account-settings", None).await;
    let limits = settings.unwrap_or_else(|trouble| {
        unread.push(format!("the cap of capacity units: {}", trouble.message));
        Value::Null
    });
    let used = newest(calls, "AWS/AOSS", &[("ClientId", account)], &METRICS).await;
    let used = used.unwrap_or_else(|trouble| {
        unread.push(format!("capacity units in use: {}", trouble.message));
        vec![None; METRICS.len()]
    });
    let limits = &limits["accountSettingsDetail"]["capacityLimits"];
    let kinds = [
        ("searching", used[0], limits["maxSearchCapacityInOCU"].as_f64()),
        ("indexing", used[1], limits["maxIndexingCapacityInOCU"].as_f64()),
    ];
    let mut ocu = Vec::new();
    for (what, used, allowed) in kinds {
        match (used, allowed) {
            (Some(used), Some(allowed)) => ocu.push((what, used, allowed)),
            _ => unread.push(format!("units for {what}: in use or allowed is not known")),
        }
    }
    Ok((Numbers { status: colour(status), ocu, ..Numbers::default() }, unread))
}

/// A collection has states, not colours.
fn colour(status: &str) -> Option<String> {
    let colour = match status {
        "ACTIVE" => "green",
        "CREATING" | "UPDATING" => "yellow",
        "FAILED" | "UPDATE_FAILED" | "DELETING" => "red",
        _ => return None,
    };
    Some(colour.to_owned())
}
