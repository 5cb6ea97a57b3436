//! One step, looked at: is its effect in place, what does it read, what would it change?

use crate::actions::Action;
use crate::actions::context::Target;
use crate::actions::preview::{Looking, Preview};
use crate::engine::outcome::Observation;
use crate::model::step::Body;
use crate::model::value::Values;
use crate::run::inputs;
use crate::run::observe;
use crate::run::perform::{Attempt, Job};
use crate::run::scope::with_outputs;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// How long one look may take. A plan that takes longer to look at a step than a person would wait
/// says that it cannot tell.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a step stands before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its effect is there: nothing would be done.
    InPlace,
    /// Its effect is not there.
    NotInPlace,
    /// It reads, and it was read.
    Read,
    /// A run would stop here: something that is expected does not hold, or cannot be evaluated.
    WouldStop,
    /// It was looked at, and there was no answer.
    CannotTell,
    /// It was not looked at.
    NotLookedAt,
    /// It would be skipped.
    Skipped,
    /// It is only a bracket around other steps, which were looked at one by one.
    Group,
}

impl Standing {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::InPlace,
        Self::NotInPlace,
        Self::Read,
        Self::WouldStop,
        Self::CannotTell,
        Self::NotLookedAt,
        Self::Skipped,
        Self::Group,
    ];

    /// The words for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::InPlace => "in place",
            Self::NotInPlace => "not in place",
            Self::Read => "read",
            Self::WouldStop => "would stop here",
            Self::CannotTell => "cannot tell",
            Self::NotLookedAt => "not looked at",
            Self::Skipped => "skipped",
            Self::Group => "see its steps",
        }
    }
}

/// What a look at one step found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Look {
    /// How it stands.
    pub state: Standing,
    /// Why, where that needs saying.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The account it acts in, by its logical name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Region it acts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What it is given. What has no value yet is as it was written; a secret is only named.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub inputs: Values,
    /// Digests of files that decide what it does.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub pins: Values,
    /// What it would change.
    #[serde(flatten)]
    pub preview: Preview,
    /// What the operator would be asked to agree to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// What would be owed afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owes: Option<String>,
    /// How many elements its loop has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elements: Option<usize>,
}

impl Look {
    /// A look that found just this.
    #[must_use]
    pub fn new(state: Standing, why: impl Into<Option<String>>) -> Self {
        Self {
            state,
            why: why.into(),
            account: None,
            region: None,
            inputs: Values::new(),
            pins: Values::new(),
            preview: Preview::default(),
            confirm: None,
            owes: None,
            elements: None,
        }
    }

    pub(super) fn at(mut self, target: Option<&Target>) -> Self {
        self.account = target.map(|target| target.account.to_string());
        self.region = target.map(|target| target.region.clone());
        self
    }
}

/// What is to be looked at, and how.
pub(super) struct Task {
    pub(super) job: Job,
    pub(super) kind: Kind,
}

/// How to look.
pub(super) enum Kind {
    /// It reads: carry it out.
    Read,
    /// Look for its effect, and see what it would change.
    Effect(observe::Look),
    /// Its effect cannot be there yet, because of this. Only see what it would change.
    New(String),
}

/// What came of it.
pub(super) struct Found {
    pub(super) state: Standing,
    pub(super) why: Option<String>,
    pub(super) outputs: Option<Values>,
    pub(super) preview: Preview,
}

impl Found {
    fn new(state: Standing, why: impl Into<Option<String>>) -> Self {
        Self { state, why: why.into(), outputs: None, preview: Preview::default() }
    }
}

impl Task {
    /// Looks. Changes nothing, but for what `how` allows.
    pub(super) async fn look(mut self, how: Looking) -> Found {
        self.job.timeout = self.job.timeout.min(PATIENCE);
        match &self.kind {
            Kind::Read => self.read().await,
            Kind::Effect(look) => match tokio::time::timeout(PATIENCE, look.once()).await {
                Ok(Observation::InPlace(outputs)) => self.in_place(outputs),
                Ok(Observation::Absent) => {
                    self.preview(Found::new(Standing::NotInPlace, None), how).await
                }
                Ok(Observation::CannotTell(why)) => {
                    self.preview(Found::new(Standing::CannotTell, why), how).await
                }
                Err(_) => Found::new(Standing::CannotTell, late()),
            },
            Kind::New(why) => {
                let found = Found::new(Standing::NotInPlace, why.clone());
                let why = found.why.clone();
                // What cannot be seen without the new thing is no trouble: it will be there by then.
                Found { why, ..self.preview(found, how).await }
            }
        }
    }

    async fn read(&self) -> Found {
        let outputs = match self.job.once().await {
            Attempt::Done(outputs) => outputs,
            Attempt::Failed(failure, _) => {
                return Found::new(Standing::CannotTell, failure.message);
            }
            Attempt::Unknown(why) => return Found::new(Standing::CannotTell, why),
            Attempt::Parked => {
                return Found::new(Standing::CannotTell, "it was stopped".to_owned());
            }
        };
        if let Some(until) = &self.job.block.options.until {
            let scope = with_outputs(&self.job.scope, &outputs);
            match inputs::holds(until, self.job.source(), &scope) {
                Ok(true) => {}
                Ok(false) => {
                    let why = format!("it would wait: `{}` does not hold now", until.value.trim());
                    return Found::new(Standing::CannotTell, why);
                }
                Err(failure) => return Found::new(Standing::WouldStop, failure.message),
            }
        }
        self.expected(Standing::Read, outputs)
    }

    fn in_place(&self, outputs: Values) -> Found {
        self.expected(Standing::InPlace, outputs)
    }

    fn expected(&self, state: Standing, outputs: Values) -> Found {
        match self.job.expected(outputs) {
            Attempt::Done(outputs) => Found { outputs: Some(outputs), ..Found::new(state, None) },
            Attempt::Failed(failure, _) => Found::new(Standing::WouldStop, failure.message),
            Attempt::Unknown(why) => Found::new(Standing::CannotTell, why),
            Attempt::Parked => Found::new(Standing::CannotTell, "it was stopped".to_owned()),
        }
    }

    /// Adds what the step would change. That it cannot be told is worth saying, and no more than that.
    async fn preview(&self, mut found: Found, how: Looking) -> Found {
        let Some(action) = self.action() else { return found };
        let mut cx = self.job.cx.clone();
        let prepared = match tokio::time::timeout(PATIENCE, action.prepare(&cx)).await {
            Ok(Ok(memo)) => Ok(memo),
            Ok(Err(trouble)) => Err(trouble.message),
            Err(_) => Err(late()),
        };
        let previewed = match prepared {
            Ok(memo) => {
                cx.memo = memo;
                let preview = action.preview(&cx, how);
                // A change set must be deleted again, so asking for one is never dropped. It ends by itself.
                let preview = if how.change_sets {
                    Ok(preview.await)
                } else {
                    tokio::time::timeout(PATIENCE, preview).await
                };
                preview.map_err(|_| late()).and_then(|p| p.map_err(|trouble| trouble.message))
            }
            Err(message) => Err(message),
        };
        match previewed {
            Ok(preview) => found.preview = preview,
            Err(message) if found.why.as_ref().is_none_or(|why| *why != message) => {
                let as_it_is = format!("as things are now: {message}");
                found.why = Some(match found.why {
                    Some(why) => format!("{why}; {as_it_is}"),
                    None => as_it_is,
                });
            }
            Err(_) => {}
        }
        found
    }

    fn action(&self) -> Option<&Arc<dyn Action>> {
        match &self.job.block.body {
            Body::Action { uses, .. } => self.job.world.actions.get(&uses.value),
            Body::Script { .. } => None,
        }
    }
}

fn late() -> String {
    format!("there was no answer within {} seconds", PATIENCE.as_secs())
}
