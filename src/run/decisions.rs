//! What a person decides about steps that did not end well, and what needs no decision.

use super::RunError;
use super::driver::Driver;
use super::steps::is_repeatable;
use super::world::{Decision, Verdict as Wanted};
use crate::engine::event::{Event, Resolver, SkipReason, Verdict};
use crate::engine::state::StepStatus;
use crate::model::id::StepKey;
use std::collections::BTreeSet;

/// Whether somebody says of steps that could not be taken back that hands have done it. Then the way back
/// of a stuck run goes on.
pub(super) fn are_by_hand(driver: &Driver, decisions: &[Decision]) -> bool {
    let is_one = |decision: &Decision| {
        let status = driver.state.status_of(&decision.step);
        decision.verdict == Wanted::Done && matches!(status, StepStatus::UndoFailed(_))
    };
    !decisions.is_empty() && decisions.iter().all(is_one)
}

/// Puts down what the operator decides. A step that ended well is only decided about when its text changed.
pub(super) fn decide(
    driver: &mut Driver,
    decision: Decision,
    changed: &BTreeSet<String>,
) -> Result<(), RunError> {
    let Decision { step, verdict, reason } = decision;
    let user = driver.world.operator.user.clone();
    let by = Resolver::Operator { by: user.clone(), reason: reason.clone() };
    let status = driver.state.status_of(&step).clone();
    let misfit = || {
        RunError::Usage {
        message: format!("step `{step}` is {}; that decision does not fit", status.word()),
        hint: "Decisions are for steps that failed or whose outcome is unknown. `runbook status` lists them.".to_owned(),
    }
    };
    let ended_well = matches!(status, StepStatus::Succeeded | StepStatus::InPlace);
    if ended_well && verdict != Wanted::Undo && !changed.contains(&step.written()) {
        return Err(misfit());
    }
    let event = match verdict {
        Wanted::Retry => Event::StepResolved { step: step.clone(), verdict: Verdict::Retry, by },
        Wanted::Done => Event::StepResolved {
            step: step.clone(),
            verdict: Verdict::Done {
                outputs: driver
                    .state
                    .step(&step)
                    .and_then(|s| s.outputs.clone())
                    .unwrap_or_default(),
            },
            by,
        },
        Wanted::Skip => Event::StepSkipped {
            step: step.clone(),
            reason: SkipReason::Operator { by: user, reason },
        },
        Wanted::Undo => {
            driver.undo_first.push_back(step);
            return Ok(());
        }
    };
    driver.stage(event).map_err(|error| match error {
        RunError::Illegal(_) => misfit(),
        other => other,
    })
}

/// Failed steps that can simply be tried again: nothing had happened, or a repeat is harmless, or
/// the step looks for its own effect before it acts.
pub(super) fn retry_what_is_safe(driver: &mut Driver) -> Result<(), RunError> {
    let failed: Vec<(StepKey, bool)> = driver
        .state
        .steps
        .iter()
        .filter_map(|(key, step)| match &step.status {
            StepStatus::Failed(failure) => Some((key.clone(), failure.is_without_effect())),
            _ => None,
        })
        .collect();
    for (step, without_effect) in failed {
        let safe = without_effect
            || is_repeatable(&driver.plan, &step, &driver.world.catalog)
            || looks_first(driver, &step);
        if safe {
            driver.stage(Event::StepResolved {
                step,
                verdict: Verdict::Retry,
                by: Resolver::Repeatable,
            })?;
        } else {
            driver.note(&format!(
                "step `{step}` failed after it began and cannot look for its own effect: decide with `--step {step}=retry`, `skip`, `done` or `undo`"
            ));
        }
    }
    Ok(())
}

fn looks_first(driver: &Driver, step: &StepKey) -> bool {
    let Some((planned, frame)) = driver.plan.find(step) else { return false };
    let written = planned.step(frame);
    written.observe.is_some() || driver.maker().looks_for_itself(&written.block)
}
