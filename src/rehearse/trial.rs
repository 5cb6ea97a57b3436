//! One case, tried.

use super::RehearseError;
use super::case::{End, Result as CaseResult, Way};
use super::snapshot::{Snapshot, compared, difference, outcome, snapshot, split_new_keys};
use super::stage::{Ready, Setting, Stage};
use crate::engine::event::Event;
use crate::sandbox::ourselves::Ended;
use crate::sandbox::proxy::Fault;
use crate::store::{KILL_AT_RECORD, Recorded};
use std::collections::BTreeMap;
use std::time::Instant;

/// The variable that makes a step fail once after it has done its work. In the sandbox only.
pub const FAIL_STEP: &str = "RUNBOOK_FAIL_STEP";

/// More than this of a difference says no more.
const LINES: usize = 6;

/// Tries one case. `usual` is what an undisturbed run leaves, `like` a stage on which everything is ready.
pub(super) fn try_one(
    setting: &Setting,
    number: usize,
    way: &Way,
    usual: &[String],
    like: Option<&Ready>,
) -> Result<CaseResult, RehearseError> {
    let began = Instant::now();
    let stage = Stage::set(setting, number, like)?;
    if like.is_none() {
        stage.prepare()?;
    }
    let (end, step) = Trial { stage: &stage, usual }.end(way)?;
    Ok(CaseResult { way: way.clone(), end, step, took: began.elapsed() })
}

struct Trial<'a> {
    stage: &'a Stage<'a>,
    usual: &'a [String],
}

type Tried = Result<(End, Option<String>), RehearseError>;

impl Trial<'_> {
    fn end(&self, way: &Way) -> Tried {
        match way {
            Way::Fail { step } => self.fail(step),
            Way::Kill { record } => self.kill(*record),
            Way::Undo { step } => self.undo(step),
            Way::Lose { call, place } => self.lose(call, *place),
        }
    }

    fn fail(&self, step: &str) -> Tried {
        let named = Some(step.to_owned());
        let ended = self.stage.run(&[(FAIL_STEP, step)])?;
        if ended.code == Some(0) {
            return Ok((
                End::Skipped("the step did nothing here, so it could not fail".into()),
                named,
            ));
        }
        if ended.code != Some(1) {
            return Ok((End::Wrong(format!("it did not pause: {}", said(&ended))), named));
        }
        let resumed = self.stage.program(&["resume", "--yes"], &[])?;
        if resumed.code != Some(0) {
            let why = format!(
                "it did its work and failed, and `resume` does not go on by itself: {}. \
                 Nothing tells whether it may run again: give it an `observe=` block, or an action that looks for itself",
                said(&resumed)
            );
            return Ok((End::Wrong(why), named));
        }
        Ok((self.as_usual(Some(step))?, named))
    }

    fn kill(&self, record: usize) -> Tried {
        let at = record.to_string();
        let ended = self.stage.run(&[(KILL_AT_RECORD, &at)])?;
        let (_, events) = self.stage.newest()?;
        let step = under_way(&events);
        if ended.signal != Some(9) {
            return Ok((End::Skipped("the journal has no such record this time".into()), step));
        }
        let over = matches!(
            events.last().map(|recorded| &recorded.event),
            Some(Event::RunSucceeded { .. })
        );
        if !over {
            let resumed = self.stage.program(&["resume", "--yes"], &[])?;
            if resumed.code != Some(0) {
                let why = format!("it does not go on: {}", said(&resumed));
                let why = match &step {
                    Some(step) if resumed.code == Some(5) => format!(
                        "killed while `{step}` was at work, nobody can tell whether its effect is there: \
                         give it an `observe=` block, or an action that looks for itself"
                    ),
                    _ => why,
                };
                return Ok((End::Wrong(why), step));
            }
        }
        Ok((self.as_usual(step.as_deref())?, step))
    }

    fn undo(&self, step: &str) -> Tried {
        let named = Some(step.to_owned());
        let before = snapshot(self.stage)?;
        let ended = self.stage.run(&[(FAIL_STEP, step)])?;
        if ended.code == Some(0) {
            return Ok((
                End::Skipped("the step did nothing here, so it could not fail".into()),
                named,
            ));
        }
        let undone = self.stage.program(&["undo", "--yes"], &[])?;
        let end = match undone.code {
            Some(0 | 9) => as_before(&before, &snapshot(self.stage)?),
            Some(4) => End::Fine(Some("past a point of no return, as the runbook says".to_owned())),
            _ => End::Wrong(format!("it cannot be taken back: {}", said(&undone))),
        };
        Ok((end, named))
    }

    fn lose(&self, call: &str, place: usize) -> Tried {
        let Some(proxy) = &self.stage.proxy else {
            return Ok((End::Skipped("it makes no call".to_owned()), None));
        };
        let (name, mut left) = (call.to_owned(), place);
        let mut over = false;
        proxy.decide(move |call| {
            if over || call.name != name {
                return None;
            }
            over = left == 0;
            left = left.saturating_sub(1);
            over.then_some(Fault::Lost)
        });
        let ended = self.stage.run(&[])?;
        let lost = proxy.failed().is_some();
        proxy.let_through();
        let (_, events) = self.stage.newest()?;
        let step = under_way(&events).or_else(|| unknown(&events));
        if !lost {
            return Ok((End::Skipped("the call was not made this time".to_owned()), step));
        }
        if ended.code != Some(0) {
            let resumed = self.stage.program(&["resume", "--yes"], &[])?;
            if resumed.code != Some(0) {
                let why = format!("it does not go on after a lost answer: {}", said(&resumed));
                return Ok((End::Wrong(why), step));
            }
        }
        Ok((self.as_usual(step.as_deref())?, step))
    }

    /// Whether everything is as after an undisturbed run, and nothing was done twice.
    fn as_usual(&self, step: Option<&str>) -> Result<End, RehearseError> {
        let after = snapshot(self.stage)?;
        let differs = compared(self.usual, &outcome(self.stage, &after));
        if !differs.is_empty() {
            let of = step.map_or_else(String::new, |step| format!(" (`{step}` was at work)"));
            return Ok(End::Wrong(format!(
                "not as after an undisturbed run{of}:\n{}",
                bounded(&differs)
            )));
        }
        match self.stage.last()? {
            Some(Event::RunSucceeded { healthy: true }) => Ok(End::Fine(None)),
            Some(Event::RunSucceeded { healthy: false }) => {
                Ok(End::Wrong("health is not reached in the end".to_owned()))
            }
            _ => Ok(End::Wrong("the run is not over".to_owned())),
        }
    }
}

fn as_before(before: &Snapshot, after: &Snapshot) -> End {
    let (rest, left) = split_new_keys(before, after);
    let differs = difference(before, &rest);
    if !differs.is_empty() {
        return End::Wrong(format!("not as before:\n{}", bounded(&differs)));
    }
    End::Fine((!left.is_empty()).then(|| left.join("; ")))
}

fn bounded(lines: &[String]) -> String {
    let mut all: Vec<String> = lines.iter().take(LINES).map(|line| format!("  {line}")).collect();
    if lines.len() > LINES {
        all.push(format!("  … and {} more", lines.len() - LINES));
    }
    all.join("\n")
}

fn said(ended: &Ended) -> String {
    format!("exit {}, {}", ended.word(), ended.end())
}

/// The step whose effect was under way at the end of some events.
fn under_way(events: &[Recorded]) -> Option<String> {
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for (at, recorded) in events.iter().enumerate() {
        match &recorded.event {
            Event::StepStarted(started) => {
                open.insert(started.step.to_string(), at);
            }
            Event::StepSucceeded { step, .. }
            | Event::StepFailed { step, .. }
            | Event::StepParked { step } => {
                open.remove(step.as_str());
            }
            _ => {}
        }
    }
    open.into_iter().max_by_key(|(_, at)| *at).map(|(step, _)| step)
}

/// The step whose outcome was unknown.
fn unknown(events: &[Recorded]) -> Option<String> {
    events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::StepUnknown { step, .. } | Event::StepFailed { step, .. } => Some(step.to_string()),
        _ => None,
    })
}
