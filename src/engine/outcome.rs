//! How an attempt can end, and what a person can be asked.

use crate::model::runbook::Type;
use crate::model::value::{Value, Values};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where in its life a step failed. Before `Invocation` nothing can have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Its inputs could not be had.
    Input,
    /// A guard refused it: wrong account, frozen environment, no agreement.
    Guard,
    /// While it ran. Its effect may be there, in part or whole.
    Invocation,
    /// It ran, and then what was expected did not hold.
    Verification,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Input => "input",
            Self::Guard => "guard",
            Self::Invocation => "invocation",
            Self::Verification => "verification",
        })
    }
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Where in its life.
    pub stage: Stage,
    /// What happened, with the resource, the account and the Region where they are known.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether it is certain that this attempt had no effect, although it was begun: its request was never
    /// sent, or was refused as a whole. Journals from before this was kept say nothing, and then it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_effect: bool,
}

impl Failure {
    /// A failure without a hint.
    #[must_use]
    pub fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self { stage, message: message.into(), hint: None, without_effect: false }
    }

    /// Whether this attempt certainly had no effect.
    #[must_use]
    pub fn is_without_effect(&self) -> bool {
        self.without_effect || self.stage < Stage::Invocation
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Question {
    /// The operator must agree before the step starts.
    Agree {
        /// What is agreed to.
        text: String,
    },
    /// A person does something and says when it is done.
    Confirm {
        /// What is to be done.
        text: String,
    },
    /// A person does several things.
    Checklist {
        /// What they have in common.
        text: String,
        /// One by one.
        items: Vec<String>,
    },
    /// A person reads values off somewhere.
    Input {
        /// Where to find them.
        text: String,
        /// The values.
        fields: Vec<Field>,
    },
    /// A destructive step in production: the phrase must be typed exactly.
    Phrase {
        /// What is about to happen.
        text: String,
        /// What must be typed. It contains the account's id.
        phrase: String,
    },
}

impl Question {
    /// What the operator is asked.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Agree { text }
            | Self::Confirm { text }
            | Self::Checklist { text, .. }
            | Self::Input { text, .. }
            | Self::Phrase { text, .. } => text,
        }
    }

    /// The same question with its words put through something. What has to be typed or chosen stays.
    #[must_use]
    pub fn with_words(mut self, through: impl Fn(&str) -> String) -> Self {
        match &mut self {
            Self::Agree { text } | Self::Confirm { text } | Self::Phrase { text, .. } => {
                *text = through(text);
            }
            Self::Checklist { text, items } => {
                *text = through(text);
                items.iter_mut().for_each(|item| *item = through(item));
            }
            Self::Input { text, fields } => {
                *text = through(text);
                fields.iter_mut().for_each(|field| field.description = through(&field.description));
            }
        }
        self
    }

    /// Whether its answer is secret. Such an answer is never kept, so only the process that uses it can be
    /// given it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Input { fields, .. } if fields.iter().any(|field| field.secret))
    }
}

/// One value that a person types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The output it becomes.
    pub name: String,
    /// Its type.
    #[serde(with = "type_word")]
    pub kind: Type,
    /// What it means.
    pub description: String,
    /// The only values allowed, if any are listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// A regular expression that it must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Whether it must never be seen.
    #[serde(default)]
    pub secret: bool,
}

/// The answer of a read-only look at whether an effect is in place.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// It is. These are the outputs the step would have given.
    InPlace(Values),
    /// It is not.
    Absent,
    /// It cannot be told, because of this.
    CannotTell(String),
}

/// What a step left for its undo and for a later look, made durable before its effect began.
pub type Memo = Value;

mod type_word {
    //! Types in a journal are words, so that the model's type stays free of the disk format.
    use crate::model::runbook::Type;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(kind: &Type, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.word())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Type, D::Error> {
        let word = String::deserialize(from)?;
        [
            Type::String,
            Type::Integer,
            Type::Number,
            Type::Boolean,
            Type::Duration,
            Type::List,
            Type::Mapping,
            Type::Any,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
        .ok_or_else(|| D::Error::custom(format!("`{word}` is not a type")))
    }
}
