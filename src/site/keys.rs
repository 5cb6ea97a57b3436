//! Keys and what they encrypt, as the last run that looked has found: the outputs of the action `kms/key-users`.

use super::run::{Row, row};
use super::spoken::plain;
use super::view::Input;
use crate::model::value::{Value, Values};
use serde::Serialize;
use std::collections::BTreeMap;

/// A key and what is under it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Key {
    pub(super) arn: String,
    /// Its id, without where it is.
    pub(super) name: String,
    /// What is under it: service, resource, detail, count.
    pub(super) users: Vec<(String, String, String, String)>,
    pub(super) total: String,
    /// Whether everything that was asked for was read.
    pub(super) complete: bool,
    /// The run that looked.
    pub(super) run: Row,
}

/// More things under one key than this are for the run's own page.
const MOST: usize = 40;

/// Every key that a run has looked under, each as it was found last, in the order of the newest look.
pub(super) fn keys(input: &Input<'_>) -> Vec<Key> {
    let mut found: Vec<Key> = Vec::new();
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    for run in &input.evidence.runs {
        // The last look of a run is the one that counts: it was made after the change.
        let looks = run.events.iter().rev().filter_map(|(_, event)| match event {
            crate::engine::event::Event::StepSucceeded { outputs, .. } => Some(outputs),
            _ => None,
        });
        for outputs in looks {
            let Some(arn) = arn(outputs) else { continue };
            if seen.insert(arn.to_owned(), ()).is_none() {
                found.push(key(arn, outputs, row(input, run)));
            }
        }
    }
    found
}

/// The key of a look, when these outputs are those of one.
fn arn(outputs: &Values) -> Option<&str> {
    let looks = outputs.get("users").is_some_and(Value::is_array) && outputs.contains_key("total");
    outputs.get("key_arn").and_then(Value::as_str).filter(|_| looks)
}

fn key(arn: &str, outputs: &Values, run: Row) -> Key {
    let text = |value: &Value, name: &str| value.get(name).map(plain).unwrap_or_default();
    let users = outputs.get("users").and_then(Value::as_array).into_iter().flatten();
    Key {
        arn: arn.to_owned(),
        name: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        users: users
            .take(MOST)
            .map(|user| {
                (
                    text(user, "service"),
                    text(user, "resource"),
                    text(user, "detail"),
                    text(user, "count"),
                )
            })
            .collect(),
        total: outputs.get("total").map(plain).unwrap_or_default(),
        complete: outputs.get("complete").and_then(Value::as_bool).unwrap_or(false),
        run,
    }
}
