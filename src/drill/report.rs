//! Everything that there is to say about one run of a drill.

use super::facts::Facts;
use super::verdict::{Clock, Judgement, judge, rto};
use crate::engine::event::{Event, Obligation, Operator};
use crate::engine::faults::Faults;
use crate::engine::settled::still_owed;
use crate::engine::state::{IllegalTransition, RunState, StepStatus};
use crate::model::drill::{DRILLS, FAULTS};
use crate::model::id::{RunId, StepKey};
use crate::model::mode::Mode;
use crate::plan::{Plan, Reversal};
use crate::run::report::plain::skipped;
use crate::run::report::summary::title;
use crate::store::History;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// One run of a drill.
#[derive(Clone, Debug)]
pub struct Report {
    /// The drill, by the stem of its file.
    pub drill: String,
    /// What it is called.
    pub title: String,
    /// The run.
    pub run: RunId,
    /// The environment.
    pub environment: String,
    /// What it counts as.
    pub mode: Mode,
    /// Who began it, and everybody who took it up, each once.
    pub operators: Vec<Operator>,
    /// When it began.
    pub began: Timestamp,
    /// When it ended, or when anything last happened.
    pub ended: Timestamp,
    /// When the last thing happened that the journal holds fast: the day that it counts for as evidence.
    pub dated: Timestamp,
    /// The verdict.
    pub judgement: Judgement,
    /// A clock for each incident.
    pub clocks: Vec<Clock>,
    /// The longest of them, when all have stopped.
    pub rto: Option<Duration>,
    /// How long recovery may take.
    pub objective: Option<Duration>,
    /// The steps that did something, in the order of the drill.
    pub steps: Vec<StepTime>,
    /// The faults that began.
    pub faults: Vec<FaultTime>,
    /// What is owed after it.
    pub obligations: Vec<Obligation>,
    /// SHA-256 of the journal's last line: who knows it can tell whether the journal was altered.
    pub head: String,
}

/// The time of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTime {
    /// Which.
    pub step: StepKey,
    /// What it is called.
    pub title: String,
    /// How it stands, in a word.
    pub status: &'static str,
    /// From its first start to its end.
    pub took: Option<Duration>,
    /// How long it usually takes, as its author says.
    pub estimate: Option<Duration>,
    /// Why it did not run, when it did not.
    pub skipped: Option<String>,
}

/// The time of one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultTime {
    /// The step of the drill.
    pub step: StepKey,
    /// The fault, by the stem of its file.
    pub name: String,
    /// When the first step of it that changes anything began.
    pub began: Timestamp,
    /// When the last of it was mended. Nothing while it stands.
    pub mended: Option<Timestamp>,
    /// Whether a step of it could not be taken back.
    pub stuck: bool,
}

/// Reports on a run of a drill, from its journal and from the plan that its pinned texts make.
///
/// # Errors
/// When the events cannot have happened in that order.
pub fn report(plan: &Plan, history: &History) -> Result<Report, IllegalTransition> {
    let state = RunState::replay(history.events.iter().map(|recorded| &recorded.event))?;
    let facts = Facts::read(plan, &history.events);
    let at = |recorded: Option<&crate::store::Recorded>| {
        recorded.map_or(Timestamp::UNIX_EPOCH, |recorded| recorded.at)
    };
    let front = &plan.root.book.front;
    let events = &history.events;
    // Every line is held fast by the next one, the last one by nothing. It says no day that counts.
    let fast = events.len().checked_sub(2).and_then(|place| events.get(place));
    Ok(Report {
        drill: state.began.runbook.trim_start_matches(DRILLS).to_owned(),
        title: front.title.as_ref().map(|title| title.value.clone()).unwrap_or_default(),
        run: state.began.run.clone(),
        environment: state.began.environment.clone(),
        mode: state.began.mode,
        operators: operators(history),
        began: at(history.events.first()),
        ended: at(history.events.last()),
        dated: at(fast.or(events.last())),
        judgement: judge(plan, &state, &facts),
        rto: rto(&facts.clocks),
        clocks: facts.clocks,
        objective: front.rto.as_ref().map(|rto| rto.value),
        steps: steps(plan, &state, history),
        faults: faults(plan, &state, history),
        obligations: still_owed(&state),
        head: history.head.clone(),
    })
}

impl Report {
    /// The faults that stand.
    pub fn standing(&self) -> impl Iterator<Item = &FaultTime> {
        self.faults.iter().filter(|fault| fault.mended.is_none())
    }

    /// How long each step took, by its key: what the next drill is compared with.
    #[must_use]
    pub fn times(&self) -> BTreeMap<&StepKey, Duration> {
        self.steps.iter().filter_map(|step| Some((&step.step, step.took?))).collect()
    }
}

fn operators(history: &History) -> Vec<Operator> {
    let mut all: Vec<Operator> = Vec::new();
    for recorded in &history.events {
        let operator = match &recorded.event {
            Event::RunStarted(began) => &began.operator,
            Event::RunResumed { operator, .. }
            | Event::UndoBegun { operator }
            | Event::RunTakenOver { operator, .. } => operator,
            _ => continue,
        };
        let same = |one: &Operator| {
            (&one.user, &one.host, &one.caller)
                == (&operator.user, &operator.host, &operator.caller)
        };
        if !all.iter().any(same) {
            all.push(operator.clone());
        }
    }
    all
}

fn steps(plan: &Plan, state: &RunState, history: &History) -> Vec<StepTime> {
    let mut times: BTreeMap<&StepKey, (Timestamp, Timestamp)> = BTreeMap::new();
    for recorded in &history.events {
        match &recorded.event {
            Event::StepStarted(started) => {
                times.entry(&started.step).or_insert((recorded.at, recorded.at));
            }
            Event::StepSucceeded { step, .. } | Event::StepFailed { step, .. } => {
                times.entry(step).and_modify(|(_, end)| *end = recorded.at);
            }
            _ => {}
        }
    }
    let place =
        |key: &StepKey| plan.walk().iter().position(|(known, ..)| known.as_str() == key.written());
    let mut found: Vec<(Option<usize>, StepTime)> = Vec::new();
    for (key, step) in &state.steps {
        let planned = plan.find(key);
        if step.items.is_some() || planned.is_some_and(|(planned, _)| planned.calls.is_some()) {
            continue;
        }
        let estimate = planned.and_then(|(planned, frame)| {
            planned.step(frame).block.options.estimate.as_ref().map(|estimate| estimate.value)
        });
        let took = times
            .get(key)
            .map(|(from, to)| Duration::try_from(to.duration_since(*from)).unwrap_or_default());
        let skipped = match &step.status {
            StepStatus::Skipped(reason) => Some(skipped(reason)),
            _ => None,
        };
        let status = step.status.word();
        let title = title(plan, key);
        found.push((
            place(key),
            StepTime { step: key.clone(), title, status, took, estimate, skipped },
        ));
    }
    found.sort_by(|a, b| (a.0, &a.1.step).cmp(&(b.0, &b.1.step)));
    found.into_iter().map(|(_, step)| step).collect()
}

fn faults(plan: &Plan, state: &RunState, history: &History) -> Vec<FaultTime> {
    let standing: Vec<StepKey> =
        Faults::of(plan, state).standing().map(|fault| fault.key.clone()).collect();
    let mut found = Vec::new();
    for planned in plan.root.steps.iter().filter(|planned| planned.is_fault()) {
        let key = StepKey::top(&planned.id);
        let inside = |step: &StepKey| step.is_inside(&key);
        // What only looks breaks nothing.
        let breaks = |step: &StepKey| {
            inside(step)
                && plan.find(step).is_some_and(|(one, _)| one.reversal != Reversal::NotNeeded)
        };
        let began = history.events.iter().find(|recorded| {
            matches!(&recorded.event, Event::StepStarted(started) if breaks(&started.step))
        });
        let Some(began) = began else { continue };
        let mended = history.events.iter().rev().find(
            |recorded| matches!(&recorded.event, Event::UndoSucceeded { step, .. } if inside(step)),
        );
        let name = planned.calls.as_ref().map_or("", |frame| frame.book.name.as_str());
        found.push(FaultTime {
            name: name.trim_start_matches(FAULTS).to_owned(),
            began: began.at,
            mended: mended.map(|recorded| recorded.at).filter(|_| !standing.contains(&key)),
            stuck: state.steps.iter().any(|(step, seen)| {
                inside(step) && matches!(seen.status, StepStatus::UndoFailed(_))
            }),
            step: key,
        });
    }
    found
}
