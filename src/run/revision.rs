//! Goes on with the files as they are now, in place of the texts that a run began with.
//!
//! Steps that are the same keep their results. What has begun and is not the same any more is for a person to
//! decide, and what has begun must stay in the runbook: only it knows how to take it back.

use super::RunError;
use super::driver::Driver;
use super::open::{revised, texts};
use super::world::{Decision, Verdict};
use crate::engine::event::Revised;
use crate::engine::state::{RunState, StepStatus};
use crate::model::id::StepKey;
use crate::plan::{Change, Plan, differences, digest_of};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What goes into the journal, and the written keys of the steps whose text changed.
type Adopted = (Option<Box<Revised>>, BTreeSet<String>);

/// Makes the driver go on with that plan. Its texts are kept first.
pub(super) fn adopt(
    driver: &mut Driver,
    plan: Plan,
    decisions: &[Decision],
) -> Result<Adopted, RunError> {
    let now: BTreeMap<String, String> =
        texts(&plan).into_iter().map(|(name, text)| (name, digest_of(&text))).collect();
    if now == driver.state.began.texts {
        return Ok((None, BTreeSet::new()));
    }
    let found = differences(&driver.plan, &plan);
    let mut problems = new_params(driver, &plan);
    if driver.state.undoing {
        problems.push(
            "the run is being taken back, and only the text that it went forward with knows how"
                .to_owned(),
        );
    }
    for difference in &found {
        problems.extend(problem(&driver.state, &difference.step, &difference.change, decisions));
    }
    if !problems.is_empty() {
        let run = &driver.state.began.run;
        return Err(RunError::Refused {
            message: format!(
                "run {run} cannot simply go on with the changed files:\n  {}",
                problems.join("\n  ")
            ),
            hint: format!(
                "Nothing was changed. Decide what is asked for, or `runbook resume {run}` goes on with the text that the run began with."
            ),
        });
    }
    let kept = texts(&plan)
        .into_iter()
        .map(|(name, text)| (revised(&name, &digest_of(&text)), text))
        .collect();
    driver.world.store.keep_texts(&driver.state.began.run, &kept)?;
    let steps = digests(&plan);
    let changed = found.iter().filter(|difference| difference.change == Change::Changed);
    let changed = changed.map(|difference| difference.step.written()).collect();
    driver.plan = Arc::new(plan);
    Ok((Some(Box::new(Revised { texts: now, steps })), changed))
}

/// A run was told its parameters when it began, and nobody can be asked for more now.
fn new_params(driver: &Driver, plan: &Plan) -> Vec<String> {
    let began = &driver.state.began;
    let params = plan.root.book.front.params.iter().map(|param| &param.name.value);
    params
        .filter(|name| !began.params.contains_key(*name) && !began.secret_params.contains(name))
        .map(|name| {
            format!("parameter `{name}` is new, and the run was not told it: begin a new run")
        })
        .collect()
}

/// What keeps a changed step from being gone on with.
fn problem(
    state: &RunState,
    written: &StepKey,
    change: &Change,
    decisions: &[Decision],
) -> Option<String> {
    let (key, step) = state.steps.iter().find(|(key, step)| {
        key.written() == written.as_str() && (step.attempts > 0 || has_begun(&step.status))
    })?;
    let is = step.status.word();
    match change {
        Change::Added | Change::Moved => None,
        Change::Removed => Some(format!(
            "step `{key}` is {is}, and is not in the file any more: put it back, or take it back with `--step {key}=undo` first"
        )),
        Change::Renamed(to) => {
            Some(format!("step `{key}` is {is}, and is called `{to}` now: give it its id back"))
        }
        Change::Changed => {
            let decided =
                decisions.iter().find(|decision| decision.step.written() == key.written());
            let group = step.items.is_some() || step.params.is_some();
            match (&step.status, decided.map(|decision| decision.verdict)) {
                (StepStatus::Waiting(_) | StepStatus::Open, _) => Some(format!(
                    "step `{key}` is {is}, and its text has changed: let it end first"
                )),
                (_, Some(Verdict::Retry)) if group => Some(format!(
                    "step `{key}` is {is}, and what it runs in turn would not run again: only `--step {key}=done` is possible"
                )),
                (_, Some(_)) => None,
                (_, None) => Some(format!(
                    "step `{key}` is {is}, and its text has changed: `--step {key}=done` keeps what it did, `--step {key}=retry` runs it as it is now"
                )),
            }
        }
    }
}

/// Whether anything was done for the step, or somebody was asked about it.
const fn has_begun(status: &StepStatus) -> bool {
    matches!(
        status,
        StepStatus::Open | StepStatus::Waiting(_) | StepStatus::Succeeded | StepStatus::InPlace
    )
}

/// The digest of each step, by its written key.
pub(super) fn digests(plan: &Plan) -> BTreeMap<String, String> {
    plan.walk()
        .into_iter()
        .map(|(key, planned, _)| (key.written(), planned.digest.clone()))
        .collect()
}
