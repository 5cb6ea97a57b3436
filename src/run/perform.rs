//! Carries out one block: calls the action or the script, repeats it where the author says so, and
//! checks what is expected of it.

use super::inputs;
use super::scope::with_outputs;
use super::world::World;
use crate::actions::context::{Context, Report, Stop};
use crate::actions::shell::{OutputsWanted, ShellEnd, ShellRun, environment_text};
use crate::actions::{Certainty, Trouble};
use crate::engine::outcome::{Failure, Stage};
use crate::model::mode::Effect;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body};
use crate::model::value::Values;
use crate::source::Source;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a reading step looks again when the author does not say.
const DEFAULT_EVERY: Duration = Duration::from_secs(5);

/// One block, ready to be carried out. It owns everything it needs, so that it can run beside others.
pub(super) struct Job {
    pub(super) world: World,
    pub(super) book: Arc<Runbook>,
    pub(super) block: Block,
    pub(super) effect: Effect,
    pub(super) timeout: Duration,
    pub(super) attempts: u32,
    pub(super) scope: Values,
    pub(super) cx: Context,
    /// Whether what is expected is checked after a look, which gives the step's outputs.
    pub(super) expects_later: bool,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Attempt {
    Done(Values),
    Failed(Failure, Option<Values>),
    Unknown(String),
    Parked,
}

impl Job {
    pub(super) fn source(&self) -> &Source {
        &self.book.source
    }

    /// Carries the block out, with its repeats, until it is done or cannot be.
    pub(super) async fn perform(&self) -> Attempt {
        let mut left = self.attempts.max(1);
        let mut touched = false;
        loop {
            let mut attempt = self.until().await;
            left -= 1;
            let Attempt::Failed(failure, _) = &mut attempt else { return attempt };
            // The last attempt says what went wrong. What is certain, all of them say together.
            touched |= !failure.is_without_effect();
            if touched {
                failure.stage = failure.stage.max(Stage::Invocation);
                failure.without_effect = false;
            }
            let Some(retry) = self.block.options.retry.as_ref().filter(|_| left > 0) else {
                return attempt;
            };
            self.cx
                .tell
                .say(Report::Waiting(format!("{}; {left} more attempts", failure.message)))
                .await;
            if !self.cx.stop.sleep(retry.delay.value).await {
                return attempt;
            }
        }
    }

    /// A single call, whose outputs nobody has judged yet.
    pub(super) async fn once(&self) -> Attempt {
        self.call(Instant::now() + self.timeout).await
    }

    /// One attempt: a single call, or calls until the condition holds.
    async fn until(&self) -> Attempt {
        let deadline = Instant::now() + self.timeout;
        loop {
            let outputs = match self.call(deadline).await {
                Attempt::Done(outputs) => outputs,
                other => return other,
            };
            let Some(until) = &self.block.options.until else { return self.expected_now(outputs) };
            match inputs::holds(until, self.source(), &with_outputs(&self.scope, &outputs)) {
                Ok(true) => return self.expected_now(outputs),
                Ok(false) => {}
                Err(failure) => return Attempt::Failed(verification(failure), Some(outputs)),
            }
            let every =
                self.block.options.every.as_ref().map_or(DEFAULT_EVERY, |every| every.value);
            if Instant::now() + every >= deadline {
                let message =
                    format!("`{}` did not hold within {}", until.value, short(self.timeout));
                return Attempt::Failed(Failure::new(Stage::Verification, message), Some(outputs));
            }
            self.cx.tell.say(Report::Waiting(format!("until {}", until.value))).await;
            if !self.cx.stop.sleep(every).await {
                return Attempt::Parked;
            }
        }
    }

    fn expected_now(&self, outputs: Values) -> Attempt {
        if self.expects_later { Attempt::Done(outputs) } else { self.expected(outputs) }
    }

    /// Checks every `expect` of the block.
    pub(super) fn expected(&self, outputs: Values) -> Attempt {
        let scope = with_outputs(&self.scope, &outputs);
        for expectation in &self.block.options.expect {
            match inputs::holds(expectation, self.source(), &scope) {
                Ok(true) => {}
                Ok(false) => {
                    let mut shown = outputs.clone();
                    self.world.withheld.hide(&self.cx.step, &mut shown);
                    let shown = self.world.masker.mask_value(serde_json::Value::Object(shown));
                    let message = format!(
                        "expected `{}`, but the outputs are {}",
                        expectation.value,
                        bounded(&shown.to_string())
                    );
                    return Attempt::Failed(
                        Failure::new(Stage::Verification, message),
                        Some(outputs),
                    );
                }
                Err(failure) => return Attempt::Failed(verification(failure), Some(outputs)),
            }
        }
        Attempt::Done(outputs)
    }

    async fn call(&self, deadline: Instant) -> Attempt {
        match &self.block.body {
            Body::Action { uses, .. } => self.call_action(&uses.value, deadline).await,
            Body::Script { .. } => self.call_script(deadline).await,
        }
    }

    async fn call_action(&self, name: &str, deadline: Instant) -> Attempt {
        let Some(action) = self.world.actions.get(name) else {
            let failure = Failure::new(Stage::Input, format!("this build cannot run `{name}`"))
                .hint("Use a build with the `aws` feature.");
            return Attempt::Failed(failure, None);
        };
        let ended = tokio::select! {
            ended = action.run(&self.cx) => ended,
            () = tokio::time::sleep_until(deadline.into()) => Err(self.cut_off(&format!("did not end within {}", short(self.timeout)))),
            () = self.cx.stop.reached(Stop::Now) => Err(self.cut_off("was cut off by the operator")),
        };
        match ended {
            Ok(outputs) => {
                // Before anything is done with them, let alone said.
                let secrets = action.secrets(&self.cx.inputs, &outputs);
                let World { masker, withheld, .. } = &self.world;
                withheld.add(&self.cx.step, &outputs, secrets, masker);
                Attempt::Done(outputs)
            }
            Err(trouble) => self.troubled(trouble),
        }
    }

    /// A call that was not waited for: harmless when it only reads, otherwise nobody knows.
    fn cut_off(&self, how: &str) -> Trouble {
        if self.effect.changes() { Trouble::unknown(how) } else { Trouble::failed(how) }
    }

    pub(super) fn troubled(&self, trouble: Trouble) -> Attempt {
        let failure = Failure {
            stage: Stage::Invocation,
            message: trouble.message,
            hint: trouble.hint,
            without_effect: trouble.certainty == Certainty::NothingHappened,
        };
        match trouble.certainty {
            Certainty::Parked => Attempt::Parked,
            Certainty::Unknown if self.effect.changes() => Attempt::Unknown(failure.message),
            Certainty::NothingHappened | Certainty::Failed | Certainty::Unknown => {
                Attempt::Failed(failure, None)
            }
        }
    }

    async fn call_script(&self, deadline: Instant) -> Attempt {
        let limit = deadline.saturating_duration_since(Instant::now());
        let shell = match self.shell(limit) {
            Ok(shell) => shell,
            Err(failure) => return Attempt::Failed(failure, None),
        };
        let ended = shell.run(&self.cx, &self.world.masker).await;
        let message = ended.to_string();
        match ended {
            ShellEnd::Succeeded(outputs) => Attempt::Done(outputs),
            // It was not the script that failed: nothing of it was ever run.
            ShellEnd::NotStarted(Trouble { message, hint, .. }) => {
                let failure = Failure { stage: Stage::Input, message, hint, without_effect: true };
                Attempt::Failed(failure, None)
            }
            ShellEnd::Exit { .. } => {
                Attempt::Failed(Failure::new(Stage::Invocation, message), None)
            }
            ShellEnd::BadOutputs { outputs, .. } => {
                Attempt::Failed(Failure::new(Stage::Verification, message), Some(outputs))
            }
            ShellEnd::TimedOut { .. } | ShellEnd::Stopped | ShellEnd::Lost(_) => {
                self.troubled(self.cut_off(&message))
            }
        }
    }

    /// The script, ready for one attempt. Its keys to the account come from the context.
    pub(super) fn shell(&self, limit: Duration) -> Result<ShellRun, Failure> {
        let Body::Script { interpreter, text } = &self.block.body else {
            return Err(Failure::new(Stage::Input, "it is not a script"));
        };
        let log = self.world.store.output(&self.cx.run, &self.cx.step).map_err(|error| {
            Failure::new(Stage::Input, format!("its output cannot be kept: {error}"))
        })?;
        Ok(ShellRun {
            interpreter: *interpreter,
            text: text.value.clone(),
            env: self
                .cx
                .inputs
                .iter()
                .map(|(name, value)| (name.clone(), environment_text(value)))
                .collect(),
            outputs: OutputsWanted::from(&self.block.options.outputs),
            secrets: self.block.options.secrets.iter().map(|name| name.value.clone()).collect(),
            project: self.world.project.clone(),
            limit: Some(limit),
            log: Box::new(log),
        })
    }
}

/// An expression that could not be evaluated after the effect is a failed verification.
fn verification(failure: Failure) -> Failure {
    Failure { stage: Stage::Verification, ..failure }
}

fn short(duration: Duration) -> crate::model::duration::Short {
    crate::model::duration::Short(duration)
}

/// Enough of a text to understand it, and no more.
fn bounded(text: &str) -> String {
    const LIMIT: usize = 2_000;
    if text.len() <= LIMIT {
        return text.to_owned();
    }
    let mut cut = text.len() - LIMIT;
    while !text.is_char_boundary(cut) {
        cut += 1;
    }
    format!("… {}", &text[cut..])
}
