//! Texts in which `{{ expressions }}` stand, and whole trees of them.

use super::ExprError;
use super::evaluate::{describe, evaluate_tokens};
use super::lexer::{self, Token};
use crate::model::value::{Node, NodeKind, Text, Value, Values};
use crate::source::Span;
use std::ops::Range;

/// What is wrong with an expression, and where in the Markdown file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LocatedError {
    /// The culprit's place.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// Whether a text holds an expression at all.
#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// One expression of a template: its tokens, and the bytes between the braces.
pub(super) type Part<'a> = (Vec<Token<'a>>, Range<usize>);

/// The expressions of a template, in order.
pub(super) fn scan(text: &str) -> Result<Vec<Part<'_>>, ExprError> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(open) = text[at..].find("{{").map(|offset| at + offset) {
        let (tokens, close) = lexer::tokens(text, open + 2, true)?;
        if !text[close..].starts_with("}}") {
            return Err(ExprError::new("this `{{` has no closing `}}`", open..open + 2));
        }
        if let Some(first) =
            tokens.first().filter(|token| token.is("-") && token.range.start == open + 2)
        {
            return Err(ExprError::new(
                "`{{-` is not used here: white space stays as it is written",
                open..first.range.end,
            ));
        }
        if tokens.is_empty() {
            return Err(ExprError::new(
                "there is no expression between these braces",
                open..close + 2,
            ));
        }
        found.push((tokens, open + 2..close));
        at = close + 2;
    }
    Ok(found)
}

/// The bytes of each expression of a template, without its braces.
///
/// # Errors
/// When a brace is not closed, or what is between two is no expression.
pub fn expressions(text: &str) -> Result<Vec<Range<usize>>, ExprError> {
    Ok(scan(text)?.into_iter().map(|(_, range)| range).collect())
}

/// The expression when the template is exactly one `{{ expression }}`, so that its type is kept.
#[must_use]
pub fn whole(text: &str) -> Option<&str> {
    match expressions(text).ok()?.as_slice() {
        [one] if one.start == 2 && one.end + 2 == text.len() => Some(&text[one.clone()]),
        _ => None,
    }
}

/// Renders a template. Exactly one `{{ expression }}` keeps its type; anything else is a string.
///
/// # Errors
/// As [`super::evaluate`], and when a list, a mapping or null would have to become part of a string.
pub fn render(template: &str, scope: &Values) -> Result<Value, ExprError> {
    if !is_template(template) {
        return Ok(Value::String(template.to_owned()));
    }
    let found = scan(template)?;
    let (mut out, mut at) = (String::with_capacity(template.len()), 0);
    for (tokens, range) in &found {
        // The tokens carry offsets of the whole template, and so do the errors.
        let value = evaluate_part(template, tokens, range, scope)?;
        if found.len() == 1 && range.start == 2 && range.end + 2 == template.len() {
            return Ok(value);
        }
        out.push_str(&template[at..range.start - 2]);
        at = range.end + 2;
        match value {
            Value::String(text) => out.push_str(&text),
            Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let start = tokens.first().map_or(range.start, |token| token.range.start);
                let end = tokens.last().map_or(range.end, |token| token.range.end);
                return Err(ExprError::new(
                    format!("{} cannot be part of a text", describe(&value)),
                    start..end,
                ));
            }
        }
    }
    out.push_str(&template[at..]);
    Ok(Value::String(out))
}

fn evaluate_part(
    template: &str,
    tokens: &[Token<'_>],
    range: &Range<usize>,
    scope: &Values,
) -> Result<Value, ExprError> {
    let shifted: Vec<_> = tokens
        .iter()
        .map(|token| Token {
            kind: token.kind.clone(),
            range: token.range.start - range.start..token.range.end - range.start,
        })
        .collect();
    evaluate_tokens(&template[range.clone()], &shifted, scope)
        .map_err(|error| error.shifted(range.start))
}

/// Renders a text that was written in a runbook, with the place of any error.
///
/// # Errors
/// As [`render`].
pub fn render_text(text: &Text, scope: &Values) -> Result<Value, LocatedError> {
    render(&text.value, scope)
        .map_err(|error| LocatedError { span: text.locate(error.range), message: error.message })
}

/// Renders every text of a tree.
///
/// # Errors
/// As [`render`]; and for a number that JSON cannot hold.
pub fn render_node(node: &Node, scope: &Values) -> Result<Value, LocatedError> {
    Ok(match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Boolean(value) => Value::Bool(*value),
        NodeKind::Integer(value) => Value::from(*value),
        NodeKind::Number(value) => {
            serde_json::Number::from_f64(*value).map(Value::Number).ok_or_else(|| LocatedError {
                span: node.span,
                message: "this is not a finite number".to_owned(),
            })?
        }
        NodeKind::Text(text) => render_text(text, scope)?,
        NodeKind::List(items) => Value::Array(
            items.iter().map(|item| render_node(item, scope)).collect::<Result<_, _>>()?,
        ),
        NodeKind::Mapping(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| Ok((key.value.clone(), render_node(value, scope)?)))
                .collect::<Result<_, LocatedError>>()?,
        ),
    })
}
