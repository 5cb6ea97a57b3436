//! Carries out one block: calls the action or the script, repeats it where the author says so, and
//! checks what is expected of it.

use super::inputs;
use super::scope::with_outputs;
use super::world::World;
use crate::actions::context::{Context, Report, Stop};
use crate::actions::shell::{ShellEnd, ShellRun};
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
        loop {
            let attempt = self.until().await;
            left -= 1;
            let Attempt::Failed(failure, _) = &attempt else { return attempt };
            let Some(retry) = self.block.options.retry.as_ref().filter(|_| left > 0) else { return attempt };
            self.cx.tell.say(Report::Waiting(format!("{}; {left} more attempts", failure.message))).await;
            if !self.cx.stop.sleep(retry.delay.value).await {
                return attempt;
            }
        }
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
            let every = self.block.options.every.as_ref().map_or(DEFAULT_EVERY, |every| every.value);
            if Instant::now() + every >= deadline {
                let message = format!("`{}` did not hold within {}", until.value, short(self.timeout));
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
                    let shown = self.world.masker.mask_value(&serde_json::Value::Object(outputs.clone()));
                    let message = format!("expected `{}`, but the outputs are {}", expectation.value, bounded(&shown.to_string()));
                    return Attempt::Failed(Failure::new(Stage::Verification, message), Some(outputs));
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
            Ok(outputs) => Attempt::Done(outputs),
            Err(trouble) => self.troubled(trouble),
        }
    }

    /// A call that was not waited for: harmless when it only reads, otherwise nobody knows.
    fn cut_off(&self, how: &str) -> Trouble {
        if self.effect.changes() { Trouble::unknown(how) } else { Trouble::failed(how) }
    }

    pub(super) fn troubled(&self, trouble: Trouble) -> Attempt {
        let failure = Failure { stage: Stage::Invocation, message: trouble.message, hint: trouble.hint };
        match trouble.certainty {
            Certainty::Parked => Attempt::Parked,
            Certainty::Unknown if self.effect.changes() => Attempt::Unknown(failure.message),
            Certainty::NothingHappened | Certainty::Failed | Certainty::Unknown => Attempt::Failed(failure, None),
        }
    }

    async fn call_script(&self, deadline: Instant) -> Attempt {
        let shell = match self.shell().await {
            Ok(shell) => shell,
            Err(trouble) => return self.troubled(trouble),
        };
        match shell.run(&self.cx, &self.world.masker, deadline).await {
            ShellEnd::Done(outputs) => Attempt::Done(outputs),
            ShellEnd::BadOutputs { message, outputs } => {
                Attempt::Failed(Failure::new(Stage::Verification, message), Some(outputs))
            }
            ShellEnd::Exit { status, last_lines } => {
                let mut message = status.to_string();
                if !last_lines.is_empty() {
                    message.push_str(": ");
                    message.push_str(&bounded(&last_lines.join("\n")));
                }
                Attempt::Failed(Failure::new(Stage::Invocation, message), None)
            }
            ShellEnd::NotStarted(message) => Attempt::Failed(Failure::new(Stage::Input, message), None),
            ShellEnd::TimedOut => self.troubled(self.cut_off(&format!("did not end within {}", short(self.timeout)))),
            ShellEnd::Stopped => self.troubled(self.cut_off("was stopped by the operator")),
        }
    }

    /// The script with its environment and the keys to its account.
    pub(super) async fn shell(&self) -> Result<ShellRun, Trouble> {
        let Body::Script { interpreter, text } = &self.block.body else {
            return Err(Trouble::nothing_happened("not a script"));
        };
        let mut environment: Vec<(String, crate::model::secret::Secret)> = self
            .cx
            .inputs
            .iter()
            .map(|(name, value)| (name.clone(), crate::model::secret::Secret::new(inputs::plain(value))))
            .collect();
        if let Some(target) = &self.cx.target {
            environment.extend(self.cx.accounts.child_environment(target).await?);
        }
        Ok(ShellRun {
            interpreter: *interpreter,
            text: text.value.clone(),
            environment,
            outputs: self.block.options.outputs.clone(),
            secrets: self.block.options.secrets.iter().map(|name| name.value.clone()).collect(),
            project: self.world.project.clone(),
            kept: self.world.store.output(&self.cx.run, &self.cx.step).ok(),
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
