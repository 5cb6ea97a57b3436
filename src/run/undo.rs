//! Takes one step back, and looks whether it is really gone.

use super::guard;
use super::job::OwnedMaker;
use super::observe::Look;
use super::perform::{Attempt, Job};
use crate::actions::{Certainty, Trouble};
use crate::engine::outcome::{Failure, Observation, Stage};
use crate::model::id::StepKey;
use crate::model::step::Body;
use crate::model::value::Values;
use crate::plan::Reversal;
use std::time::Duration;

/// One step to take back.
pub(super) struct Undoing {
    /// The step itself, for its action's own undo and for its account.
    pub(super) job: Result<Job, Failure>,
    /// Its `undo=` block. It may lack outputs that only a look can find, so it is made late.
    pub(super) maker: OwnedMaker,
    pub(super) key: StepKey,
    pub(super) reversal: Reversal,
    pub(super) look: Look,
    /// What the step gave, if it is known.
    pub(super) outputs: Option<Values>,
    /// Whether it is certain that the step never had an effect.
    pub(super) untouched: bool,
    /// Whether it is a part of what a drill broke: that is owed until it is seen mended.
    pub(super) mends: bool,
}

/// How long an action's own undo may take beyond the timeout of the action itself.
const GRACE: Duration = Duration::from_secs(60);

impl Undoing {
    /// Takes it back. What is returned in words says what was special about it.
    pub(super) async fn undo(mut self) -> Result<Option<String>, Failure> {
        let job = match &self.job {
            Ok(job) => job,
            Err(failure) => return Err(failure.clone()),
        };
        guard::not_frozen(&job.world).map_err(|failure| go_on_with_undo(job, failure))?;
        // An action's own undo looks for itself. A block would be run against something that is not there.
        if self.untouched && self.reversal == Reversal::Block {
            return Ok(Some("it never took effect, so there is nothing to take back".to_owned()));
        }
        if let Some(target) = &job.cx.target {
            guard::check(&job.world, target).await?;
        }
        let mut seen = None;
        if self.outputs.is_none() && self.look.is_possible() {
            let observation = self.look.once().await;
            if let Observation::InPlace(outputs) = &observation {
                self.outputs = Some(outputs.clone());
            }
            seen = Some(observation);
            // Looking takes its time. The environment may have been frozen meanwhile.
            guard::not_frozen(&job.world).map_err(|failure| go_on_with_undo(job, failure))?;
        }
        match &self.reversal {
            Reversal::BuiltIn(_) => self.built_in(job).await?,
            Reversal::Block => {
                if let Some(note) = self.by_block(seen.as_ref()).await? {
                    return Ok(Some(note));
                }
            }
            Reversal::Irreversible(why) => {
                return Err(Failure::new(Stage::Input, format!("it cannot be taken back: {why}")));
            }
            Reversal::NotNeeded | Reversal::Nested => return Ok(None),
        }
        self.is_gone().await
    }

    async fn built_in(&self, job: &Job) -> Result<(), Failure> {
        let Body::Action { uses, .. } = &job.block.body else {
            return Err(Failure::new(Stage::Input, "a script has no undo of its own"));
        };
        let action = job.world.actions.get(&uses.value).ok_or_else(|| {
            Failure::new(Stage::Input, format!("this build cannot run `{}`", uses.value))
        })?;
        let limit = job.timeout + GRACE;
        let ended = tokio::time::timeout(limit, action.undo(&job.cx, self.outputs.as_ref())).await;
        ended
            .unwrap_or_else(|_| Err(Trouble::unknown("its undo did not end in time")))
            .map_err(failed)
    }

    async fn by_block(&self, seen: Option<&Observation>) -> Result<Option<String>, Failure> {
        let undo = match self.maker.maker().undo(&self.key, self.outputs.as_ref()) {
            Ok(undo) => undo,
            // The block needs outputs that do not exist because there is nothing to take back.
            Err(_) if seen == Some(&Observation::Absent) => {
                return Ok(Some("a look found nothing in place".to_owned()));
            }
            Err(failure) => return Err(failure),
        };
        match undo.perform().await {
            Attempt::Done(_) => Ok(None),
            Attempt::Failed(failure, _) => Err(failure),
            Attempt::Unknown(cause) => Err(Failure::new(
                Stage::Invocation,
                format!("whether it was taken back is unknown: {cause}"),
            )),
            Attempt::Parked => {
                Err(Failure::new(Stage::Invocation, "stopped at the operator's request"))
            }
        }
    }

    /// Each undo is followed by a check of its own.
    async fn is_gone(&self) -> Result<Option<String>, Failure> {
        if !self.look.is_possible() {
            return Ok(Some("nothing looks whether it is gone".to_owned()));
        }
        match self.look.once().await {
            Observation::Absent => Ok(None),
            Observation::CannotTell(why) if self.mends => Err(Failure::new(
                Stage::Verification,
                format!("its undo ended well, but whether it is mended cannot be told: {why}"),
            )),
            Observation::CannotTell(why) => {
                Ok(Some(format!("whether it is gone cannot be told: {why}")))
            }
            Observation::InPlace(_) => Err(Failure::new(
                Stage::Verification,
                "its undo ended well, but its effect is still in place",
            )),
        }
    }
}

fn failed(trouble: Trouble) -> Failure {
    let message = match trouble.certainty {
        Certainty::Unknown => format!("whether it was taken back is unknown: {}", trouble.message),
        _ => trouble.message,
    };
    Failure {
        stage: Stage::Invocation,
        message,
        hint: trouble.hint,
        without_effect: trouble.certainty == Certainty::NothingHappened,
    }
}

/// What a frozen environment means for a run that is on its way back.
fn go_on_with_undo(job: &Job, failure: Failure) -> Failure {
    failure.hint(format!(
        "When it may go on: `runbook thaw {}`, then `runbook undo {}`.",
        job.world.environment.name, job.cx.run
    ))
}
