//! What a drill has broken on purpose, and what of it is still to be mended.
//!
//! A fault is mended by taking back the steps that it consists of, the last start first. Once that has begun it
//! goes on to its end, and the fault never begins again in that run.

use super::decide::InHand;
use super::state::{RunState, StepStatus};
use crate::model::id::StepKey;
use crate::plan::{Plan, Reversal};

/// One fault of a drill that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The step of the drill.
    pub key: StepKey,
    /// Its steps that began and are not taken back yet, the last start first.
    pub owed: Vec<StepKey>,
    /// Whether its mending has begun.
    pub mending: bool,
}

impl Fault {
    /// Whether everything of it is mended.
    #[must_use]
    pub fn is_mended(&self) -> bool {
        self.mending && self.owed.is_empty()
    }
}

/// The faults of a run that have begun, the last one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The faults of a run, as they stand. None in a run that is no drill.
    #[must_use]
    pub fn of(plan: &Plan, state: &RunState) -> Self {
        if plan.root.book.drill.is_none() {
            return Self::default();
        }
        let faults = plan.root.steps.iter().filter(|planned| planned.is_fault());
        let all = faults.filter_map(|planned| Self::one(plan, state, StepKey::top(&planned.id)));
        Self(all.rev().collect())
    }

    fn one(plan: &Plan, state: &RunState, key: StepKey) -> Option<Fault> {
        let changes = |step: &StepKey| {
            plan.find(step).is_some_and(|(planned, _)| planned.reversal != Reversal::NotNeeded)
        };
        let own: Vec<&StepKey> = state
            .starts
            .iter()
            .rev()
            .filter(|step| step.is_inside(&key) && changes(step))
            .collect();
        if own.is_empty() {
            return None;
        }
        let mending = own.iter().any(|step| {
            matches!(
                state.status_of(step),
                StepStatus::Undoing | StepStatus::Undone | StepStatus::UndoFailed(_)
            )
        });
        let open = own.into_iter().filter(|step| *state.status_of(step) != StepStatus::Undone);
        Some(Fault { owed: open.cloned().collect(), mending, key })
    }

    /// The faults that are not mended yet, the last one first.
    pub fn standing(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().filter(|fault| !fault.owed.is_empty())
    }

    /// The fault that a step belongs to, itself or as a part of it.
    #[must_use]
    pub fn around(&self, step: &StepKey) -> Option<&Fault> {
        self.0.iter().find(|fault| fault.key == *step || step.is_inside(&fault.key))
    }

    /// The next step to take back, of the faults that are wanted mended. One at a time, and none while a step
    /// of a fault is under way. A step that this process could not take back ends the way back of its fault: what began
    /// before it may be what ends the fault by itself. The other faults are mended all the same.
    pub(super) fn next(&self, hand: &InHand, wanted: impl Fn(&Fault) -> bool) -> Option<StepKey> {
        let busy = |fault: &Fault| hand.busy.iter().any(|step| step.is_inside(&fault.key));
        if self.0.iter().any(busy) {
            return None;
        }
        self.standing()
            .filter(|fault| wanted(fault))
            .filter_map(|fault| fault.owed.first())
            .find(|step| !hand.unresolvable.contains(*step))
            .cloned()
    }
}
