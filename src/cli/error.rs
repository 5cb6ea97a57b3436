//! What went wrong, in the four parts a person in a hurry needs: the code for the caller, what happened,
//! what is certain about its effects, and what to type next.

use super::exit::Exit;
use crate::model::duration::BadDuration;
use crate::plan::PlanError;
use crate::run::RunError;
use crate::sandbox::SandboxError;
use crate::store::StoreError;
use std::io;

/// Nothing was begun, so nothing can have changed.
pub(super) const NOTHING_BEGUN: &str = "Nothing was begun, and nothing was changed.";

/// An error on its way to the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError {
    /// How the program ends.
    pub exit: Exit,
    /// What happened. Empty when it has been shown already.
    pub message: String,
    /// What certainly did and did not take effect.
    pub certain: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl CliError {
    /// An error that ends with that code.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), certain: None, hint: None }
    }

    /// Wrong usage or configuration, found before anything began.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// An error that has been shown already.
    #[must_use]
    pub fn shown(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Adds what is certain.
    #[must_use]
    pub fn certain(mut self, certain: impl Into<String>) -> Self {
        self.certain = Some(certain.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to do next, when there is something.
    #[must_use]
    pub fn maybe(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }
}

/// A result could not be written. A reader that has gone (`runbook log | head`) is no error.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::shown(Exit::Done);
        }
        Self::usage(format!("cannot write the result: {error}"))
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let (exit, certain) = match &error {
            StoreError::Locked { .. } | StoreError::Live { .. } => {
                (Exit::Locked, "Nothing was changed by this command.")
            }
            StoreError::TakenOver { .. } => (
                Exit::Locked,
                "This process stopped before its next effect. What it had begun is in the journal.",
            ),
            StoreError::Corrupt { .. } | StoreError::Newer { .. } | StoreError::Foreign { .. } => (
                Exit::Refused,
                "Nothing was changed: what cannot be read for certain is not gone on with.",
            ),
            StoreError::Broken { .. } | StoreError::Unwritable { .. } => (
                Exit::Failed,
                "What the journal has is certain. A step that was under way is unknown until it is looked at.",
            ),
            StoreError::Io { .. } => (
                Exit::Usage,
                "No step begins that the journal does not have. It has everything that was told before this.",
            ),
            _ => (Exit::Usage, "The journal has everything that was told before this."),
        };
        let hint = error.hint().map(str::to_owned);
        Self::new(exit, error.to_string()).certain(certain).maybe(hint)
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        let hint = error.hint();
        match error {
            RunError::Store(error) => error.into(),
            RunError::Plan(error) => error.into(),
            RunError::Stopped => {
                Self::new(Exit::Interrupted, error.to_string()).certain(NOTHING_BEGUN)
            }
            RunError::Refused { message, .. } => Self::new(Exit::Refused, message)
                .certain("Nothing was changed by this command.")
                .maybe(hint),
            RunError::Usage { message, .. } => {
                Self::usage(message).certain("Nothing was changed by this command.").maybe(hint)
            }
            RunError::Illegal(_) => Self::new(Exit::Refused, error.to_string())
                .certain(
                    "Nothing was changed: what cannot be read for certain is not gone on with.",
                )
                .hint("`runbook log RUN --verify` names the line that was altered, if one was."),
            RunError::Internal(_) => Self::new(Exit::Failed, error.to_string())
                .certain("What the journal has is certain; a step that was under way is unknown.")
                .maybe(hint),
        }
    }
}

impl From<PlanError> for CliError {
    fn from(error: PlanError) -> Self {
        Self::new(Exit::Invalid, error.to_string()).certain(NOTHING_BEGUN)
    }
}

impl From<SandboxError> for CliError {
    fn from(error: SandboxError) -> Self {
        Self::usage(error.to_string())
            .certain("No run was begun. The sandbox holds nothing real.")
            .hint("`runbook sandbox status` shows what is there; `runbook sandbox up` tries again.")
    }
}

impl From<BadDuration> for CliError {
    fn from(error: BadDuration) -> Self {
        Self::usage(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::state::IllegalTransition;
    use crate::model::id::RunId;

    #[test]
    fn every_kind_of_error_has_its_code() {
        let refused = RunError::Refused { message: "frozen".into(), hint: "thaw".into() };
        let usage = RunError::Usage { message: "no".into(), hint: "do".into() };
        let illegal = RunError::Illegal(IllegalTransition {
            subject: "the run".into(),
            state: "undone",
            event: "a start",
        });
        let plan = RunError::Plan(PlanError::TooDeep { book: "a".into() });
        let unknown = StoreError::UnknownRun { prefix: "x".into(), candidates: vec![] };
        let taken = StoreError::Exists(RunId::from_text("r"));
        let cases: Vec<(CliError, Exit)> = vec![
            (refused.into(), Exit::Refused),
            (usage.into(), Exit::Usage),
            (illegal.into(), Exit::Refused),
            (plan.into(), Exit::Invalid),
            (RunError::Internal("x".into()).into(), Exit::Failed),
            (unknown.into(), Exit::Usage),
            (taken.into(), Exit::Usage),
            (StoreError::TakenOver { path: "j".into(), found: "is gone" }.into(), Exit::Locked),
            (
                StoreError::Corrupt { path: "j".into(), line: 3, reason: "x".into() }.into(),
                Exit::Refused,
            ),
        ];
        for (error, exit) in cases {
            assert_eq!(error.exit, exit, "{error:?}");
            assert!(error.certain.is_some() || error.hint.is_some(), "{error:?} leaves one alone");
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let error = CliError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((error.exit, error.message.as_str()), (Exit::Done, ""));
        let error = CliError::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(error.exit, Exit::Usage);
    }
}
