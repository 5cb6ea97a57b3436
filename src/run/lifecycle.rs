//! Begins runs, takes them up again, takes them back, and gives them up.

use super::broken::{self, Began, mend_only, only_in_drills};
use super::decisions::{are_by_hand, decide, retry_what_is_safe};
use super::driver::{Driver, Io};
use super::foresight::{Expected, hold};
use super::open::{Reopened, reopen, texts};
use super::redact::{self, Withheld};
use super::world::{Decision, Ended, Wishes, World};
use super::{RunError, guard, params, revision};
use crate::actions::manual;
use crate::actions::shell::end_orphans;
use crate::engine::decide::points_passed;
use crate::engine::event::{AccountSeen, Event, Operator, RunStarted};
use crate::engine::faults::Faults;
use crate::engine::state::{RunState, RunStatus, StepStatus};
use crate::mask::Masker;
use crate::model::action::Catalog;
use crate::model::id::{RunId, StepKey};
use crate::model::secret::Secret;
use crate::model::value::Values;
use crate::plan::{Plan, digest_of};
use crate::store::{EnvironmentLock, Holder, Journal, Store};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a new run is made of.
pub struct Begin {
    /// What it will do.
    pub plan: Plan,
    /// The parameters, checked and complete, without the secret ones.
    pub params: Values,
    /// The secret ones.
    pub secret_params: BTreeMap<String, Secret>,
    /// The plan that it must follow, if it was told one.
    pub expected: Option<Expected>,
}

/// What is decided about a run that goes on.
#[derive(Default)]
pub struct GoOn {
    /// About single steps.
    pub decisions: Vec<Decision>,
    /// The plan of the files as they are now, when it is to go on with them and not with those it began with.
    pub adopt: Option<Plan>,
}

/// A name for a new run: unlike any other, and sorted behind the newest one.
///
/// The time in it is for people. When the clock was set back, or two runs begin in one second, it is the
/// second after the newest run's: which run is the newest must not depend on a clock.
#[must_use]
pub fn new_id(at: Timestamp, newest: Option<&RunId>, random: u32) -> RunId {
    const FORMAT: &str = "%Y%m%d-%H%M%S";
    let before = newest.and_then(|run| {
        let (time, _) = run.as_str().rsplit_once('-')?;
        let time = jiff::civil::DateTime::strptime(FORMAT, time).ok()?;
        let next = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        next.checked_add(jiff::SignedDuration::from_secs(1)).ok()
    });
    let at = before.map_or(at, |before| at.max(before));
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstvwxyz23456789";
    let mut rest = random as usize;
    let suffix: String = (0..4)
        .map(|_| {
            let letter = char::from(LETTERS[rest % LETTERS.len()]);
            rest /= LETTERS.len();
            letter
        })
        .collect();
    RunId::from_text(format!("{}-{suffix}", at.strftime(FORMAT)))
}

/// Begins a run and drives it until it stands still or is over.
///
/// # Errors
/// When a guard refuses it, the environment is taken, or the journal cannot be written.
pub async fn start(
    world: World,
    begin: Begin,
    run: RunId,
    wishes: Wishes,
    mut io: Io,
) -> Result<Ended, RunError> {
    let Begin { plan, params, secret_params, expected } = begin;
    let plan = Arc::new(plan);
    only_in_drills(&world, &plan)?;
    guard::no_teardown(&world, &plan)?;
    guard::not_frozen(&world)?;
    let lock = lock(&world, &plan, &run)?;
    let accounts = check_accounts(&world, &plan).await?;
    if let Some(expected) = &expected {
        io.reporters
            .iter_mut()
            .for_each(|reporter| reporter.note("looking whether the plan still holds"));
        // Under the lock, so that no other run comes in between.
        hold(&world, &plan, (&params, &secret_params), expected, io.stop.clone()).await?;
    }
    let began = RunStarted {
        run: run.clone(),
        runbook: plan.root.book.name.clone(),
        texts: texts(&plan).iter().map(|(name, text)| (name.clone(), digest_of(text))).collect(),
        steps: revision::digests(&plan),
        params: params.clone(),
        secret_params: secret_params.keys().cloned().collect(),
        environment: world.environment.name.clone(),
        mode: world.environment.kind.into(),
        operator: world.operator.clone(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        accounts,
        reason: wishes.reason.clone(),
    };
    let journal = world.store.create(&run, &texts(&plan))?;
    let params = params::with_secrets(params, &plan.root.book, &secret_params, &world.masker)?;
    let first = Event::RunStarted(Box::new(began));
    let state = RunState::begin(&first)?;
    let mut driver = Driver::new(world, plan, state, params, wishes, (Box::new(journal), lock, io));
    driver.record_first(first)?;
    driver.drive().await
}

/// Takes a run up where it stands.
///
/// # Errors
/// When the run is over or alive elsewhere, when a step needs a decision that was not given, or when
/// a guard refuses it.
pub async fn resume(
    world: World,
    run: &RunId,
    GoOn { decisions, adopt }: GoOn,
    secrets: BTreeMap<String, Secret>,
    wishes: Wishes,
    io: Io,
) -> Result<Ended, RunError> {
    let mut driver = take_up(world, run, &secrets, wishes, io).await?;
    guard::no_teardown(&driver.world, &driver.plan)?;
    let stuck = driver.state.status == RunStatus::Stuck;
    if driver.state.status.is_over() || (stuck && !are_by_hand(&driver, &decisions)) {
        return Err(RunError::Usage {
            message: format!(
                "run {run} is {}; there is nothing to resume",
                driver.state.status.word()
            ),
            hint: if stuck {
                format!(
                    "Finish by hand what is listed by `runbook status {run}`. Then `runbook undo {run}` tries again, and `runbook resume {run} --step STEP=done --reason '…'` says that you took that step back."
                )
            } else {
                format!("`runbook status {run}` shows what it did.")
            },
        });
    }
    let (revised, changed) = match adopt {
        Some(plan) => revision::adopt(&mut driver, plan, &decisions)?,
        None => (None, BTreeSet::new()),
    };
    if revised.is_some() {
        allow(&mut driver, run).await?;
    }
    let operator = driver.world.operator.clone();
    let reason = driver.wishes.reason.clone();
    if !stuck {
        driver.stage(Event::RunResumed { operator: operator.clone(), reason, revised })?;
    }
    mark_lost(&mut driver)?;
    for decision in decisions {
        decide(&mut driver, decision, &changed)?;
    }
    if stuck {
        driver.stage(Event::UndoBegun { operator })?;
    } else if !driver.state.undoing {
        retry_what_is_safe(&mut driver)?;
    }
    driver.drive().await
}

/// Asks of a plan that has changed what `start` asks of a new one.
async fn allow(driver: &mut Driver, run: &RunId) -> Result<(), RunError> {
    only_in_drills(&driver.world, &driver.plan)?;
    guard::no_teardown(&driver.world, &driver.plan)?;
    check_accounts(&driver.world, &driver.plan).await?;
    if driver.lock.is_none() {
        driver.lock = lock(&driver.world, &driver.plan, run)?;
    }
    Ok(())
}

/// Takes everything back that a run started.
///
/// # Errors
/// When the run is past a point of no return, is over, or is alive elsewhere.
pub async fn undo(
    world: World,
    run: &RunId,
    secrets: BTreeMap<String, Secret>,
    wishes: Wishes,
    io: Io,
) -> Result<Ended, RunError> {
    // Each undo is a change. A freeze that comes later stops before the next one.
    let environment = &world.environment.name;
    guard::not_frozen(&world).map_err(|failure| {
        failure.hint(format!(
            "Nothing was changed. When it may go on: `runbook thaw {environment}`, then `runbook undo {run}`."
        ))
    })?;
    let mut driver = take_up(world, run, &secrets, wishes, io).await?;
    let passed = points_passed(&driver.plan, &driver.state);
    let broken = Faults::of(&driver.plan, &driver.state).standing().next().is_some();
    if broken && !passed.is_empty() && !driver.state.status.is_over() {
        driver.note("past a point of no return: only what was broken on purpose is mended");
        return mend_only(driver).await;
    }
    if let Some((step, why)) = passed.first() {
        return Err(RunError::Refused {
            message: format!(
                "run {run} is past a point of no return: step `{step}` cannot be taken back ({why})"
            ),
            hint: format!("Nothing was changed. The way is forward: `runbook resume {run}`."),
        });
    }
    if driver.state.status.is_over() {
        return Err(RunError::Usage {
            message: format!(
                "run {run} is {}; it cannot be taken back any more",
                driver.state.status.word()
            ),
            hint: "To return to the state before, run the runbook that leads there.".to_owned(),
        });
    }
    let operator = driver.world.operator.clone();
    if driver.state.status != RunStatus::Stuck {
        driver.stage(Event::RunResumed {
            operator: operator.clone(),
            reason: driver.wishes.reason.clone(),
            revised: None,
        })?;
    }
    mark_lost(&mut driver)?;
    driver.stage(Event::UndoBegun { operator })?;
    driver.drive().await
}

/// Answers the question of a waiting step. The run goes on with `resume`.
///
/// # Errors
/// When the step does not wait, or the values do not fit the question.
pub fn answer(
    store: &Store,
    catalog: &Catalog,
    masker: &Masker,
    (run, step): (&RunId, &StepKey),
    values: &Values,
    (by, at): (&str, Timestamp),
) -> Result<(), RunError> {
    let Reopened { mut journal, mut state, plan, .. } = reopen(store, catalog, run, &mut |_| {})?;
    let StepStatus::Waiting(question) = state.status_of(step).clone() else {
        let waiting =
            state.steps.iter().find(|(_, step)| matches!(step.status, StepStatus::Waiting(_)));
        return Err(RunError::Usage {
            message: format!(
                "step `{step}` of run {run} is {}; it waits for no answer",
                state.status_of(step).word()
            ),
            hint: waiting.map_or_else(
                || format!("No step waits. `runbook status {run}` shows where the run stands."),
                |(key, _)| format!("The step that waits is `{key}`."),
            ),
        });
    };
    if question.is_secret() {
        return Err(RunError::Usage {
            message: format!(
                "step `{step}` asks for a secret, and what is answered here would be kept in the journal"
            ),
            hint: format!(
                "`runbook resume {run}` at a terminal asks for it, and keeps it in memory only."
            ),
        });
    }
    let values = manual::accept(&question, values, by).map_err(|mistakes| RunError::Usage {
        message: format!("the answer does not fit: {}", mistakes.join("; ")),
        hint: format!("`runbook status {run}` shows the question."),
    })?;
    let event = Event::StepAnswered { step: step.clone(), by: by.to_owned(), values };
    state.apply(&event)?;
    journal.append(at, &[redact::journal_copy(event, &plan, masker, &Withheld::default())])?;
    Ok(journal.close()?)
}

/// Gives a run up as it is. What it owes stays owed.
///
/// # Errors
/// When the run is over, or alive elsewhere, or what it broke on purpose is not mended: a run that is over is not taken
/// back any more.
pub fn abort(
    store: &Store,
    catalog: &Catalog,
    run: &RunId,
    (reason, by): (&str, &Operator),
    at: Timestamp,
) -> Result<(), RunError> {
    let Reopened { mut journal, mut state, plan, .. } = reopen(store, catalog, run, &mut |_| {})?;
    broken::is_mended(&plan, &state)?;
    let event = Event::RunAborted { reason: format!("{reason} ({}@{})", by.user, by.host) };
    if state.apply(&event).is_err() {
        return Err(RunError::Usage {
            message: format!("run {run} is {}; there is nothing to give up", state.status.word()),
            hint: format!("`runbook status {run}` shows what it did."),
        });
    }
    journal.append(at, &[event])?;
    Ok(journal.close()?)
}

/// Opens a run for writing, with its lock, its accounts and its secrets.
pub(super) async fn take_up(
    world: World,
    run: &RunId,
    secrets: &BTreeMap<String, Secret>,
    wishes: Wishes,
    mut io: Io,
) -> Result<Driver, RunError> {
    let mut began = Began::default();
    let Reopened { journal, state, plan, torn } =
        reopen(&world.store, &world.catalog, run, &mut |recorded| {
            began.event(recorded.at, &recorded.event);
        })?;
    if state.began.environment != world.environment.name {
        return Err(RunError::Internal(format!(
            "run {run} belongs to environment `{}`",
            state.began.environment
        )));
    }
    guard::same_kind(&world, &state.began)?;
    let lock = lock(&world, &plan, run)?;
    let accounts = check_accounts(&world, &plan).await?;
    guard::same_accounts(&state.began, &accounts)?;
    // Before anything is looked at: a script that is still at it would change what is seen.
    let ended = end_orphans(run).await;
    if ended > 0 {
        for reporter in &mut io.reporters {
            reporter.note(&format!(
                "{ended} processes of a script that had lost its runbook were ended"
            ));
        }
    }
    if let Some(torn) = &torn {
        for reporter in &mut io.reporters {
            reporter.note(&format!(
                "the journal's last line was cut off ({} bytes): it was never written",
                torn.bytes
            ));
        }
    }
    let missing = state.began.secret_params.iter().find(|name| !secrets.contains_key(*name));
    if let Some(name) = missing {
        return Err(RunError::Usage {
            message: format!("parameter `{name}` is secret, so it was not kept"),
            hint: format!(
                "Give it again: set RUNBOOK_PARAM_{}, or `-p {name}=@FILE`.",
                name.to_uppercase()
            ),
        });
    }
    let params =
        params::with_secrets(state.began.params.clone(), &plan.root.book, secrets, &world.masker)?;
    let mut driver =
        Driver::new(world, Arc::new(plan), state, params, wishes, (Box::new(journal), lock, io));
    driver.began = began;
    Ok(driver)
}

/// Steps that were under way when the process ended: nobody knows.
pub(super) fn mark_lost(driver: &mut Driver) -> Result<(), RunError> {
    let lost: Vec<StepKey> = driver
        .state
        .steps
        .iter()
        .filter(|(_, step)| step.status == StepStatus::Running)
        .map(|(key, _)| key.clone())
        .collect();
    for step in lost {
        let cause = "the process that ran it ended before its result was known".to_owned();
        driver.stage(Event::StepUnknown { step, cause })?;
    }
    Ok(())
}

/// The environment's lock, for a run that changes anything.
fn lock(world: &World, plan: &Plan, run: &RunId) -> Result<Option<EnvironmentLock>, RunError> {
    if !plan.walk().iter().any(|(_, planned, _)| planned.effect.changes()) {
        return Ok(None);
    }
    let holder = Holder {
        run: run.clone(),
        user: world.operator.user.clone(),
        host: world.operator.host.clone(),
        pid: world.operator.pid,
        started_at: (world.clock)(),
    };
    Ok(Some(world.store.lock_environment(&world.environment.name, &holder)?))
}

async fn check_accounts(
    world: &World,
    plan: &Plan,
) -> Result<BTreeMap<String, AccountSeen>, RunError> {
    let mut seen = BTreeMap::new();
    for name in plan.accounts() {
        let target = guard::target(world, &name, None)?;
        seen.insert(name.to_string(), guard::check(world, &target).await?);
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_run_is_the_newest_whatever_the_clock_says() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let noon = at("2026-11-22T12:00:00Z");
        let mut newest = new_id(noon, None, 7);
        assert!(newest.as_str().starts_with("20261122-120000-"), "{newest}");
        for (now, random) in [(noon, 0), (at("2026-11-22T11:00:00Z"), 9), (noon, 1)] {
            let next = new_id(now, Some(&newest), random);
            assert!(next > newest, "{next} is sorted before {newest}");
            newest = next;
        }
        let later = new_id(at("2026-11-22T13:00:00Z"), Some(&newest), 0);
        assert!(later.as_str().starts_with("20261122-130000-"), "{later}");
        let strange = new_id(noon, Some(&RunId::from_text("r1")), 0);
        assert!(strange.as_str().starts_with("20261122-120000-"), "{strange}");
    }
}
