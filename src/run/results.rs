//! Turns what tasks say into events.

use super::driver::{Driver, Launch, Told};
use super::observe::Look;
use super::perform::{Attempt, Job};
use super::prepare::Preparation;
use super::redact::register;
use super::steps::is_repeatable;
use super::world::Choice;
use super::{RunError, guard, obligation};
use crate::engine::event::{Event, Obligation, Resolver, SkipReason, Verdict};
use crate::engine::outcome::{Failure, Observation, Question, Stage};
use crate::engine::state::StepStatus;
use crate::model::id::StepKey;
use crate::model::value::Values;
use std::time::Duration;

impl Driver {
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
            Told::Looked(key, seen, took) => {
                self.hand.busy.remove(&key);
                self.looked(key, seen, took)
            }
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
                // Looking takes its time. The environment may have been frozen meanwhile.
                if let Err(failure) = guard::not_frozen(&self.world) {
                    return self.stage(Event::StepFailed { step: key, failure, outputs: None });
                }
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
        let attempt = self.sabotaged(&key, attempt);
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

    /// What became of a step that a rehearsal makes fail: it has done its work, and says that it has not.
    fn sabotaged(&self, key: &StepKey, attempt: Attempt) -> Attempt {
        let first = self.state.step(key).is_some_and(|step| step.attempts == 1);
        match attempt {
            Attempt::Done(outputs) if first && self.world.sabotage.as_ref() == Some(key) => {
                let why = "made to fail after it had done its work, for a rehearsal";
                Attempt::Failed(Failure::new(Stage::Verification, why), Some(outputs))
            }
            attempt => attempt,
        }
    }

    fn owe(&mut self, owed: Result<Option<Obligation>, Failure>) -> Result<(), RunError> {
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
        self.resume_display(&key);
        match answer {
            Some((values, by)) => {
                if let StepStatus::Waiting(Question::Input { fields, .. }) =
                    self.state.status_of(&key)
                {
                    let secret = fields.iter().filter(|field| field.secret);
                    let pointers = secret.map(|field| format!("/{}", field.name)).collect();
                    self.world.withheld.add(&key, &values, pointers, &self.world.masker);
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
        self.resume_display(&key);
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
