//! Everything a run touches, put together by the command line.

use super::redact::Withheld;
use crate::actions::Actions;
use crate::actions::context::Accounts;
use crate::engine::event::{Operator, PauseCause};
use crate::engine::outcome::Question;
use crate::mask::Masker;
use crate::model::action::Catalog;
use crate::model::id::StepKey;
use crate::model::project::Environment;
use crate::model::value::Values;
use crate::store::Store;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// What a run works with.
#[derive(Clone)]
pub struct World {
    /// Where runs are kept.
    pub store: Arc<Store>,
    /// What steps can do.
    pub actions: Actions,
    /// What they say about themselves.
    pub catalog: Arc<Catalog>,
    /// The way into the environment's accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Where it runs.
    pub environment: Environment,
    /// Accounts that no run may touch.
    pub deny_accounts: Vec<String>,
    /// What must never be seen.
    pub masker: Masker,
    /// Which parts of outputs must not be seen.
    pub withheld: Withheld,
    /// The project's folder, absolute. Scripts find it as `RUNBOOK_PROJECT`.
    pub project: PathBuf,
    /// The current time. A parameter, so that tests can set it back.
    pub clock: fn() -> Timestamp,
    /// Who drives.
    pub operator: Operator,
    /// The step that fails once after it has done its work, for a rehearsal. In the sandbox only.
    pub sabotage: Option<StepKey>,
}

/// What the operator wants of this process.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Agree to every `confirm`. Never to a guard.
    pub yes: bool,
    /// Ask before every step.
    pub ask_every_step: bool,
    /// Pause before this step.
    pub until: Option<StepKey>,
    /// Why, for the journal and for guards that want a reason.
    pub reason: Option<String>,
}

/// A way to ask a person.
pub trait Prompter: Send + Sync {
    /// Asks, and waits for an answer. Nothing means that they do not want to answer now. Blocking.
    fn ask(&self, step: &StepKey, question: &Question) -> Option<Values>;

    /// `--step`: what to do with the step that comes next. Blocking.
    fn before(&self, step: &StepKey, title: &str) -> Choice;
}

/// What to do with the step that comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Run it.
    Run,
    /// Run it, and all that follow, without asking again.
    RunAll,
    /// Skip it, because of this.
    Skip(String),
    /// Pause, and take everything back.
    Undo,
    /// Pause.
    Quit,
}

/// What the operator decides about a step that did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub step: StepKey,
    /// What.
    pub verdict: Verdict,
    /// Why. Required for everything but a retry.
    pub reason: String,
}

/// The kinds of decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Run it again.
    Retry,
    /// Go on without it.
    Skip,
    /// Its effect is in place: a person saw to it.
    Done,
    /// Take this one step back.
    Undo,
}

/// How a process ended its part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every step ended well.
    Succeeded {
        /// Whether health was reached.
        healthy: bool,
    },
    /// It stands still.
    Paused(PauseCause),
    /// Everything was taken back.
    Undone {
        /// Whether health was reached afterwards.
        healthy: bool,
    },
    /// Something could not be taken back.
    Stuck,
    /// A drill that can judge nothing ended as it stood.
    GivenUp,
}
