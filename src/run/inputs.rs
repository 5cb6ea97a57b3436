//! Evaluates what a block is given.

use crate::engine::outcome::{Failure, Stage};
use crate::expr;
use crate::model::action::Catalog;
use crate::model::step::{Block, Body};
use crate::model::value::{Node, Text, Value, Values};
use crate::source::{Source, Span, Spanned};

/// The inputs of a block: an action's `with`, or a script's `env`.
///
/// # Errors
/// A failure before anything happened, with the place in the runbook.
pub(super) fn inputs(
    block: &Block,
    source: &Source,
    scope: &Values,
    catalog: &Catalog,
) -> Result<Values, Failure> {
    match &block.body {
        Body::Script { .. } => mapping(&block.options.env, source, scope),
        Body::Action { uses, with } => {
            let values = mapping(with, source, scope)?;
            let Some(spec) = catalog.get(&uses.value) else { return Ok(values) };
            for input in spec.inputs {
                match values.get(input.name) {
                    None | Some(Value::Null) if input.required => {
                        return Err(failure(
                            source,
                            uses.span,
                            format!("input `{}` has no value", input.name),
                        ));
                    }
                    Some(value) if !value.is_null() && !input.kind.admits(value) => {
                        let message = format!(
                            "input `{}` of `{}` must be {}",
                            input.name,
                            spec.name,
                            input.kind.phrase()
                        );
                        let span = with
                            .iter()
                            .find(|(name, _)| name.value == input.name)
                            .map_or(uses.span, |(_, n)| n.span);
                        return Err(failure(source, span, message));
                    }
                    _ => {}
                }
            }
            // An input that is nothing is an input that was left out.
            Ok(values.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
    }
}

/// Evaluates a mapping of templates.
pub(super) fn mapping(
    nodes: &[(Spanned<String>, Node)],
    source: &Source,
    scope: &Values,
) -> Result<Values, Failure> {
    nodes
        .iter()
        .map(|(name, node)| {
            let value = expr::render_node(node, scope)
                .map_err(|error| failure(source, error.span, error.message))?;
            Ok((name.value.clone(), value))
        })
        .collect()
}

/// Evaluates one template to text.
pub(super) fn text(text: &Text, source: &Source, scope: &Values) -> Result<String, Failure> {
    let value = expr::render(&text.value, scope)
        .map_err(|error| failure(source, text.locate(error.range), error.message))?;
    Ok(plain(&value))
}

/// Evaluates one bare expression.
pub(super) fn value(text: &Text, source: &Source, scope: &Values) -> Result<Value, Failure> {
    expr::evaluate(&text.value, scope)
        .map_err(|error| failure(source, text.locate(error.range), error.message))
}

/// Evaluates one bare condition.
pub(super) fn holds(text: &Text, source: &Source, scope: &Values) -> Result<bool, Failure> {
    expr::holds(&text.value, scope)
        .map_err(|error| failure(source, text.locate(error.range), error.message))
}

/// How a value reaches a script or a sentence: a text as it is, everything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn failure(source: &Source, span: Span, message: impl std::fmt::Display) -> Failure {
    let at = source.position(span.start);
    Failure::new(Stage::Input, format!("{}:{}:{}: {message}", source.path, at.line, at.column))
}
