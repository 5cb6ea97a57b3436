//! Everything a step can do. An action acts; it never decides what comes next.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(test)]
pub(crate) mod bench;
pub mod catalog;
pub mod context;
pub mod drill;
pub mod http;
pub mod manual;
pub mod preview;
pub mod shell;
pub mod wait;

use crate::engine::outcome::{Memo, Observation, Question};
use crate::model::value::Values;
use async_trait::async_trait;
use context::Context;
use preview::{Looking, Preview};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One kind of step.
///
/// The order of calls in a run is: `observe` (is it in place already?), `prepare`, then the journal
/// makes the start durable, then `run`. After a crash `observe` is called again, with the memo.
#[async_trait]
pub trait Action: Send + Sync {
    /// The name, which is also the name of its description in the catalog.
    fn name(&self) -> &'static str;

    /// What a person must be asked instead of running anything. Only the `manual/` actions ask.
    ///
    /// # Errors
    /// When the inputs do not make a question.
    fn question(&self, _inputs: &Values) -> Result<Option<Question>, Trouble> {
        Ok(None)
    }

    /// A read-only look: is the effect in place? The memo is null before the first attempt.
    async fn observe(&self, _cx: &Context) -> Observation {
        Observation::CannotTell("this action cannot look for its own effect".to_owned())
    }

    /// A read-only look at what undo will need, and a place to mint tokens. What it returns is
    /// durable before `run` is called, and is `cx.memo` from then on.
    ///
    /// # Errors
    /// When what undo needs cannot be read. The step then fails before anything has happened.
    async fn prepare(&self, _cx: &Context) -> Result<Memo, Trouble> {
        Ok(Memo::Null)
    }

    /// What else than its inputs decides what it does: files on this machine, as digests. For a plan,
    /// which may not know every input yet.
    fn pins(&self, _known: &Values) -> Values {
        Values::new()
    }

    /// Whether what it gives names something that was never there before, such as a new key. What needs
    /// that cannot be in place yet.
    fn makes_new(&self) -> bool {
        false
    }

    /// The inputs that `prepare` and `preview` can do without, when they name what is not made yet.
    fn previews_without(&self) -> &'static [&'static str] {
        &[]
    }

    /// What `run` would change, for a plan. `cx.memo` is what `prepare` has read. It only reads,
    /// but for what `how` allows.
    ///
    /// # Errors
    /// When it cannot be told, or when `run` would certainly be refused.
    async fn preview(&self, _cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        Ok(Preview::default())
    }

    /// Does it.
    ///
    /// # Errors
    /// Says whether nothing happened, something may have, or it cannot be told.
    async fn run(&self, cx: &Context) -> Result<Values, Trouble>;

    /// The parts of what `run` returned that must not be seen, as JSON pointers. They are masked as if
    /// the author had called them secret.
    fn secrets(&self, _inputs: &Values, _outputs: &Values) -> Vec<String> {
        Vec::new()
    }

    /// Takes it back, from whatever point `run` had reached. Must be harmless to repeat.
    /// `outputs` are there when the step succeeded, or when a look found its effect in place.
    ///
    /// # Errors
    /// When something is left that needs hands.
    async fn undo(&self, _cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        Err(Trouble::nothing_happened("this action has no undo of its own"))
    }
}

/// Why an action did not do what it should, and how sure that is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Trouble {
    /// What is certain about the effect.
    pub certainty: Certainty,
    /// What happened, with the resource, the account and the Region where they are known.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// What is certain about the effect of an action that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The request was never sent, or was refused as a whole.
    NothingHappened,
    /// It failed for certain. A part of the effect may be there.
    Failed,
    /// The request was sent and its answer never came.
    Unknown,
    /// It stopped cleanly part of the way because the operator asked; it can be run again.
    Parked,
}

impl Trouble {
    /// Certainly without effect.
    #[must_use]
    pub fn nothing_happened(message: impl Into<String>) -> Self {
        Self { certainty: Certainty::NothingHappened, message: message.into(), hint: None }
    }

    /// Certainly failed, perhaps in the middle.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self { certainty: Certainty::Failed, message: message.into(), hint: None }
    }

    /// Nobody knows.
    #[must_use]
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { certainty: Certainty::Unknown, message: message.into(), hint: None }
    }

    /// Stopped cleanly because the operator asked.
    #[must_use]
    pub fn parked() -> Self {
        Self {
            certainty: Certainty::Parked,
            message: "stopped at the operator's request".to_owned(),
            hint: None,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The actions of this program by name.
#[derive(Clone, Default)]
pub struct Actions {
    by_name: BTreeMap<&'static str, Arc<dyn Action>>,
}

impl Actions {
    /// Adds actions.
    #[must_use]
    pub fn with(mut self, actions: impl IntoIterator<Item = Arc<dyn Action>>) -> Self {
        self.by_name.extend(actions.into_iter().map(|action| (action.name(), action)));
        self
    }

    /// The action of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Action>> {
        self.by_name.get(name)
    }
}

/// The actions that need no cloud.
#[must_use]
pub fn local() -> Actions {
    Actions::default().with([
        Arc::new(manual::Confirm) as Arc<dyn Action>,
        Arc::new(manual::Input),
        Arc::new(manual::Checklist),
        Arc::new(wait::WaitFor),
        Arc::new(http::HttpCheck),
    ])
}
