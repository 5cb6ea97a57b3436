//! The schema of a manifest of stacks.

use super::shape::{described, mapping};
use super::{block, front_matter};
use crate::model::step::Role;
use crate::parse::OPTIONS;
use crate::parse::table::{MANIFEST, STACK_OPTIONS};
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let mut schema = mapping(&MANIFEST);
    let front = front_matter::schema();
    join(&mut schema, &front, "properties");
    // The first keys are those that are read first.
    let mut required = schema["required"].as_array().cloned().unwrap_or_default();
    required.extend(front["required"].as_array().into_iter().flatten().cloned());
    schema["required"] = Value::Array(required);
    let stack = &mut schema["properties"]["stacks"]["additionalProperties"];
    for spec in OPTIONS.iter().filter(|spec| STACK_OPTIONS.contains(&spec.key)) {
        let option = described(block::option(spec, Role::Step), spec.description);
        stack["properties"][spec.key] = option;
    }
    // A template that is deployed, or a runbook that is run.
    stack["oneOf"] = json!([
        { "required": ["template"], "properties": { "params": false } },
        { "required": ["runbook"], "properties": {
            "stack": false, "parameters": false, "keep": false, "capabilities": false, "tags": false,
            "termination_protection": false, "on_failure": false, "may_lose": false,
        } },
    ]);
    schema["title"] = json!("Manifest of stacks");
    described(schema, "A file `stacks.yaml` in a folder of `runbooks/`: each stack is one step.")
}

/// Adds what another schema has under that key.
fn join(schema: &mut Value, other: &Value, key: &str) {
    if let (Some(own), Some(other)) = (schema[key].as_object_mut(), other[key].as_object()) {
        own.extend(other.clone());
    }
}
