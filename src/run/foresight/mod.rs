//! Looks ahead: what a run would find, what it would do, and whether it would be let in. Nothing is
//! changed by it, and what it finds has a digest that a run can be held to.

mod facts;
mod held;
mod known;
mod leaf;
mod look;
mod survey;
mod time;

pub use facts::Facts;
pub use held::{Expected, SHORTEST_DIGEST};
pub use look::{Look, Standing};
pub use time::{Expectation, expectation};

pub(super) use held::hold;

use super::RunError;
use super::guard::{self, NoEntry};
use super::world::World;
use crate::actions::context::Stop;
use crate::actions::preview::Looking;
use crate::engine::event::{Event, RunStarted};
use crate::engine::outcome::Failure;
use crate::engine::state::RunState;
use crate::model::id::{AccountName, RunId, StepKey};
use crate::model::secret::Secret;
use crate::model::value::Values;
use crate::plan::Plan;
use futures_util::future::join_all;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use survey::Survey;
use tokio::sync::{mpsc, watch};

/// How far a look may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Whether what only its author calls reading may be carried out: scripts, and calls of functions.
    pub trust_reads: bool,
    /// What actions may do to find out.
    pub looking: Looking,
}

/// What is to be looked at.
pub struct Ahead<'a> {
    /// The plan.
    pub plan: &'a Arc<Plan>,
    /// The parameters, checked and complete, without the secret ones.
    pub params: &'a Values,
    /// The secret ones.
    pub secrets: &'a BTreeMap<String, Secret>,
    /// How far to go.
    pub how: How,
    /// Why no account can be entered at all, when that is so: the sandbox does not run.
    pub no_way: Option<String>,
    /// How far the operator wants it to go.
    pub stop: watch::Receiver<Stop>,
}

/// What a look found.
pub struct Foresight {
    /// The accounts, and who we would be there.
    pub accounts: Vec<Door>,
    /// Why a run would not be let in now.
    pub refusals: Vec<Refusal>,
    /// Every step that was thought of, by its key in the run. A step inside one that was not opened is
    /// not in it.
    pub looks: BTreeMap<StepKey, Look>,
    /// What of it decides what a run does.
    pub facts: Facts,
}

/// One account of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Its logical name.
    pub name: AccountName,
    /// The twelve digits.
    pub id: String,
    /// Its Region.
    pub region: String,
    /// The ARN that STS reports, or why it does not.
    pub caller: Result<String, String>,
}

/// Why a run would not be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Which guard.
    pub guard: Guard,
    /// What it would say.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// What keeps runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The account is in `deny_accounts`.
    DeniedAccount,
    /// The credentials are those of another account.
    WrongAccount,
    /// Who we are there cannot be read.
    UnreadableAccount,
    /// Somebody froze the environment.
    Frozen,
    /// Another run holds the environment.
    Locked,
    /// The environment is production, and the runbook takes accounts down.
    Teardown,
}

impl Guard {
    /// Whether it stays shut until somebody opens it. The others may have opened by the time of a run.
    #[must_use]
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::DeniedAccount | Self::WrongAccount | Self::Frozen | Self::Teardown)
    }
}

/// Looks at everything in a plan that can be looked at.
///
/// # Errors
/// When the operator stopped it, or the state folder cannot be used.
pub async fn look_ahead(world: &World, ahead: Ahead<'_>) -> Result<Foresight, RunError> {
    let run = RunId::from_text("plan");
    let scratch = world.store.scratch(&run)?;
    let inside = World { store: Arc::new(scratch.store()), ..world.clone() };
    let book = &ahead.plan.root.book;
    let params =
        super::params::with_secrets(ahead.params.clone(), book, ahead.secrets, &world.masker)?;
    let (accounts, mut refusals, mut closed) = doors(world, &ahead).await?;
    refusals.extend(gates(world, ahead.plan)?);
    if let Some(why) = &ahead.no_way {
        let shut = (Standing::NotLookedAt, why.clone());
        closed.extend(ahead.plan.accounts().into_iter().map(|name| (name, shut.clone())));
    }
    let (reports, mut said) = mpsc::channel(64);
    // What a look says while it looks has no reader.
    let deaf = tokio::spawn(async move { while said.recv().await.is_some() {} });
    let state = RunState::begin(&Event::RunStarted(Box::new(began(world, &ahead, &run))))?;
    let mut survey = Survey {
        world: &inside,
        plan: ahead.plan,
        how: ahead.how,
        state,
        params: &params,
        secrets: ahead.secrets.keys().map(|name| format!("params.{name}")).collect(),
        closed,
        reports,
        stop: ahead.stop.clone(),
        looks: BTreeMap::new(),
        books: BTreeMap::new(),
        gaps: BTreeMap::new(),
        done: Default::default(),
        waiting: Vec::new(),
        open: Vec::new(),
    };
    let whole = survey.go().await;
    let looks = std::mem::take(&mut survey.looks);
    drop(survey);
    deaf.abort();
    if !whole {
        return Err(RunError::Stopped);
    }
    let facts = Facts::new(world, &ahead, &accounts, &looks);
    Ok(Foresight { accounts, refusals, looks, facts })
}

/// The first event of a run that never was.
fn began(world: &World, ahead: &Ahead<'_>, run: &RunId) -> RunStarted {
    RunStarted {
        run: run.clone(),
        runbook: ahead.plan.root.book.name.clone(),
        texts: BTreeMap::new(),
        steps: BTreeMap::new(),
        params: ahead.params.clone(),
        secret_params: ahead.secrets.keys().cloned().collect(),
        environment: world.environment.name.clone(),
        mode: world.environment.kind.into(),
        operator: world.operator.clone(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        accounts: BTreeMap::new(),
        reason: None,
    }
}

type Closed = BTreeMap<AccountName, (Standing, String)>;

/// Asks every account of the plan who we are there.
async fn doors(
    world: &World,
    ahead: &Ahead<'_>,
) -> Result<(Vec<Door>, Vec<Refusal>, Closed), RunError> {
    let names = ahead.plan.accounts();
    let targets = names
        .iter()
        .map(|name| guard::target(world, name, None))
        .collect::<Result<Vec<_>, Failure>>()?;
    let entered = join_all(targets.iter().map(|target| async move {
        match &ahead.no_way {
            // A denied account is denied whether or not it can be reached.
            Some(_) if !world.deny_accounts.contains(&target.id) => None,
            _ => Some(guard::enter(world, target).await),
        }
    }));
    let (mut doors, mut refusals, mut closed) = (Vec::new(), Vec::new(), Closed::new());
    for (target, entered) in targets.iter().zip(entered.await) {
        let no_way = || Err(ahead.no_way.clone().unwrap_or_default());
        let caller = match entered {
            None => no_way(),
            Some(Ok(seen)) => Ok(seen.caller.unwrap_or_default()),
            Some(Err(no)) => {
                let (guard, state) = match &no {
                    NoEntry::Denied(_) => (Guard::DeniedAccount, Standing::NotLookedAt),
                    NoEntry::Wrong(_) => (Guard::WrongAccount, Standing::NotLookedAt),
                    NoEntry::Unreadable(_) => (Guard::UnreadableAccount, Standing::CannotTell),
                };
                let refusal = refusal(guard, no.into());
                let why = format!("account `{}` cannot be entered", target.account);
                closed.insert(target.account.clone(), (state, why));
                refusals.push(refusal.clone());
                Err(refusal.message)
            }
        };
        let (name, id, region) = (target.account.clone(), target.id.clone(), target.region.clone());
        doors.push(Door { name, id, region, caller });
    }
    Ok((doors, refusals, closed))
}

fn refusal(guard: Guard, failure: Failure) -> Refusal {
    Refusal { guard, message: failure.message, hint: failure.hint.unwrap_or_default() }
}

/// What would keep a run out, beside the accounts.
fn gates(world: &World, plan: &Plan) -> Result<Vec<Refusal>, RunError> {
    let mut refusals = Vec::new();
    if let Err(failure) = guard::no_teardown(world, plan) {
        refusals.push(refusal(Guard::Teardown, failure));
    }
    if let Err(failure) = guard::not_frozen(world) {
        refusals.push(refusal(Guard::Frozen, failure));
    }
    let name = &world.environment.name;
    let changes = plan.walk().iter().any(|(_, planned, _)| planned.effect.changes());
    if let Some((holder, alive)) = world.store.holder(name)?.filter(|_| changes) {
        let life = match alive {
            Some(true) => "its process is alive",
            Some(false) => "its process is gone",
            None => "it cannot be judged from this machine",
        };
        refusals.push(Refusal {
            guard: Guard::Locked,
            message: format!(
                "environment `{name}` is held by run {} of {} on {}; {life}",
                holder.run, holder.user, holder.host
            ),
            hint: format!("`runbook status {}` shows where it stands.", holder.run),
        });
    }
    Ok(refusals)
}
