//! What a journal says about a drill, gathered in one pass.

use super::verdict::Clock;
use crate::engine::event::{Event, Resolver, SkipReason, Verdict as Decided};
use crate::engine::state::{RunState, StepStatus};
use crate::model::drill::Part;
use crate::model::id::StepKey;
use crate::plan::{Plan, Planned};
use crate::run::report::summary::Tally;
use crate::store::Recorded;
use jiff::Timestamp;
use std::time::Duration;

/// What a journal says about a drill.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// A clock for each incident.
    pub(super) clocks: Vec<Clock>,
    /// A fault that was mended before what was to come while it stood, and what had failed by then.
    pub(super) early: Option<Early>,
    /// What a person decided in place of the runbook or changed in it, in words.
    pub(super) by_hand: Vec<String>,
    /// Whether a later event has an earlier time.
    pub(super) backwards: bool,
    /// Why it was given up, when it was.
    pub(super) given_up: Option<String>,
}

/// A fault that was mended too early.
#[derive(Debug)]
pub(super) struct Early {
    /// The step of the drill.
    pub(super) fault: StepKey,
    /// The step that had failed by then, and why.
    pub(super) failed: Option<(StepKey, String)>,
    /// Why it could not even be made, when that is why.
    pub(super) unmade: Option<String>,
}

/// The step of the drill that a step belongs to.
pub(super) fn top<'a>(plan: &'a Plan, key: &StepKey) -> Option<(usize, &'a Planned)> {
    let first = key.as_str().split(['/', '[']).next().unwrap_or_default();
    plan.root.steps.iter().enumerate().find(|(_, planned)| planned.id.as_str() == first)
}

/// The part of the drill that a step plays, when it is one of the drill's own.
fn own_part(plan: &Plan, key: &StepKey) -> Option<Part> {
    (key.depth() == 0).then(|| top(plan, key)?.1.part).flatten()
}

impl Facts {
    /// Reads a history. Events that cannot follow each other end it: the store has refused such a journal.
    pub(super) fn read(plan: &Plan, events: &[Recorded]) -> Self {
        let mut facts = Self::default();
        let mut state: Option<RunState> = None;
        let mut before: Option<Timestamp> = None;
        let mut running: Option<Running> = None;
        for Recorded { at, event, .. } in events {
            facts.backwards |= before.is_some_and(|before| *at < before);
            before = Some(*at);
            if let Some(running) = &mut running {
                running.event(plan, *at, event);
            }
            if let Some(state) = &state {
                facts.early(plan, state, event);
            }
            match &mut state {
                None => state = RunState::begin(event).ok(),
                Some(state) => {
                    if state.apply(event).is_err() {
                        break;
                    }
                }
            }
            facts.decided(event);
            facts.clock(plan, &mut running, *at, event);
        }
        facts.clocks.extend(running.map(Running::into_clock));
        facts
    }

    fn clock(&mut self, plan: &Plan, running: &mut Option<Running>, at: Timestamp, event: &Event) {
        let Event::StepSucceeded { step, .. } = event else { return };
        match own_part(plan, step) {
            Some(Part::Incident) => {
                self.clocks.extend(running.take().map(Running::into_clock));
                let title =
                    top(plan, step).map(|(_, planned)| planned.step(&plan.root).title.clone());
                *running = Some(Running::new(title.unwrap_or_default(), at, event));
            }
            Some(Part::Recovered) => {
                if let Some(mut over) = running.take() {
                    over.stopped = Some(at);
                    self.clocks.push(over.into_clock());
                }
            }
            _ => {}
        }
    }

    fn decided(&mut self, event: &Event) {
        match event {
            Event::StepSkipped { step, reason: SkipReason::Operator { by, reason } } => {
                self.by_hand.push(format!("step `{step}` was skipped by {by}: {reason}"));
            }
            Event::StepResolved {
                step,
                verdict: Decided::Done { .. },
                by: Resolver::Operator { by, reason },
            } => self.by_hand.push(format!("step `{step}` was called done by {by}: {reason}")),
            Event::RunResumed { operator, revised: Some(_), .. } => self.by_hand.push(format!(
                "its files were changed on the way, and {} went on with them: this is not the procedure that began",
                operator.user
            )),
            Event::RunAborted { reason } => self.given_up = Some(reason.clone()),
            _ => {}
        }
    }

    /// A fault that is mended before everything between it and its mending has ended.
    fn early(&mut self, plan: &Plan, state: &RunState, event: &Event) {
        let Event::UndoStarted { step } = event else { return };
        let Some((at, fault)) = top(plan, step).filter(|(_, planned)| planned.is_fault()) else {
            return;
        };
        let mend = plan.root.steps.iter().skip(at).take_while(|one| one.part != Some(Part::Mend));
        let over = mend.into_iter().all(|one| state.status_of(&StepKey::top(&one.id)).is_settled());
        if over || self.early.is_some() {
            return;
        }
        let failed = state.steps.iter().find_map(|(key, step)| match &step.status {
            StepStatus::Failed(failure) => Some((key.clone(), failure.message.clone())),
            _ => None,
        });
        let of_fault = |(key, _): &(StepKey, String)| {
            top(plan, key).is_some_and(|(_, planned)| planned.is_fault())
        };
        let unmade = failed.as_ref().filter(|failed| of_fault(failed)).map(|(_, why)| why.clone());
        let failed = failed.filter(|failed| !of_fault(failed));
        self.early = Some(Early { fault: StepKey::top(&fault.id), failed, unmade });
    }
}

/// A clock that runs.
struct Running {
    incident: String,
    started: Timestamp,
    stopped: Option<Timestamp>,
    tally: Tally,
    /// When the wait for health began.
    health: Option<Timestamp>,
    waited: Duration,
}

impl Running {
    fn new(incident: String, started: Timestamp, first: &Event) -> Self {
        let mut tally = Tally::default();
        tally.event(started, first);
        Self { incident, started, stopped: None, tally, health: None, waited: Duration::ZERO }
    }

    fn event(&mut self, plan: &Plan, at: Timestamp, event: &Event) {
        self.tally.event(at, event);
        let Some(step) = event.step() else { return };
        if own_part(plan, step) != Some(Part::Recovered) {
            return;
        }
        match event {
            Event::StepStarted(_) => self.health = Some(at),
            _ => {
                if let Some(began) = self.health.take() {
                    self.waited += Duration::try_from(at.duration_since(began)).unwrap_or_default();
                }
            }
        }
    }

    fn into_clock(self) -> Clock {
        Clock {
            incident: self.incident,
            started: self.started,
            stopped: self.stopped,
            machine: self.tally.machine().saturating_sub(self.waited),
            people: self.tally.people() + self.tally.still(),
            health: self.waited,
        }
    }
}
