//! What can happen in a run. Events are facts: past tense, and never altered afterwards.
//!
//! These types are the journal's language. A field may be added with a default; anything else needs
//! a new format version (`store::record`).

use super::outcome::{Failure, Memo, Question};
use crate::model::id::{RunId, StepKey};
use crate::model::mode::Mode;
use crate::model::value::{Value, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began. Always the first event.
    RunStarted(Box<RunStarted>),
    /// Another process took the run up.
    RunResumed {
        /// Who, where, and by which process.
        operator: Operator,
        /// Why, if they said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The texts that it goes on with, when they are not those before. Since format 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revised: Option<Box<Revised>>,
    },
    /// Nothing goes on until somebody decides.
    RunPaused {
        /// Why.
        cause: PauseCause,
    },
    /// Every step ended well, and health (if any) was reached or not.
    RunSucceeded {
        /// `false` when a health probe did not hold in its time.
        healthy: bool,
    },
    /// The operator gave the run up as it is.
    RunAborted {
        /// Why.
        reason: String,
    },
    /// The operator chose to take everything back.
    UndoBegun {
        /// Who.
        operator: Operator,
    },
    /// Everything that started was taken back.
    RunUndone {
        /// `false` when a health probe did not hold afterwards.
        healthy: bool,
    },
    /// Something could not be taken back and needs hands.
    RunStuck {},
    /// Another process took the run away from this one. The old process finds out at its next append.
    RunTakenOver {
        /// Who.
        operator: Operator,
        /// Why.
        reason: String,
    },

    /// The step will not run.
    StepSkipped {
        /// Which.
        step: StepKey,
        /// Why.
        reason: SkipReason,
    },
    /// The step is a loop or a sub-runbook; its children may start.
    StepOpened {
        /// Which.
        step: StepKey,
        /// The elements of the loop, or nothing for a sub-runbook.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items: Option<Vec<Value>>,
        /// The parameters of the sub-runbook, or nothing for a loop.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Values>,
    },
    /// The step waits for a person.
    StepWaiting {
        /// Which.
        step: StepKey,
        /// What they are asked.
        question: Question,
    },
    /// A person answered.
    StepAnswered {
        /// Which.
        step: StepKey,
        /// Who.
        by: String,
        /// The values they gave. Empty for an agreement.
        #[serde(default)]
        values: Values,
    },
    /// The step's effect is about to begin. Durable before it does.
    StepStarted(Box<StepStarted>),
    /// The effect was there before the step began, so nothing was done.
    StepInPlace {
        /// Which.
        step: StepKey,
        /// What it would have given.
        outputs: Values,
    },
    /// The step did what it should.
    StepSucceeded {
        /// Which.
        step: StepKey,
        /// What it gave.
        outputs: Values,
        /// How long the attempt took, in milliseconds.
        #[serde(default)]
        took_ms: u64,
    },
    /// The step failed.
    StepFailed {
        /// Which.
        step: StepKey,
        /// Where in its life, and why.
        failure: Failure,
        /// What it gave before it failed, if anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Values>,
    },
    /// Whether the step's effect is there cannot be told.
    StepUnknown {
        /// Which.
        step: StepKey,
        /// Why.
        cause: String,
    },
    /// The step stopped cleanly part of the way, because the operator asked. It goes on when it is run again.
    StepParked {
        /// Which.
        step: StepKey,
    },
    /// An unknown outcome became known, or a person decided about a step that had ended badly.
    StepResolved {
        /// Which.
        step: StepKey,
        /// As what.
        verdict: Verdict,
        /// By what.
        by: Resolver,
    },

    /// The step is about to be taken back. Durable before that begins.
    UndoStarted {
        /// Which.
        step: StepKey,
    },
    /// The step was taken back.
    UndoSucceeded {
        /// Which.
        step: StepKey,
        /// In words, when there is something to say ("nothing was in place").
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The step could not be taken back.
    UndoFailed {
        /// Which.
        step: StepKey,
        /// Why.
        failure: Failure,
    },

    /// A health probe was looked at for the last time in this run.
    HealthProbed {
        /// Which, in the form of a step's key.
        probe: StepKey,
        /// Whether it held for its whole `sustained` time, within its `within` time.
        healthy: bool,
        /// What it said.
        detail: String,
        /// How long until it held, in milliseconds.
        #[serde(default)]
        took_ms: u64,
    },
    /// Something is owed from now on.
    ObligationIncurred(Box<Obligation>),
}

/// The first event: everything needed to go on, on any machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The run.
    pub run: RunId,
    /// The runbook's name.
    pub runbook: String,
    /// SHA-256 of each runbook's text by name: this one and those it runs.
    pub texts: BTreeMap<String, String>,
    /// SHA-256 of each step by its written key.
    pub steps: BTreeMap<String, String>,
    /// The parameters. A secret one is only a reference to where it came from.
    pub params: Values,
    /// Names of the parameters that are secret.
    #[serde(default)]
    pub secret_params: Vec<String>,
    /// The environment's name.
    pub environment: String,
    /// What the run counts as.
    pub mode: Mode,
    /// Who, where, and by which process.
    pub operator: Operator,
    /// The tool's version.
    pub tool: String,
    /// The accounts as they were checked: logical name to id and Region.
    #[serde(default)]
    pub accounts: BTreeMap<String, AccountSeen>,
    /// Why, if they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a run is pinned to from here on, in place of what it began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revised {
    /// SHA-256 of each runbook's text by name.
    pub texts: BTreeMap<String, String>,
    /// SHA-256 of each step by its written key.
    pub steps: BTreeMap<String, String>,
}

/// An account as a run sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSeen {
    /// The twelve digits.
    pub id: String,
    /// The Region.
    pub region: String,
    /// The ARN that STS reported, once it has been asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

/// Who drives a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The local user.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// The ARN that STS reported for the operator's own credentials, if it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

/// A step's effect is about to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepStarted {
    /// Which.
    pub step: StepKey,
    /// Which attempt, from one.
    pub attempt: u32,
    /// The account it acts in, as STS reported it a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountSeen>,
    /// SHA-256 of the inputs it was given.
    pub inputs: String,
    /// What its undo and a later look will need: previous values, tokens.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub memo: Memo,
}

/// Why a run stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// A step failed.
    Failure,
    /// The operator asked for it.
    Operator,
    /// The outcome of a step is unknown.
    Unknown,
    /// A person must answer.
    Answer,
}

/// Why a step did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `if` was false.
    Condition {
        /// The expression as written.
        expression: String,
    },
    /// Its loop had no elements, and that is allowed.
    Empty,
    /// The operator said so.
    Operator {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

/// What an unknown or failed step is taken for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Verdict {
    /// Its effect is in place.
    Done {
        /// What it gave.
        outputs: Values,
    },
    /// Its effect is not there, or it is harmless to run it again: it may run again.
    Retry,
}

/// What settled it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Resolver {
    /// A look at the world.
    Observation,
    /// The action can be asked again with the same token, or is harmless to repeat.
    Repeatable,
    /// A person.
    Operator {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

/// Something still owed after the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Obligation {
    /// The step that incurred it.
    pub step: StepKey,
    /// What is owed.
    pub text: String,
    /// When: an RFC 3339 date (`2027-01-31`).
    pub due: String,
    /// The runbook that settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// The parameter values of a run that settles it.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub params: Values,
}

impl Event {
    /// The step that the event is about, if it is about one.
    #[must_use]
    pub fn step(&self) -> Option<&StepKey> {
        match self {
            Self::StepSkipped { step, .. }
            | Self::StepOpened { step, .. }
            | Self::StepWaiting { step, .. }
            | Self::StepAnswered { step, .. }
            | Self::StepInPlace { step, .. }
            | Self::StepSucceeded { step, .. }
            | Self::StepFailed { step, .. }
            | Self::StepUnknown { step, .. }
            | Self::StepParked { step }
            | Self::StepResolved { step, .. }
            | Self::UndoStarted { step }
            | Self::UndoSucceeded { step, .. }
            | Self::UndoFailed { step, .. } => Some(step),
            Self::StepStarted(started) => Some(&started.step),
            Self::ObligationIncurred(obligation) => Some(&obligation.step),
            _ => None,
        }
    }

    /// What it is called in an error.
    pub(super) const fn called(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "the start of the run",
            Self::RunResumed { .. } => "a resume",
            Self::RunPaused { .. } => "a pause",
            Self::RunSucceeded { .. } => "the success of the run",
            Self::RunAborted { .. } => "an abort",
            Self::UndoBegun { .. } => "the beginning of undo",
            Self::RunUndone { .. } => "the end of undo",
            Self::RunStuck {} => "being stuck",
            Self::RunTakenOver { .. } => "a takeover",
            Self::StepSkipped { .. } => "a skip",
            Self::StepOpened { .. } => "opening",
            Self::StepWaiting { .. } => "a question",
            Self::StepAnswered { .. } => "an answer",
            Self::StepStarted(_) => "a start",
            Self::StepInPlace { .. } => "being in place",
            Self::StepSucceeded { .. } => "success",
            Self::StepFailed { .. } => "failure",
            Self::StepUnknown { .. } => "an unknown outcome",
            Self::StepParked { .. } => "parking",
            Self::StepResolved { .. } => "a decision",
            Self::UndoStarted { .. } => "the start of its undo",
            Self::UndoSucceeded { .. } => "the success of its undo",
            Self::UndoFailed { .. } => "the failure of its undo",
            Self::HealthProbed { .. } => "a look at health",
            Self::ObligationIncurred(_) => "an obligation",
        }
    }
}
