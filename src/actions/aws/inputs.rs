//! Reads the inputs of a step. Their types were checked before; what is wrong here is said plainly.

use crate::actions::Trouble;
use crate::model::value::{Value, Values};

fn wrong(name: &str, what: &str) -> Trouble {
    Trouble::nothing_happened(format!("input `{name}` must be {what}"))
}

/// A text that must be there.
pub(super) fn text<'a>(inputs: &'a Values, name: &str) -> Result<&'a str, Trouble> {
    text_if(inputs, name)?.ok_or_else(|| wrong(name, "given"))
}

/// A text that may be there. Null is the same as nothing.
pub(super) fn text_if<'a>(inputs: &'a Values, name: &str) -> Result<Option<&'a str>, Trouble> {
    match inputs.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(wrong(name, "a string that is not empty")),
    }
}

/// The full ARN of a key. Some services take nothing else, and keep what they are given.
pub(super) fn key_arn<'a>(inputs: &'a Values, name: &str) -> Result<&'a str, Trouble> {
    let arn = text(inputs, name)?;
    let whole = arn.starts_with("arn:") && arn.contains(":kms:") && arn.contains(":key/");
    if whole {
        Ok(arn)
    } else {
        Err(wrong(name, "the full ARN of a key")
            .hint("An alias or an id is not enough here: use the `key_arn` of an earlier step."))
    }
}

/// The same, or words for it while the key that a plan speaks of is not made yet. A run always has it.
pub(super) fn planned_key<'a>(inputs: &'a Values, name: &str) -> Result<&'a str, Trouble> {
    if inputs.contains_key(name) { key_arn(inputs, name) } else { Ok(NEW_KEY) }
}

/// What a plan calls a key that is not made yet.
pub(super) const NEW_KEY: &str = "the new key";

/// A boolean that may be there.
pub(super) fn flag_if(inputs: &Values, name: &str) -> Result<Option<bool>, Trouble> {
    match inputs.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(wrong(name, "a boolean")),
    }
}

/// A boolean, or what it is when it is not given.
pub(super) fn flag(inputs: &Values, name: &str, otherwise: bool) -> Result<bool, Trouble> {
    flag_if(inputs, name).map(|flag| flag.unwrap_or(otherwise))
}

/// A whole number between two bounds, or what it is when it is not given.
pub(super) fn number(
    inputs: &Values,
    name: &str,
    range: std::ops::RangeInclusive<i64>,
    otherwise: i64,
) -> Result<i64, Trouble> {
    match inputs.get(name) {
        None | Some(Value::Null) => Ok(otherwise),
        Some(value) => value.as_i64().filter(|n| range.contains(n)).ok_or_else(|| {
            wrong(name, &format!("an integer from {} to {}", range.start(), range.end()))
        }),
    }
}

/// A list of texts that may be there.
pub(super) fn texts_if(inputs: &Values, name: &str) -> Result<Option<Vec<String>>, Trouble> {
    match inputs.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().map(Some).ok_or_else(|| wrong(name, "a list of strings"))
        }
        Some(_) => Err(wrong(name, "a list of strings")),
    }
}

/// A mapping of texts, numbers and booleans, as texts. Empty when it is not given.
pub(super) fn pairs(inputs: &Values, name: &str) -> Result<Vec<(String, String)>, Trouble> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        // CloudFormation takes lists as one text with commas.
        Value::Array(items) => {
            let items = items.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
            Some(items.join(","))
        }
        _ => None,
    };
    match inputs.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(mapping)) => {
            let pairs = mapping.iter().map(|(key, value)| Some((key.clone(), scalar(value)?)));
            pairs.collect::<Option<_>>().ok_or_else(|| wrong(name, "a mapping of names to strings"))
        }
        Some(_) => Err(wrong(name, "a mapping of names to strings")),
    }
}
