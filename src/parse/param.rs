//! The definitions of parameters, and values that a person types for them.

use super::decode::{Decode, get};
use super::{mapping, table, yaml};
use crate::diagnostic::syntax::{BAD_PARAMETER, DUPLICATE_KEY};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::id::StepId;
use crate::model::runbook::{Parameter, Type};
use crate::model::value::{Node, NodeKind, Value};
use crate::source::{Span, Spanned};
use regex::Regex;

/// Reads `params` of the front matter.
pub(super) fn definitions(node: &Node, decode: &mut Decode<'_>) -> Vec<Parameter> {
    let Some(entries) = decode.mapping("params", node) else { return Vec::new() };
    entries.iter().map(|(name, value)| definition(name, value, decode)).collect()
}

fn definition(name: &Spanned<String>, node: &Node, decode: &mut Decode<'_>) -> Parameter {
    if let Err(error) = StepId::new(name.value.clone()) {
        decode.bad(name.span, error.to_string());
    }
    let mut parameter = Parameter {
        name: name.clone(),
        kind: Type::Any,
        description: None,
        default: None,
        pattern: None,
        choices: Vec::new(),
        min: None,
        max: None,
        secret: false,
    };
    let whose = format!("the parameter `{}`", name.value);
    let Some(entries) = decode.mapping(&name.value, node) else { return parameter };
    let known = table::names(&table::PARAMETER);
    decode.unknown_keys(&whose, entries, &known);
    match get(entries, "type") {
        Some(node) => {
            if let Some(kind) = kind(node, decode) {
                parameter.kind = kind;
            }
        }
        None => decode.lacks(&whose, entries, &known, "type", name.span),
    }
    parameter.description =
        get(entries, "description").and_then(|node| decode.plain("description", node));
    parameter.default = get(entries, "default").cloned();
    parameter.pattern = get(entries, "pattern").and_then(|node| decode.plain("pattern", node));
    parameter.min = get(entries, "min").and_then(|node| decode.number("min", node));
    parameter.max = get(entries, "max").and_then(|node| decode.number("max", node));
    parameter.secret =
        get(entries, "secret").and_then(|node| decode.boolean("secret", node)).unwrap_or_default();
    match get(entries, "choices").map(|node| (&node.kind, node)) {
        None => {}
        Some((NodeKind::List(items), node)) => {
            if items.is_empty() {
                decode.bad(node.span, "`choices` must not be empty");
            }
            parameter.choices.clone_from(items);
        }
        Some((_, node)) => decode.wrong_type("choices", "a list", node),
    }
    // Keys that are there twice belong to two parameters, of which one has lost its name.
    if !has_twice(node, decode) {
        contradictions(&parameter, decode.found);
    }
    parameter
}

/// Whether a key of a node is there twice, which has been reported.
pub(super) fn has_twice(node: &Node, decode: &Decode<'_>) -> bool {
    let inside = |span: Span| node.span.start <= span.start && span.end <= node.span.end;
    decode.found.iter().any(|one| one.code == DUPLICATE_KEY.code && inside(one.span))
}

fn kind(node: &Node, decode: &mut Decode<'_>) -> Option<Type> {
    let word = decode.plain("type", node)?;
    let known = Type::OF_PARAMETERS.map(Type::word);
    if let Some(kind) = Type::OF_PARAMETERS.into_iter().find(|kind| kind.word() == word.value) {
        return Some(kind);
    }
    let hint = nearest(&word.value, known)
        .map_or_else(|| format!("one of {}", known.join(", ")), |near| format!("`{near}`"));
    decode.found.push(
        BAD_PARAMETER.error(node.span, format!("`{}` is not a type: write {hint}", word.value)),
    );
    None
}

fn contradictions(parameter: &Parameter, found: &mut Vec<Diagnostic>) {
    let kind = parameter.kind;
    let numeric = matches!(kind, Type::Integer | Type::Number | Type::Any);
    let regex = parameter.regex();
    let pattern_is_good = !matches!(regex, Some(Err(_)));
    if let Some(pattern) = &parameter.pattern {
        if !matches!(kind, Type::String | Type::Any) {
            found.push(
                BAD_PARAMETER
                    .error(pattern.span, format!("`pattern` fits strings, not {}", kind.phrase())),
            );
        }
        if let Some(Err(error)) = &regex {
            let reason = error.to_string();
            let reason =
                reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            found.push(
                BAD_PARAMETER
                    .error(pattern.span, format!("this is not a regular expression: {reason}")),
            );
        }
    }
    for limit in [&parameter.min, &parameter.max].into_iter().flatten() {
        if !numeric {
            found.push(
                BAD_PARAMETER.error(
                    limit.span,
                    format!("`min` and `max` fit numbers, not {}", kind.phrase()),
                ),
            );
        }
    }
    if let (Some(min), Some(max)) = (&parameter.min, &parameter.max)
        && min.value > max.value
    {
        let diagnostic = BAD_PARAMETER
            .error(min.span, format!("`min` is greater than `max`, which is {}", max.value));
        found.push(diagnostic.related(max.span, "`max` is here"));
    }
    // Between limits that contradict each other nothing fits. That has been said.
    let possible = parameter
        .min
        .as_ref()
        .zip(parameter.max.as_ref())
        .is_none_or(|(min, max)| min.value <= max.value);
    let regex = regex.and_then(Result::ok);
    choices(parameter, &regex, pattern_is_good && possible, found);
    if let Some(default) = &parameter.default {
        if parameter.secret {
            found.push(
                BAD_PARAMETER
                    .error(default.span, "a secret has no default: it would stand in the file"),
            );
        } else if default.literal().is_none() {
            found.push(
                BAD_PARAMETER.error(
                    default.span,
                    "a default is a plain value: expressions are not read here",
                ),
            );
        } else if pattern_is_good
            && possible
            && let Err(error) = parameter.check_with(&default.verbatim(), &regex)
        {
            found.push(
                BAD_PARAMETER.error(default.span, format!("the default does not fit: {error}")),
            );
        }
    }
}

/// Whether every choice can be chosen.
fn choices(
    parameter: &Parameter,
    regex: &Option<Regex>,
    limits_are_good: bool,
    found: &mut Vec<Diagnostic>,
) {
    let limits = Parameter { choices: Vec::new(), ..parameter.clone() };
    for (at, choice) in parameter.choices.iter().enumerate() {
        let value = choice.verbatim();
        let earlier = parameter.choices[..at].iter().find(|one| one.verbatim() == value);
        if !parameter.kind.admits(&value) {
            let message = format!("this choice is not {}", parameter.kind.phrase());
            found.push(BAD_PARAMETER.error(choice.span, message));
        } else if let Some(earlier) = earlier {
            let diagnostic = BAD_PARAMETER.error(choice.span, "this choice is here twice");
            found.push(diagnostic.related(earlier.span, "it is here already"));
        } else if limits_are_good && let Err(error) = limits.check_with(&value, regex) {
            let message = format!("this choice can never be taken: {error}");
            found.push(BAD_PARAMETER.error(choice.span, message));
        }
    }
}

/// Reads a value that a person typed, as YAML reads it: `3` is an integer, `[a, b]` a list, `x` a string.
///
/// # Errors
/// When the text is not YAML.
pub fn value(text: &str) -> Result<Value, String> {
    let mut found = Vec::new();
    let node = yaml::read(&mapping::verbatim(text, 0), &mut found);
    match (found.first(), node) {
        (None, Some(node)) => Ok(node.verbatim()),
        (first, _) => {
            Err(first.map_or_else(|| "this is not a value".to_owned(), |d| d.message.clone()))
        }
    }
}

/// Reads a value that a person typed for something of a known type. A string is taken as it is.
///
/// # Errors
/// When the text is not of that type.
pub fn coerce(kind: Type, text: &str) -> Result<Value, String> {
    let read = match kind {
        Type::String => Value::String(text.to_owned()),
        Type::Duration => Value::String(text.trim().to_owned()),
        // `a,b` is how people type a list on a command line.
        Type::List if !text.trim_start().starts_with(['[', '-']) => Value::Array(
            text.split(',')
                .map(|item| Value::String(item.trim().to_owned()))
                .filter(|v| v != "")
                .collect(),
        ),
        _ => value(text)?,
    };
    if kind.admits(&read) { Ok(read) } else { Err(format!("this must be {}", kind.phrase())) }
}

/// Reads a value that a person typed for a parameter, and checks it against its type, pattern,
/// choices and limits.
///
/// # Errors
/// What does not fit, in words for the person who typed it. The value of a secret is not repeated.
pub fn param(parameter: &Parameter, text: &str) -> Result<Value, String> {
    let value = coerce(parameter.kind, text)
        .map_err(|error| format!("`{}`: {error}", parameter.name.value))?;
    parameter.check(&value).map_err(|error| error.to_string())?;
    Ok(value)
}
