//! What a key takes, as a schema.

use crate::parse::table::{Key, Naming, Shape};
use serde_json::{Map, Value, json};

/// `snake_case`, as ids, parameters and accounts are named.
pub(super) const SNAKE: &str = "^[a-z][a-z0-9_]*$";
/// A duration: units from large to small, none of them twice.
pub(super) const DURATION: &str = "^\\s*([0-9]+d([0-9]+h)?([0-9]+m)?([0-9]+s)?|[0-9]+h([0-9]+m)?([0-9]+s)?|[0-9]+m([0-9]+s)?|[0-9]+s)\\s*$";
/// A duration of nothing.
const NO_TIME: &str = "^\\s*(0+[dhms])+\\s*$";
/// A text that is not empty.
const SOMETHING: &str = "\\S";
const DATE: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
const CADENCE: &str = "^0*[1-9][0-9]{0,4} (days?|weeks?|months?|years?)$";
const REGION: &str = "^[a-z]+(-[a-z]+)+-[0-9]+$";
const ROLE: &str = "^arn:aws[^:]*:iam::[0-9]{12}:role/.+$";
const LOOPBACK: &str = "^https?://(127\\.0\\.0\\.1|\\[::1\\]|localhost)(:[0-9]{1,5})?/?$";
/// A text that holds an expression.
pub(super) const TEMPLATE: &str = "\\{\\{";

/// A text that matches a pattern.
pub(super) fn matching(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// The name of a runbook: the stem of a file, written out.
pub(super) fn text() -> Value {
    matching(SOMETHING)
}

/// A duration.
pub(super) fn duration() -> Value {
    matching(DURATION)
}

/// A number and a unit of the calendar.
pub(super) fn cadence() -> Value {
    matching(CADENCE)
}

/// A day.
pub(super) fn date() -> Value {
    matching(DATE)
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn set(of: Value) -> Value {
    json!({ "type": "array", "items": of, "uniqueItems": true })
}

/// The schema of what a key takes. The names of actions and their inputs are for the caller.
pub(super) fn of(shape: Shape) -> Value {
    let expression = || json!({ "type": ["string", "boolean"], "pattern": SOMETHING });
    match shape {
        Shape::Text | Shape::Template | Shape::Runbook | Shape::Action => text(),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Expression => expression(),
        Shape::Expressions => list(expression()),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Count { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Number => json!({ "type": "number" }),
        Shape::Duration => duration(),
        Shape::Period => {
            json!({ "type": "string", "pattern": DURATION, "not": { "pattern": NO_TIME } })
        }
        Shape::Pattern => json!({ "type": "string", "pattern": SOMETHING, "format": "regex" }),
        Shape::Anything => json!({}),
        Shape::Choices => json!({ "type": "array", "minItems": 1 }),
        Shape::Texts | Shape::Runbooks => list(text()),
        Shape::Names => set(text()),
        Shape::Inputs | Shape::Values => json!({ "type": "object" }),
        Shape::Account => matching(SNAKE),
        Shape::StepIds => set(matching(SNAKE)),
        Shape::Environment => json!({
            "type": "object",
            "propertyNames": {
                "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": { "pattern": "^(RUNBOOK|AWS)_" },
            },
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
        }),
        Shape::Outputs => json!({ "anyOf": [{ "const": "json" }, set(matching(SNAKE))] }),
        Shape::Due => json!({ "anyOf": [date(), duration(), matching(TEMPLATE)] }),
        Shape::Region => matching(REGION),
        Shape::Role => matching(ROLE),
        Shape::AccountId => account_id(),
        Shape::AccountIds => list(account_id()),
        Shape::Cadence => cadence(),
        Shape::Loopback => matching(LOOPBACK),
        Shape::Version(version) => json!({ "const": version }),
        Shape::Mapping(keys) => mapping(keys),
        Shape::Named(naming, keys) => json!({
            "type": "object",
            "propertyNames": { "pattern": pattern(naming) },
            "additionalProperties": mapping(keys),
        }),
        Shape::Nothing => json!(false),
    }
}

fn account_id() -> Value {
    matching("^[0-9]{12}$")
}

const fn pattern(naming: Naming) -> &'static str {
    match naming {
        Naming::Snake => SNAKE,
        Naming::Folder => "^[a-z0-9_-]+$",
    }
}

/// A mapping with these keys and no others.
pub(super) fn mapping(keys: &[Key]) -> Value {
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| (key.name.to_owned(), described(of(key.shape), key.description)))
        .collect();
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The schema with words for the person who hovers over the key.
pub(super) fn described(schema: Value, description: &str) -> Value {
    match schema {
        Value::Object(own) => {
            let mut all = Map::new();
            all.insert("description".to_owned(), description.into());
            all.extend(own);
            Value::Object(all)
        }
        other => other,
    }
}
