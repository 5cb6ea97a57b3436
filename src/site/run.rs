//! A run as a page: its verdict, where its time went, what happened, what came out, and how to prove it.

use super::about::judged;
use super::spoken::{ago, clock, counted, day, millis, moment, plain, seconds, sentence, yaml};
use super::timeline;
use super::view::Verdict as Judged;
use super::view::{Held, Input, Run};
use crate::engine::event::{Event, PauseCause, Resolver, SkipReason, Verdict};
use crate::engine::settled::still_owed;
use crate::engine::state::{RunStatus, StepStatus};
use crate::model::drill::DRILLS;
use crate::model::id::StepKey;
use crate::model::mode::Mode;
use serde::Serialize;
use std::collections::BTreeSet;

/// A run in one line, for tables.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) runbook: String,
    pub(super) has_book: bool,
    /// The drill, when it is a run of one.
    pub(super) drill: Option<String>,
    pub(super) environment: String,
    pub(super) mode: String,
    pub(super) light: &'static str,
    pub(super) verdict: &'static str,
    pub(super) began: String,
    pub(super) began_iso: String,
    pub(super) ago: String,
    pub(super) took: String,
    pub(super) seconds: u64,
    pub(super) by: String,
    pub(super) own_people: Option<bool>,
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunPage {
    pub(super) row: Row,
    pub(super) headline: String,
    pub(super) rehearsal: bool,
    pub(super) work: String,
    pub(super) people: String,
    pub(super) health: String,
    pub(super) still: String,
    pub(super) objective: Option<String>,
    pub(super) objective_met: bool,
    pub(super) picture: Option<String>,
    pub(super) steps: Vec<StepRow>,
    pub(super) probes: Vec<Probe>,
    pub(super) params: Vec<(String, String)>,
    pub(super) accounts: Vec<(String, String, String, String)>,
    pub(super) owed: Vec<(String, String)>,
    pub(super) events: Vec<EventRow>,
    pub(super) logs: Vec<Log>,
    pub(super) reason: Option<String>,
    pub(super) tool: String,
    pub(super) head: String,
    pub(super) count: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct StepRow {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) anchor: String,
    pub(super) light: &'static str,
    pub(super) word: &'static str,
    pub(super) took: String,
    pub(super) estimate: String,
    pub(super) over: bool,
    pub(super) says: String,
    pub(super) outputs: Option<String>,
    pub(super) who: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Probe {
    pub(super) title: String,
    pub(super) healthy: bool,
    pub(super) detail: String,
    pub(super) took: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct EventRow {
    pub(super) at: String,
    pub(super) step: String,
    pub(super) what: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Log {
    pub(super) key: String,
    pub(super) text: String,
}

/// What a run came to, in a colour and a word.
pub(super) const fn verdict(status: RunStatus) -> (&'static str, &'static str) {
    match status {
        RunStatus::Succeeded { healthy: true } => ("good", "succeeded"),
        RunStatus::Succeeded { healthy: false } => ("bad", "not healthy"),
        RunStatus::Paused(PauseCause::Failure) => ("bad", "failed, paused"),
        RunStatus::Paused(PauseCause::Unknown) => ("bad", "unknown, paused"),
        RunStatus::Paused(_) => ("warn", "paused"),
        RunStatus::Running => ("warn", "running"),
        RunStatus::Undoing => ("warn", "being undone"),
        RunStatus::Undone { .. } => ("warn", "undone"),
        RunStatus::Aborted => ("bad", "given up"),
        RunStatus::Stuck => ("bad", "stuck"),
    }
}

/// The title of a step of a run, as its own text has it; its key when that is gone.
fn title(run: &Run, key: &StepKey) -> String {
    let from_plan = run.plan.as_ref().and_then(|plan| {
        let found = plan.find(key).map(|(planned, frame)| planned.step(frame).title.clone());
        found.or_else(|| {
            let health = plan.books().into_iter().flat_map(|book| &book.health);
            let last = key.as_str().rsplit('/').next().unwrap_or_default().to_owned();
            health
                .filter(|one| one.block.id.value.as_str() == last)
                .map(|one| one.title.clone())
                .next()
        })
    });
    let index = key.as_str().rfind('[').filter(|_| key.as_str().ends_with(']'));
    match (from_plan.filter(|title| !title.is_empty()), index) {
        (Some(title), Some(at)) => format!("{title} {}", &key.as_str()[at..]),
        (Some(title), None) => title,
        (None, _) => key.to_string(),
    }
}

/// Who drove it: the caller that STS reported, without its session, and otherwise the local user.
pub(super) fn operator(run: &Run) -> String {
    let operator = &run.state.began.operator;
    let callers =
        run.state.steps.values().filter_map(|step| step.account.as_ref()?.caller.as_deref());
    match operator.caller.as_deref().or_else(|| callers.into_iter().next()) {
        Some(arn) => format!("{} ({})", operator.user, short(arn)),
        None => operator.user.clone(),
    }
}

/// An ARN of STS without what is said beside it: the role, or the name of the user.
fn short(arn: &str) -> &str {
    let name = arn.rsplit_once(':').map_or(arn, |(_, name)| name);
    match name.strip_prefix("assumed-role/").and_then(|role| role.split_once('/')) {
        Some((role, _)) => role,
        None => name,
    }
}

/// How long it took in seconds, standing still not counted.
pub(super) fn took(run: &Run) -> u64 {
    let spent = timeline::read(&run.events, &ToString::to_string).spent;
    (spent.whole - spent.still.min(spent.whole)) / 1_000
}

/// How the drill that this run held was judged. A run that has not ended is told like any other.
fn held<'a>(input: &'a Input<'_>, run: &Run) -> Option<&'a Held> {
    let all = input.evidence.drills.iter().flat_map(|drill| &drill.held);
    all.into_iter().find(|held| held.run == run.id && held.verdict != Judged::UnderWay)
}

/// A run in one line.
pub(super) fn row(input: &Input<'_>, run: &Run) -> Row {
    let began = run.events.first().map(|(at, _)| *at).unwrap_or_default();
    let ended = || verdict(run.state.status);
    let (light, word) = held(input, run).map_or_else(ended, |held| judged(held.verdict));
    let spent = timeline::read(&run.events, &ToString::to_string).spent;
    let going = spent.whole - spent.still.min(spent.whole);
    Row {
        id: run.id.to_string(),
        runbook: run.state.began.runbook.clone(),
        drill: run.state.began.runbook.strip_prefix(DRILLS).map(str::to_owned),
        has_book: input.books.iter().any(|book| book.runbook.name == run.state.began.runbook),
        environment: run.state.began.environment.clone(),
        mode: run.state.began.mode.to_string(),
        light,
        verdict: word,
        began: moment(began),
        began_iso: began.to_string(),
        ago: ago(day(began), input.today),
        took: millis(going),
        seconds: going / 1_000,
        by: operator(run),
        own_people: run.own_people,
    }
}

/// Everything that the page of a run shows.
pub(super) fn page(input: &Input<'_>, run: &Run) -> RunPage {
    let timeline = timeline::read(&run.events, &|key| title(run, key));
    let spent = timeline.spent;
    let root = run.plan.as_ref().map(|plan| &plan.root.book.front);
    let objective = root.and_then(|front| front.rto.as_ref()).map(|rto| rto.value.as_secs());
    let began = &run.state.began;
    let accounts = began.accounts.iter().map(|(name, seen)| {
        let callers = run.state.steps.values().filter_map(|step| step.account.as_ref());
        let caller = callers.filter(|own| own.id == seen.id).find_map(|own| own.caller.clone());
        let caller = seen.caller.clone().or(caller).unwrap_or_default();
        (name.clone(), seen.id.clone(), seen.region.clone(), caller)
    });
    RunPage {
        row: row(input, run),
        headline: held(input, run)
            .map_or_else(|| headline(run), |held| format!("{}.", sentence(&held.reason))),
        rehearsal: began.mode == Mode::Rehearsal,
        work: millis(spent.work()),
        people: millis(spent.people),
        health: millis(spent.health),
        still: millis(spent.still),
        objective: objective.map(seconds),
        objective_met: objective.is_none_or(|objective| spent.whole / 1_000 <= objective),
        picture: timeline.draw(),
        steps: steps(run),
        probes: probes(run),
        params: params(run),
        accounts: accounts.collect(),
        owed: still_owed(&run.state).into_iter().map(|owed| (owed.due, owed.text)).collect(),
        events: events(run),
        logs: run
            .logs
            .iter()
            .map(|(key, text)| Log { key: key.clone(), text: text.clone() })
            .collect(),
        reason: began.reason.clone(),
        tool: began.tool.clone(),
        head: run.head.clone(),
        count: run.events.len(),
    }
}

fn headline(run: &Run) -> String {
    let text = match run.state.status {
        RunStatus::Succeeded { healthy: true } if run.state.health.is_empty() => {
            "Every step ended well."
        }
        RunStatus::Succeeded { healthy: true } => "Every step ended well, and health is reached.",
        RunStatus::Succeeded { healthy: false } => "Every step is done, but health is not reached.",
        RunStatus::Running => "A process works on it, or did when this page was made.",
        RunStatus::Paused(PauseCause::Failure) => {
            "A step failed. A person decides what comes next."
        }
        RunStatus::Paused(PauseCause::Unknown) => {
            "The outcome of a step is unknown. A person must look."
        }
        RunStatus::Paused(PauseCause::Operator) => "The operator stopped it. It can go on.",
        RunStatus::Paused(PauseCause::Answer) => "It waits for a person's answer.",
        RunStatus::Undoing => "It is being taken back.",
        RunStatus::Undone { healthy: true } => "Everything that had started was taken back.",
        RunStatus::Undone { healthy: false } => {
            "Everything was taken back, but health is not reached."
        }
        RunStatus::Aborted => "It was given up as it stood.",
        RunStatus::Stuck => "A step could not be taken back and needs hands.",
    };
    text.to_owned()
}

fn light(status: &StepStatus) -> &'static str {
    match status {
        StepStatus::Succeeded | StepStatus::InPlace => "good",
        StepStatus::Failed(_) | StepStatus::Unknown(_) | StepStatus::UndoFailed(_) => "bad",
        StepStatus::Pending | StepStatus::Open => "none",
        _ => "warn",
    }
}

/// More steps than this, such as the elements of a long loop, are for `runbook log` to tell.
const STEPS: usize = 1_000;
/// More events than this, too: their beginning and their end are shown.
const EVENTS: usize = 2_000;

fn steps(run: &Run) -> Vec<StepRow> {
    let mut seen = BTreeSet::new();
    let all = run.events.iter().filter_map(|(_, event)| event.step());
    let keys: Vec<StepKey> = all.filter(|key| seen.insert(*key)).take(STEPS).cloned().collect();
    let known: Vec<_> =
        keys.into_iter().filter_map(|key| run.state.step(&key).map(|step| (key, step))).collect();
    known
        .into_iter()
        .map(|(key, step)| {
            let found = run.plan.as_ref().and_then(|plan| plan.find(&key));
            let estimate = found
                .and_then(|(planned, frame)| planned.step(frame).block.options.estimate.as_ref())
                .map(|estimate| estimate.value.as_secs());
            let says = match &step.status {
                StepStatus::Failed(failure) | StepStatus::UndoFailed(failure) => failure.message.clone(),
                StepStatus::Unknown(cause) => cause.clone(),
                StepStatus::Skipped(reason) => skipped(reason),
                StepStatus::Waiting(question) => question.text().to_owned(),
                _ => String::new(),
            };
            let outputs = step.outputs.as_ref().filter(|outputs| !outputs.is_empty());
            StepRow {
                title: title(run, &key),
                anchor: key.written().rsplit('/').next().unwrap_or_default().to_owned(),
                light: light(&step.status),
                word: step.status.word(),
                took: step.took_ms.map(millis).unwrap_or_default(),
                estimate: estimate.map(seconds).unwrap_or_default(),
                over: matches!((estimate, step.took_ms), (Some(own), Some(took)) if took > own * 1_000),
                says,
                outputs: outputs.map(|outputs| yaml(&serde_json::Value::Object(outputs.clone()))),
                who: step.account.as_ref().map(|seen| format!("{} {}", seen.id, seen.region)).unwrap_or_default(),
                key: key.to_string(),
            }
        })
        .collect()
}

fn probes(run: &Run) -> Vec<Probe> {
    run.state
        .health
        .iter()
        .map(|(key, seen)| Probe {
            title: title(run, key),
            healthy: seen.healthy,
            detail: seen.detail.clone(),
            took: millis(seen.took_ms),
        })
        .collect()
}

fn params(run: &Run) -> Vec<(String, String)> {
    let began = &run.state.began;
    let shown = |name: &String, value: &serde_json::Value| {
        // The journal has no value of a secret either. A page does not even repeat what stands in its place.
        if began.secret_params.contains(name) { "secret".to_owned() } else { yaml(value) }
    };
    began.params.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

fn skipped(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Condition { expression } => format!("its condition `{expression}` was false"),
        SkipReason::Empty => "its list had no elements".to_owned(),
        SkipReason::Operator { by, reason } => format!("{by} skipped it: {reason}"),
    }
}

fn events(run: &Run) -> Vec<EventRow> {
    let row = |(at, event): &(jiff::Timestamp, Event)| EventRow {
        at: clock(*at),
        step: event.step().map(ToString::to_string).unwrap_or_default(),
        what: said(event),
    };
    let count = run.events.len();
    if count <= EVENTS {
        return run.events.iter().map(row).collect();
    }
    let half = EVENTS / 2;
    let gap = EventRow {
        at: "…".to_owned(),
        step: String::new(),
        what: format!(
            "{} events are left out here; `runbook log {}` has them",
            count - 2 * half,
            run.id
        ),
    };
    let first = run.events[..half].iter().map(row);
    first.chain(std::iter::once(gap)).chain(run.events[count - half..].iter().map(row)).collect()
}

/// An event in words.
fn said(event: &Event) -> String {
    match event {
        Event::RunStarted(began) => format!("the run began, as {}", began.operator.user),
        Event::RunResumed { operator, reason, revised } => {
            let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let texts = if revised.is_some() { ", with changed texts" } else { "" };
            format!("{} took it up again{texts}{why}", operator.user)
        }
        Event::RunPaused { cause } => match cause {
            PauseCause::Failure => "paused: a step failed".to_owned(),
            PauseCause::Operator => "paused by the operator".to_owned(),
            PauseCause::Unknown => "paused: an outcome is unknown".to_owned(),
            PauseCause::Answer => "paused: waits for an answer".to_owned(),
        },
        Event::RunSucceeded { healthy: true } => "the run succeeded".to_owned(),
        Event::RunSucceeded { healthy: false } => {
            "every step is done, health is not reached".to_owned()
        }
        Event::RunAborted { reason } => format!("given up: {reason}"),
        Event::UndoBegun { operator } => format!("{} began to take it back", operator.user),
        Event::RunUndone { .. } => "everything was taken back".to_owned(),
        Event::RunStuck {} => "stuck: something could not be taken back".to_owned(),
        Event::RunTakenOver { operator, reason } => {
            format!("{} took it over: {reason}", operator.user)
        }
        Event::StepSkipped { reason, .. } => format!("skipped: {}", skipped(reason)),
        Event::StepOpened { items: Some(items), .. } => {
            format!("opened, with {}", counted(items.len(), "element"))
        }
        Event::StepOpened { .. } => "opened".to_owned(),
        Event::StepWaiting { question, .. } => format!("waits: {}", question.text()),
        Event::StepAnswered { by, .. } => format!("answered by {by}"),
        Event::StepStarted(started) if started.attempt > 1 => {
            format!("started, attempt {}", started.attempt)
        }
        Event::StepStarted(_) => "started".to_owned(),
        Event::StepInPlace { .. } => "was in place already".to_owned(),
        Event::StepSucceeded { took_ms, .. } => format!("done in {}", millis(*took_ms)),
        Event::StepFailed { failure, .. } => {
            format!("failed ({}): {}", failure.stage, failure.message)
        }
        Event::StepUnknown { cause, .. } => format!("unknown: {cause}"),
        Event::StepParked { .. } => "stopped part of the way".to_owned(),
        Event::StepResolved { verdict, by, .. } => {
            let as_what = match verdict {
                Verdict::Done { .. } => "taken as done",
                Verdict::Retry => "to be run again",
            };
            match by {
                Resolver::Observation => format!("{as_what}: a look told"),
                Resolver::Repeatable => format!("{as_what}: a repeat is harmless"),
                Resolver::Operator { by, reason } => format!("{as_what} by {by}: {reason}"),
            }
        }
        Event::UndoStarted { .. } => "being taken back".to_owned(),
        Event::UndoSucceeded { note, .. } => note
            .as_ref()
            .map_or_else(|| "taken back".to_owned(), |note| format!("taken back: {note}")),
        Event::UndoFailed { failure, .. } => {
            format!("could not be taken back: {}", failure.message)
        }
        Event::HealthProbed { probe, healthy, detail, .. } => {
            let word = if *healthy { "holds" } else { "does not hold" };
            format!("health `{}` {word}: {}", plain(&probe.to_string().into()), detail)
        }
        Event::ObligationIncurred(owed) => format!("owed by {}: {}", owed.due, owed.text),
    }
}
