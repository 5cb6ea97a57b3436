//! What a run owed and has settled itself.

use super::event::Obligation;
use super::state::{RunState, StepStatus};
use crate::model::drill::DRILLS;
use crate::model::id::StepKey;
use crate::model::value::{Value, Values};

/// What a run has left to be done, without what it has done itself since.
#[must_use]
pub fn still_owed(state: &RunState) -> Vec<Obligation> {
    let open = |owed: &&Obligation| !settled_within(owed, state);
    state.obligations.iter().filter(open).cloned().collect()
}

/// Whether the drill that incurred it has carried out, later on, the runbook that settles it. The step of a drill
/// that runs a runbook is called like it.
#[must_use]
pub fn settled_within(obligation: &Obligation, drill: &RunState) -> bool {
    let Some(book) = &obligation.runbook else { return false };
    if !drill.began.runbook.starts_with(DRILLS) || !drill.began.texts.contains_key(book) {
        return false;
    }
    let id = book.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let key = StepKey::from_text(&id);
    let place = |wanted: &dyn Fn(&StepKey) -> bool| drill.starts.iter().position(wanted);
    let owed = place(&|step| *step == obligation.step);
    let begun = place(&|step| step.as_str().starts_with(&format!("{id}/")));
    let params = drill.step(&key).and_then(|step| step.params.as_ref());
    *drill.status_of(&key) == StepStatus::Succeeded
        && matches!((owed, begun), (Some(owed), Some(begun)) if owed < begun)
        && params.is_some_and(|params| has_values(obligation, params))
}

/// Whether these are the values with which a runbook settles it.
#[must_use]
pub fn has_values(obligation: &Obligation, params: &Values) -> bool {
    let wanted = &obligation.params;
    wanted.iter().all(|(name, value)| params.get(name).is_some_and(|own| same(own, value)))
}

/// Whether two values are the same once they are written down: `30` and `"30"` are.
fn same(a: &Value, b: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text(a) == text(b)
}
