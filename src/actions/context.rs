//! What an action is given: its inputs, its place in the run, its account, and a way to speak.

use crate::engine::outcome::Memo;
use crate::model::id::{AccountName, RunId, StepKey};
use crate::model::mode::Mode;
use crate::model::secret::Secret;
use crate::model::value::Values;
use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

use super::Trouble;

/// Everything one call of an action may use.
#[derive(Clone)]
pub struct Context {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: StepKey,
    /// What the run counts as.
    pub mode: Mode,
    /// The environment's name.
    pub environment: String,
    /// The inputs, evaluated and of the declared types. Inputs that were left out are absent.
    pub inputs: Values,
    /// What `prepare` returned. Null before that.
    pub memo: Memo,
    /// The account and Region it acts in, if it acts in one.
    pub target: Option<Target>,
    /// Credentials and identities.
    pub accounts: Arc<dyn Accounts>,
    /// A folder of this step's own in the run's directory. It exists and nobody else can read it.
    pub work: PathBuf,
    /// How it speaks while it works.
    pub tell: Teller,
    /// What the operator wants.
    pub stop: StopSignal,
}

/// An account and a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The logical name.
    pub account: AccountName,
    /// The twelve digits.
    pub id: String,
    /// The Region.
    pub region: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "account {} ({}), {}", self.id, self.account, self.region)
    }
}

/// Who we are in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account that answered.
    pub account: String,
    /// The ARN that STS reported.
    pub arn: String,
}

/// Not a variable: a folder that [`Accounts::child_environment`] wants first in a child's `PATH`.
/// Whoever starts the child takes it out of the list.
pub const PATH_PREPEND: &str = "PATH_PREPEND";

/// The way into the accounts of an environment.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Asks STS who we are in that account, with the very credentials a step there would use.
    ///
    /// # Errors
    /// When it cannot be read. What cannot be read is refused.
    async fn caller(&self, target: &Target) -> Result<Caller, Trouble>;

    /// What a child process needs to act in that account: temporary keys, Region, endpoint.
    ///
    /// # Errors
    /// When no credentials can be had.
    async fn child_environment(&self, target: &Target) -> Result<Vec<(String, Secret)>, Trouble>;
}

/// What an action says while it works. None of it is kept in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// One line of output, without its end. Already masked.
    Line(String),
    /// Long counted work.
    Count {
        /// How many are done.
        done: u64,
        /// How many there are, once it is known.
        total: Option<u64>,
        /// Of what, in the plural: `objects`.
        unit: &'static str,
    },
    /// One resource changed its state.
    Resource {
        /// Its logical name.
        name: String,
        /// Its type.
        kind: String,
        /// Its new state.
        status: String,
        /// Why, if the service said.
        reason: Option<String>,
    },
    /// It waits for the world: what for, in words.
    Waiting(String),
}

/// The sending half of the reports of one step.
#[derive(Clone)]
pub struct Teller {
    step: StepKey,
    to: mpsc::Sender<(StepKey, Report)>,
}

impl Teller {
    /// Reports of that step go there.
    #[must_use]
    pub const fn new(step: StepKey, to: mpsc::Sender<(StepKey, Report)>) -> Self {
        Self { step, to }
    }

    /// Says something. Waits when the reader is slower than the work, so that memory stays bounded.
    pub async fn say(&self, report: Report) {
        // Nobody listens any more only when the run is ending; what is said then has no reader.
        let _ = self.to.send((self.step.clone(), report)).await;
    }
}

/// How far the operator wants the run to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// On.
    #[default]
    No,
    /// To the end of the current step, or to the next place where it can be parked.
    Park,
    /// No further: children are killed, the outcome is unknown.
    Now,
}

/// The operator's wish, as it changes.
#[derive(Clone)]
pub struct StopSignal {
    from: watch::Receiver<Stop>,
    /// Whether only the strongest wish counts.
    patient: bool,
}

impl StopSignal {
    /// Follows that channel.
    #[must_use]
    pub const fn new(from: watch::Receiver<Stop>) -> Self {
        Self { from, patient: false }
    }

    /// Follows it for work that must come to its end when the run is to stop: what was broken on purpose is
    /// mended then. Only [`Stop::Now`] counts.
    #[must_use]
    pub const fn patient(from: watch::Receiver<Stop>) -> Self {
        Self { from, patient: true }
    }

    /// What is wanted now.
    #[must_use]
    pub fn wanted(&self) -> Stop {
        match *self.from.borrow() {
            Stop::Park if self.patient => Stop::No,
            wanted => wanted,
        }
    }

    /// Waits until at least that much is wanted. Never returns when it never is.
    pub async fn reached(&self, at_least: Stop) {
        let at_least = if self.patient { Stop::Now } else { at_least };
        let mut from = self.from.clone();
        if from.wait_for(|stop| *stop >= at_least).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Sleeps, unless the operator wants to stop first. Says whether the sleep was whole.
    pub async fn sleep(&self, time: std::time::Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.reached(Stop::Park) => false,
        }
    }
}
