//! Expressions: the only place that knows the expression language.
//!
//! Tera parses and evaluates. Around it this module adds what a runbook needs and Tera does not
//! promise: a place for every error, no undefined name anywhere, and only pure built-ins.

mod evaluate;
mod lexer;
mod names;
mod references;
mod rewrite;
mod shape;
mod template;
#[cfg(test)]
mod tests;

pub use evaluate::{evaluate, holds};
pub use references::{Reference, references};
pub use shape::{always, compared_with_number, conjuncts, constant, only_name};
pub use template::{
    LocatedError, expressions, is_template, render, render_node, render_text, whole,
};

use std::ops::Range;

/// How an expression is written in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The whole text is one expression, as in `if` and `expect`.
    Bare,
    /// A text in which `{{ expressions }}` may stand, as in `with` and `env`.
    Template,
}

/// What is wrong with an expression, and where in the text that was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The culprit's bytes in the given text.
    pub range: Range<usize>,
}

impl ExprError {
    pub(crate) fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), range }
    }

    /// The same error in a text that has `offset` more bytes before this one.
    fn shifted(mut self, offset: usize) -> Self {
        self.range = self.range.start + offset..self.range.end + offset;
        self
    }
}

/// Every filter, test and function, for the manual.
pub fn names() -> impl Iterator<Item = &'static str> {
    names::FILTERS.into_iter().chain(names::TESTS).chain(names::FUNCTIONS)
}

/// The filters: what may stand behind a `|`.
#[must_use]
pub fn filters() -> &'static [&'static str] {
    &names::FILTERS
}

/// The tests: what may stand behind `is`.
#[must_use]
pub fn tests() -> &'static [&'static str] {
    &names::TESTS
}

/// Checks the spelling of an expression or a template without evaluating it.
///
/// # Errors
/// The first thing that can never be evaluated, whatever the values are.
pub fn syntax(text: &str, form: Form) -> Result<(), ExprError> {
    match form {
        Form::Bare => evaluate::syntax(text),
        Form::Template => template::expressions(text)?.into_iter().try_for_each(|range| {
            evaluate::syntax(&text[range.clone()]).map_err(|e| e.shifted(range.start))
        }),
    }
}
