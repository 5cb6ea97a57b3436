//! What a run has come to, and what to type next. The live run and `status` say the same.

use super::text::{harmless, shell_word};
use crate::engine::decide::{owed_undos, points_passed};
use crate::engine::event::{Event, Obligation, PauseCause};
use crate::engine::faults::{Fault, Faults};
use crate::engine::outcome::{Failure, Question, Stage};
use crate::engine::settled::still_owed;
use crate::engine::state::{RunState, RunStatus, StepStatus};
use crate::model::drill::Part;
use crate::model::id::StepKey;
use crate::plan::{Plan, Planned};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a run has come to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Whether it ended as it should, badly, or not at all yet.
    pub tone: Tone,
    /// In one sentence.
    pub headline: String,
    /// How many steps stand how, the words in the order of interest.
    pub counts: Vec<(&'static str, usize)>,
    /// What went wrong, one entry a step.
    pub troubles: Vec<Problem>,
    /// Who is waited for.
    pub questions: Vec<(StepKey, Question)>,
    /// Health probes that did not hold, and what they said.
    pub unhealthy: Vec<(StepKey, String)>,
    /// How many health probes held.
    pub healthy: usize,
    /// Faults of a drill that stand: they are broken still, and are to be mended.
    pub broken: Vec<StepKey>,
    /// What is owed after the run.
    pub owed: Vec<Obligation>,
    /// What can be typed now, and what it does.
    pub next: Vec<Next>,
}

/// How a headline sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Somebody is needed.
    Attention,
    /// Something went wrong.
    Bad,
}

/// A step that did not end well.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Which.
    pub step: StepKey,
    /// What it is called.
    pub title: String,
    /// What happened.
    pub message: String,
    /// What is certain about its effect.
    pub certain: &'static str,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A command to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The command.
    pub command: String,
    /// What it does.
    pub why: &'static str,
}

/// What is certain about a step whose undo failed.
#[must_use]
pub fn not_undone(failure: &Failure) -> &'static str {
    match failure.stage {
        Stage::Guard => "It was stopped before it was taken back: this changed nothing.",
        _ if failure.is_without_effect() => {
            "It could not be taken back and needs hands. This attempt changed nothing."
        }
        _ => "It could not be taken back and needs hands.",
    }
}

/// What is certain about a failed step's effect, after all of its attempts.
#[must_use]
pub fn certainty(plan: &Plan, state: &RunState, key: &StepKey, failure: &Failure) -> &'static str {
    let reads = plan.find(key).is_some_and(|(planned, _)| !planned.effect.changes());
    let without = failure.is_without_effect();
    match failure.stage {
        // Whatever an attempt says of itself, an earlier one may have left something.
        _ if without && !reads && state.may_have_effect(key) => {
            "This attempt changed nothing. What an earlier one did may be there."
        }
        Stage::Input | Stage::Guard => "It was stopped before it began: nothing was changed.",
        _ if reads => "It only reads: nothing was changed.",
        Stage::Invocation if without => "It had begun, and had no effect: nothing was changed.",
        Stage::Invocation => "It had begun: its effect may be there in part.",
        Stage::Verification => "Its effect took place; what was expected of it did not hold.",
    }
}

/// The title of a step, made harmless; its id when it has none.
#[must_use]
pub fn title(plan: &Plan, key: &StepKey) -> String {
    plan.find(key)
        .map(|(planned, frame)| harmless(&planned.step(frame).title))
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| key.to_string())
}

/// Sums a run up.
#[must_use]
pub fn summarize(plan: &Plan, state: &RunState) -> Summary {
    let is_drill_over =
        plan.root.book.drill.is_some() && state.status == RunStatus::Succeeded { healthy: true };
    let mut summary = Summary {
        tone: if is_drill_over { Tone::Attention } else { tone(state.status) },
        // Whether that is good is the verdict's to say.
        headline: if is_drill_over { "The drill is over".to_owned() } else { headline(state) },
        counts: counts(plan, state),
        troubles: Vec::new(),
        questions: Vec::new(),
        unhealthy: Vec::new(),
        healthy: 0,
        broken: Faults::of(plan, state).standing().map(|fault| fault.key.clone()).collect(),
        owed: still_owed(state),
        next: Vec::new(),
    };
    for (key, step) in &state.steps {
        let problem = |message: &str, certain, hint: Option<&String>| Problem {
            step: key.clone(),
            title: title(plan, key),
            message: message.to_owned(),
            certain,
            hint: hint.cloned(),
        };
        match &step.status {
            StepStatus::Failed(failure) => {
                let certain = certainty(plan, state, key, failure);
                summary.troubles.push(problem(&failure.message, certain, failure.hint.as_ref()));
            }
            StepStatus::Unknown(cause) => summary.troubles.push(problem(
                cause,
                "Whether its effect is there is unknown. It is never run again by itself.",
                None,
            )),
            StepStatus::UndoFailed(failure) => {
                let certain = not_undone(failure);
                summary.troubles.push(problem(&failure.message, certain, failure.hint.as_ref()));
            }
            StepStatus::Waiting(question) if !state.status.is_over() => {
                summary.questions.push((key.clone(), question.clone()));
            }
            _ => {}
        }
    }
    for (probe, seen) in &state.health {
        if seen.healthy {
            summary.healthy += 1;
        } else {
            summary.unhealthy.push((probe.clone(), seen.detail.clone()));
        }
    }
    summary.next = next(plan, state, &summary);
    summary
}

const fn tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Succeeded { healthy: true } | RunStatus::Undone { healthy: true } => Tone::Good,
        RunStatus::Paused(PauseCause::Failure | PauseCause::Unknown)
        | RunStatus::Stuck
        | RunStatus::Succeeded { healthy: false }
        | RunStatus::Undone { healthy: false } => Tone::Bad,
        RunStatus::Running | RunStatus::Undoing | RunStatus::Paused(_) | RunStatus::Aborted => {
            Tone::Attention
        }
    }
}

fn headline(state: &RunState) -> String {
    let text = match state.status {
        RunStatus::Running => "The run is under way",
        RunStatus::Undoing => "The run is being taken back",
        RunStatus::Paused(PauseCause::Failure) => "Paused: a step failed",
        RunStatus::Paused(PauseCause::Unknown) => {
            "Paused: the outcome of a step is unknown, and a person must decide"
        }
        RunStatus::Paused(PauseCause::Operator) => "Paused by the operator",
        RunStatus::Paused(PauseCause::Answer) => "Paused: waits for an answer",
        RunStatus::Succeeded { healthy: true } if state.health.is_empty() => "The run succeeded",
        RunStatus::Succeeded { healthy: true } => "The run succeeded, and health is reached",
        RunStatus::Succeeded { healthy: false } => "Every step is done, but health is not reached",
        RunStatus::Aborted => "The run was given up as it stands",
        RunStatus::Undone { healthy: true } => "Everything that had started was taken back",
        RunStatus::Undone { healthy: false } => {
            "Everything that had started was taken back, but health is not reached"
        }
        RunStatus::Stuck => "Stuck: a step could not be taken back",
    };
    if state.undoing && matches!(state.status, RunStatus::Paused(_)) {
        return format!("{text} (on the way back)");
    }
    text.to_owned()
}

/// How many steps stand how. Loops and sub-runbooks do not count; what is in them does.
fn counts(plan: &Plan, state: &RunState) -> Vec<(&'static str, usize)> {
    const ORDER: [&str; 12] = [
        "succeeded",
        "in place",
        "skipped",
        "failed",
        "unknown",
        "undo failed",
        "undone",
        "undoing",
        "running",
        "waiting",
        "answered",
        "pending",
    ];
    let mut words: Vec<&'static str> = state
        .steps
        .iter()
        .filter(|(key, step)| {
            step.items.is_none() && plan.find(key).is_none_or(|(p, _)| p.calls.is_none())
        })
        .map(|(_, step)| step.status.word())
        .collect();
    let touched: BTreeSet<String> = state.steps.keys().map(StepKey::written).collect();
    let untouched = plan
        .walk()
        .into_iter()
        .filter(|(key, planned, _)| planned.calls.is_none() && !touched.contains(key.as_str()));
    words.extend(untouched.map(|_| "pending"));
    ORDER
        .into_iter()
        .map(|word| (word, words.iter().filter(|other| **other == word).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// What can be typed now.
fn next(plan: &Plan, state: &RunState, summary: &Summary) -> Vec<Next> {
    let run = &state.began.run;
    let say = |command: String, why| Next { command, why };
    let mut next = Vec::new();
    let over = state.status.is_over();
    // One step's choices are enough to read; they are the same for the others.
    let stuck =
        |problem: &&Problem| matches!(state.status_of(&problem.step), StepStatus::UndoFailed(_));
    let word = |problem: &Problem, verdict: &str| {
        let word = shell_word(&format!("{}={verdict}", problem.step));
        format!("runbook resume {run} --step {word}")
    };
    if let Some(problem) = summary.troubles.iter().find(stuck).filter(|_| !over) {
        let again =
            if state.undoing { format!("runbook undo {run}") } else { word(problem, "undo") };
        next.push(say(again, "try again to take it back"));
        let done = word(problem, "done") + " --reason '…'";
        next.push(say(done, "or: you took it back by hand"));
    } else if let Some(problem) = summary.troubles.first().filter(|_| !over && !state.undoing) {
        let (retry, done) = (word(problem, "retry"), word(problem, "done") + " --reason '…'");
        if matches!(state.status_of(&problem.step), StepStatus::Unknown(_)) {
            // To run it again comes second: it may be there.
            next.push(say(done, "its effect is there, you have looked"));
            next.push(say(retry, "or: it is not there, you have looked: run it again"));
        } else {
            next.push(say(retry, "run it again"));
            next.push(say(done, "or: its effect is in place, you saw to it"));
        }
        next.push(say(word(problem, "skip") + " --reason '…'", "or: go on without it"));
    }
    if let Some((step, question)) = summary.questions.first() {
        next.extend(answers(run.as_str(), step, question));
    }
    let resumable = matches!(
        state.status,
        RunStatus::Running
            | RunStatus::Undoing
            | RunStatus::Paused(PauseCause::Operator | PauseCause::Answer)
    );
    if resumable && next.is_empty() {
        next.push(say(format!("runbook resume {run}"), going_on(plan, state)));
    }
    if over && plan.root.book.drill.is_some() {
        next.push(say(format!("runbook drill report --run {run}"), "the verdict, and why"));
    }
    if !over {
        if !summary.broken.is_empty() && !points_passed(plan, state).is_empty() {
            next.push(say(format!("runbook undo {run}"), "or: mend what was broken, and no more"));
        }
        if !state.undoing
            && !owed_undos(plan, state).is_empty()
            && points_passed(plan, state).is_empty()
        {
            next.push(say(format!("runbook undo {run}"), "or: take back what has started"));
        }
        // It is refused while something stands that was broken on purpose.
        if summary.broken.is_empty() {
            let command = format!("runbook abort {run} --reason '…'");
            next.push(say(command, "or: give it up as it stands"));
        }
    }
    for owed in &summary.owed {
        // One run can settle several obligations; its command is told once.
        if let Some(command) = settle(owed, &state.began.environment)
            && !next.iter().any(|known| known.command == command)
        {
            next.push(say(command, "when it is due: settle what is owed"));
        }
    }
    if next.is_empty() {
        next.push(say(format!("runbook log {run} --verify"), "prove that the journal is whole"));
    }
    next
}

/// What `resume` is for. A drill whose fault was mended before what was to come while it stood shows nothing any more.
fn going_on(plan: &Plan, state: &RunState) -> &'static str {
    let faults = Faults::of(plan, state);
    let steps = &plan.root.steps;
    let mut of_faults = steps.iter().enumerate().filter(|(_, planned)| planned.is_fault());
    let early = of_faults.any(|(at, planned)| {
        let mut before = steps.iter().skip(at).take_while(|one| one.part != Some(Part::Mend));
        let is_over = |one: &Planned| state.status_of(&StepKey::top(&one.id)).is_settled();
        faults.around(&StepKey::top(&planned.id)).is_some_and(Fault::is_mended)
            && !before.all(is_over)
    });
    if early {
        "finish what was begun: what was broken is mended, so it judges nothing any more"
    } else {
        "go on from here"
    }
}

/// What answers a question: here, or from another terminal.
fn answers(run: &str, step: &StepKey, question: &Question) -> Vec<Next> {
    let resume = |why| Next { command: format!("runbook resume {run}"), why };
    let here = resume("ask here, and go on");
    match question {
        Question::Agree { .. } => {
            let command = format!("runbook resume {run} --yes");
            vec![here, Next { command, why: "or: agree without being asked" }]
        }
        Question::Phrase { .. } => {
            let typed = Next { why: "or: type the phrase", ..answer(run, step, question) };
            vec![here, typed, resume("then go on")]
        }
        _ if question.is_secret() => {
            vec![resume("ask here, at a terminal: a secret is not kept")]
        }
        _ => vec![answer(run, step, question), resume("then go on")],
    }
}

/// The command that answers a question from another terminal.
fn answer(run: &str, step: &StepKey, question: &Question) -> Next {
    let mut command = format!("runbook answer {run} {}", shell_word(step.as_str()));
    if let Question::Input { fields, .. } = question {
        for field in fields {
            command.push_str(&format!(" {}=…", field.name));
        }
    }
    if let Question::Phrase { phrase, .. } = question {
        command.push_str(&format!(" {}", shell_word(&format!("phrase={phrase}"))));
    }
    Next { command, why: "answer" }
}

/// The command that settles an obligation, when a runbook does.
#[must_use]
pub fn settle(owed: &Obligation, environment: &str) -> Option<String> {
    let book = owed.runbook.as_ref()?;
    let mut command = format!("runbook run {} --env {}", shell_word(book), shell_word(environment));
    for (name, value) in &owed.params {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        command.push_str(" -p ");
        command.push_str(&shell_word(&format!("{name}={text}")));
    }
    Some(command)
}

/// Where the time of a run went.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    waiting: BTreeSet<StepKey>,
    stands_still: bool,
    people: Duration,
    between: Duration,
}

impl Tally {
    /// Takes an event in. Events must come in their order.
    pub fn event(&mut self, at: Timestamp, event: &Event) {
        if let Some(last) = self.last {
            let passed = Duration::try_from(at.duration_since(last)).unwrap_or_default();
            if self.stands_still {
                self.between += passed;
            } else if !self.waiting.is_empty() {
                self.people += passed;
            }
        }
        self.first = self.first.or(Some(at));
        self.last = Some(at);
        match event {
            Event::StepWaiting { step, .. } => {
                self.waiting.insert(step.clone());
            }
            Event::RunPaused { .. } | Event::RunStuck {} => self.stands_still = true,
            Event::RunResumed { .. } | Event::UndoBegun { .. } => self.stands_still = false,
            other => {
                if let Some(step) = other.step() {
                    self.waiting.remove(step);
                }
            }
        }
    }

    /// From the first event to the last.
    #[must_use]
    pub fn whole(&self) -> Duration {
        match (self.first, self.last) {
            (Some(first), Some(last)) => {
                Duration::try_from(last.duration_since(first)).unwrap_or_default()
            }
            _ => Duration::ZERO,
        }
    }

    /// Waiting for a person's answer.
    #[must_use]
    pub const fn people(&self) -> Duration {
        self.people
    }

    /// Standing still between a pause and the next resume.
    #[must_use]
    pub const fn still(&self) -> Duration {
        self.between
    }

    /// Working.
    #[must_use]
    pub fn machine(&self) -> Duration {
        self.whole().saturating_sub(self.people).saturating_sub(self.between)
    }
}
