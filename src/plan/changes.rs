//! What differs between two plans of the same runbook, step by step.

use super::{Frame, Plan, Planned};
use crate::model::id::StepKey;
use crate::model::step::{Block, Body, Interpreter};
use std::collections::BTreeMap;
use std::fmt;

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It says something else, or acts in another account.
    Changed,
    /// It is new.
    Added,
    /// It is not there any more.
    Removed,
    /// It is the same under another id.
    Renamed(StepKey),
    /// It is the same in another place.
    Moved,
}

/// A step that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step by its written key: the new one when it was added, otherwise the old one.
    pub step: StepKey,
    /// How.
    pub change: Change,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match &self.change {
            Change::Changed => "changed",
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Renamed(to) => return write!(f, "{:<8} {} to {to}", "renamed", self.step),
            Change::Moved => "moved",
        };
        write!(f, "{word:<8} {}", self.step)
    }
}

/// Everything about a step that decides what it does, as far as its runbook says it.
type Content<'a> = (&'a str, Option<&'a str>, [Option<Interpreter>; 3]);

fn content<'a>(planned: &'a Planned, frame: &'a Frame) -> Content<'a> {
    let step = planned.step(frame);
    let by = |block: Option<&Block>| match block.map(|block| &block.body) {
        Some(Body::Script { interpreter, .. }) => Some(*interpreter),
        _ => None,
    };
    let blocks = [by(Some(&step.block)), by(step.observe.as_ref()), by(step.undo.as_ref())];
    (&planned.digest, planned.account.as_ref().map(|name| name.as_str()), blocks)
}

/// The steps in which two plans differ: those of the old one in its order, then those that are new.
#[must_use]
pub fn differences(old: &Plan, new: &Plan) -> Vec<Difference> {
    let (old, new) = (contents(old), contents(new));
    let places: BTreeMap<&StepKey, usize> =
        new.iter().enumerate().map(|(at, (key, _))| (key, at)).collect();
    let had: BTreeMap<&StepKey, usize> =
        old.iter().enumerate().map(|(at, (key, _))| (key, at)).collect();
    let mut added: Vec<&(StepKey, Content<'_>)> =
        new.iter().filter(|(key, _)| !had.contains_key(key)).collect();
    let common: Vec<usize> = old.iter().filter_map(|(key, _)| places.get(key).copied()).collect();
    let in_place = longest_ascending(&common);
    let mut found = Vec::new();
    for (key, content) in &old {
        let change = match places.get(key) {
            Some(at) if new[*at].1 != *content => Change::Changed,
            Some(at) if !in_place.contains(at) => Change::Moved,
            Some(_) => continue,
            None => match added.iter().position(|(_, other)| other == content) {
                Some(at) => Change::Renamed(added.remove(at).0.clone()),
                None => Change::Removed,
            },
        };
        found.push(Difference { step: key.clone(), change });
    }
    let added = added.into_iter().map(|(key, _)| key.clone());
    found.extend(added.map(|step| Difference { step, change: Change::Added }));
    found
}

fn contents(plan: &Plan) -> Vec<(StepKey, Content<'_>)> {
    plan.walk().into_iter().map(|(key, planned, frame)| (key, content(planned, frame))).collect()
}

/// As many of the numbers as possible that stand in ascending order: what is not among them was moved.
fn longest_ascending(numbers: &[usize]) -> Vec<usize> {
    let mut best: Vec<Vec<usize>> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let before = best[..at].iter().filter(|run| run.last() < Some(number));
        let mut run = before.max_by_key(|run| run.len()).cloned().unwrap_or_default();
        run.push(*number);
        best.push(run);
    }
    best.into_iter().max_by_key(Vec::len).unwrap_or_default()
}
