//! The schema of `runbook.yaml`.

use super::shape::{described, mapping};
use crate::parse::table::PROJECT;
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let mut schema = mapping(&PROJECT);
    let environment = &mut schema["properties"]["environments"]["additionalProperties"];
    environment["if"] =
        json!({ "properties": { "kind": { "const": "sandbox" } }, "required": ["kind"] });
    // Only a sandbox has accounts of its own, and only a sandbox is filled or started by somebody.
    environment["else"] =
        json!({ "properties": { "seed": false, "endpoint": false }, "required": ["accounts"] });
    let account = &mut environment["properties"]["accounts"]["additionalProperties"];
    account["not"] = json!({ "required": ["role", "profile"] });
    schema["title"] = json!("runbook.yaml");
    described(schema, "A project of runbooks: the environments that they run in.")
}
