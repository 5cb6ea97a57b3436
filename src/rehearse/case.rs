//! One case: what goes wrong, and how it came out.

use std::fmt;
use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A step does its work and then fails, once.
    Fail {
        /// Its key.
        step: String,
    },
    /// The process is killed when that record of the journal is durable.
    Kill {
        /// Its number, from one.
        record: usize,
    },
    /// A step does its work and then fails, and everything is taken back.
    Undo {
        /// Its key.
        step: String,
    },
    /// A call takes effect, and its answer never comes.
    Lose {
        /// The service and the operation.
        call: String,
        /// How many of that name came before it.
        place: usize,
    },
}

impl Way {
    /// The kind of it, in a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Fail { .. } => "fail",
            Self::Kill { .. } => "kill",
            Self::Undo { .. } => "undo",
            Self::Lose { .. } => "lose",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail { step } => write!(f, "{step} fails once"),
            Self::Kill { record } => write!(f, "killed at record {record}"),
            Self::Undo { step } => write!(f, "{step} fails, and all is taken back"),
            Self::Lose { call, place } => write!(f, "{call} number {} loses its answer", place + 1),
        }
    }
}

/// How a case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Result {
    /// What went wrong.
    pub way: Way,
    /// How it came out.
    pub end: End,
    /// The step that was under way, when one was.
    pub step: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// How a case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should. What was special about it, in words, when there is something to say.
    Fine(Option<String>),
    /// The runbook did not come through, and why.
    Wrong(String),
    /// It could not be tried, and why.
    Skipped(String),
}

impl End {
    /// Whether nothing is wrong with the runbook.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        !matches!(self, Self::Wrong(_))
    }
}
