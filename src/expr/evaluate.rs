//! Evaluation of one bare expression to a typed value.
//!
//! The expression is wrapped as `{{ (EXPR) | typed }}`, and the filter renders the value as JSON,
//! which is read back. No state is shared, so any number of threads may evaluate at once.

use super::lexer::{self, Token};
use super::references::{Reference, of_tokens};
use super::rewrite::Rewrite;
use super::{ExprError, names};
use crate::diagnostic::nearest;
use crate::model::value::{Value, Values};
use std::sync::LazyLock;
use tera::{Context, Delimiters, ErrorKind, Kwargs, State, Tera, TeraResult};

const BEFORE: &str = "{{ (";
const AFTER: &str = ") | typed }}";
/// `and` short-circuits, so nothing is evaluated and only the spelling counts.
const BEFORE_SYNTAX: &str = "{{ false and (";
const AFTER_SYNTAX: &str = ") }}";
/// A name that no scope has.
const NOTHING: &str = "__nothing";
/// Closes the parenthesis around a name with an index that only the run knows.
const MUST_BE_THERE: &str = " | must_be_there)";

static TERA: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::new();
    // Only `{{ }}` is special. Blocks and comments get marks that the lexer never lets through.
    let delimiters = Delimiters {
        block_start: "\u{1}\u{2}".into(),
        block_end: "\u{2}\u{1}".into(),
        comment_start: "\u{1}\u{3}".into(),
        comment_end: "\u{3}\u{1}".into(),
        ..Delimiters::default()
    };
    let set = tera.set_delimiters(delimiters);
    debug_assert!(set.is_ok(), "the delimiters are distinct and two bytes long");
    tera.register_filter("typed", typed);
    tera.register_filter("must_be_there", must_be_there);
    tera
});

fn typed(value: tera::Value, _: Kwargs, _: &State) -> TeraResult<String> {
    if value.is_undefined() {
        return Err(tera::Error::message(
            "the expression gives nothing: something in it is undefined",
        ));
    }
    if value.as_f64().is_some_and(|number| !number.is_finite()) {
        return Err(tera::Error::message("the result is not a finite number"));
    }
    serde_json::to_string(&value)
        .map_err(|e| tera::Error::message(format!("the result is not a value: {e}")))
}

fn must_be_there(value: tera::Value, _: Kwargs, _: &State) -> TeraResult<tera::Value> {
    if value.is_undefined() {
        return Err(tera::Error::message("this is not defined: there is no such element or key"));
    }
    Ok(value)
}

/// Evaluates a bare expression.
///
/// # Errors
/// Bad syntax, an undefined name (also where `and`, `or`, `if` or a filter would forgive it), or an
/// operation that the values do not allow.
pub fn evaluate(expression: &str, scope: &Values) -> Result<Value, ExprError> {
    let (tokens, _) = lexer::tokens(expression, 0, false)?;
    evaluate_tokens(expression, &tokens, scope)
}

/// Evaluates a bare expression that must be true or false.
///
/// # Errors
/// As [`evaluate`], and when the result is anything but a boolean.
pub fn holds(expression: &str, scope: &Values) -> Result<bool, ExprError> {
    match evaluate(expression, scope)? {
        Value::Bool(truth) => Ok(truth),
        other => Err(ExprError::new(
            format!("this must be true or false, but it is {}", describe(&other)),
            trimmed(expression),
        )),
    }
}

/// Checks the spelling of a bare expression.
pub(super) fn syntax(expression: &str) -> Result<(), ExprError> {
    let (tokens, _) = lexer::tokens(expression, 0, false)?;
    prepare(expression, &tokens)?;
    let references = of_tokens(&tokens);
    if is_plain(&tokens, &references) {
        return Ok(());
    }
    let text = format!("{BEFORE_SYNTAX}{expression}{AFTER_SYNTAX}");
    match TERA.render_str(&text, &Context::new(), false) {
        Err(error) if !matches!(error.kind(), ErrorKind::RenderingError(_)) => {
            Err(located(&error, &Rewrite::default(), BEFORE_SYNTAX.len(), expression))
        }
        _ => Ok(()),
    }
}

fn prepare(expression: &str, tokens: &[Token<'_>]) -> Result<(), ExprError> {
    if tokens.is_empty() {
        return Err(ExprError::new("there is no expression here", 0..expression.len()));
    }
    names::check(tokens)?;
    balanced(tokens)
}

/// The wrapping adds parentheses, so the expression's own must be in order.
fn balanced(tokens: &[Token<'_>]) -> Result<(), ExprError> {
    let mut open: Vec<(&Token<'_>, &str)> = Vec::new();
    for token in tokens {
        for (opening, closing) in [("(", ")"), ("[", "]"), ("{", "}")] {
            if token.is(opening) {
                open.push((token, closing));
            } else if token.is(closing)
                && open.pop().is_none_or(|(_, expected)| expected != closing)
            {
                return Err(ExprError::new(
                    format!("this `{closing}` closes nothing"),
                    token.range.clone(),
                ));
            }
        }
    }
    match open.pop() {
        Some((token, closing)) => {
            Err(ExprError::new(format!("this has no closing `{closing}`"), token.range.clone()))
        }
        None => Ok(()),
    }
}

/// Whether the whole expression is one name. Then it is looked up directly.
fn is_plain(tokens: &[Token<'_>], references: &[Reference]) -> bool {
    match (references, tokens.first(), tokens.last()) {
        ([one], Some(first), Some(last)) => {
            one.complete && one.range.start == first.range.start && one.range.end == last.range.end
        }
        _ => false,
    }
}

pub(super) fn evaluate_tokens(
    expression: &str,
    tokens: &[Token<'_>],
    scope: &Values,
) -> Result<Value, ExprError> {
    prepare(expression, tokens)?;
    let references = of_tokens(tokens);
    let mut rewrite = Rewrite::default();
    let mut context = Context::new();
    for reference in &references {
        match lookup(scope, reference) {
            Ok(value) if is_plain(tokens, &references) => return Ok(value.clone()),
            Ok(_) => {
                let root = &reference.path[0];
                if !context.contains_key(root)
                    && let Some(value) = scope.get(root)
                {
                    context.insert(root.clone(), value);
                }
                if !reference.complete && !reference.guarded {
                    rewrite.replace(reference.range.start..reference.range.start, "(");
                    rewrite.replace(reference.chain_end..reference.chain_end, MUST_BE_THERE);
                }
            }
            Err(_) if reference.guarded => {
                rewrite.replace(reference.range.start..reference.chain_end, NOTHING);
            }
            Err(error) => return Err(error),
        }
    }
    let text = rewrite.apply(expression, BEFORE, AFTER);
    let json = TERA
        .render_str(&text, &context, false)
        .map_err(|error| located(&error, &rewrite, BEFORE.len(), expression))?;
    serde_json::from_str(&json).map_err(|error| {
        ExprError::new(format!("the result is not a value: {error}"), trimmed(expression))
    })
}

/// Finds a name, or says what there is instead.
fn lookup<'a>(scope: &'a Values, reference: &Reference) -> Result<&'a Value, ExprError> {
    let undefined = |depth: usize, available: Vec<&str>| {
        let name = reference.path[..=depth].join(".");
        let part = &reference.path[depth];
        let message = match (nearest(part, available.iter().copied()), available.is_empty()) {
            (Some(near), _) => format!("`{name}` is not defined; did you mean `{near}`?"),
            (None, true) => format!("`{name}` is not defined; there is nothing of that kind here"),
            (None, false) => {
                format!("`{name}` is not defined; there are: {}", available.join(", "))
            }
        };
        ExprError::new(
            message,
            reference.range.start..reference.parts[depth].end.min(reference.range.end),
        )
    };
    let keys = |map: &'a Values| map.keys().map(String::as_str).collect::<Vec<_>>();
    let mut value = scope.get(&reference.path[0]).ok_or_else(|| undefined(0, keys(scope)))?;
    for (depth, part) in reference.path.iter().enumerate().skip(1) {
        value = match value {
            Value::Object(map) => map.get(part).ok_or_else(|| undefined(depth, keys(map)))?,
            other => {
                return Err(ExprError::new(
                    format!(
                        "`{}` has no parts: it is {}",
                        reference.path[..depth].join("."),
                        describe(other)
                    ),
                    reference.range.start..reference.parts[depth].end.min(reference.range.end),
                ));
            }
        };
    }
    Ok(value)
}

fn located(error: &tera::Error, rewrite: &Rewrite, before: usize, expression: &str) -> ExprError {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let mut range = rewrite.back(report.span().range.clone(), before, expression.len());
            if range.is_empty() {
                range = trimmed(expression);
            }
            ExprError::new(lower_first(report.message()), snapped(expression, range))
        }
        _ => ExprError::new(lower_first(&error.to_string()), trimmed(expression)),
    }
}

/// Moves both ends of a range outwards to characters.
fn snapped(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let (mut start, mut end) = (range.start.min(text.len()), range.end.min(text.len()));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

fn trimmed(text: &str) -> std::ops::Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..(start + text.trim().len())
}

fn lower_first(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A value in the words of the manual.
pub(super) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
