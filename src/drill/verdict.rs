//! The verdict on a drill, and why.

use super::facts::{Facts, top};
use crate::engine::event::PauseCause;
use crate::engine::faults::Faults;
use crate::engine::outcome::Failure;
use crate::engine::state::{RunState, RunStatus, StepStatus};
use crate::model::drill::Part;
use crate::model::duration::Short;
use crate::model::id::StepKey;
use crate::plan::Plan;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What a drill came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Recovered, in time, by the procedure as it is written, and everything was healthy after it.
    Passed,
    /// The procedure did not do what it promises.
    Failed,
    /// It shows nothing about the procedure: what the drill rests on was not so.
    CouldNotJudge,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::CouldNotJudge => "could not judge",
        })
    }
}

/// What decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Everything was as it should.
    Nothing,
    /// It took longer than the objective allows.
    Objective,
    /// Health did not come back, or did not stay.
    Health,
    /// A step of the recovery failed.
    Step,
    /// A person skipped a step, called it done, or changed the files on the way.
    Hand,
    /// All was not well before, or what was broken did not show.
    Premise,
    /// The fault could not be made, or did not last.
    Fault,
    /// Something failed before the incident.
    Preparation,
    /// It was stopped or given up.
    Stopped,
    /// The clock was set back on the way.
    Clock,
    /// It is not over.
    Open,
}

/// The time of one incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// What happened, in the drill's words.
    pub incident: String,
    /// When it was declared.
    pub started: Timestamp,
    /// When health was back for as long as it must stay. Nothing when it was not.
    pub stopped: Option<Timestamp>,
    /// Working.
    pub machine: Duration,
    /// Waiting for people, and standing still.
    pub people: Duration,
    /// Waiting for health.
    pub health: Duration,
}

impl Clock {
    /// From the incident to health.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        Some(Duration::try_from(self.stopped?.duration_since(self.started)).unwrap_or_default())
    }
}

/// The verdict on a drill as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Nothing while it goes on.
    pub verdict: Option<Verdict>,
    /// What decided it.
    pub cause: Cause,
    /// In words.
    pub why: String,
}

impl Judgement {
    fn of(verdict: Verdict, cause: Cause, why: impl Into<String>) -> Self {
        Self { verdict: Some(verdict), cause, why: why.into() }
    }

    fn open(why: &str) -> Self {
        Self { verdict: None, cause: Cause::Open, why: why.to_owned() }
    }
}

/// The recovery time of a drill: the longest of its incidents. Nothing when one of them is not over.
#[must_use]
pub(super) fn rto(clocks: &[Clock]) -> Option<Duration> {
    let all: Option<Vec<Duration>> = clocks.iter().map(Clock::took).collect();
    all?.into_iter().max()
}

/// Judges.
pub(super) fn judge(plan: &Plan, state: &RunState, facts: &Facts) -> Judgement {
    match state.status {
        RunStatus::Succeeded { healthy } => succeeded(plan, state, facts, healthy),
        RunStatus::Running | RunStatus::Undoing => Judgement::open("it goes on"),
        RunStatus::Paused(_) => paused(plan, state, facts),
        RunStatus::Aborted | RunStatus::Undone { .. } | RunStatus::Stuck => {
            let what = match (&state.status, &facts.given_up) {
                (RunStatus::Undone { .. }, _) => "it was taken back".to_owned(),
                (RunStatus::Stuck, _) => "something could not be taken back".to_owned(),
                (_, Some(why)) if trouble(plan, state).is_some() => why.clone(),
                (_, Some(why)) => format!("it was given up: {why}"),
                (_, None) => "it was given up".to_owned(),
            };
            ended_badly(plan, state, facts)
                .unwrap_or_else(|| Judgement::of(Verdict::CouldNotJudge, Cause::Stopped, what))
        }
    }
}

fn succeeded(plan: &Plan, state: &RunState, facts: &Facts, healthy: bool) -> Judgement {
    use Verdict as V;
    if let Some(hand) = facts.by_hand.first() {
        return Judgement::of(V::Failed, Cause::Hand, hand.clone());
    }
    if let Some(early) = mended_early(facts) {
        return early;
    }
    let is_done = |key: StepKey| state.status_of(&key).is_settled();
    let whole = plan.root.steps.iter().all(|planned| is_done(StepKey::top(&planned.id)));
    if !whole || Faults::of(plan, state).standing().next().is_some() {
        let why = "the journal ends with a success, and not every step has ended";
        return Judgement::of(V::CouldNotJudge, Cause::Stopped, why);
    }
    if facts.backwards {
        let why = "the clock of the machine was set back on the way, so no time can be told";
        return Judgement::of(V::CouldNotJudge, Cause::Clock, why);
    }
    let sick: Vec<&str> = state
        .health
        .iter()
        .filter(|(_, seen)| !seen.healthy)
        .map(|(probe, _)| probe.as_str())
        .collect();
    if !healthy || !sick.is_empty() {
        let why = format!("all was not well afterwards: {}", sick.join(", "));
        return Judgement::of(V::Failed, Cause::Health, why);
    }
    let objective = plan.root.book.front.rto.as_ref().map(|rto| rto.value);
    match (rto(&facts.clocks), objective) {
        (Some(took), Some(objective)) if took > objective => Judgement::of(
            V::Failed,
            Cause::Objective,
            format!("recovered after {}, and the objective is {}", Short(took), Short(objective)),
        ),
        (Some(took), Some(objective)) => Judgement::of(
            V::Passed,
            Cause::Nothing,
            format!("recovered after {} of {}", Short(took), Short(objective)),
        ),
        (Some(took), None) => {
            Judgement::of(V::Passed, Cause::Nothing, format!("recovered after {}", Short(took)))
        }
        (None, Some(_)) if has_incident(plan) => Judgement::of(
            V::CouldNotJudge,
            Cause::Clock,
            "the clock of an incident has no end, so nothing tells whether the objective was met",
        ),
        (None, _) => Judgement::of(V::Passed, Cause::Nothing, "every step ended well"),
    }
}

fn mended_early(facts: &Facts) -> Option<Judgement> {
    let early = facts.early.as_ref()?;
    let fault = &early.fault;
    if let Some(why) = &early.unmade {
        let why = format!("the fault `{fault}` could not be made: {why}");
        return Some(Judgement::of(Verdict::CouldNotJudge, Cause::Fault, why));
    }
    Some(match &early.failed {
        Some((step, why)) => Judgement::of(
            Verdict::Failed,
            Cause::Step,
            format!("step `{step}` failed while the fault stood, which was then mended: {why}"),
        ),
        None => Judgement::of(
            Verdict::CouldNotJudge,
            Cause::Fault,
            format!("`{fault}` was mended before it was recovered from"),
        ),
    })
}

fn paused(plan: &Plan, state: &RunState, facts: &Facts) -> Judgement {
    if let Some(bad) = ended_badly(plan, state, facts) {
        return bad;
    }
    match state.status {
        RunStatus::Paused(PauseCause::Answer) => Judgement::open("it waits for an answer"),
        RunStatus::Paused(PauseCause::Unknown) => {
            Judgement::open("the outcome of a step is unknown, and a person must decide")
        }
        _ => Judgement::open("it stands still"),
    }
}

/// The verdict that follows from what has failed.
fn ended_badly(plan: &Plan, state: &RunState, facts: &Facts) -> Option<Judgement> {
    use Verdict as V;
    let Some((step, failure)) = trouble(plan, state) else { return mended_early(facts) };
    let part = top(plan, &step).and_then(|(_, planned)| planned.part);
    let why = format!("step `{step}`: {}", failure.message);
    let begun = !facts.clocks.is_empty() || !has_incident(plan);
    Some(match part {
        Some(Part::Steady | Part::Expect) => {
            Judgement::of(V::CouldNotJudge, Cause::Premise, failure.message)
        }
        Some(Part::Fault) => Judgement::of(
            V::CouldNotJudge,
            Cause::Fault,
            format!("the fault could not be made: {why}"),
        ),
        Some(Part::Recovered) => Judgement::of(V::Failed, Cause::Health, failure.message),
        _ if !begun => Judgement::of(V::CouldNotJudge, Cause::Preparation, why),
        _ => Judgement::of(V::Failed, Cause::Step, why),
    })
}

fn has_incident(plan: &Plan) -> bool {
    plan.root.steps.iter().any(|planned| planned.part == Some(Part::Incident))
}

/// The first step, in the order of the drill, that failed and is not being mended.
fn trouble(plan: &Plan, state: &RunState) -> Option<(StepKey, Failure)> {
    let failed = state.steps.iter().filter_map(|(key, step)| match &step.status {
        StepStatus::Failed(failure) => Some((key.clone(), failure.clone())),
        _ => None,
    });
    failed.min_by_key(|(key, _)| top(plan, key).map(|(at, _)| at))
}
