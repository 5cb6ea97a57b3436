//! The readiness board: each promise of the handoff with its evidence, and whether it is good enough.
//!
//! Green has to be earned: by a whole journal, of a run outside the sandbox, that left no step out, was in time, is
//! not too old, and was driven by the project's own people. Everything else has a reason.

use super::promise::{PROMISES, Promise, Proof};
use super::run::{operator, took};
use super::spoken::{ago, day, days, seconds};
use super::view::{Held, Input, Run, Verdict};
use crate::engine::event::{Event, Resolver, SkipReason};
use crate::engine::state::{RunStatus, StepStatus};
use crate::model::mode::Mode;
use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

/// How good the evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Light {
    /// It is shown.
    Green,
    /// It was shown, and something is not as it should be.
    Amber,
    /// It is not shown.
    Red,
}

impl Light {
    /// The word that stands beside the colour.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Green => "Shown",
            Self::Amber => "Ageing or in doubt",
            Self::Red => "Not shown",
        }
    }
}

/// A promise, and what there is to show for it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// What is promised.
    #[serde(flatten)]
    pub promise: Promise,
    /// How good the evidence is.
    pub light: Light,
    /// Why it is no better.
    pub reason: String,
    /// The run that it is judged by.
    pub run: Option<String>,
    /// The day of that run.
    pub date: Option<String>,
    /// How many days ago.
    pub age_days: Option<i64>,
    /// How long it took, in seconds.
    pub seconds: Option<u64>,
    /// How long it may take, in seconds.
    pub objective_seconds: Option<u64>,
    /// Who drove it.
    pub by: Option<String>,
    /// Whether the evidence is older than the cadence allows.
    pub stale: bool,
    /// What to type to show it.
    pub next: Option<String>,
}

/// The whole board.
#[derive(Clone, Debug, Serialize)]
pub struct Board {
    /// The day that ages are counted from.
    pub today: String,
    /// How old evidence may be, as `runbook.yaml` says.
    pub cadence: Option<String>,
    /// The promises.
    pub promises: Vec<Shown>,
}

/// One piece of evidence, whatever it comes from.
struct Piece {
    run: String,
    date: Date,
    at: jiff::Timestamp,
    rehearsal: bool,
    over: bool,
    /// Why it is no pass.
    failed: Option<String>,
    /// Why it is a pass that is in doubt.
    doubt: Option<String>,
    seconds: Option<u64>,
    objective: Option<u64>,
    by: String,
    own_people: Option<bool>,
}

impl Board {
    /// Judges every promise.
    #[must_use]
    pub fn new(input: &Input<'_>) -> Self {
        Self {
            today: input.today.to_string(),
            cadence: input.project.cadence.clone(),
            promises: PROMISES.iter().map(|promise| judge(input, *promise)).collect(),
        }
    }

    /// How many promises have that light.
    #[must_use]
    pub fn count(&self, light: Light) -> usize {
        self.promises.iter().filter(|shown| shown.light == light).count()
    }
}

/// How far back evidence may lie: the cadence of the project. Nothing when it names none that can be read.
fn oldest(input: &Input<'_>) -> Option<Span> {
    input.project.cadence.as_ref()?.parse().ok()
}

/// The day before which evidence is too old.
fn limit(input: &Input<'_>, times: i64) -> Option<Date> {
    let span = oldest(input)?.checked_mul(times).ok()?;
    input.today.checked_sub(span).ok()
}

fn judge(input: &Input<'_>, promise: Promise) -> Shown {
    let mut pieces: Vec<Piece> =
        promise.proofs.iter().flat_map(|proof| pieces(input, *proof)).collect();
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.at));
    let unbelieved = input.evidence.unread.iter().find(|unread| {
        let names = promise.proofs.iter().map(|proof| match proof {
            Proof::Drill(name) | Proof::Runbook(name) => *name,
        });
        unread.runbook.as_deref().is_some_and(|book| names.into_iter().any(|name| name == book))
    });
    let mut shown = Shown {
        promise,
        light: Light::Red,
        reason: String::new(),
        run: None,
        date: None,
        age_days: None,
        seconds: None,
        objective_seconds: None,
        by: None,
        stale: false,
        next: next(input, &promise),
    };
    let rehearsal = pieces.iter().find(|piece| piece.rehearsal);
    let Some(newest) = pieces.iter().find(|piece| !piece.rehearsal && piece.over) else {
        shown.reason = match (rehearsal, unbelieved) {
            (_, Some(unread)) => {
                format!(
                    "No evidence: the journal of {} cannot be believed. {}",
                    unread.id, unread.why
                )
            }
            (Some(piece), None) => format!(
                "No evidence. It was rehearsed in the sandbox ({}), and a rehearsal proves the procedure, not the handoff.",
                ago(piece.date, input.today)
            ),
            (None, None) => "No evidence: it was never shown.".to_owned(),
        };
        return shown;
    };
    shown.run = Some(newest.run.clone());
    shown.date = Some(newest.date.to_string());
    shown.age_days = Some(days(newest.date, input.today));
    shown.seconds = newest.seconds;
    shown.objective_seconds = newest.objective;
    shown.by = Some(newest.by.clone());
    shown.stale = limit(input, 1).is_some_and(|limit| newest.date < limit);
    (shown.light, shown.reason) = light(input, newest);
    shown
}

/// How good one piece of evidence is, and why it is no better.
fn light(input: &Input<'_>, piece: &Piece) -> (Light, String) {
    let cadence = input.project.cadence.as_deref().unwrap_or_default();
    let age = ago(piece.date, input.today);
    if let Some(why) = &piece.failed {
        return (Light::Red, format!("The last time ({age}) it was not shown: {why}."));
    }
    if let (Some(took), Some(objective)) = (piece.seconds, piece.objective)
        && took > objective
    {
        return (
            Light::Red,
            format!("Too slow: {} against an objective of {}.", seconds(took), seconds(objective)),
        );
    }
    if limit(input, 2).is_some_and(|limit| piece.date < limit) {
        return (
            Light::Red,
            format!("Shown {age}: more than twice as old as the cadence of {cadence} allows."),
        );
    }
    if limit(input, 1).is_some_and(|limit| piece.date < limit) {
        return (Light::Amber, format!("Shown {age}: older than the cadence of {cadence} allows."));
    }
    match piece.own_people {
        Some(true) => {}
        Some(false) => {
            let by =
                format!("Shown by {}, who is not among the operators of runbook.yaml.", piece.by);
            return (Light::Amber, by);
        }
        None => {
            let cannot = if input.project.operators.is_empty() {
                "runbook.yaml names no operators, so nobody can tell whose people showed it"
            } else {
                "no caller is in the journal, so nobody can tell whose people showed it"
            };
            return (Light::Amber, format!("Shown {age}, but {cannot}."));
        }
    }
    if let Some(doubt) = &piece.doubt {
        return (Light::Amber, format!("Shown {age}, but {doubt}."));
    }
    if input.project.cadence.is_none() {
        return (
            Light::Amber,
            format!(
                "Shown {age}, but runbook.yaml names no cadence, so nothing says when it is too old."
            ),
        );
    }
    (Light::Green, format!("Shown {age}."))
}

fn pieces(input: &Input<'_>, proof: Proof) -> Vec<Piece> {
    match proof {
        Proof::Drill(name) => input
            .evidence
            .drills
            .iter()
            .filter(|drill| drill.name == name)
            .flat_map(|drill| drill.held.iter().map(|held| of_drill(held, drill.rto)))
            .collect(),
        Proof::Runbook(name) => {
            let runs = input.evidence.runs.iter();
            runs.filter(|run| run.state.began.runbook == name)
                .map(|run| of_run(input, run))
                .collect()
        }
    }
}

fn of_drill(held: &Held, objective: Option<u64>) -> Piece {
    Piece {
        run: held.run.to_string(),
        date: day(held.at),
        at: held.at,
        rehearsal: held.rehearsal,
        over: held.verdict != Verdict::UnderWay,
        failed: match held.verdict {
            Verdict::Passed => None,
            Verdict::CouldNotJudge => Some(format!("the drill could not judge ({})", held.reason)),
            _ => Some(format!("the drill failed ({})", held.reason)),
        },
        doubt: None,
        seconds: held.rto,
        objective,
        by: held.by.clone(),
        own_people: held.own_people,
    }
}

fn of_run(input: &Input<'_>, run: &Run) -> Piece {
    let at = run.events.last().map(|(at, _)| *at).unwrap_or_default();
    let book = input.books.iter().find(|book| book.runbook.name == run.state.began.runbook);
    let rto = book.and_then(|book| book.runbook.front.rto.as_ref()).map(|rto| rto.value.as_secs());
    Piece {
        run: run.id.to_string(),
        date: day(at),
        at,
        rehearsal: run.state.began.mode == Mode::Rehearsal,
        // What still goes on, or waits to go on, shows nothing yet.
        over: run.state.status.is_over() || run.state.status == RunStatus::Stuck,
        failed: failed(run),
        doubt: doubt(run),
        seconds: Some(took(run)),
        objective: rto,
        by: operator(run),
        own_people: run.own_people,
    }
}

/// Why a run that has ended is no pass.
fn failed(run: &Run) -> Option<String> {
    match run.state.status {
        RunStatus::Succeeded { healthy: true } => {}
        RunStatus::Succeeded { healthy: false } => {
            return Some("health was not reached".to_owned());
        }
        RunStatus::Aborted => return Some("the run was given up".to_owned()),
        RunStatus::Undone { .. } => return Some("the run was taken back".to_owned()),
        RunStatus::Stuck => return Some("a step could not be taken back".to_owned()),
        _ => return Some("the run has not ended".to_owned()),
    }
    run.state.steps.iter().find_map(|(key, step)| match &step.status {
        StepStatus::Skipped(SkipReason::Operator { .. }) => {
            Some(format!("step `{key}` was skipped, and a run that leaves a step out is no proof"))
        }
        _ => None,
    })
}

/// Why a run that passed is in doubt.
fn doubt(run: &Run) -> Option<String> {
    run.events.iter().find_map(|(_, event)| match event {
        Event::StepResolved {
            step,
            by: Resolver::Operator { .. },
            verdict: crate::engine::event::Verdict::Done { .. },
        } => Some(format!("step `{step}` was marked as done by hand")),
        _ => None,
    })
}

/// What to type to show a promise: its first drill that there is, or its runbook.
fn next(input: &Input<'_>, promise: &Promise) -> Option<String> {
    promise.proofs.iter().find_map(|proof| match proof {
        Proof::Drill(name) if input.evidence.drills.iter().any(|drill| drill.name == *name) => {
            Some(format!("runbook drill run {name}"))
        }
        Proof::Runbook(name) if input.books.iter().any(|book| book.runbook.name == *name) => {
            let environments = input.project.environments.values();
            let drill = environments
                .filter(|one| one.kind == crate::model::mode::EnvironmentKind::Drill)
                .map(|one| one.name.as_str())
                .next();
            Some(format!("runbook run {name} --env {}", drill.unwrap_or("ENV")))
        }
        _ => None,
    })
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
