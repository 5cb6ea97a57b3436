//! Carries out the engine's decisions, and turns what tasks say into events.

use super::driver::{Driver, Launch};
use super::job::{Maker, OwnedMaker};
use super::perform::Job;
use super::prepare::{Wanted, gate};
use super::undo::Undoing;
use super::{RunError, guard, inputs, scope};
use crate::engine::decide::Effect;
use crate::engine::event::{AccountSeen, Event, Resolver, SkipReason, StepStarted, Verdict};
use crate::engine::faults::Faults;
use crate::engine::outcome::{Failure, Question};
use crate::engine::state::StepStatus;
use crate::model::drill::Part;
use crate::model::id::StepKey;
use crate::model::mode::Mode;
use crate::model::step::Body;
use crate::model::value::{Value, Values};
use crate::plan::{Frame, Plan, Planned, digest_of};
use std::sync::Arc;

impl Driver {
    /// Carries out one decision: stages its events, or puts something up to begin after the next write.
    pub(super) fn carry_out(&mut self, effect: Effect) -> Result<(), RunError> {
        match effect {
            Effect::Prepare(key) => self.prepare(key),
            Effect::Close(key) => self.close(&key),
            Effect::Resolve(key) => self.resolve(key),
            Effect::Undo(key) => self.undo(key),
            Effect::ProbeHealth => {
                self.probe_health();
                Ok(())
            }
            Effect::Pause(cause) => {
                if self.undo_wanted {
                    self.undo_wanted = false;
                    self.hand.stopping = false;
                    let operator = self.world.operator.clone();
                    return self.stage(Event::UndoBegun { operator });
                }
                self.stage(Event::RunPaused { cause })
            }
            Effect::Succeed => self.stage(Event::RunSucceeded { healthy: self.is_healthy() }),
            Effect::FinishUndo => self.stage(Event::RunUndone { healthy: self.is_healthy() }),
            Effect::GetStuck => self.stage(Event::RunStuck {}),
            Effect::GiveUp(why) => {
                let reason = format!("could not judge: {why}");
                self.stage(Event::RunAborted { reason })
            }
        }
    }

    fn is_healthy(&self) -> bool {
        self.state.health.values().all(|seen| seen.healthy)
    }

    pub(super) fn launch(&mut self, key: &StepKey, launch: Launch) {
        self.hand.busy.insert(key.clone());
        self.launches.push(launch);
    }

    fn prepare(&mut self, key: StepKey) -> Result<(), RunError> {
        if let StepStatus::Waiting(question) = self.state.status_of(&key).clone() {
            return self.ask(key, &question);
        }
        let plan = Arc::clone(&self.plan);
        let Some((planned, frame)) = plan.find(&key) else {
            return Err(RunError::Internal(format!("step `{key}` is not in the plan")));
        };
        match self.open_or_skip(&key, planned, frame) {
            Ok(Some(event)) => return self.stage(event),
            Ok(None) => {}
            Err(failure) => {
                return self.stage(Event::StepFailed { step: key, failure, outputs: None });
            }
        }
        if self.wishes.ask_every_step && self.io.prompter.is_some() && !self.chosen.contains(&key) {
            let title = planned.step(frame).title.clone();
            self.launch(&key.clone(), Launch::Choose(key, title));
            return Ok(());
        }
        match self.begin_step(&key, planned, frame) {
            Ok(Some(event)) => self.stage(event),
            Ok(None) => Ok(()),
            Err(failure) => self.stage(Event::StepFailed { step: key, failure, outputs: None }),
        }
    }

    /// The `if`, the loop and the sub-runbook of a step: what comes before anything starts.
    fn open_or_skip(
        &self,
        key: &StepKey,
        planned: &Planned,
        frame: &Frame,
    ) -> Result<Option<Event>, Failure> {
        let step = planned.step(frame);
        let is_element = scope::element(key).is_some();
        let options = &step.block.options;
        let has_terms = options.condition.is_some() || options.for_each.is_some();
        if planned.calls.is_none() && (is_element || !has_terms) {
            return Ok(None);
        }
        let source = &frame.book.source;
        let scope = self.maker().scopes().of(key);
        if let Some(condition) = step.block.options.condition.as_ref().filter(|_| !is_element)
            && !inputs::holds(condition, source, &scope)?
        {
            let reason = SkipReason::Condition { expression: condition.value.clone() };
            return Ok(Some(Event::StepSkipped { step: key.clone(), reason }));
        }
        if let Some(list) = step.block.options.for_each.as_ref().filter(|_| !is_element) {
            return loop_of(
                key,
                inputs::value(list, source, &scope)?,
                step.block.options.allows_empty(),
            )
            .map(Some);
        }
        let Some(inner) = &planned.calls else { return Ok(None) };
        let given = inputs::inputs(&step.block, source, &scope, &self.world.catalog)?;
        let given = given.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
        let params = super::params::complete(&inner.book, given, &scope)?;
        Ok(Some(Event::StepOpened { step: key.clone(), items: None, params: Some(params) }))
    }

    /// Starts a step, asks about it, or puts its preparation up. Gives the event to stage, if there is one already.
    fn begin_step(
        &mut self,
        key: &StepKey,
        planned: &Planned,
        frame: &Frame,
    ) -> Result<Option<Event>, Failure> {
        if planned.part.is_some_and(Part::looks) {
            return Ok(Some(self.begin_look(key, planned)));
        }
        let job = self.maker().step(key, planned, frame)?;
        if let Some(question) = question(&job)? {
            if let Some(answer) = self.answered(key) {
                return Ok(Some(Event::StepSucceeded {
                    step: key.clone(),
                    outputs: answer,
                    took_ms: 0,
                }));
            }
            return Ok(Some(Event::StepWaiting { step: key.clone(), question }));
        }
        let agreed = self.answered(key).is_some();
        let look = self.maker().look(key, planned, frame);
        if planned.effect.changes() {
            guard::not_frozen(&self.world)?;
            let typed = matches!(job.block.body, Body::Action { .. });
            if job.cx.target.is_some() || look.is_possible() || typed {
                let wanted = Wanted { agreed };
                self.launch(key, Launch::Prepare(key.clone(), Box::new(job), look, wanted));
                return Ok(None);
            }
        }
        // Nothing outside has to be asked, so the start goes down in the same write as what led to it.
        if let Some(question) = gate(&job)?.filter(|_| !agreed) {
            return Ok(Some(Event::StepWaiting { step: key.clone(), question }));
        }
        let account = job.cx.target.as_ref().map(|target| AccountSeen {
            id: target.id.clone(),
            region: target.region.clone(),
            caller: None,
        });
        let started = self.started(key, &job, account, Value::Null);
        self.launch(key, Launch::Perform(key.clone(), Box::new(job), look));
        Ok(Some(started))
    }

    fn answered(&self, key: &StepKey) -> Option<Values> {
        let step = self.state.step(key)?;
        matches!(step.status, StepStatus::Answered).then(|| step.answer.clone()).flatten()
    }

    pub(super) fn started(
        &self,
        key: &StepKey,
        job: &Job,
        account: Option<AccountSeen>,
        memo: Value,
    ) -> Event {
        let shown = self.world.masker.mask_value(Value::Object(job.cx.inputs.clone()));
        Event::StepStarted(Box::new(StepStarted {
            step: key.clone(),
            attempt: self.state.step(key).map_or(0, |step| step.attempts) + 1,
            account,
            inputs: digest_of(&shown.to_string()),
            memo,
        }))
    }

    /// Asks a person, or agrees where the operator said that it may.
    fn ask(&mut self, key: StepKey, question: &Question) -> Result<(), RunError> {
        let agreement = matches!(question, Question::Agree { .. });
        let rehearsal = self.world.environment.kind == crate::model::mode::EnvironmentKind::Sandbox
            && self.state.began.mode == Mode::Rehearsal
            && self.io.prompter.is_none();
        let by = match (agreement, self.wishes.yes, rehearsal) {
            (true, true, _) => Some("--yes"),
            (true, false, true) => Some("rehearsal"),
            _ => None,
        };
        if let Some(by) = by {
            return self.stage(Event::StepAnswered {
                step: key,
                by: by.to_owned(),
                values: Values::new(),
            });
        }
        if self.io.prompter.is_none() || self.hand.stopping {
            self.hand.unanswerable.insert(key);
        } else {
            self.hand.asking.insert(key.clone());
            self.launch(&key.clone(), Launch::Ask(key));
        }
        Ok(())
    }

    fn close(&mut self, key: &StepKey) -> Result<(), RunError> {
        let outputs = scope::outputs_of_group(&self.plan, &self.state, key);
        self.stage(Event::StepSucceeded { step: key.clone(), outputs, took_ms: 0 })
    }

    fn resolve(&mut self, key: StepKey) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        let Some((planned, frame)) = plan.find(&key) else {
            return Err(RunError::Internal(format!("step `{key}` is not in the plan")));
        };
        if !planned.effect.changes() {
            return self.repeat(key);
        }
        match self.maker().step(&key, planned, frame) {
            Ok(job) => {
                let look = self.maker().look(&key, planned, frame);
                self.launch(&key.clone(), Launch::Resolve(key, Box::new(job), look));
            }
            Err(failure) => self.cannot_resolve(key, &failure.message),
        }
        Ok(())
    }

    pub(super) fn repeat(&mut self, key: StepKey) -> Result<(), RunError> {
        self.stage(Event::StepResolved {
            step: key,
            verdict: Verdict::Retry,
            by: Resolver::Repeatable,
        })
    }

    pub(super) fn cannot_resolve(&mut self, key: StepKey, why: &str) {
        self.note(&format!("step `{key}`: whether its effect is there cannot be told: {why}"));
        self.hand.unresolvable.insert(key);
    }

    fn undo(&mut self, key: StepKey) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        let Some((planned, frame)) = plan.find(&key) else {
            return Err(RunError::Internal(format!("step `{key}` is not in the plan")));
        };
        // What was broken on purpose is mended to its end, also when the operator has asked to stop.
        let mends = Faults::of(&self.plan, &self.state).around(&key).is_some();
        let maker = Maker { patient: mends, ..self.maker() };
        let undoing = Undoing {
            job: maker.step(&key, planned, frame),
            maker: OwnedMaker::new(&maker),
            key: key.clone(),
            reversal: planned.reversal.clone(),
            look: maker.look(&key, planned, frame),
            outputs: self.state.step(&key).and_then(|step| step.outputs.clone()),
            untouched: !self.state.may_have_effect(&key),
            mends,
        };
        self.stage(Event::UndoStarted { step: key.clone() })?;
        self.launch(&key.clone(), Launch::Undo(key, Box::new(undoing)));
        Ok(())
    }
}

/// Whether a repeat of a step is harmless: it only reads, or its action says so.
pub(super) fn is_repeatable(
    plan: &Plan,
    key: &StepKey,
    catalog: &crate::model::action::Catalog,
) -> bool {
    let Some((planned, frame)) = plan.find(key) else { return false };
    match &planned.step(frame).block.body {
        _ if !planned.effect.changes() => true,
        Body::Action { uses, .. } => catalog.get(&uses.value).is_some_and(|spec| spec.idempotent),
        Body::Script { .. } => false,
    }
}

fn question(job: &Job) -> Result<Option<Question>, Failure> {
    let Body::Action { uses, .. } = &job.block.body else { return Ok(None) };
    let Some(action) = job.world.actions.get(&uses.value) else { return Ok(None) };
    action.question(&job.cx.inputs).map_err(|trouble| Failure {
        stage: crate::engine::outcome::Stage::Input,
        message: trouble.message,
        hint: trouble.hint,
        without_effect: false,
    })
}

pub(super) fn loop_of(key: &StepKey, list: Value, allow_empty: bool) -> Result<Event, Failure> {
    let failure = |message: String| Failure::new(crate::engine::outcome::Stage::Input, message);
    let Value::Array(items) = list else {
        return Err(failure(format!("`for_each` must give a list, and gave {list}")));
    };
    if items.is_empty() && allow_empty {
        return Ok(Event::StepSkipped { step: key.clone(), reason: SkipReason::Empty });
    }
    if items.is_empty() {
        return Err(failure("`for_each` gave an empty list".to_owned())
            .hint("If that is fine, add `allow_empty: true`."));
    }
    Ok(Event::StepOpened { step: key.clone(), items: Some(items), params: None })
}
