//! The runs that there were: finding the one that is meant, and telling how it stands.

use super::error::CliError;
use super::project::Home;
use crate::engine::event::{Event, Operator, PauseCause};
use crate::engine::replay::Replay;
use crate::engine::state::{RunState, RunStatus, StepStatus};
use crate::model::id::RunId;
use crate::run::RunError;
use crate::run::report::summary::Tally;
use crate::store::{Ending, History, Recorded, Store, local_host};
use jiff::Timestamp;
use serde::Deserialize;
use std::io::{BufRead as _, BufReader};

/// A run, read for a list: without its texts and its plan.
pub(super) struct Known {
    /// Its id.
    pub(super) run: RunId,
    /// How it stands.
    pub(super) state: RunState,
    /// When it began.
    pub(super) began: Timestamp,
    /// When anything last happened.
    pub(super) last: Timestamp,
}

/// A run, with what else its journal tells.
pub(super) struct Told {
    /// The run.
    pub(super) known: Known,
    /// Who drives it, or drove it last.
    pub(super) driver: Option<Operator>,
    /// Where its time went.
    pub(super) tally: Tally,
    /// How its journal ends.
    pub(super) ending: Ending,
}

/// Reads a run for a list. Its events are not kept.
///
/// # Errors
/// When its journal cannot be read or cannot be right.
pub(super) fn known(store: &Store, run: &RunId) -> Result<Known, CliError> {
    Ok(told(store, run)?.known)
}

fn told(store: &Store, run: &RunId) -> Result<Told, CliError> {
    let (mut replay, mut tally) = (Replay::default(), Tally::default());
    let (mut began, mut last, mut driver) = (None, None, None);
    let ending = store.read_each(run, &mut |Recorded { at, event, .. }| {
        began = began.or(Some(at));
        last = Some(at);
        replay.event(&event);
        tally.event(at, &event);
        if let Some(operator) = driven_by(&event) {
            driver = Some(operator.clone());
        }
    })?;
    let state = as_seen(replay.end().map_err(RunError::from)?, driver.as_ref());
    let (began, last) = (began.unwrap_or_default(), last.unwrap_or_default());
    Ok(Told { known: Known { run: run.clone(), state, began, last }, driver, tally, ending })
}

/// The run that is meant: the one whose id begins so, or else the newest that fits.
///
/// # Errors
/// When there is none. `what` says in words what would fit.
pub(super) fn pick(
    store: &Store,
    wanted: Option<&str>,
    what: &str,
    fits: impl Fn(&RunState) -> bool,
) -> Result<Told, CliError> {
    if let Some(prefix) = wanted {
        return told(store, &store.find(prefix)?);
    }
    for run in store.runs()? {
        // A damaged journal is never passed over: the run that is meant may be that one.
        let told = told(store, &run).map_err(|error| {
            error.hint(format!("To act on another run, name it. `runbook log {run} --verify` tells more about this one."))
        })?;
        if fits(&told.known.state) {
            return Ok(told);
        }
    }
    Err(CliError::usage(format!("there is no run {what}"))
        .certain("Nothing was changed.")
        .hint("`runbook runs` lists all runs; `runbook run NAME --env ENV` begins one."))
}

/// Who drives a run, or drove it last.
#[must_use]
pub(super) fn driver(history: &History) -> Option<&Operator> {
    history.events.iter().rev().find_map(|recorded| driven_by(&recorded.event))
}

/// Who drives the run from that event on, if it says so.
const fn driven_by(event: &Event) -> Option<&Operator> {
    match event {
        Event::RunStarted(began) => Some(&began.operator),
        Event::RunResumed { operator, .. }
        | Event::UndoBegun { operator }
        | Event::RunTakenOver { operator, .. } => Some(operator),
        _ => None,
    }
}

/// Whether that process is alive. Nothing when it is on another machine.
#[must_use]
pub(super) fn is_alive(operator: &Operator) -> Option<bool> {
    if operator.host != local_host() {
        return None;
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(operator.pid).ok()?);
    match nix::sys::signal::kill(pid, None) {
        Ok(()) | Err(nix::errno::Errno::EPERM) => Some(true),
        Err(_) => Some(false),
    }
}

/// A run as the next person finds it: when its process is gone, what was under way is unknown.
#[must_use]
pub(super) fn as_seen(mut state: RunState, driver: Option<&Operator>) -> RunState {
    let under_way = matches!(state.status, RunStatus::Running | RunStatus::Undoing);
    let gone = driver.and_then(is_alive) == Some(false);
    if !under_way || !gone {
        return state;
    }
    let lost: Vec<_> = state
        .steps
        .iter()
        .filter(|(_, step)| step.status == StepStatus::Running)
        .map(|(key, _)| key.clone())
        .collect();
    let cause = if lost.is_empty() { PauseCause::Operator } else { PauseCause::Unknown };
    for step in lost {
        let cause = "the process that ran it ended before its result was known".to_owned();
        // The table has a way from running to unknown; were it closed, the step would stay as it is.
        drop(state.apply(&Event::StepUnknown { step, cause }));
    }
    drop(state.apply(&Event::RunPaused { cause }));
    state
}

/// What the first line of a journal says, without reading the rest.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct First {
    event: FirstEvent,
}

#[derive(Clone, Debug, Deserialize)]
struct FirstEvent {
    runbook: String,
}

impl First {
    /// The runbook that was run.
    #[must_use]
    pub(super) fn runbook(&self) -> &str {
        &self.event.runbook
    }
}

/// Reads only the first line of a run's journal. Nothing when it is not as expected: a list goes on.
#[must_use]
pub(super) fn first(store: &Store, run: &RunId) -> Option<First> {
    let file = std::fs::File::open(store.folder(run).join("journal.jsonl")).ok()?;
    let mut line = String::new();
    BufReader::new(file).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// How long ago, for people.
#[must_use]
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..86_400 => format!("{}h ago", seconds / 3_600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

/// The project's runs, when there is a state folder. Listing must not make one.
///
/// # Errors
/// When it cannot be read.
pub(super) fn store_if_any(home: &Home) -> Result<Option<Store>, CliError> {
    if home.state.is_dir() { home.store().map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-22T12:00:00Z");
        assert_eq!(age(at("2026-11-22T11:59:50Z"), now), "just now");
        assert_eq!(age(at("2026-11-22T11:00:01Z"), now), "59m ago");
        assert_eq!(age(at("2026-11-20T11:00:00Z"), now), "2d ago");
        assert_eq!(age(at("2026-11-23T11:00:00Z"), now), "just now");
    }

    #[test]
    fn a_process_on_another_machine_cannot_be_judged() {
        let mut operator =
            Operator { host: local_host(), pid: std::process::id(), ..Operator::default() };
        assert_eq!(is_alive(&operator), Some(true));
        operator.host = "elsewhere".to_owned();
        assert_eq!(is_alive(&operator), None);
    }
}
