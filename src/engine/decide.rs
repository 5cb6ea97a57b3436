//! What to do next. Effects are data: the run loop carries them out and answers with events.

use super::event::PauseCause;
use super::faults::{Fault, Faults};
use super::outcome::Stage;
use super::state::{RunState, RunStatus, StepStatus};
use crate::model::drill::Part;
use crate::model::id::StepKey;
use crate::model::step::Body;
use crate::plan::{Frame, Plan, Planned, Reversal};
use std::collections::BTreeSet;

/// How many scripts run at once. More would not end sooner on the operator's machine: each is a process with its
/// own pipes, and what it costs to start one grows with those that run. Steps that only call AWS do not count.
pub const MOST_SCRIPTS: usize = 64;

/// One thing for the run loop to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Find out whether and how this step can start, and start it.
    Prepare(StepKey),
    /// All children of this loop or sub-runbook have ended well: put their outputs together.
    Close(StepKey),
    /// Find out what became of this step.
    Resolve(StepKey),
    /// Take this step back.
    Undo(StepKey),
    /// Look at the health probes.
    ProbeHealth,
    /// Stand still.
    Pause(PauseCause),
    /// Every step ended well, and health is known.
    Succeed,
    /// Everything that started was taken back, and health is known.
    FinishUndo,
    /// Something could not be taken back.
    GetStuck,
    /// Nothing can be judged, because of this: the drill ends as it stands.
    GiveUp(String),
}

/// What the run loop has in hand, which no event tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InHand {
    /// Steps that are being prepared, performed, resolved, asked about or taken back.
    pub busy: BTreeSet<StepKey>,
    /// The busy steps that only wait for a person at this terminal.
    pub asking: BTreeSet<StepKey>,
    /// Unknown steps that nothing but a person can resolve.
    pub unresolvable: BTreeSet<StepKey>,
    /// Waiting steps whose question nobody here can answer.
    pub unanswerable: BTreeSet<StepKey>,
    /// Whether health was looked at by this process.
    pub health_probed: bool,
    /// Whether the operator wants to stop.
    pub stopping: bool,
    /// Steps before which the operator wants to stop.
    pub stop_before: BTreeSet<StepKey>,
    /// Whether somebody at this terminal decides what comes after a failure. What a drill broke may stand
    /// until they have.
    pub attended: bool,
    /// Faults of a drill that have lasted as long as they may.
    pub overdue: BTreeSet<StepKey>,
}

/// What to do next. Empty when there is nothing to do but wait for what is in hand.
#[must_use]
pub fn decide(plan: &Plan, state: &RunState, hand: &InHand) -> Vec<Effect> {
    match state.status {
        RunStatus::Running => forward(plan, state, hand),
        RunStatus::Undoing => backward(plan, state, hand),
        _ => Vec::new(),
    }
}

fn forward(plan: &Plan, state: &RunState, hand: &InHand) -> Vec<Effect> {
    let faults = Faults::of(plan, state);
    let mut look = Look {
        state,
        hand,
        faults: &faults,
        effects: Vec::new(),
        scripts: Scripts::default(),
        held: false,
        mends: false,
    };
    let settled = look.frame(&plan.root, None);
    look.leave_room();
    if !hand.stopping {
        let unknown = state.steps.iter().filter(|(key, step)| {
            matches!(step.status, StepStatus::Unknown(_))
                && !hand.unresolvable.contains(*key)
                && !hand.busy.contains(*key)
                && !is_mending(&faults, key)
        });
        look.effects.extend(unknown.map(|(key, _)| Effect::Resolve(key.clone())));
    }
    let trouble = trouble(state, &faults);
    if trouble.is_some() || hand.stopping {
        // What is under way may end; nothing new begins.
        look.effects.retain(|effect| matches!(effect, Effect::Resolve(_) | Effect::Close(_)));
    }
    let mends = look.mends;
    let urgent =
        faults.next(hand, |fault| mends || fault.mending || hand.overdue.contains(&fault.key));
    if let Some(key) = urgent {
        look.effects.insert(0, Effect::Undo(key));
    }
    if !look.effects.is_empty() || !hand.busy.is_empty() {
        return look.effects;
    }
    let rest = at_rest(plan, state, hand, &faults, (trouble, settled, look.held));
    // A fault does not stand where nobody is at work, unless a person is about to say how it goes on.
    let is_asked = hand.attended
        && !hand.stopping
        && matches!(rest, Effect::Pause(PauseCause::Failure | PauseCause::Unknown));
    match faults.next(hand, |_| !is_asked) {
        Some(key) => vec![Effect::Undo(key)],
        None => vec![rest],
    }
}

/// What comes when nothing is in hand and nothing can begin.
fn at_rest(
    plan: &Plan,
    state: &RunState,
    hand: &InHand,
    faults: &Faults,
    (trouble, settled, held): (Option<PauseCause>, bool, bool),
) -> Effect {
    let half_made = half_made(plan, state, faults);
    match trouble {
        Some(PauseCause::Failure) => {
            lost_premise(plan, state).map_or(Effect::Pause(PauseCause::Failure), Effect::GiveUp)
        }
        Some(cause) => Effect::Pause(cause),
        None if hand.stopping => Effect::Pause(PauseCause::Operator),
        None if half_made.is_some() => Effect::GiveUp(half_made.unwrap_or_default()),
        None if settled && hand.health_probed => Effect::Succeed,
        None if settled => Effect::ProbeHealth,
        None if held => Effect::Pause(PauseCause::Operator),
        None => Effect::Pause(PauseCause::Answer),
    }
}

/// Why a drill can judge nothing: what it rests on was not so. Not while something needs hands.
fn lost_premise(plan: &Plan, state: &RunState) -> Option<String> {
    let stuck = |status: &StepStatus| matches!(status, StepStatus::UndoFailed(_));
    if state.steps.values().any(|step| stuck(&step.status)) {
        return None;
    }
    let premises =
        plan.root.steps.iter().filter(|planned| planned.part.is_some_and(Part::is_premise));
    premises.into_iter().find_map(|planned| match state.status_of(&StepKey::top(&planned.id)) {
        StepStatus::Failed(failure) => Some(failure.message.clone()),
        _ => None,
    })
}

/// Why a drill can judge nothing: a fault was mended before it was whole, and does not begin again.
fn half_made(plan: &Plan, state: &RunState, faults: &Faults) -> Option<String> {
    let broken = plan.root.steps.iter().filter(|planned| planned.is_fault());
    let keys = broken.map(|planned| StepKey::top(&planned.id));
    let half = keys.filter(|key| !state.status_of(key).is_settled());
    half.into_iter()
        .find(|key| faults.around(key).is_some_and(Fault::is_mended))
        .map(|key| format!("the fault `{key}` could not be made whole, and was mended"))
}

fn is_mending(faults: &Faults, key: &StepKey) -> bool {
    faults.around(key).is_some_and(|fault| fault.mending)
}

/// Why nothing new may begin, the gravest reason first.
fn trouble(state: &RunState, faults: &Faults) -> Option<PauseCause> {
    // However the steps of a fault ended: once it is being mended, only what cannot be mended matters.
    let matters = |key: &StepKey, status: &StepStatus| {
        matches!(status, StepStatus::UndoFailed(_)) || !is_mending(faults, key)
    };
    let any = |wanted: fn(&StepStatus) -> bool| {
        let mut steps = state.steps.iter();
        steps.any(|(key, step)| wanted(&step.status) && matters(key, &step.status))
    };
    if any(|status| matches!(status, StepStatus::Unknown(_))) {
        Some(PauseCause::Unknown)
    } else if any(|status| {
        matches!(status, StepStatus::Failed(_) | StepStatus::Undone | StepStatus::UndoFailed(_))
    }) {
        Some(PauseCause::Failure)
    } else {
        None
    }
}

/// The settled steps that everything before them is settled for, too. When a run goes on with a changed text,
/// a step that is new or runs again may stand before one that is done: what comes after waits for both.
fn through(frame: &Frame, settled: Vec<bool>) -> Vec<bool> {
    let mut through = settled;
    loop {
        let before = through.clone();
        for (at, planned) in frame.steps.iter().enumerate() {
            through[at] = through[at] && planned.needs.iter().all(|need| through[*need]);
        }
        if through == before {
            return through;
        }
    }
}

fn is_script(planned: &Planned, frame: &Frame) -> bool {
    planned.calls.is_none() && matches!(planned.step(frame).block.body, Body::Script { .. })
}

struct Look<'a> {
    state: &'a RunState,
    hand: &'a InHand,
    faults: &'a Faults,
    effects: Vec<Effect>,
    scripts: Scripts,
    held: bool,
    /// Whether the next step is the one that mends, and something is to be mended.
    mends: bool,
}

/// The steps that run a script.
#[derive(Default)]
struct Scripts {
    /// How many are in hand.
    busy: usize,
    /// Which of the effects would begin one.
    ready: Vec<usize>,
}

impl Look<'_> {
    /// Takes away the beginnings of scripts for which there is no room. They come when others have ended.
    fn leave_room(&mut self) {
        let room = MOST_SCRIPTS.saturating_sub(self.scripts.busy);
        while self.scripts.ready.len() > room {
            if let Some(last) = self.scripts.ready.pop() {
                self.effects.remove(last);
            }
        }
    }

    /// Looks through one runbook. Says whether all its steps are settled.
    fn frame(&mut self, frame: &Frame, outer: Option<&StepKey>) -> bool {
        let keys: Vec<StepKey> = frame
            .steps
            .iter()
            .map(|planned| {
                outer.map_or_else(|| StepKey::top(&planned.id), |outer| outer.child(&planned.id))
            })
            .collect();
        let state = self.state;
        let statuses: Vec<&StepStatus> = keys.iter().map(|key| state.status_of(key)).collect();
        let settled: Vec<bool> = statuses.iter().map(|status| status.is_settled()).collect();
        let through = through(frame, settled.clone());
        for ((planned, key), status) in frame.steps.iter().zip(&keys).zip(statuses) {
            if planned.needs.iter().all(|need| through[*need]) {
                self.step(planned, key, (status, is_script(planned, frame)));
            }
        }
        settled.into_iter().all(|settled| settled)
    }

    fn step(&mut self, planned: &Planned, key: &StepKey, (status, is_script): (&StepStatus, bool)) {
        if is_mending(self.faults, key) {
            return;
        }
        if planned.part == Some(Part::Mend)
            && *status == StepStatus::Pending
            && self.faults.standing().next().is_some()
        {
            self.mends = true;
            return;
        }
        match status {
            StepStatus::Pending | StepStatus::Answered => self.start(key, is_script),
            StepStatus::Open => {
                let done = match self.state.step(key).and_then(|step| step.items.as_ref()) {
                    Some(items) => self.elements(planned, key, (items.len(), is_script)),
                    None => {
                        planned.calls.as_deref().is_some_and(|inner| self.frame(inner, Some(key)))
                    }
                };
                if done && !self.hand.busy.contains(key) {
                    self.effects.push(Effect::Close(key.clone()));
                }
            }
            StepStatus::Waiting(_) if !self.hand.unanswerable.contains(key) => {
                self.start(key, is_script);
            }
            _ => self.count(key, is_script),
        }
    }

    fn count(&mut self, key: &StepKey, is_script: bool) {
        // While a person is asked about it, no process runs.
        if is_script && self.hand.busy.contains(key) && !self.hand.asking.contains(key) {
            self.scripts.busy += 1;
        }
    }

    fn start(&mut self, key: &StepKey, is_script: bool) {
        if self.hand.busy.contains(key) {
            return self.count(key, is_script);
        }
        if self.hand.stop_before.contains(key) {
            self.held = true;
        } else if !is_script || self.scripts.ready.len() < MOST_SCRIPTS {
            if is_script {
                self.scripts.ready.push(self.effects.len());
            }
            self.effects.push(Effect::Prepare(key.clone()));
        }
    }

    /// Looks through the elements of a loop, a few at once. Says whether all are settled.
    fn elements(
        &mut self,
        planned: &Planned,
        key: &StepKey,
        (count, is_script): (usize, bool),
    ) -> bool {
        let at_once = planned.elements_at_once.unwrap_or(1);
        let mut open = 0;
        for index in 0..count {
            let element = key.element(index);
            let status = self.state.status_of(&element);
            if status.is_settled() {
                continue;
            }
            open += 1;
            if open > at_once {
                break;
            }
            match status {
                StepStatus::Open => {
                    let done = planned
                        .calls
                        .as_deref()
                        .is_some_and(|inner| self.frame(inner, Some(&element)));
                    if done && !self.hand.busy.contains(&element) {
                        self.effects.push(Effect::Close(element));
                    }
                }
                StepStatus::Pending | StepStatus::Answered => self.start(&element, is_script),
                StepStatus::Waiting(_) if !self.hand.unanswerable.contains(&element) => {
                    self.start(&element, is_script)
                }
                _ => self.count(&element, is_script),
            }
        }
        open == 0
    }
}

/// The steps that are owed an undo, the last start first.
#[must_use]
pub fn owed_undos(plan: &Plan, state: &RunState) -> Vec<StepKey> {
    let owed = |key: &&StepKey| {
        !matches!(state.status_of(key), StepStatus::Undone)
            && plan.find(key).is_some_and(|(planned, _)| match planned.reversal {
                Reversal::NotNeeded => false,
                // What certainly never took effect needs no way back.
                Reversal::Irreversible(_) => state.may_have_effect(key),
                _ => true,
            })
    };
    state.starts.iter().rev().filter(owed).cloned().collect()
}

/// The steps past which there is no way back: irreversible, and started with what may have had an effect.
#[must_use]
pub fn points_passed(plan: &Plan, state: &RunState) -> Vec<(StepKey, String)> {
    state
        .starts
        .iter()
        .filter(|key| state.may_have_effect(key))
        .filter_map(|key| match plan.find(key)?.0.reversal {
            Reversal::Irreversible(ref why) => Some((key.clone(), why.clone())),
            _ => None,
        })
        .collect()
}

fn backward(plan: &Plan, state: &RunState, hand: &InHand) -> Vec<Effect> {
    if !hand.busy.is_empty() {
        return Vec::new();
    }
    if hand.stopping {
        return vec![Effect::Pause(PauseCause::Operator)];
    }
    let owed = owed_undos(plan, state);
    // A step that could not be taken back stops the way back: what came before it may depend on it.
    match owed.first() {
        Some(key) if hand.unresolvable.contains(key) => vec![match state.status_of(key) {
            // Nothing of it was tried: it goes on as soon as the guard lets it.
            StepStatus::UndoFailed(failure) if failure.stage == Stage::Guard => {
                Effect::Pause(PauseCause::Failure)
            }
            _ => Effect::GetStuck,
        }],
        Some(key) => vec![Effect::Undo(key.clone())],
        None if hand.health_probed => vec![Effect::FinishUndo],
        None => vec![Effect::ProbeHealth],
    }
}
