//! Why a run could not go on at all. A step that fails is no error: it is an event.

use crate::engine::outcome::Failure;
use crate::engine::state::IllegalTransition;
use crate::plan::PlanError;
use crate::store::StoreError;

/// Why a run could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal, a lock, or the disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A guard refused it. Nothing was changed.
    #[error("{message}")]
    Refused {
        /// What was refused, and why.
        message: String,
        /// What to do next.
        hint: String,
    },
    /// It cannot be asked for in this state.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do next.
        hint: String,
    },
    /// The operator stopped a look. Nothing had begun.
    #[error("stopped at the operator's request")]
    Stopped,
    /// The runbook cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The journal says something that cannot have happened.
    #[error("the journal cannot be right: {0}")]
    Illegal(#[from] IllegalTransition),
    /// A fault of this program.
    #[error("this is a fault of runbook itself: {0}")]
    Internal(String),
}

impl RunError {
    /// What to do next, when there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { hint, .. } | Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Internal(_) => Some(
                "The journal is whole: `runbook status` shows what is done and what is unknown. Please report this."
                    .to_owned(),
            ),
            Self::Store(_) | Self::Plan(_) | Self::Illegal(_) | Self::Stopped => None,
        }
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Refused {
            message: failure.message,
            hint: failure.hint.unwrap_or_else(|| "Nothing was changed.".to_owned()),
        }
    }
}
