//! What is left of an event when its secrets are gone.

use super::{Withheld, journal_copy, masked_but_for_its_frame, register};
use crate::engine::event::Event;
use crate::mask::Masker;
use crate::model::id::StepKey;
use crate::model::secret::Secret;
use crate::model::value::{Value, Values};
use crate::parse;
use crate::plan::{Frame, Plan};
use serde_json::json;
use std::sync::Arc;

fn values(value: Value) -> Values {
    value.as_object().expect("a mapping").clone()
}

/// No step of it says by itself what is secret.
fn plan() -> Plan {
    let book = Arc::new(parse::runbook("t", "t", "").0);
    Plan { root: Frame { book, steps: Vec::new() }, digest: String::new() }
}

fn key(text: &str) -> StepKey {
    StepKey::from_text(text)
}

fn succeeded(step: &str, outputs: Value) -> Event {
    Event::StepSucceeded { step: key(step), outputs: values(outputs), took_ms: 1 }
}

fn kept(event: Event, masker: &Masker, withheld: &Withheld) -> Value {
    let copy = journal_copy(event, &plan(), masker, withheld);
    serde_json::to_value(copy).expect("JSON")["outputs"].clone()
}

#[test]
fn a_part_deep_inside_is_withheld_however_short_it_is() {
    let (masker, withheld) = (Masker::new(), Withheld::default());
    let answer = json!({ "Parameters": [{ "Name": "pin", "Value": "77" }, { "Name": "word", "Value": "hunter22" }] });
    let pointers = vec!["/Parameters/0/Value".to_owned(), "/Parameters/1/Value".to_owned()];
    withheld.add(&key("read"), &values(answer.clone()), pointers, &masker);
    assert_eq!(masker.mask("it is hunter22, 77"), "it is ***, 77");
    let copy = kept(succeeded("read", answer), &masker, &withheld);
    assert_eq!(
        copy["Parameters"][0],
        json!({ "Name": "pin", "Value": { "$withheld": "Parameters.0.Value" } })
    );
    assert_eq!(copy["Parameters"][1]["Value"], json!({ "$withheld": "Parameters.1.Value" }));
}

#[test]
fn a_value_with_a_secret_in_it_is_withheld_and_never_half_of_it_kept() {
    let (masker, withheld) = (Masker::new(), Withheld::default());
    masker.add(&Secret::new("hunter22")).expect("long enough");
    let copy = kept(
        succeeded("make", json!({ "path": "/x/hunter22/y", "name": "z" })),
        &masker,
        &withheld,
    );
    assert_eq!(copy, json!({ "path": { "$withheld": "path" }, "name": "z" }));
    let opened = json!({
        "event": "step_opened", "step": "each", "items": ["a", { "b": "is hunter22" }], "params": { "c": ["hunter22"] },
    });
    let opened: Event = serde_json::from_value(opened).expect("an event");
    let copy = serde_json::to_value(journal_copy(opened, &plan(), &masker, &withheld));
    let copy = copy.expect("JSON");
    assert_eq!(copy["items"], json!(["a", { "b": { "$withheld": "b" } }]));
    assert_eq!(copy["params"], json!({ "c": [{ "$withheld": "c" }] }));
}

#[test]
fn loops_and_sub_runbooks_withhold_what_their_parts_did() {
    let (masker, withheld) = (Masker::new(), Withheld::default());
    let answer = values(json!({ "Value": "77" }));
    withheld.add(&key("outer[1]/read"), &answer, vec!["/Value".to_owned()], &masker);
    let hidden = json!({ "$withheld": "read.Value" });
    let of_element =
        kept(succeeded("outer[1]", json!({ "read": { "Value": "77" } })), &masker, &withheld);
    assert_eq!(of_element["read"]["Value"], hidden);
    let whole =
        json!({ "elements": [{ "read": { "Value": "1" } }, { "read": { "Value": "77" } }] });
    let of_loop = kept(succeeded("outer", whole), &masker, &withheld);
    assert_eq!(of_loop["elements"][0]["read"]["Value"], json!("1"));
    assert_eq!(
        of_loop["elements"][1]["read"]["Value"],
        json!({ "$withheld": "elements.1.read.Value" })
    );
}

#[test]
fn a_secret_that_is_a_word_of_the_journal_does_not_make_it_unreadable() {
    let masker = Masker::new();
    for word in ["step_succeeded", "invocation", "eu-west-1", "read", "operator"] {
        masker.add(&Secret::new(word)).expect("long enough");
    }
    let events = [
        json!({ "event": "step_succeeded", "step": "read", "outputs": { "said": "read it" }, "took_ms": 1 }),
        json!({ "event": "step_failed", "step": "read", "failure": { "stage": "invocation", "message": "no invocation" } }),
        json!({ "event": "step_resolved", "step": "read", "verdict": { "as": "retry" }, "by": { "how": "operator", "by": "a", "reason": "operator" } }),
        json!({ "event": "step_started", "step": "read", "attempt": 1, "inputs": "x", "account": { "id": "1", "region": "eu-west-1" } }),
    ];
    for event in events {
        let masked = masked_but_for_its_frame(event.clone(), &masker);
        let read: Event = serde_json::from_value(masked.clone()).expect("an event");
        assert_eq!(read.step(), Some(&key("read")), "{masked}");
        assert_eq!(masked["event"], event["event"]);
        assert_eq!(masked["account"]["region"], event["account"]["region"]);
    }
    let said = masked_but_for_its_frame(
        json!({ "event": "x", "outputs": { "said": "read it" } }),
        &masker,
    );
    assert_eq!(said["outputs"]["said"], "*** it");
}

#[test]
fn the_passwords_in_a_secret_that_is_json_are_masked_too() {
    let masker = Masker::new();
    let secret = r#"{"username":"corpus","password":"hunter22","engine":"postgres","nested":[{"api_key":"abcd1234"}]}"#;
    register(&values(json!({ "SecretString": secret })), ["SecretString"], &masker);
    let said = masker.mask("corpus on postgres with hunter22 and abcd1234").into_owned();
    assert_eq!(said, "corpus on postgres with *** and ***");
    assert_eq!(masker.mask(secret), "***");
}
