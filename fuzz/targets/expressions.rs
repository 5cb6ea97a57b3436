//! Any text as an expression and as a template: its names, its spelling, its value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runbook::expr::{ExprError, Form, evaluate, holds, references, render, syntax, whole};
use runbook::model::value::Values;
use std::sync::LazyLock;

static SCOPE: LazyLock<Values> = LazyLock::new(|| {
    let scope = serde_json::json!({
        "params": { "n": 3, "s": "é🔑", "b": true, "l": [1, "a", null], "f": 1.5, "z": null },
        "steps": { "a": { "x": "text", "m": { "k": [ { "y": 1 } ] } }, "many": [ { "x": 1 }, { "x": 2 } ] },
        "accounts": { "data": { "id": "100000000002", "region": "eu-west-1" } },
        "run": { "id": "r", "mode": "drill", "environment": "e" },
        "outputs": { "x": 1, "big": i64::MAX, "small": i64::MIN },
        "item": { "x": -1 },
    });
    scope.as_object().cloned().unwrap_or_default()
});

fuzz_target!(|text: &str| {
    let scope = &*SCOPE;
    for form in [Form::Bare, Form::Template] {
        match references(text, form) {
            Ok(all) => {
                for one in all {
                    assert!(text.get(one.range.clone()).is_some(), "{one:?}");
                    assert_eq!(one.path.len(), one.parts.len(), "{one:?}");
                    for part in &one.parts {
                        assert!(text.get(part.clone()).is_some_and(|part| !part.is_empty()), "{one:?}");
                    }
                }
            }
            Err(error) => inside(text, &error),
        }
    }
    let (value, spelling) = (evaluate(text, scope), syntax(text, Form::Bare));
    agree(text, value.as_ref().err(), spelling.as_ref().err());
    if let Err(error) = holds(text, scope) {
        inside(text, &error);
    }
    let (value, spelling) = (render(text, scope), syntax(text, Form::Template));
    agree(text, value.as_ref().err(), spelling.as_ref().err());
    if let Some(inner) = whole(text) {
        assert_eq!(text, format!("{{{{{inner}}}}}"));
    }
});

/// What can never be evaluated is not evaluated. The other way round depends on the values.
fn agree(text: &str, value: Option<&ExprError>, spelling: Option<&ExprError>) {
    value.into_iter().chain(spelling).for_each(|error| inside(text, error));
    if let (Some(spelling), None) = (spelling, value) {
        // `and`, `or` and `if` never look at what they do not need, and a loop over nothing at its body.
        panic!("{text:?} has a value, but is said to be misspelt: {spelling}");
    }
}

fn inside(text: &str, error: &ExprError) {
    assert!(!error.message.is_empty());
    assert!(text.get(error.range.clone()).is_some(), "{error:?} in {text:?}");
}
