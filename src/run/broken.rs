//! How long what a drill broke may stand, and who may not break anything.

use super::RunError;
use super::driver::{Driver, Io};
use super::lifecycle::{mark_lost, take_up};
use super::world::{Ended, Wishes, World};
use crate::engine::event::Event;
use crate::engine::faults::Faults;
use crate::engine::state::RunState;
use crate::model::drill::{FAULT_TAG, MAX_DURATION};
use crate::model::duration;
use crate::model::id::{RunId, StepKey};
use crate::model::mode::EnvironmentKind;
use crate::model::secret::Secret;
use crate::plan::Plan;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// When each runbook that the run uses began: those of a drill that break something are faults.
#[derive(Clone, Debug, Default)]
pub(super) struct Began(BTreeMap<StepKey, Timestamp>);

impl Began {
    /// Takes an event in.
    pub(super) fn event(&mut self, at: Timestamp, event: &Event) {
        if let Event::StepOpened { step, items: None, .. } = event
            && step.depth() == 0
        {
            self.0.entry(step.clone()).or_insert(at);
        }
    }
}

impl Driver {
    /// Says which faults have lasted as long as they may. Gives the time until the next one has.
    pub(super) fn watch_faults(&mut self) -> Option<Duration> {
        let now = (self.world.clock)();
        let mut next: Option<Duration> = None;
        let faults = Faults::of(&self.plan, &self.state);
        for fault in faults.standing() {
            let Some(left) = self.left(&fault.key, now) else { continue };
            if left.is_zero() {
                if self.hand.overdue.insert(fault.key.clone()) {
                    let text = format!("{} has lasted as long as it may: it is mended", fault.key);
                    self.note(&text);
                }
            } else {
                next = Some(next.map_or(left, |next| next.min(left)));
            }
        }
        next
    }

    /// How much longer a fault may last.
    fn left(&self, fault: &StepKey, now: Timestamp) -> Option<Duration> {
        let began = self.began.0.get(fault)?;
        let longest = self.state.step(fault)?.params.as_ref()?.get(MAX_DURATION)?;
        let longest = duration::parse(longest.as_str().unwrap_or_default()).ok()?;
        // A clock that was set back must not make it last longer than that from now on.
        let passed = Duration::try_from(now.duration_since(*began)).unwrap_or_default();
        Some(longest.saturating_sub(passed))
    }
}

/// Refuses to leave what a drill broke to nobody.
///
/// # Errors
/// When something of it is not mended.
pub(super) fn is_mended(plan: &Plan, state: &RunState) -> Result<(), RunError> {
    let run = &state.began.run;
    let faults = Faults::of(plan, state);
    let Some(fault) = faults.standing().next() else { return Ok(()) };
    let step = fault.owed.first().unwrap_or(&fault.key);
    Err(RunError::Refused {
        message: format!("`{}` still stands, and a run that was given up mends nothing", fault.key),
        hint: format!(
            "Nothing was changed. `runbook undo {run}` mends it and ends the run. Where that fails, mend it by hand: then `runbook resume {run} --step {step}=done --reason '…'` says so."
        ),
    })
}

/// Refuses to break anything where customers are served, and what nobody would mend.
///
/// # Errors
/// When the environment is one of production, and the plan is a drill or breaks something. Outside the sandbox also
/// when it breaks something and is no drill: a run that has ended is not taken back.
pub(super) fn only_in_drills(world: &World, plan: &Plan) -> Result<(), RunError> {
    let is_drill = plan.root.book.drill.is_some();
    let is_fault = |tag: &str| tag == FAULT_TAG;
    let mut books = plan.books().into_iter();
    let fault = books.find(|book| book.front.tags.iter().any(|tag| is_fault(&tag.value)));
    let broken = fault.filter(|_| !is_drill).map(|book| &book.name);
    let (name, kind) = (&world.environment.name, world.environment.kind);
    let (message, hint) = match broken {
        Some(fault) if kind == EnvironmentKind::Production => (
            format!(
                "`{fault}` breaks something on purpose, and environment `{name}` is one of production"
            ),
            "Drills are for environments of kind `drill`, and rehearsals for the sandbox.",
        ),
        Some(fault) if kind != EnvironmentKind::Sandbox => (
            format!("`{fault}` breaks something on purpose, and only a drill would mend it"),
            "Write a drill that breaks it, `drills/NAME.yaml`, and see `runbook drill run --help`. Alone it runs in the sandbox.",
        ),
        None if is_drill && kind == EnvironmentKind::Production => (
            format!(
                "`{}` is a drill, and environment `{name}` is one of production",
                plan.root.book.name
            ),
            "Drills are for environments of kind `drill`, and rehearsals for the sandbox.",
        ),
        _ => return Ok(()),
    };
    Err(RunError::Refused { message, hint: format!("Nothing was changed. {hint}") })
}

/// Mends what a drill has broken, and does nothing else.
///
/// # Errors
/// When the run is over or alive elsewhere, or a guard refuses it.
pub async fn mend(
    world: World,
    run: &RunId,
    secrets: BTreeMap<String, Secret>,
    wishes: Wishes,
    io: Io,
) -> Result<Ended, RunError> {
    mend_only(take_up(world, run, &secrets, wishes, io).await?).await
}

pub(super) async fn mend_only(mut driver: Driver) -> Result<Ended, RunError> {
    let operator = driver.world.operator.clone();
    let reason = driver.wishes.reason.clone();
    driver.stage(Event::RunResumed { operator, reason, revised: None })?;
    mark_lost(&mut driver)?;
    driver.hand.stopping = true;
    driver.drive().await
}
