//! How long a run would take, as far as its author says.

use super::look::{Look, Standing};
use crate::model::id::StepKey;
use crate::plan::{Frame, Plan, Planned};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a run would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Along the longest chain of steps that would do something.
    pub longest: Duration,
    /// How many of the steps that would do something do not say how long they take.
    pub without: usize,
}

/// Adds the estimates up. What is in place and what is skipped takes no time.
#[must_use]
pub fn expectation(plan: &Plan, looks: &BTreeMap<StepKey, Look>) -> Expectation {
    frame(&plan.root, None, looks)
}

fn frame(frame: &Frame, outer: Option<&StepKey>, looks: &BTreeMap<StepKey, Look>) -> Expectation {
    let mut ends: Vec<Duration> = Vec::new();
    let mut without = 0;
    for planned in &frame.steps {
        let key = outer.map_or_else(|| StepKey::top(&planned.id), |outer| outer.child(&planned.id));
        let own = step(planned, frame, &key, looks);
        without += own.without;
        // A need may stand further down; what is not known yet counts as nothing.
        let begins = planned.needs.iter().filter_map(|need| ends.get(*need)).max();
        ends.push(begins.copied().unwrap_or_default() + own.longest);
    }
    Expectation { longest: ends.into_iter().max().unwrap_or_default(), without }
}

fn step(
    planned: &Planned,
    around: &Frame,
    key: &StepKey,
    looks: &BTreeMap<StepKey, Look>,
) -> Expectation {
    let look = looks.get(key);
    if look.is_some_and(|look| matches!(look.state, Standing::InPlace | Standing::Skipped)) {
        return Expectation::default();
    }
    // What the author says of the whole step counts for the whole step.
    if let Some(said) = &planned.step(around).block.options.estimate {
        return Expectation { longest: said.value, without: 0 };
    }
    let elements = look.and_then(|look| look.elements);
    if let (Some(count), Some(at_once)) = (elements, planned.elements_at_once) {
        let each: Vec<Expectation> =
            (0..count).map(|index| one(planned, &key.element(index), looks)).collect();
        let rounds = each.chunks(at_once.max(1));
        let longest =
            rounds.map(|round| round.iter().map(|one| one.longest).max().unwrap_or_default()).sum();
        return Expectation { longest, without: each.iter().map(|one| one.without).sum() };
    }
    one(planned, key, looks)
}

/// One element of a loop, or a step that is none, without an estimate of its own.
fn one(planned: &Planned, key: &StepKey, looks: &BTreeMap<StepKey, Look>) -> Expectation {
    let done = looks
        .get(key)
        .is_some_and(|look| matches!(look.state, Standing::InPlace | Standing::Skipped));
    match &planned.calls {
        _ if done => Expectation::default(),
        Some(inner) => frame(inner, Some(key), looks),
        None => Expectation { longest: Duration::ZERO, without: 1 },
    }
}
