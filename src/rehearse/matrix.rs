//! All the cases of a rehearsal: made from an undisturbed run, and tried side by side.

use super::case::{End, Result as CaseResult, Way};
use super::snapshot::{outcome, snapshot};
use super::stage::{Cloud, Ready, Setting, Stage};
use super::trial::try_one;
use super::{RehearseError, Results};
use crate::engine::event::Event;
use crate::store::Recorded;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Which things go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Every step fails once.
    pub fail: bool,
    /// The process is killed at every record.
    pub kill: bool,
    /// Everything is taken back from every step.
    pub undo: bool,
    /// Every changing call loses its answer.
    pub lose: bool,
}

impl Ways {
    /// All of them.
    pub const ALL: Self = Self { fail: true, kill: true, undo: true, lose: true };

    /// Whether none is wanted.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// How a rehearsal is done.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// What goes wrong.
    pub ways: Ways,
    /// How many cases at once.
    pub jobs: usize,
    /// No more cases of each way than this: evenly spread, the first and the last among them.
    pub most: Option<usize>,
}

/// A call that is made more often than this is made for many things at once. Its first and its last one stand
/// for the others.
const FEW: usize = 3;

/// Rehearses. `tell` is told each result as it comes, and how many cases there are.
///
/// # Errors
/// When the runbook does not succeed undisturbed, or a case cannot be set up.
pub fn rehearse(
    setting: &Setting,
    wish: Wish,
    tell: &(dyn Fn(&CaseResult, usize) + Sync),
) -> Result<Results, RehearseError> {
    let mut stage = Stage::set(setting, 0, None)?;
    stage.prepare()?;
    let mut ready = None;
    if setting.cloud == Some(Cloud::Own) {
        let kept = stage.keep()?;
        stage = Stage::set(setting, 0, Some(&kept))?;
        ready = Some(kept);
    }
    if let Some(proxy) = &stage.proxy {
        proxy.let_through();
    }
    let ended = stage.run(&[])?;
    if ended.code != Some(0) {
        return Err(RehearseError::Undisturbed {
            runbook: setting.runbook.clone(),
            code: ended.word(),
            said: ended.end(),
        });
    }
    let calls = stage.proxy.as_ref().map(|proxy| proxy.changes()).unwrap_or_default();
    let (_, events) = stage.newest()?;
    let usual = outcome(&stage, &snapshot(&stage)?);
    drop(stage);
    let (ways, notes) = ways(wish, &events, &calls);
    let begin = Begin { setting, usual: &usual, ready: ready.as_ref() };
    let cases = all(&begin, wish.jobs.max(1), &ways, tell)?;
    Ok(Results { runbook: setting.runbook.clone(), cases, notes })
}

/// The cases that an undisturbed run gives.
fn ways(wish: Wish, events: &[Recorded], calls: &[String]) -> (Vec<Way>, Vec<String>) {
    let mut steps: Vec<String> = Vec::new();
    for recorded in events {
        if let Event::StepStarted(started) = &recorded.event {
            let step = started.step.to_string();
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
    }
    let (mut ways, mut notes) = (Vec::new(), Vec::new());
    if wish.ways.fail {
        let all = steps.iter().map(|step| Way::Fail { step: step.clone() });
        ways.extend(some(all.collect(), wish.most));
    }
    if wish.ways.kill {
        let all = (1..=events.len()).map(|record| Way::Kill { record });
        ways.extend(some(all.collect(), wish.most));
    }
    if wish.ways.undo {
        let all = steps.iter().map(|step| Way::Undo { step: step.clone() });
        ways.extend(some(all.collect(), wish.most));
    }
    if wish.ways.lose {
        if calls.is_empty() {
            notes.push("It makes no changing call, so no answer can be lost.".to_owned());
        }
        ways.extend(some(losses(calls), wish.most));
    }
    (ways, notes)
}

fn losses(calls: &[String]) -> Vec<Way> {
    let names: BTreeSet<&String> = calls.iter().collect();
    let mut all = Vec::new();
    for name in names {
        let count = calls.iter().filter(|call| *call == name).count();
        let places = (0..count).filter(|place| count <= FEW || *place == 0 || *place + 1 == count);
        all.extend(places.map(|place| Way::Lose { call: name.clone(), place }));
    }
    all
}

/// No more than that many, evenly spread.
fn some(all: Vec<Way>, most: Option<usize>) -> Vec<Way> {
    let Some(most) = most.filter(|most| *most < all.len()) else { return all };
    if most < 2 {
        return all.into_iter().rev().take(most).collect();
    }
    let last = all.len() - 1;
    let wanted: BTreeSet<usize> = (0..most).map(|at| at * last / (most - 1)).collect();
    all.into_iter().enumerate().filter(|(at, _)| wanted.contains(at)).map(|(_, way)| way).collect()
}

/// What every case begins with.
struct Begin<'a> {
    setting: &'a Setting,
    /// What an undisturbed run leaves.
    usual: &'a [String],
    /// A stage on which everything is where the runbook begins.
    ready: Option<&'a Ready>,
}

fn all(
    begin: &Begin<'_>,
    jobs: usize,
    ways: &[Way],
    tell: &(dyn Fn(&CaseResult, usize) + Sync),
) -> Result<Vec<CaseResult>, RehearseError> {
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, CaseResult)>> = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..jobs {
            threads.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(way) = ways.get(at) else { return };
                    // A case that cannot be tried is told, and the others go on.
                    let tried = try_one(begin.setting, at + 1, way, begin.usual, begin.ready);
                    let result = tried.unwrap_or_else(|error| CaseResult {
                        way: way.clone(),
                        end: End::Wrong(format!("it could not be tried: {error}")),
                        step: None,
                        took: Duration::ZERO,
                    });
                    tell(&result, ways.len());
                    let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    found.push((at, result));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_the_first_and_the_last() {
        let all = || (1..=10).map(|record| Way::Kill { record }).collect::<Vec<_>>();
        let records = |most| {
            let of = |way| match way {
                Way::Kill { record } => record,
                other => panic!("{other:?}"),
            };
            some(all(), most).into_iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(records(None).len(), 10);
        assert_eq!(records(Some(3)), [1, 5, 10]);
        assert_eq!(records(Some(1)), [10]);
        assert_eq!(records(Some(20)).len(), 10);
    }

    #[test]
    fn many_calls_of_one_name_are_tried_at_both_ends() {
        let calls: Vec<String> = ["b", "a", "b", "b", "b"].map(str::to_owned).to_vec();
        let shown: Vec<String> = losses(&calls).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "a number 1 loses its answer",
                "b number 1 loses its answer",
                "b number 4 loses its answer"
            ]
        );
    }
}
