//! What is owed, what is settled, and what is overdue.

use super::*;
use crate::engine::event::{Event, Operator, RunStarted, StepStarted};
use crate::engine::settled::still_owed;
use crate::engine::state::RunState;
use crate::model::id::StepKey;
use crate::model::mode::Mode;
use crate::model::value::Values;
use std::collections::BTreeMap;

fn known(run: &str, runbook: &str, environment: &str, at: &str, params: Values) -> Known {
    let began = RunStarted {
        run: RunId::from_text(run),
        runbook: runbook.into(),
        texts: BTreeMap::new(),
        steps: BTreeMap::new(),
        params,
        secret_params: vec![],
        environment: environment.into(),
        mode: Mode::Real,
        operator: Operator::default(),
        tool: "0".into(),
        accounts: BTreeMap::new(),
        reason: None,
    };
    let state = RunState::begin(&Event::RunStarted(Box::new(began))).unwrap();
    let at: Timestamp = at.parse().unwrap();
    Known { run: RunId::from_text(run), state, began: at, last: at }
}

fn owing(params: Values) -> Known {
    let mut known = known("r1", "replace", "production", "2026-11-01T00:00:00Z", Values::new());
    let owed = Obligation {
        step: StepKey::from_text("retire"),
        text: "delete the old key".into(),
        due: "2026-12-01".into(),
        runbook: Some("delete-key".into()),
        params,
    };
    known.state.apply(&Event::ObligationIncurred(Box::new(owed))).unwrap();
    known
}

fn done(mut known: Known) -> Known {
    known.state.apply(&Event::RunSucceeded { healthy: true }).unwrap();
    known
}

fn values(text: &str) -> Values {
    serde_json::from_str(text).unwrap()
}

fn open(runs: &[Known]) -> usize {
    all(runs).iter().filter(|owed| owed.settled_by.is_none()).count()
}

#[test]
fn a_later_successful_run_with_those_values_settles() {
    let later = "2026-11-20T00:00:00Z";
    let run = |params| known("r2", "delete-key", "production", later, values(params));
    let owed = || owing(values(r#"{"key": "k1", "days": 30}"#));
    assert_eq!(open(&[owed()]), 1);
    assert_eq!(open(&[owed(), done(run(r#"{"key": "k1", "days": "30", "more": 1}"#))]), 0);
    assert_eq!(open(&[owed(), run(r#"{"key": "k1", "days": 30}"#)]), 1, "it has not succeeded");
    assert_eq!(open(&[owed(), done(run(r#"{"key": "k2", "days": 30}"#))]), 1, "another key");
    assert_eq!(open(&[owed(), done(run(r#"{"key": "k1"}"#))]), 1, "a value is missing");
}

#[test]
fn another_place_an_earlier_time_or_another_runbook_settles_nothing() {
    let owed = || owing(values(r#"{"key": "k1"}"#));
    let params = || values(r#"{"key": "k1"}"#);
    let elsewhere = known("r2", "delete-key", "drill", "2026-11-20T00:00:00Z", params());
    let earlier = known("r0", "delete-key", "production", "2026-10-20T00:00:00Z", params());
    let other = known("r3", "replace", "production", "2026-11-20T00:00:00Z", params());
    for run in [elsewhere, earlier, other] {
        assert_eq!(open(&[owed(), done(run)]), 1);
    }
}

#[test]
fn what_is_past_its_day_is_overdue() {
    let owed = &all(&[owing(Values::new())])[0];
    let day = |text: &str| text.parse::<Date>().unwrap();
    assert!(!is_overdue(owed, day("2026-12-01")), "the day itself is still in time");
    assert!(is_overdue(owed, day("2026-12-02")));
}

/// A drill that runs two runbooks, in this order. One of them incurs what the other settles.
fn drill(order: [&str; 2], params: &str) -> Known {
    let name = "drills/outage";
    let mut known = known("r1", name, "production", "2026-11-01T00:00:00Z", Values::new());
    known.state.began.texts.insert("delete-key".into(), "a digest".into());
    let owed = Obligation {
        step: StepKey::from_text("replace/retire"),
        text: "delete the old key".into(),
        due: "2026-12-01".into(),
        runbook: Some("delete-key".into()),
        params: values(r#"{"key": "k1"}"#),
    };
    for inner in order {
        let (outer, _) = inner.split_once('/').expect("a part of a runbook");
        let key = StepKey::from_text;
        let params = Some(values(params));
        let started = StepStarted {
            step: key(inner),
            attempt: 1,
            account: None,
            inputs: String::new(),
            memo: Value::Null,
        };
        let done =
            |step| Event::StepSucceeded { step: key(step), outputs: Values::new(), took_ms: 1 };
        for event in [
            Event::StepOpened { step: key(outer), items: None, params },
            Event::StepStarted(Box::new(started)),
            done(inner),
            done(outer),
        ] {
            known.state.apply(&event).unwrap();
        }
    }
    known.state.apply(&Event::ObligationIncurred(Box::new(owed))).unwrap();
    known
}

#[test]
fn a_drill_settles_what_it_carries_out_itself_afterwards() {
    let (replace, delete) = ("replace/retire", "delete_key/delete");
    let settled = drill([replace, delete], r#"{"key": "k1"}"#);
    // Its own report and the end of its run say the same.
    assert_eq!(still_owed(&settled.state), []);
    assert_eq!(open(&[settled]), 0);
    let unsettled = drill([delete, replace], r#"{"key": "k1"}"#);
    assert_eq!(still_owed(&unsettled.state).len(), 1);
    assert_eq!(open(&[unsettled]), 1, "it was before");
    assert_eq!(open(&[drill([replace, delete], r#"{"key": "k2"}"#)]), 1, "another key");
    let mut other = drill([replace, delete], r#"{"key": "k1"}"#);
    other.state.began.runbook = "outage".into();
    assert_eq!(open(&[other]), 1, "in a runbook a step may be called as it likes");
}
