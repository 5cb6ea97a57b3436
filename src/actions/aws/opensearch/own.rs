//! What an index itself says about its shards: the limit that somebody has set, and how many count against it.

use crate::actions::Trouble;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::signed::{NoAnswer, Request};
use crate::actions::context::Target;
use crate::model::value::Value;
use reqwest::Method;
use std::time::Duration;

/// Who asks an index, and as which role.
pub(super) struct Asker<'a> {
    pub(super) sessions: &'a AwsSessions,
    pub(super) target: &'a Target,
    pub(super) role: &'a str,
}

/// What the index says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// The shards of open indices, also those on no node: these are what the limit counts.
    pub(super) shards: Option<u64>,
    /// How many a node may hold, when somebody has set it.
    pub(super) of_a_node: Option<u64>,
}

const SETTINGS: &str = "/_cluster/settings?flat_settings=true";
const INDICES: &str = "/_cat/indices?format=json&h=status,pri,rep&expand_wildcards=all";
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks the index of a domain.
pub(super) async fn ask(asker: &Asker<'_>, domain: &Value) -> Result<Own, Trouble> {
    let host = [&domain["Endpoints"]["vpc"], &domain["Endpoint"]];
    let host = host.into_iter().find_map(Value::as_str).unwrap_or_default();
    if host.is_empty() {
        return Err(Trouble::nothing_happened("the domain has no endpoint yet"));
    }
    let settings = get(asker, host, SETTINGS).await?;
    let indices = get(asker, host, INDICES).await?;
    Ok(Own { shards: shards(&indices), of_a_node: of_a_node(&settings) })
}

async fn get(asker: &Asker<'_>, host: &str, path: &str) -> Result<Value, Trouble> {
    let request = Request {
        service: "es",
        method: Method::GET,
        host: host.to_owned(),
        path: path.to_owned(),
        body: None,
        role: Some(asker.role.to_owned()),
        patience: PATIENCE,
    };
    let place = format!("GET {path} on {host} in {}", asker.target);
    match asker.sessions.send(asker.target, request).await {
        Ok(got) if got.status == 200 => serde_json::from_slice(&got.body)
            .map_err(|error| Trouble::nothing_happened(format!("{place}: {error}"))),
        Ok(got) => Err(Trouble::nothing_happened(format!(
            "{place}: status {}: {}",
            got.status,
            got.message()
        ))),
        Err(NoAnswer::Refused(trouble)) => Err(trouble),
        Err(NoAnswer::Unsent(why) | NoAnswer::Unanswered(why)) => {
            Err(Trouble::nothing_happened(format!("{place}: {why}")))
        }
    }
}

/// Numbers come as texts here. What is none is not known.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// All shards of the indices that are open, or nothing when one of them cannot be counted.
fn shards(indices: &Value) -> Option<u64> {
    let open = indices.as_array()?.iter().filter(|index| index["status"] == "open");
    open.map(|index| Some(number(&index["pri"])? * (1 + number(&index["rep"])?))).sum()
}

/// A transient setting hides a persistent one.
fn of_a_node(settings: &Value) -> Option<u64> {
    let set = |kind: &str| number(&settings[kind]["cluster.max_shards_per_node"]);
    set("transient").or_else(|| set("persistent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_open_indices_count_and_each_with_its_replicas() {
        let indices = json!([
            { "status": "open", "pri": "5", "rep": "1" },
            { "status": "close", "pri": "100", "rep": "1" },
            { "status": "open", "pri": "1", "rep": "0" },
        ]);
        assert_eq!(shards(&indices), Some(11));
        // What cannot be counted is not left out.
        assert_eq!(shards(&json!([{ "status": "open", "pri": "5" }])), None);
        assert_eq!(shards(&json!({ "error": "no" })), None);
    }

    #[test]
    fn a_limit_that_nobody_has_set_is_not_known() {
        let set = |limit: &str| json!({ "cluster.max_shards_per_node": limit });
        assert_eq!(of_a_node(&json!({ "persistent": {}, "transient": {} })), None);
        assert_eq!(of_a_node(&json!({ "persistent": set("7"), "transient": {} })), Some(7));
        assert_eq!(of_a_node(&json!({ "persistent": set("7"), "transient": set("9") })), Some(9));
    }
}
