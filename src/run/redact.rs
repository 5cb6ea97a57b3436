//! The copy of an event that may be kept and shown: without secrets.

use super::scope::WITHHELD;
use crate::engine::event::{Event, Verdict};
use crate::mask::Masker;
use crate::model::id::StepKey;
use crate::model::secret::Secret;
use crate::model::value::{Value, Values};
use crate::plan::Plan;
use serde_json::json;

/// Takes the secrets out of an event.
///
/// An output that the author calls secret is withheld by name. Every other text is masked, so that
/// a secret that slipped into an error message does not get further either.
pub(super) fn journal_copy(mut event: Event, plan: &Plan, masker: &Masker) -> Event {
    match &mut event {
        Event::StepSucceeded { step, outputs, .. }
        | Event::StepInPlace { step, outputs }
        | Event::StepFailed { step, outputs: Some(outputs), .. }
        | Event::StepResolved { step, verdict: Verdict::Done { outputs }, .. } => {
            withhold(outputs, &secret_names(step, plan), masker);
        }
        Event::StepAnswered { step, values, .. } => {
            withhold(values, &secret_names(step, plan), masker)
        }
        _ => {}
    }
    let masked = serde_json::to_value(&event)
        .map(|value| masker.mask_value(value))
        .and_then(serde_json::from_value);
    // An event is made of texts, and masking a text leaves a text, so this cannot fail; if it ever
    // did, saying nothing is right and saying the secret is wrong.
    masked.unwrap_or_else(|_| Event::StepUnknown {
        step: event.step().cloned().unwrap_or_else(|| StepKey::from_text("run")),
        cause: "an event could not be masked".to_owned(),
    })
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

/// A value that is a secret, or is nothing but one, is replaced by a stand-in that no expression can use.
fn withhold(values: &mut Values, names: &[String], masker: &Masker) {
    for (name, value) in values.iter_mut() {
        let is_secret = value
            .as_str()
            .is_some_and(|text| !text.is_empty() && masker.mask(text) == crate::mask::MASK);
        if is_secret || names.contains(name) {
            *value = json!({ WITHHELD: name });
        }
    }
}

/// Registers the secret values among outputs, so that nothing that is said from now on shows them.
pub(super) fn register(
    values: &Values,
    names: impl IntoIterator<Item = impl AsRef<str>>,
    masker: &Masker,
) {
    for name in names {
        if let Some(value) = values.get(name.as_ref()) {
            register_value(value, masker);
        }
    }
}

fn register_value(value: &Value, masker: &Masker) {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => return items.iter().for_each(|item| register_value(item, masker)),
        Value::Object(fields) => {
            return fields.values().for_each(|field| register_value(field, masker));
        }
        Value::Null | Value::Bool(_) => return,
    };
    // A text too short to be masked is withheld by its name all the same.
    let _: Result<(), crate::mask::MaskError> = masker.add(&Secret::new(text));
}
