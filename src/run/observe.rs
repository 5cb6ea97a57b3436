//! Looks whether the effect of a step is in place. It only reads.

use super::inputs;
use super::perform::{Attempt, Job};
use super::scope::with_outputs;
use crate::engine::outcome::Observation;
use crate::model::step::{Block, Body};
use std::time::{Duration, Instant};

/// How long the verification after a step may take when the author does not say.
const DEFAULT_WITHIN: Duration = Duration::from_secs(60);

/// How long to wait between two looks.
const DEFAULT_EVERY: Duration = Duration::from_secs(2);

/// How to look for the effect of a step.
pub(super) enum Look {
    /// The author's `observe=` block, as a job of its own.
    Block(Box<Job>),
    /// The action's own look.
    BuiltIn(Box<Job>),
    /// Nobody said how.
    Impossible,
}

impl Look {
    /// Looks once.
    pub(super) async fn once(&self) -> Observation {
        match self {
            Self::Block(job) => block(job).await,
            Self::BuiltIn(job) => {
                match built_in(&job.block).and_then(|name| job.world.actions.get(name)) {
                    Some(action) => action.observe(&job.cx).await,
                    None => Observation::CannotTell("this build cannot look".to_owned()),
                }
            }
            Self::Impossible => {
                Observation::CannotTell("the step has no `observe=` block".to_owned())
            }
        }
    }

    /// Looks until the effect is in place, or the time for it is over. The last answer counts.
    pub(super) async fn until_in_place(&self) -> Observation {
        let Self::Block(job) = self else { return self.once().await };
        let options = &job.block.options;
        let every = options.every.as_ref().map_or(DEFAULT_EVERY, |every| every.value);
        let deadline =
            Instant::now() + options.within.as_ref().map_or(DEFAULT_WITHIN, |within| within.value);
        loop {
            let seen = self.once().await;
            if !matches!(seen, Observation::Absent) || Instant::now() + every >= deadline {
                return seen;
            }
            if !job.cx.stop.sleep(every).await {
                return seen;
            }
        }
    }

    /// Whether there is anything to look with.
    pub(super) const fn is_possible(&self) -> bool {
        !matches!(self, Self::Impossible)
    }
}

fn built_in(block: &Block) -> Option<&str> {
    match &block.body {
        Body::Action { uses, .. } => Some(&uses.value),
        Body::Script { .. } => None,
    }
}

async fn block(job: &Job) -> Observation {
    if matches!(job.block.body, Body::Script { .. }) {
        return match job.shell(job.timeout) {
            Ok(shell) => shell.observe(&job.cx, &job.world.masker).await,
            Err(failure) => Observation::CannotTell(failure.message),
        };
    }
    match job.perform().await {
        Attempt::Done(outputs) => match &job.block.options.holds {
            None => Observation::InPlace(outputs),
            Some(holds) => {
                match inputs::holds(holds, job.source(), &with_outputs(&job.scope, &outputs)) {
                    Ok(true) => Observation::InPlace(outputs),
                    Ok(false) => Observation::Absent,
                    Err(failure) => Observation::CannotTell(failure.message),
                }
            }
        },
        Attempt::Failed(failure, _) if says_not_found(&failure.message) => Observation::Absent,
        Attempt::Failed(failure, _) => Observation::CannotTell(failure.message),
        Attempt::Unknown(cause) => Observation::CannotTell(cause),
        Attempt::Parked => Observation::CannotTell("stopped at the operator's request".to_owned()),
    }
}

/// Whether an error says that the thing looked for does not exist. AWS has no single code for it.
fn says_not_found(message: &str) -> bool {
    ["NotFound", "NoSuch", "does not exist", "404"].iter().any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::says_not_found;

    #[test]
    fn a_missing_thing_is_told_from_a_closed_door() {
        assert!(says_not_found("kms:DescribeKey: NotFoundException: Alias x is not found"));
        assert!(says_not_found("s3:GetObject: NoSuchKey"));
        assert!(!says_not_found("kms:DescribeKey: AccessDeniedException: not authorized"));
    }
}
