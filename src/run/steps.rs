//! Carries out the engine's decisions, and turns what tasks say into events.

use super::driver::{Driver, Launch, Told};
use super::job::OwnedMaker;
use super::observe::Look;
use super::perform::{Attempt, Job};
use super::prepare::{Preparation, Wanted, gate};
use super::redact::register;
use super::undo::Undoing;
use super::world::Choice;
use super::{RunError, guard, inputs, obligation, scope};
use crate::engine::decide::Effect;
use crate::engine::event::{AccountSeen, Event, Resolver, SkipReason, StepStarted, Verdict};
use crate::engine::outcome::{Failure, Observation, Question};
use crate::engine::state::StepStatus;
use crate::model::id::StepKey;
use crate::model::mode::Mode;
use crate::model::step::Body;
use crate::model::value::{Value, Values};
use crate::plan::{Frame, Plan, Planned, digest_of};
use std::sync::Arc;
use std::time::Duration;

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
        }
    }

    fn is_healthy(&self) -> bool {
        self.state.health.values().all(|seen| seen.healthy)
    }

    fn launch(&mut self, key: &StepKey, launch: Launch) {
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
        let source = &frame.book.source;
        let scope = self.maker().scopes().of(key);
        let is_element = scope::element(key).is_some();
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
                step.block.options.allow_empty,
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

    fn started(
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
        let outputs = self.outputs_of_group(key);
        self.stage(Event::StepSucceeded { step: key.clone(), outputs, took_ms: 0 })
    }

    fn outputs_of_group(&self, key: &StepKey) -> Values {
        let given = |child: &StepKey| {
            self.state.step(child).and_then(|step| step.outputs.clone()).unwrap_or_default()
        };
        let items = self.state.step(key).and_then(|step| step.items.as_ref()).map(Vec::len);
        let Some(count) = items else {
            let Some(inner) = self.plan.find(key).and_then(|(planned, _)| planned.calls.as_deref())
            else {
                return Values::new();
            };
            return inner
                .steps
                .iter()
                .map(|planned| {
                    (planned.id.to_string(), Value::Object(given(&key.child(&planned.id))))
                })
                .collect();
        };
        // The outputs of a loop are those of its elements, in order. Expressions see the list itself.
        let elements = (0..count).map(|index| Value::Object(given(&key.element(index)))).collect();
        Values::from_iter([(scope::ELEMENTS.to_owned(), Value::Array(elements))])
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

    fn repeat(&mut self, key: StepKey) -> Result<(), RunError> {
        self.stage(Event::StepResolved {
            step: key,
            verdict: Verdict::Retry,
            by: Resolver::Repeatable,
        })
    }

    fn cannot_resolve(&mut self, key: StepKey, why: &str) {
        self.note(&format!("step `{key}`: whether its effect is there cannot be told: {why}"));
        self.hand.unresolvable.insert(key);
    }

    fn undo(&mut self, key: StepKey) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        let Some((planned, frame)) = plan.find(&key) else {
            return Err(RunError::Internal(format!("step `{key}` is not in the plan")));
        };
        let undoing = Undoing {
            job: self.maker().step(&key, planned, frame),
            maker: OwnedMaker::new(&self.maker()),
            key: key.clone(),
            reversal: planned.reversal.clone(),
            look: self.maker().look(&key, planned, frame),
            outputs: self.state.step(&key).and_then(|step| step.outputs.clone()),
        };
        self.stage(Event::UndoStarted { step: key.clone() })?;
        self.launch(&key.clone(), Launch::Undo(key, Box::new(undoing)));
        Ok(())
    }

    /// Turns what a task says into events.
    pub(super) fn told(&mut self, told: Told) -> Result<(), RunError> {
        match told {
            Told::Prepared(key, job, look, preparation) => {
                self.hand.busy.remove(&key);
                self.prepared(key, job, look, preparation)
            }
            Told::Performed(key, job, attempt, took) => {
                self.hand.busy.remove(&key);
                self.performed(key, &job, attempt, took)
            }
            Told::Resolved(key, job, seen) => {
                self.hand.busy.remove(&key);
                self.resolved(key, &job, seen)
            }
            Told::Undone(key, ended) => {
                self.hand.busy.remove(&key);
                match ended {
                    Ok(note) => self.stage(Event::UndoSucceeded { step: key, note }),
                    Err(failure) => {
                        self.hand.unresolvable.insert(key.clone());
                        self.stage(Event::UndoFailed { step: key, failure })
                    }
                }
            }
            Told::Probed(probes) => self.probed(probes),
            Told::Answered(key, answer) => self.was_answered(key, answer),
            Told::Chosen(key, choice) => self.was_chosen(key, choice),
        }
    }

    fn prepared(
        &mut self,
        key: StepKey,
        job: Box<Job>,
        look: Look,
        preparation: Preparation,
    ) -> Result<(), RunError> {
        match preparation {
            Preparation::InPlace(outputs) => {
                let owed = obligation::incurred(&job, &outputs, (self.world.clock)());
                self.stage(Event::StepInPlace { step: key.clone(), outputs })?;
                self.owe(owed)
            }
            Preparation::Gate(question) => self.stage(Event::StepWaiting { step: key, question }),
            Preparation::Refused(failure) => {
                self.stage(Event::StepFailed { step: key, failure, outputs: None })
            }
            // The operator asked to stop while it was looked at: nothing has begun, so nothing begins.
            Preparation::Ready { .. } if self.hand.stopping => Ok(()),
            Preparation::Ready { account, memo } => {
                let started = self.started(&key, &job, account, memo.clone());
                self.stage(started)?;
                let mut job = job;
                job.cx.memo = memo;
                self.launch(&key.clone(), Launch::Perform(key, job, look));
                Ok(())
            }
        }
    }

    fn performed(
        &mut self,
        key: StepKey,
        job: &Job,
        attempt: Attempt,
        took: Duration,
    ) -> Result<(), RunError> {
        let names = job.block.options.secrets.iter().map(|name| name.value.as_str());
        match attempt {
            Attempt::Done(outputs) => {
                register(&outputs, names, &self.world.masker);
                let owed = obligation::incurred(job, &outputs, (self.world.clock)());
                if let Err(failure) = owed {
                    return self.stage(Event::StepFailed {
                        step: key,
                        failure,
                        outputs: Some(outputs),
                    });
                }
                let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                self.stage(Event::StepSucceeded { step: key, outputs, took_ms })?;
                self.owe(owed)
            }
            Attempt::Failed(failure, outputs) => {
                if let Some(outputs) = &outputs {
                    register(outputs, names, &self.world.masker);
                }
                self.stage(Event::StepFailed { step: key, failure, outputs })
            }
            Attempt::Unknown(cause) => self.stage(Event::StepUnknown { step: key, cause }),
            Attempt::Parked => self.stage(Event::StepParked { step: key }),
        }
    }

    fn owe(
        &mut self,
        owed: Result<Option<crate::engine::event::Obligation>, Failure>,
    ) -> Result<(), RunError> {
        match owed {
            Ok(Some(obligation)) => self.stage(Event::ObligationIncurred(Box::new(obligation))),
            Ok(None) => Ok(()),
            Err(failure) => {
                self.note(&format!("an obligation could not be put in words: {}", failure.message));
                Ok(())
            }
        }
    }

    fn resolved(
        &mut self,
        key: StepKey,
        job: &Job,
        seen: Result<Observation, Failure>,
    ) -> Result<(), RunError> {
        let by = Resolver::Observation;
        match seen {
            Ok(Observation::InPlace(outputs)) => {
                let owed = obligation::incurred(job, &outputs, (self.world.clock)());
                self.stage(Event::StepResolved {
                    step: key,
                    verdict: Verdict::Done { outputs },
                    by,
                })?;
                self.owe(owed)
            }
            Ok(Observation::Absent) => {
                self.stage(Event::StepResolved { step: key, verdict: Verdict::Retry, by })
            }
            Ok(Observation::CannotTell(why)) => {
                if self.is_repeatable(&key) {
                    return self.repeat(key);
                }
                self.cannot_resolve(key, &why);
                Ok(())
            }
            Err(failure) => {
                self.cannot_resolve(key, &failure.message);
                Ok(())
            }
        }
    }

    /// Whether a repeat of the step is harmless whatever became of it.
    pub(super) fn is_repeatable(&self, key: &StepKey) -> bool {
        is_repeatable(&self.plan, key, &self.world.catalog)
    }

    fn was_answered(
        &mut self,
        key: StepKey,
        answer: Option<(Values, String)>,
    ) -> Result<(), RunError> {
        if !self.hand.asking.remove(&key) {
            return Ok(());
        }
        self.hand.busy.remove(&key);
        self.resume_display();
        match answer {
            Some((values, by)) => {
                if let StepStatus::Waiting(Question::Input { fields, .. }) =
                    self.state.status_of(&key)
                {
                    let secret =
                        fields.iter().filter(|field| field.secret).map(|field| field.name.as_str());
                    register(&values, secret, &self.world.masker);
                }
                self.stage(Event::StepAnswered { step: key, by, values })
            }
            None => {
                self.hand.unanswerable.insert(key);
                Ok(())
            }
        }
    }

    fn was_chosen(&mut self, key: StepKey, choice: Choice) -> Result<(), RunError> {
        self.hand.busy.remove(&key);
        self.resume_display();
        match choice {
            Choice::Run => {
                self.chosen.insert(key);
            }
            Choice::RunAll => self.wishes.ask_every_step = false,
            Choice::Skip(reason) => {
                let by = self.world.operator.user.clone();
                return self.stage(Event::StepSkipped {
                    step: key,
                    reason: SkipReason::Operator { by, reason },
                });
            }
            Choice::Undo => {
                self.undo_wanted = true;
                self.hand.stopping = true;
            }
            Choice::Quit => self.hand.stopping = true,
        }
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
    })
}

fn loop_of(key: &StepKey, list: Value, allow_empty: bool) -> Result<Event, Failure> {
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
