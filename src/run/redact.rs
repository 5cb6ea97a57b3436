//! The copy of an event that may be kept and shown: without secrets.

use super::scope::{ELEMENTS, WITHHELD, element, outer};
use crate::engine::event::{Event, Verdict};
use crate::mask::Masker;
use crate::model::id::StepKey;
use crate::model::secret::Secret;
use crate::model::value::{Value, Values};
use crate::plan::Plan;
use serde_json::json;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes the secrets out of an event.
///
/// An output that the author calls secret is withheld by name. Every other text is masked, so that
/// a secret that slipped into an error message does not get further either.
pub(super) fn journal_copy(
    mut event: Event,
    plan: &Plan,
    masker: &Masker,
    withheld: &Withheld,
) -> Event {
    match &mut event {
        Event::StepSucceeded { step, outputs, .. }
        | Event::StepInPlace { step, outputs }
        | Event::StepFailed { step, outputs: Some(outputs), .. }
        | Event::StepResolved { step, verdict: Verdict::Done { outputs }, .. } => {
            withheld.hide(step, outputs);
            withhold(outputs, &secret_names(step, plan), masker);
        }
        Event::StepAnswered { step, values, .. } => {
            withheld.hide(step, values);
            withhold(values, &secret_names(step, plan), masker)
        }
        // What these hold is used again by a process that takes the run up. It must not take a mask for
        // a value.
        Event::RunStarted(began) => withhold(&mut began.params, &[], masker),
        Event::StepStarted(started) => withhold_inside("memo", &mut started.memo, masker),
        Event::StepOpened { items, params, .. } => {
            for (index, item) in items.iter_mut().flatten().enumerate() {
                withhold_inside(&index.to_string(), item, masker);
            }
            params.iter_mut().for_each(|params| withhold(params, &[], masker));
        }
        _ => {}
    }
    let masked = serde_json::to_value(&event).and_then(|value| {
        let masked = masked_but_for_its_frame(value.clone(), masker);
        // To build an event from values takes longer than to see that, as usual, it need not be.
        if masked == value { Ok(None) } else { serde_json::from_value(masked).map(Some) }
    });
    match masked {
        Ok(None) => event,
        Ok(Some(masked)) => masked,
        // An event is made of texts, and masking a text leaves a text, so this cannot fail; if it ever
        // did, saying nothing is right and saying the secret is wrong.
        Err(_) => Event::StepUnknown {
            step: event.step().cloned().unwrap_or_else(|| StepKey::from_text("run")),
            cause: "an event could not be masked".to_owned(),
        },
    }
}

fn secret_names(step: &StepKey, plan: &Plan) -> Vec<String> {
    let Some((planned, frame)) = plan.find(step) else { return Vec::new() };
    let step = planned.step(frame);
    let listed = [Some(&step.block), step.observe.as_ref()];
    listed
        .into_iter()
        .flatten()
        .flat_map(|block| &block.options.secrets)
        .map(|name| name.value.clone())
        .collect()
}

/// Masks what an event says, and leaves alone what it is about. A secret that happens to be the name of
/// a step or a Region must not make the journal unreadable; those are in the runbook anyway.
fn masked_but_for_its_frame(value: Value, masker: &Masker) -> Value {
    const FRAME: [&str; 6] = ["event", "step", "probe", "run", "environment", "mode"];
    /// Names of variants, one level down.
    const VARIANTS: [&str; 5] = ["as", "how", "why", "stage", "kind"];
    const PLACE: [&str; 2] = ["id", "region"];
    let Value::Object(fields) = value else { return masker.mask_value(value) };
    let inner = |value: Value, kept: &[&str]| match value {
        Value::Object(fields) => Value::Object(mask_fields(fields, kept, masker)),
        other => masker.mask_value(other),
    };
    let masked = fields.into_iter().map(|(name, value)| {
        let value = match name.as_str() {
            name if FRAME.contains(&name) => value,
            "verdict" | "by" | "reason" | "failure" | "question" => inner(value, &VARIANTS),
            "account" => inner(value, &PLACE),
            _ => masker.mask_value(value),
        };
        (name, value)
    });
    Value::Object(masked.collect())
}

fn mask_fields(fields: Values, kept: &[&str], masker: &Masker) -> Values {
    let masked = fields.into_iter().map(|(name, value)| {
        let value = if kept.contains(&name.as_str()) { value } else { masker.mask_value(value) };
        (name, value)
    });
    masked.collect()
}

/// A value that is a secret, or has one in it, is replaced by a stand-in that no expression can use.
fn withhold(values: &mut Values, names: &[String], masker: &Masker) {
    for (name, value) in values.iter_mut() {
        if names.contains(name) {
            *value = json!({ WITHHELD: name });
        } else {
            withhold_inside(name, value, masker);
        }
    }
}

fn withhold_inside(name: &str, value: &mut Value, masker: &Masker) {
    match value {
        Value::String(text) if matches!(masker.mask(text), Cow::Owned(_)) => {
            *value = json!({ WITHHELD: name });
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| withhold_inside(name, item, masker));
        }
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(name, value)| withhold_inside(name, value, masker));
        }
        _ => {}
    }
}

/// The parts of outputs that their actions call secret, by step. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Withheld {
    pointers: Arc<Mutex<BTreeMap<StepKey, BTreeSet<String>>>>,
}

impl Withheld {
    /// From now on these parts of a step's outputs are left out of what is kept and shown, and what is
    /// in them is masked everywhere.
    pub(super) fn add(
        &self,
        step: &StepKey,
        outputs: &Values,
        pointers: Vec<String>,
        masker: &Masker,
    ) {
        if pointers.is_empty() {
            return;
        }
        let whole = Value::Object(outputs.clone());
        let values = pointers.iter().filter_map(|pointer| whole.pointer(pointer));
        register_all(values, masker);
        let mut known = self.pointers.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut step, mut pointers) = (step.clone(), pointers);
        loop {
            known.entry(step.clone()).or_default().extend(pointers.iter().cloned());
            // Loops and sub-runbooks give what their parts gave.
            let (outer, within) = match (element(&step), outer(&step)) {
                (Some((looped, index)), _) => (looped, format!("/{ELEMENTS}/{index}")),
                (None, Some(outer)) => {
                    let inner = step.as_str().rsplit('/').next().unwrap_or_default();
                    let within = format!("/{inner}");
                    (outer, within)
                }
                (None, None) => return,
            };
            step = outer;
            pointers.iter_mut().for_each(|pointer| pointer.insert_str(0, &within));
        }
    }

    /// Puts a stand-in for every part of these outputs that must not be seen.
    pub(super) fn hide(&self, step: &StepKey, outputs: &mut Values) {
        let known = self.pointers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pointers) = known.get(step) else { return };
        let mut whole = Value::Object(std::mem::take(outputs));
        for pointer in pointers {
            if let Some(part) = whole.pointer_mut(pointer) {
                *part = json!({ WITHHELD: pointer.trim_start_matches('/').replace('/', ".") });
            }
        }
        if let Value::Object(hidden) = whole {
            *outputs = hidden;
        }
    }
}

/// Registers the secret values among outputs, so that nothing that is said from now on shows them.
pub(super) fn register(
    values: &Values,
    names: impl IntoIterator<Item = impl AsRef<str>>,
    masker: &Masker,
) {
    let values = names.into_iter().filter_map(|name| values.get(name.as_ref()));
    register_all(values, masker);
}

fn register_all<'v>(values: impl Iterator<Item = &'v Value>, masker: &Masker) {
    let mut secrets = Vec::new();
    values.for_each(|value| texts(value, &mut secrets));
    // A text too short to be masked is withheld by its name all the same.
    let _: Result<(), crate::mask::MaskError> = masker.add_all(&secrets);
}

fn texts(value: &Value, found: &mut Vec<Secret>) {
    match value {
        Value::String(text) => {
            found.push(Secret::new(text.clone()));
            // What is kept in a secret store is often JSON, and scripts take it apart.
            if text.starts_with(['{', '['])
                && let Ok(inner) = serde_json::from_str(text)
            {
                passwords(&inner, found);
            }
        }
        Value::Number(number) => found.push(Secret::new(number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// The parts of a JSON document that are secret by their names. `"engine": "postgres"` is not.
fn passwords(value: &Value, found: &mut Vec<Secret>) {
    const WORDS: [&str; 8] =
        ["auth", "credential", "key", "pass", "private", "pwd", "secret", "token"];
    match value {
        Value::Array(items) => items.iter().for_each(|item| passwords(item, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.to_ascii_lowercase();
                if WORDS.iter().any(|word| name.contains(word)) {
                    texts(value, found);
                } else {
                    passwords(value, found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;
