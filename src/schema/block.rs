//! The schema of the executable blocks: typed actions, and the `#|` lines of scripts.

use super::shape::{self, DURATION, TEMPLATE, described};
use crate::model::action::{ActionSpec, Catalog, InputSpec};
use crate::model::runbook::Type;
use crate::model::step::Role;
use crate::parse::table::{OPTIONS, OptionSpec, Shape};
use serde_json::{Map, Value, json};

/// The name under `$defs` of the schema of one kind of block.
#[must_use]
pub(super) fn definition(role: Role, script: bool) -> String {
    format!("{}-{}", if script { "script" } else { "typed" }, role.word())
}

pub(super) fn schema(catalog: &Catalog) -> Value {
    let mut definitions = Map::new();
    let mut any = Vec::new();
    for role in Role::ALL {
        for script in [false, true] {
            let name = definition(role, script);
            any.push(json!({ "$ref": format!("#/$defs/{name}") }));
            definitions.insert(name, block(role, script));
        }
    }
    let all: Vec<&ActionSpec> = catalog.iter().collect();
    let probes: Vec<&ActionSpec> = catalog.iter().filter(|spec| !spec.is_step_only()).collect();
    definitions.insert("action".to_owned(), action(&all));
    definitions.insert("probe".to_owned(), action(&probes));
    for spec in catalog.iter() {
        definitions.insert(inputs_of(spec.name), inputs(spec));
    }
    json!({
        "title": "Executable block of a runbook",
        "description": "The YAML of a `yaml` block, or of the `#|` lines of a script without their `#|`. \
            `$defs` has one schema for each role: `typed-step` is a `yaml step=ID` block, `script-undo` the `#|` lines of a `bash undo=ID` block.",
        "anyOf": any,
        "$defs": definitions,
    })
}

/// One role, as a typed action or as a script.
fn block(role: Role, script: bool) -> Value {
    let fits = |spec: &&OptionSpec| spec.bodies.admits(script) && spec.roles.contains(&role);
    let properties: Map<String, Value> = OPTIONS
        .iter()
        .filter(fits)
        .map(|spec| (spec.key.to_owned(), described(option(spec, role), spec.description)))
        .collect();
    let body = if script { "The `#|` lines of a script" } else { "A typed action" };
    let mut schema = json!({
        "title": format!("{body} in a `{}=` block", role.word()),
        // A script without `#|` lines has no options at all.
        "type": if script { json!(["object", "null"]) } else { json!("object") },
        "properties": properties,
        "additionalProperties": false,
    });
    let mut together = Map::new();
    if role == Role::Step {
        together.insert("every".to_owned(), json!(["until"]));
        together.insert("concurrency".to_owned(), json!(["for_each"]));
    }
    schema["dependentRequired"] = Value::Object(together);
    if !script {
        let known = if role == Role::Step { "action" } else { "probe" };
        schema["required"] = json!(["uses"]);
        schema["allOf"] = json!([{ "$ref": format!("#/$defs/{known}") }]);
    }
    schema
}

pub(super) fn option(spec: &OptionSpec, role: Role) -> Value {
    match spec.shape {
        // What is known about the action stands in `action` and `probe`.
        Shape::Action => json!({ "type": "string" }),
        // Probes only look.
        Shape::Word(_) if spec.key == "effect" && matches!(role, Role::Observe | Role::Health) => {
            json!({ "const": "read" })
        }
        other => shape::of(other),
    }
}

/// Which actions there are, and for each what `with` must hold.
fn action(specs: &[&ActionSpec]) -> Value {
    let names: Vec<Value> = specs
        .iter()
        .map(|spec| json!({ "const": spec.name, "description": summary(spec) }))
        .collect();
    let cases: Vec<Value> = specs
        .iter()
        .map(|spec| {
            let mut then =
                json!({ "properties": { "with": { "$ref": format!("#/$defs/{}", inputs_of(spec.name)) } } });
            if spec.inputs.iter().any(|input| input.required) {
                then["required"] = json!(["with"]);
            }
            json!({
                "if": { "properties": { "uses": { "const": spec.name } }, "required": ["uses"] },
                "then": then,
            })
        })
        .collect();
    json!({ "properties": { "uses": { "oneOf": names } }, "allOf": cases })
}

fn summary(spec: &ActionSpec) -> String {
    format!("{}. {}", spec.summary, spec.description).trim().to_owned()
}

/// The name under `$defs` of the inputs of an action. A `/` would mean something else in a `$ref`.
fn inputs_of(action: &str) -> String {
    format!("with-{}", action.replace('/', "-"))
}

fn inputs(spec: &ActionSpec) -> Value {
    let required: Vec<&str> =
        spec.inputs.iter().filter(|input| input.required).map(|input| input.name).collect();
    let properties: Map<String, Value> =
        spec.inputs.iter().map(|one| (one.name.to_owned(), input(one))).collect();
    let mut schema = json!({
        "title": format!("Inputs of {}", spec.name),
        "type": "object",
        "properties": properties,
        "additionalProperties": spec.open_inputs,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// One input: a value of its type, or an expression that gives one.
fn input(spec: &InputSpec) -> Value {
    // A value that is exactly one expression keeps the type of its value, which only the run knows.
    let or_whole = |kind: &str| json!({ "anyOf": [{ "type": kind }, shape::matching("^\\{\\{[^\\u0000]*\\}\\}$")] });
    let value = match spec.kind {
        Type::String => json!({ "type": "string" }),
        Type::Duration => {
            json!({ "anyOf": [shape::matching(DURATION), shape::matching(TEMPLATE)] })
        }
        Type::Integer => or_whole("integer"),
        Type::Number => or_whole("number"),
        Type::Boolean => or_whole("boolean"),
        Type::List => or_whole("array"),
        Type::Mapping => or_whole("object"),
        Type::Any => json!({}),
    };
    let value = match (spec.required || spec.kind == Type::Any, value) {
        (true, value) => value,
        // Nothing is as good as leaving it out.
        (false, value) => json!({ "anyOf": [value, { "type": "null" }] }),
    };
    let mut value = described(value, spec.description);
    if let Some(Ok(default)) = spec.default.map(crate::parse::value) {
        value["default"] = default;
    }
    value
}
