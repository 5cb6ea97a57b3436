//! What is known of a run: the sum of its events.
//!
//! [`RunState::apply`] is the only way to change it. The live run, resume, status, drills and the
//! site all go through it, so that they cannot disagree.

use super::event::{
    AccountSeen, Event, Obligation, PauseCause, RunStarted, SkipReason, StepStarted, Verdict,
};
use super::outcome::{Failure, Memo, Question, Stage};
use super::replay::Replay;
use crate::model::id::StepKey;
use crate::model::value::{Value, Values};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event that cannot follow what came before it. Either the journal was written by a faulty
/// program, or this program is at fault; in both cases nothing may go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot happen while {subject} is {state}")]
pub struct IllegalTransition {
    /// The run, or the step.
    pub subject: String,
    /// Its state.
    pub state: &'static str,
    /// What was to happen.
    pub event: &'static str,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// A process works on it, or was when it died.
    Running,
    /// Nothing goes on until somebody decides.
    Paused(PauseCause),
    /// Every step ended well.
    Succeeded {
        /// Whether health was reached.
        healthy: bool,
    },
    /// The operator gave it up.
    Aborted,
    /// Being taken back.
    Undoing,
    /// Taken back.
    Undone {
        /// Whether health was reached afterwards.
        healthy: bool,
    },
    /// Something could not be taken back.
    Stuck,
}

impl RunStatus {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused(PauseCause::Failure) => "paused (a step failed)",
            Self::Paused(PauseCause::Operator) => "paused (by the operator)",
            Self::Paused(PauseCause::Unknown) => "paused (an outcome is unknown)",
            Self::Paused(PauseCause::Answer) => "paused (waits for an answer)",
            Self::Succeeded { healthy: true } => "succeeded",
            Self::Succeeded { healthy: false } => "succeeded, health not reached",
            Self::Aborted => "aborted",
            Self::Undoing => "undoing",
            Self::Undone { .. } => "undone",
            Self::Stuck => "stuck",
        }
    }

    /// Whether nothing can follow any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded { .. } | Self::Aborted | Self::Undone { .. })
    }
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq)]
pub enum StepStatus {
    /// Not begun, or to be begun again.
    Pending,
    /// A loop or sub-runbook whose children run.
    Open,
    /// Waits for a person.
    Waiting(Question),
    /// A person answered; it goes on from there.
    Answered,
    /// Its effect is under way.
    Running,
    /// Done.
    Succeeded,
    /// Was there before it began.
    InPlace,
    /// Failed.
    Failed(Failure),
    /// Nobody knows.
    Unknown(String),
    /// Will not run.
    Skipped(SkipReason),
    /// Being taken back.
    Undoing,
    /// Taken back.
    Undone,
    /// Could not be taken back.
    UndoFailed(Failure),
}

impl StepStatus {
    /// The word for people.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Waiting(_) => "waiting",
            Self::Answered => "answered",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::InPlace => "in place",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::Skipped(_) => "skipped",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::UndoFailed(_) => "undo failed",
        }
    }

    /// Whether steps that need this one may go on.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Succeeded | Self::InPlace | Self::Skipped(_))
    }
}

/// Everything known of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepState {
    /// How it stands.
    pub status: StepStatus,
    /// How often its effect began.
    pub attempts: u32,
    /// What its last start left for undo and for a later look.
    pub memo: Memo,
    /// What it gave, or had given before it failed.
    pub outputs: Option<Values>,
    /// What a person answered.
    pub answer: Option<Values>,
    /// The elements of its loop.
    pub items: Option<Vec<Value>>,
    /// The parameters of its sub-runbook.
    pub params: Option<Values>,
    /// Where and as whom it acted.
    pub account: Option<AccountSeen>,
    /// How long its last attempt took, in milliseconds.
    pub took_ms: Option<u64>,
    /// Whether anything of its effect may be there. It is not when no attempt began, when each that began
    /// certainly had none, or when it was taken back.
    pub may_have_effect: bool,
    /// The same, as it was before its last attempt.
    had_effect: bool,
}

impl Default for StepState {
    fn default() -> Self {
        Self {
            status: StepStatus::Pending,
            attempts: 0,
            memo: Memo::Null,
            outputs: None,
            answer: None,
            items: None,
            params: None,
            account: None,
            took_ms: None,
            may_have_effect: false,
            had_effect: false,
        }
    }
}

/// The last look at a health probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSeen {
    /// Whether it held.
    pub healthy: bool,
    /// What it said.
    pub detail: String,
    /// How long until it held, in milliseconds.
    pub took_ms: u64,
}

/// Everything known of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// What it began with.
    pub began: RunStarted,
    /// How it stands.
    pub status: RunStatus,
    /// Whether it is on its way back, even while paused.
    pub undoing: bool,
    /// The steps that something happened to. A step that is absent is pending. Copies of a state share them until
    /// something happens to one.
    pub steps: BTreeMap<StepKey, Arc<StepState>>,
    /// The steps whose effect began, in the order of their first start. Undo goes backwards through it.
    pub starts: Vec<StepKey>,
    /// Health probes as last seen.
    pub health: BTreeMap<StepKey, HealthSeen>,
    /// What is owed.
    pub obligations: Vec<Obligation>,
}

impl RunState {
    /// The state after a run's first event.
    ///
    /// # Errors
    /// When the first event is anything but the start of a run.
    pub fn begin(first: &Event) -> Result<Self, IllegalTransition> {
        let Event::RunStarted(began) = first else {
            return Err(IllegalTransition {
                subject: "the run".into(),
                state: "not begun",
                event: first.called(),
            });
        };
        Ok(Self {
            began: (**began).clone(),
            status: RunStatus::Running,
            undoing: false,
            steps: BTreeMap::new(),
            starts: Vec::new(),
            health: BTreeMap::new(),
            obligations: Vec::new(),
        })
    }

    /// The state after a whole history.
    ///
    /// # Errors
    /// When an event cannot follow the ones before it, or there is none.
    pub fn replay<'a>(
        events: impl IntoIterator<Item = &'a Event>,
    ) -> Result<Self, IllegalTransition> {
        let mut replay = Replay::default();
        events.into_iter().for_each(|event| replay.event(event));
        replay.end()
    }

    /// How a step stands.
    #[must_use]
    pub fn status_of(&self, key: &StepKey) -> &StepStatus {
        self.steps.get(key).map_or(&StepStatus::Pending, |step| &step.status)
    }

    /// Whether anything of a step's effect may be there.
    #[must_use]
    pub fn may_have_effect(&self, key: &StepKey) -> bool {
        self.steps.get(key).is_some_and(|step| step.may_have_effect)
    }

    /// Everything known of a step, if anything ever happened to it.
    #[must_use]
    pub fn step(&self, key: &StepKey) -> Option<&StepState> {
        self.steps.get(key).map(|step| &**step)
    }

    /// Adds one event.
    ///
    /// # Errors
    /// When it cannot follow what came before. The state is then as it was.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        match event.step() {
            Some(_) if self.status.is_over() => Err(self.illegal_run(event)),
            Some(step) => self.apply_to_step(&step.clone(), event),
            None => self.apply_to_run(event),
        }
    }

    fn apply_to_run(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        use RunStatus as S;
        let illegal = self.illegal_run(event);
        self.status = match (self.status, event) {
            (S::Running | S::Paused(_) | S::Undoing, Event::RunResumed { revised, .. }) => {
                if let Some(revised) = revised {
                    self.began.texts.clone_from(&revised.texts);
                    self.began.steps.clone_from(&revised.steps);
                }
                if self.undoing { S::Undoing } else { S::Running }
            }
            (S::Running | S::Undoing | S::Paused(_), Event::RunPaused { cause }) => {
                S::Paused(*cause)
            }
            (S::Running | S::Paused(_) | S::Undoing, Event::RunTakenOver { .. }) => {
                S::Paused(PauseCause::Operator)
            }
            (S::Running, Event::RunSucceeded { healthy }) => S::Succeeded { healthy: *healthy },
            (S::Running | S::Paused(_) | S::Stuck | S::Undoing, Event::RunAborted { .. }) => {
                S::Aborted
            }
            (S::Running | S::Paused(_) | S::Stuck | S::Undoing, Event::UndoBegun { .. }) => {
                self.undoing = true;
                S::Undoing
            }
            (S::Undoing, Event::RunUndone { healthy }) => {
                // A step that only reads is never taken back, and may have incurred one all the same.
                self.obligations.clear();
                S::Undone { healthy: *healthy }
            }
            (S::Undoing, Event::RunStuck {}) => S::Stuck,
            (
                status @ (S::Running | S::Undoing),
                Event::HealthProbed { probe, healthy, detail, took_ms },
            ) => {
                let seen =
                    HealthSeen { healthy: *healthy, detail: detail.clone(), took_ms: *took_ms };
                self.health.insert(probe.clone(), seen);
                status
            }
            _ => return Err(illegal),
        };
        Ok(())
    }

    fn apply_to_step(&mut self, key: &StepKey, event: &Event) -> Result<(), IllegalTransition> {
        if let Event::ObligationIncurred(obligation) = event {
            self.obligations.push((**obligation).clone());
            return Ok(());
        }
        let before = self.steps.get(key).cloned().unwrap_or_default();
        let Some(status) = next(&before, event) else {
            return Err(IllegalTransition {
                subject: format!("step `{key}`"),
                state: before.status.word(),
                event: event.called(),
            });
        };
        let step = Arc::make_mut(self.steps.entry(key.clone()).or_default());
        // Looking for it among the starts would take long after a hundred thousand of them.
        let started_before = step.attempts > 0;
        step.status = status;
        record(step, event);
        if matches!(event, Event::StepStarted(_)) && !started_before {
            self.starts.push(key.clone());
        }
        if let Event::UndoSucceeded { .. } = event {
            self.obligations.retain(|obligation| obligation.step != *key);
        }
        Ok(())
    }

    fn illegal_run(&self, event: &Event) -> IllegalTransition {
        IllegalTransition {
            subject: "the run".to_owned(),
            state: self.status.word(),
            event: event.called(),
        }
    }
}

/// THE TRANSITION TABLE of a step. What is not listed cannot happen.
fn next(step: &StepState, event: &Event) -> Option<StepStatus> {
    use StepStatus as S;
    let started_before = step.attempts > 0;
    Some(match (&step.status, event) {
        (
            S::Pending | S::Answered | S::Waiting(_) | S::Failed(_) | S::Unknown(_),
            Event::StepSkipped { reason, .. },
        ) => S::Skipped(reason.clone()),
        (S::Pending | S::Answered, Event::StepOpened { .. }) => S::Open,
        (S::Pending | S::Answered, Event::StepWaiting { question, .. }) => {
            S::Waiting(question.clone())
        }
        (S::Waiting(_), Event::StepAnswered { .. }) => S::Answered,
        (S::Pending | S::Answered, Event::StepStarted(_)) => S::Running,
        (S::Pending | S::Answered, Event::StepInPlace { .. }) => S::InPlace,
        // Before its invocation a step has not started, so only these two stages are possible.
        (S::Pending | S::Answered, Event::StepFailed { failure, .. })
            if failure.stage < Stage::Invocation =>
        {
            S::Failed(failure.clone())
        }
        (S::Answered | S::Running | S::Open, Event::StepSucceeded { .. }) => S::Succeeded,
        (S::Running | S::Open, Event::StepFailed { failure, .. }) => S::Failed(failure.clone()),
        (S::Running, Event::StepUnknown { cause, .. }) => S::Unknown(cause.clone()),
        (S::Running, Event::StepParked { .. }) => S::Pending,
        (S::Failed(_) | S::Unknown(_), Event::StepResolved { verdict, .. }) => match verdict {
            Verdict::Done { .. } => S::Succeeded,
            Verdict::Retry => S::Pending,
        },
        // The text of a step that had ended well was changed, and a person decided what that means.
        (status @ (S::Succeeded | S::InPlace), Event::StepResolved { verdict, .. }) => {
            match verdict {
                Verdict::Done { .. } => status.clone(),
                Verdict::Retry => S::Pending,
            }
        }
        // A single step that was taken back may run again.
        (S::Undone, Event::StepResolved { verdict: Verdict::Retry, .. }) => S::Pending,
        // A person finished by hand what undo could not.
        (S::UndoFailed(_), Event::StepResolved { verdict: Verdict::Done { .. }, .. }) => S::Undone,
        (
            S::Running
            | S::Succeeded
            | S::InPlace
            | S::Failed(_)
            | S::Unknown(_)
            | S::Pending
            | S::Answered
            | S::Waiting(_)
            | S::Skipped(_)
            | S::Undoing
            | S::UndoFailed(_),
            Event::UndoStarted { .. },
        ) if started_before => S::Undoing,
        (S::Undoing, Event::UndoSucceeded { .. }) => S::Undone,
        (S::Undoing, Event::UndoFailed { failure, .. }) => S::UndoFailed(failure.clone()),
        _ => return None,
    })
}

/// Keeps what is certain about the effect. An attempt may have one from its start on, until its end says
/// otherwise.
fn record_effect(step: &mut StepState, event: &Event) {
    match event {
        Event::StepStarted(_) => {
            step.had_effect = step.may_have_effect;
            step.may_have_effect = true;
        }
        Event::StepFailed { failure, .. } if failure.is_without_effect() => {
            step.may_have_effect = step.had_effect;
        }
        Event::StepFailed { .. }
        | Event::StepSucceeded { .. }
        | Event::StepUnknown { .. }
        | Event::StepParked { .. } => step.had_effect = step.may_have_effect,
        // Somebody has seen it or has seen to it; or has taken it back by hand.
        Event::StepResolved { verdict: Verdict::Done { .. }, .. } => {
            step.may_have_effect = step.status != StepStatus::Undone;
            step.had_effect = step.may_have_effect;
        }
        Event::UndoSucceeded { .. } => (step.may_have_effect, step.had_effect) = (false, false),
        _ => {}
    }
}

/// Keeps what an event says beside the status.
fn record(step: &mut StepState, event: &Event) {
    record_effect(step, event);
    match event {
        Event::StepStarted(started) => {
            let StepStarted { attempt, account, memo, .. } = &**started;
            step.attempts = *attempt;
            step.account.clone_from(account);
            step.memo = memo.clone();
        }
        Event::StepOpened { items, params, .. } => {
            step.items.clone_from(items);
            step.params.clone_from(params);
        }
        Event::StepAnswered { values, .. } => step.answer = Some(values.clone()),
        Event::StepInPlace { outputs, .. } => step.outputs = Some(outputs.clone()),
        Event::StepSucceeded { outputs, took_ms, .. } => {
            step.outputs = Some(outputs.clone());
            step.took_ms = Some(*took_ms);
        }
        Event::StepFailed { outputs: Some(outputs), .. } => step.outputs = Some(outputs.clone()),
        // An agreement holds for one start. A repeat asks again.
        Event::StepResolved { verdict: Verdict::Retry, .. } => step.answer = None,
        Event::StepResolved { verdict: Verdict::Done { outputs }, .. } => {
            step.outputs = Some(outputs.clone())
        }
        _ => {}
    }
}
