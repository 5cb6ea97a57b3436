//! The schema of the front matter.

use super::shape::{described, duration, mapping};
use crate::model::runbook::Type;
use crate::parse::table::FRONT_MATTER;
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let mut schema = mapping(&FRONT_MATTER);
    let parameter = &mut schema["properties"]["params"]["additionalProperties"];
    let fits: Vec<Value> = Type::OF_PARAMETERS.into_iter().map(fits).collect();
    parameter["allOf"] = Value::Array(fits);
    // A secret in a file is no secret.
    parameter["if"] =
        json!({ "properties": { "secret": { "const": true } }, "required": ["secret"] });
    parameter["then"] = json!({ "properties": { "default": false } });
    schema["title"] = json!("Front matter of a runbook");
    described(schema, "The YAML between two lines `---` at the top of a runbook.")
}

/// What a parameter of one type may say.
fn fits(kind: Type) -> Value {
    let value = value(kind);
    let mut properties = json!({ "default": value.clone(), "choices": { "items": value } });
    if kind != Type::String {
        properties["pattern"] = json!(false);
    }
    if !matches!(kind, Type::Integer | Type::Number) {
        properties["min"] = json!(false);
        properties["max"] = json!(false);
    }
    json!({
        "if": { "properties": { "type": { "const": kind.word() } }, "required": ["type"] },
        "then": { "properties": properties },
    })
}

/// A plain value of a type. Expressions are not read in the front matter.
fn value(kind: Type) -> Value {
    match kind {
        Type::String => json!({ "type": "string" }),
        Type::Integer => json!({ "type": "integer" }),
        Type::Number => json!({ "type": "number" }),
        Type::Boolean => json!({ "type": "boolean" }),
        Type::Duration => duration(),
        Type::List => json!({ "type": "array" }),
        Type::Mapping => json!({ "type": "object" }),
        Type::Any => json!({}),
    }
}
