//! Which values fit a type, and which fit a parameter.

use super::runbook::{Parameter, Type};
use super::value::{Node, NodeKind, Value};
use super::{duration, pattern};
use regex::Regex;

/// Why a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl Type {
    /// Every type a parameter may have, in the order of the manual.
    pub const OF_PARAMETERS: [Self; 6] =
        [Self::String, Self::Integer, Self::Number, Self::Boolean, Self::Duration, Self::List];

    /// The type of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Mapping, Self::Any]
            .into_iter()
            .chain(Self::OF_PARAMETERS)
            .find(|kind| kind.word() == word)
    }

    /// Whether a value is of this type. A whole number is also a number.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Duration => value.as_str().is_some_and(|text| duration::parse(text).is_ok()),
            Self::List => value.is_array(),
            Self::Mapping => value.is_object(),
            Self::Any => true,
        }
    }

    /// The type with its article.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "`true` or `false`",
            Self::Duration => "a duration such as `10m`",
            Self::List => "a list",
            Self::Mapping => "a mapping",
            Self::Any => "anything",
        }
    }
}

impl Parameter {
    /// Whether a run must be told its value.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.default.is_none()
    }

    /// Checks a typed value against everything the parameter says.
    ///
    /// # Errors
    /// What does not fit. A secret value is not repeated in the message.
    pub fn check(&self, value: &Value) -> Result<(), Unfit> {
        // A pattern that cannot be compiled has been reported where it is defined, and nothing fits it.
        self.check_with(value, &self.regex().and_then(Result::ok))
    }

    /// The pattern, compiled. None when there is none.
    #[must_use]
    pub fn regex(&self) -> Option<Result<Regex, regex::Error>> {
        self.pattern.as_ref().map(|pattern| pattern::compiled(&pattern.value))
    }

    /// The same for whoever checks several values and has compiled the pattern once.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check_with(&self, value: &Value, regex: &Option<Regex>) -> Result<(), Unfit> {
        let name = &self.name.value;
        if !self.kind.admits(value) {
            return Err(Unfit(format!("`{name}` must be {}", self.kind.phrase())));
        }
        if let (Some(pattern), Some(text)) = (&self.pattern, value.as_str())
            && !regex.as_ref().is_some_and(|regex| regex.is_match(text))
        {
            return Err(Unfit(format!("`{name}` must match `{}`", pattern.value)));
        }
        if !self.choices.is_empty()
            && !self.choices.iter().any(|choice| choice.literal().as_ref() == Some(value))
        {
            let choices: Vec<_> =
                self.choices.iter().filter_map(Node::literal).map(|v| v.to_string()).collect();
            return Err(Unfit(format!("`{name}` must be one of {}", choices.join(", "))));
        }
        if let Some(number) = value.as_f64() {
            if let Some(min) = self.min.as_ref().filter(|min| number < min.value) {
                return Err(Unfit(format!("`{name}` must be at least {}", min.value)));
            }
            if let Some(max) = self.max.as_ref().filter(|max| number > max.value) {
                return Err(Unfit(format!("`{name}` must be at most {}", max.value)));
            }
        }
        Ok(())
    }
}

impl Node {
    /// The value as it is written, when no part of it holds an expression.
    #[must_use]
    pub fn literal(&self) -> Option<Value> {
        Some(match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Boolean(value) => Value::Bool(*value),
            NodeKind::Integer(value) => Value::from(*value),
            NodeKind::Number(value) => Value::from(*value),
            NodeKind::Text(text) if text.value.contains("{{") => return None,
            NodeKind::Text(text) => Value::String(text.value.clone()),
            NodeKind::List(items) => {
                Value::Array(items.iter().map(Self::literal).collect::<Option<_>>()?)
            }
            NodeKind::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| Some((key.value.clone(), value.literal()?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }

    /// The value as it is written, expressions and all: for values that are never interpolated.
    #[must_use]
    pub fn verbatim(&self) -> Value {
        match &self.kind {
            NodeKind::Text(text) => Value::String(text.value.clone()),
            NodeKind::List(items) => Value::Array(items.iter().map(Self::verbatim).collect()),
            NodeKind::Mapping(entries) => Value::Object(
                entries.iter().map(|(key, value)| (key.value.clone(), value.verbatim())).collect(),
            ),
            _ => self.literal().unwrap_or(Value::Null),
        }
    }
}
