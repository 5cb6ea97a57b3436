//! Refuses what must not be done: in the wrong account, in a frozen environment.

use super::world::World;
use crate::actions::context::Target;
use crate::engine::event::{AccountSeen, RunStarted};
use crate::engine::outcome::{Failure, Question, Stage};
use crate::model::id::AccountName;
use crate::model::mode::{Effect, EnvironmentKind, Mode};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// The tag of runbooks that take accounts down.
const TEARDOWN: &str = "teardown";

/// The account and Region that a block acts in.
///
/// # Errors
/// When the environment has no such account.
pub(super) fn target(
    world: &World,
    name: &AccountName,
    region: Option<String>,
) -> Result<Target, Failure> {
    let environment = &world.environment;
    let account = environment.accounts.get(name).ok_or_else(|| {
        Failure::new(
            Stage::Guard,
            format!("environment `{}` has no account `{name}`", environment.name),
        )
        .hint(format!(
            "Add `{name}` under `environments.{}.accounts` in runbook.yaml.",
            environment.name
        ))
    })?;
    Ok(Target {
        account: name.clone(),
        id: account.id.clone(),
        region: region.unwrap_or_else(|| account.region.clone()),
    })
}

/// Why an account cannot be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// Nobody may.
    Denied(Failure),
    /// The credentials are those of another account.
    Wrong(Failure),
    /// Who we are there cannot be read.
    Unreadable(Failure),
}

impl From<NoEntry> for Failure {
    fn from(no: NoEntry) -> Self {
        match no {
            NoEntry::Denied(failure) | NoEntry::Wrong(failure) | NoEntry::Unreadable(failure) => {
                failure
            }
        }
    }
}

/// Asks STS who we are there, and refuses everything but the right account.
///
/// # Errors
/// When it is the wrong account, a denied one, or cannot be read.
pub(super) async fn check(world: &World, target: &Target) -> Result<AccountSeen, Failure> {
    Ok(enter(world, target).await?)
}

/// The same, and why not.
///
/// # Errors
/// As `check`.
pub(super) async fn enter(world: &World, target: &Target) -> Result<AccountSeen, NoEntry> {
    let denied = |id: &str| world.deny_accounts.iter().any(|denied| denied == id);
    let no_run = "No run may touch it. If that is wrong, correct `deny_accounts` in runbook.yaml.";
    if denied(&target.id) {
        let message = format!("account {} ({}) is in `deny_accounts`", target.id, target.account);
        return Err(NoEntry::Denied(refused(message, no_run)));
    }
    let caller = world.accounts.caller(target).await.map_err(|trouble| {
        let hint = trouble
            .hint
            .clone()
            .unwrap_or_else(|| "What cannot be checked is refused. Nothing was changed.".into());
        let message = format!("cannot tell who we are in {target}: {}", trouble.message);
        NoEntry::Unreadable(refused(message, hint))
    })?;
    if caller.account != target.id || denied(&caller.account) {
        return Err(NoEntry::Wrong(refused(
            format!(
                "wrong account: `{}` of environment `{}` is {}, but the credentials are for {} ({})",
                target.account, world.environment.name, target.id, caller.account, caller.arn
            ),
            format!(
                "Nothing was changed. Correct `environments.{}.accounts.{}` in runbook.yaml, or use the right credentials.",
                world.environment.name, target.account
            ),
        )));
    }
    Ok(AccountSeen { id: caller.account, region: target.region.clone(), caller: Some(caller.arn) })
}

/// Refuses a change while the environment is frozen.
///
/// # Errors
/// When it is frozen, or when that cannot be read.
pub(super) fn not_frozen(world: &World) -> Result<(), Failure> {
    let name = &world.environment.name;
    match world.store.frozen(name) {
        Ok(None) => Ok(()),
        Ok(Some(freeze)) => Err(refused(
            format!(
                "environment `{name}` is frozen by {} since {}: {}",
                freeze.by, freeze.at, freeze.reason
            ),
            format!("When it may go on: `runbook thaw {name}`, then `runbook resume`."),
        )),
        Err(error) => Err(refused(
            format!("cannot tell whether environment `{name}` is frozen: {error}"),
            "What cannot be checked is refused. Nothing was changed.",
        )),
    }
}

/// Refuses to take a production environment down, also when another runbook does it on its way.
///
/// # Errors
/// When the environment is one and the runbook, or one that it runs, is tagged `teardown`.
pub(super) fn no_teardown(world: &World, plan: &Plan) -> Result<(), Failure> {
    if world.environment.kind != EnvironmentKind::Production {
        return Ok(());
    }
    let takes_down =
        |tags: &[crate::source::Spanned<String>]| tags.iter().any(|tag| tag.value == TEARDOWN);
    let Some(book) = plan.books().into_iter().find(|book| takes_down(&book.front.tags)) else {
        return Ok(());
    };
    Err(refused(
        format!(
            "`{}` is tagged `{TEARDOWN}`, and environment `{}` is production",
            book.name, world.environment.name
        ),
        "Nothing was changed. It is for drill and sandbox environments only.",
    ))
}

/// Refuses to go on with a run in an environment that is of another kind by now: what it is evidence of, and what it may
/// break, was decided when it began.
///
/// # Errors
/// When the kind differs.
pub(super) fn same_kind(world: &World, began: &RunStarted) -> Result<(), Failure> {
    let (name, kind) = (&world.environment.name, world.environment.kind);
    if Mode::from(kind) == began.mode {
        return Ok(());
    }
    Err(refused(
        format!(
            "environment `{name}` is of kind {kind} now, and run {} began when it was another: it is a {} run",
            began.run, began.mode
        ),
        "Nothing was changed. Put its kind in runbook.yaml back; for another environment begin another run.",
    ))
}

/// Refuses to go on with a run in other accounts than those that it began in: what it did is there, and a look here
/// would find nothing and call it taken back.
///
/// # Errors
/// When the twelve digits or the Region of one differ.
pub(super) fn same_accounts(
    began: &RunStarted,
    now: &BTreeMap<String, AccountSeen>,
) -> Result<(), Failure> {
    let moved = began.accounts.iter().find_map(|(name, then)| {
        let now = now.get(name)?;
        ((&now.id, &now.region) != (&then.id, &then.region)).then_some((name, then, now))
    });
    let Some((name, then, now)) = moved else { return Ok(()) };
    Err(refused(
        format!(
            "account `{name}` is {} in {} now, and run {} began in {} in {}",
            now.id, now.region, began.run, then.id, then.region
        ),
        format!(
            "Nothing was changed. Put `environments.{}.accounts.{name}` in runbook.yaml back, then try again.",
            began.environment
        ),
    ))
}

/// What the operator must agree to before a step may start, if anything.
pub(super) fn gate(
    world: &World,
    effect: Effect,
    target: Option<&Target>,
    confirm: Option<String>,
) -> Option<Question> {
    if effect == Effect::Destroy && world.environment.kind == EnvironmentKind::Production {
        let id = target.map_or("this machine", |target| target.id.as_str());
        let text = confirm.unwrap_or_else(|| "This step destroys.".to_owned());
        return Some(Question::Phrase { text, phrase: format!("destroy in {id}") });
    }
    confirm.map(|text| Question::Agree { text })
}

fn refused(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::new(Stage::Guard, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::RunId;
    use crate::model::value::Values;

    fn seen(id: &str, region: &str) -> AccountSeen {
        AccountSeen { id: id.to_owned(), region: region.to_owned(), caller: None }
    }

    #[test]
    fn a_run_stays_in_the_accounts_and_regions_that_it_began_in() {
        let here = seen("111111111111", "eu-west-1");
        let began = RunStarted {
            run: RunId::from_text("r"),
            runbook: "drills/t".to_owned(),
            texts: [].into(),
            steps: [].into(),
            params: Values::new(),
            secret_params: Vec::new(),
            environment: "range".to_owned(),
            mode: Mode::Drill,
            operator: crate::engine::event::Operator::default(),
            tool: "0".to_owned(),
            accounts: [("data".to_owned(), here.clone())].into(),
            reason: None,
        };
        let now = |seen: AccountSeen| BTreeMap::from([("data".to_owned(), seen)]);
        let caller = Some("arn:aws:iam::111111111111:user/other".to_owned());
        assert!(same_accounts(&began, &now(AccountSeen { caller, ..here })).is_ok());
        for moved in [seen("222222222222", "eu-west-1"), seen("111111111111", "eu-central-1")] {
            let refused = same_accounts(&began, &now(moved)).expect_err("refused");
            assert!(refused.message.contains("began in 111111111111 in eu-west-1"), "{refused:?}");
        }
    }
}
