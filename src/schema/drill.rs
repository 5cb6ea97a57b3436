//! The schema of a drill.

use super::shape::{cadence, date, described, duration, matching, text};
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let every = json!({
        "description": "When it is due: every so often, counted from a day.",
        "type": "object",
        "properties": {
            "every": described(cadence(), "How often, such as `3 months`."),
            "from": described(date(), "The day it is counted from, such as `2026-01-15`."),
        },
        "required": ["every", "from"],
        "additionalProperties": false,
    });
    let objective = json!({
        "description": "What it is judged by.",
        "type": "object",
        "properties": { "rto": described(duration(), "Recovery time objective: how long until healthy.") },
        "required": ["rto"],
        "additionalProperties": false,
    });
    json!({
        "title": "Drill",
        "description": "A drill, a file in `drills/`. What it runs, breaks and checks are runbooks.",
        "type": "object",
        "properties": {
            "title": described(text(), "What the drill is called."),
            "summary": described(text(), "What it proves, in one or two sentences."),
            "owner": described(text(), "Who keeps it true."),
            "cadence": every,
            "environment": described(matching("^[a-z0-9_-]+$"), "The environment it runs in. Never one of kind production."),
            "objective": objective,
            "scenario": {
                "description": "What happens, in order.",
                "type": "array",
                "items": { "oneOf": moments() },
                "minItems": 1,
                // The clock that is started has to be stopped, and the other way round.
                "allOf": [
                    {
                        "if": { "contains": { "required": ["incident"] } },
                        "then": { "contains": { "required": ["recovered"] } },
                        "else": { "not": { "contains": { "required": ["recovered"] } } },
                    },
                ],
            },
        },
        "required": ["title", "summary", "owner", "environment", "scenario"],
        "additionalProperties": false,
    })
}

/// What can happen in a scenario.
fn moments() -> [Value; 5] {
    let params = || {
        json!({
            "description": "Its parameters by name.",
            "type": "object",
            "propertyNames": { "pattern": super::shape::SNAKE },
        })
    };
    let moment = |title: &str, name: &str, takes: Value, more: Value| {
        let mut properties = json!({ name: takes });
        if let (Value::Object(all), Value::Object(more)) = (&mut properties, more) {
            all.extend(more);
        }
        json!({
            "title": title, "type": "object", "properties": properties, "required": [name],
            "additionalProperties": false,
        })
    };
    [
        moment(
            "Run a runbook",
            "run",
            described(text(), "The name of the runbook."),
            json!({ "params": params() }),
        ),
        moment(
            "Break something",
            "fault",
            described(
                text(),
                "The name of a runbook whose steps break something and whose undo mends it.",
            ),
            json!({
                "params": params(),
                "max_duration": described(duration(), "After this time it is undone in any case."),
            }),
        ),
        moment(
            "The incident begins",
            "incident",
            described(text(), "What has happened, in one sentence. The clock starts."),
            json!({}),
        ),
        moment(
            "See that the fault shows",
            "expect",
            json!({
                "description": "What must be so, or the drill judges nothing.",
                "type": "object",
                "properties": { "unhealthy": described(text(), "The runbook whose health must not hold.") },
                "required": ["unhealthy"],
                "additionalProperties": false,
            }),
            json!({}),
        ),
        moment(
            "It is over",
            "recovered",
            json!({
                "description": "The runbooks whose health must hold. The clock stops when it does.",
                "type": "array", "items": text(), "minItems": 1, "uniqueItems": true,
            }),
            json!({}),
        ),
    ]
}
