//! What happens around a step's effect: guards and looks before it, verification after it.

use super::guard;
use super::observe::Look;
use super::perform::{Attempt, Job};
use crate::engine::event::AccountSeen;
use crate::engine::outcome::{Failure, Memo, Observation, Question, Stage};
use crate::model::step::Body;
use crate::model::value::Values;

/// What the preparation of a step has to see to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Whether an agreement has been given for this start.
    pub(super) agreed: bool,
}

/// What it found.
pub(super) enum Preparation {
    /// The effect is there already.
    InPlace(Values),
    /// The operator must agree first.
    Gate(Question),
    /// It may start.
    Ready {
        /// Where, and as whom.
        account: Option<AccountSeen>,
        /// What undo will need.
        memo: Memo,
    },
    /// It must not start.
    Refused(Failure),
}

/// Finds out whether a step may start: who we are, whether there is anything to do, whether the
/// operator agrees, and what undo will need. It changes nothing.
pub(super) async fn prepare(job: &Job, look: &Look, wanted: Wanted) -> Preparation {
    let account = match account(job).await {
        Ok(account) => account,
        Err(failure) => return Preparation::Refused(failure),
    };
    if job.effect.changes() && look.is_possible() {
        match look.once().await {
            Observation::InPlace(outputs) => return in_place(job, outputs),
            // What cannot be told before the first attempt is no reason not to make it: nothing of
            // ours has happened yet.
            Observation::Absent | Observation::CannotTell(_) => {}
        }
    }
    if !wanted.agreed
        && let Some(question) = match gate(job) {
            Ok(question) => question,
            Err(failure) => return Preparation::Refused(failure),
        }
    {
        return Preparation::Gate(question);
    }
    match memo(job).await {
        Ok(memo) => Preparation::Ready { account, memo },
        Err(failure) => Preparation::Refused(failure),
    }
}

/// What the operator must agree to before this job may start.
pub(super) fn gate(job: &Job) -> Result<Option<Question>, Failure> {
    let confirm = job
        .block
        .options
        .confirm
        .as_ref()
        .map(|text| super::inputs::text(text, job.source(), &job.scope))
        .transpose()?;
    Ok(guard::gate(&job.world, job.effect, job.cx.target.as_ref(), confirm))
}

fn in_place(job: &Job, outputs: Values) -> Preparation {
    match job.expected(outputs) {
        Attempt::Done(outputs) => Preparation::InPlace(outputs),
        Attempt::Failed(failure, _) => {
            Preparation::Refused(Failure { stage: Stage::Guard, ..failure })
        }
        Attempt::Unknown(cause) => Preparation::Refused(Failure::new(Stage::Guard, cause)),
        Attempt::Parked => {
            Preparation::Refused(Failure::new(Stage::Guard, "stopped at the operator's request"))
        }
    }
}

/// Checks the account before a change. A read is let through: its credentials are those of the account.
async fn account(job: &Job) -> Result<Option<AccountSeen>, Failure> {
    let Some(target) = &job.cx.target else { return Ok(None) };
    if job.effect.changes() {
        return guard::check(&job.world, target).await.map(Some);
    }
    Ok(Some(AccountSeen { id: target.id.clone(), region: target.region.clone(), caller: None }))
}

async fn memo(job: &Job) -> Result<Memo, Failure> {
    let Body::Action { uses, .. } = &job.block.body else { return Ok(Memo::Null) };
    let Some(action) = job.world.actions.get(&uses.value) else { return Ok(Memo::Null) };
    // What the first start left is what undo must return to; a later start must not forget it.
    if !job.cx.memo.is_null() {
        return Ok(job.cx.memo.clone());
    }
    action.prepare(&job.cx).await.map_err(|trouble| Failure {
        stage: Stage::Guard,
        message: trouble.message,
        hint: trouble.hint,
        without_effect: false,
    })
}

/// Carries the step out, and looks afterwards whether its effect is really there.
pub(super) async fn perform_and_verify(job: &Job, look: &Look) -> Attempt {
    let attempt = job.perform().await;
    let (Attempt::Done(outputs), Look::Block(_)) = (&attempt, look) else { return attempt };
    match look.until_in_place().await {
        Observation::InPlace(seen) => {
            let mut outputs = outputs.clone();
            outputs.extend(seen);
            job.expected(outputs)
        }
        Observation::Absent => {
            let message =
                "it ended well, but its `observe=` block says that the effect is not in place";
            Attempt::Failed(Failure::new(Stage::Verification, message), Some(outputs.clone()))
        }
        Observation::CannotTell(why) => {
            let message = format!(
                "it ended well, but its `observe=` block cannot tell whether the effect is in place: {why}"
            );
            Attempt::Failed(Failure::new(Stage::Verification, message), Some(outputs.clone()))
        }
    }
}

/// Looks what became of a step whose outcome is unknown.
pub(super) async fn resolve(job: &Job, look: &Look) -> Result<Observation, Failure> {
    account(job).await?;
    let seen = look.once().await;
    let Observation::InPlace(outputs) = seen else { return Ok(seen) };
    Ok(match job.expected(outputs) {
        Attempt::Done(outputs) => Observation::InPlace(outputs),
        Attempt::Failed(failure, _) => Observation::CannotTell(failure.message),
        Attempt::Unknown(cause) => Observation::CannotTell(cause),
        Attempt::Parked => Observation::CannotTell("stopped at the operator's request".to_owned()),
    })
}
