//! A plan for programs. The names are stable; docs/plan.md lists them.

use super::Shown;
use super::rows::{Row, does, reversal};
use crate::model::project::{Access, Account};
use crate::plan::Reversal;
use crate::run::foresight::{Door, expectation};
use serde_json::{Value, json};

/// The whole plan.
pub(super) fn value(shown: &Shown<'_>) -> Value {
    let (plan, seen) = (shown.plan, shown.seen);
    let book = &plan.root.book;
    let time = expectation(plan, &seen.looks);
    let asks: Vec<Value> = shown
        .rows
        .0
        .iter()
        .filter_map(|row| row.asks.as_ref().map(|text| json!({ "step": row.key, "text": text })))
        .collect();
    let refusals: Vec<Value> = seen
        .refusals
        .iter()
        .map(|refusal| {
            json!({
                "guard": refusal.guard, "certain": refusal.guard.is_certain(),
                "message": refusal.message, "hint": refusal.hint,
            })
        })
        .collect();
    json!({
        "format": 1,
        "runbook": book.name, "title": book.front.title.as_ref().map(|title| &title.value),
        "digest": shown.digest,
        "environment": shown.environment.name, "kind": shown.environment.kind,
        "params": shown.gathered.values,
        "secret_params": shown.gathered.secrets.keys().collect::<Vec<_>>(),
        "accounts": seen.accounts.iter().map(|door| account(shown, door)).collect::<Vec<_>>(),
        "observed": shown.no_way.is_none(), "not_observed": shown.no_way,
        "notes": shown.notes, "refusals": refusals,
        "steps": shown.rows.0.iter().map(step).collect::<Vec<_>>(),
        "point_of_no_return": shown.rows.point_of_no_return().map(|row| &row.key),
        "asks": asks,
        "estimate_seconds": time.longest.as_secs(), "steps_without_estimate": time.without,
        "objective_seconds": book.front.rto.as_ref().map(|rto| rto.value.as_secs()),
        "health": book.health.iter().map(|health| json!({
            "probe": health.block.id.value, "title": health.title, "uses": does(&health.block),
        })).collect::<Vec<_>>(),
        "next": shown.next(),
    })
}

fn account(shown: &Shown<'_>, door: &Door) -> Value {
    let access = shown.environment.accounts.get(&door.name).map(access);
    json!({
        "name": door.name, "id": door.id, "region": door.region, "access": access,
        "caller": door.caller.as_ref().ok(), "not_asked": door.caller.as_ref().err(),
    })
}

/// How the credentials of an account are had.
pub(super) fn access(account: &Account) -> String {
    match &account.access {
        Access::Role(role) => format!("role {role}"),
        Access::Profile(profile) => format!("profile {profile}"),
        Access::Ambient => "the operator's own credentials".to_owned(),
    }
}

fn step(row: &Row<'_>) -> Value {
    let (step, planned, frame) = (row.step(), row.planned, row.frame);
    let options = &step.block.options;
    let looks: Vec<Value> = row
        .looks
        .iter()
        .map(|(key, look)| {
            let mut value = json!({ "step": key });
            if let (Value::Object(to), Ok(Value::Object(from))) =
                (&mut value, serde_json::to_value(look))
            {
                to.extend(from);
            }
            value
        })
        .collect();
    let state = row.state().map_or_else(|| json!("mixed"), |state| json!(state));
    json!({
        "step": row.key, "title": step.title, "runbook": frame.book.name,
        "phase": step.phase.and_then(|index| frame.book.phases.get(index)).map(|phase| &phase.title),
        "uses": does(&step.block), "effect": planned.effect, "account": planned.account,
        "needs": planned.needs.iter().map(|need| &frame.steps[*need].id).collect::<Vec<_>>(),
        "state": state, "looks": looks,
        "undo": reversal(planned),
        "irreversible": matches!(planned.reversal, Reversal::Irreversible(_)),
        "asks": row.asks,
        "condition": options.condition.as_ref().map(|text| &text.value),
        "for_each": options.for_each.as_ref().map(|text| &text.value),
        "timeout_seconds": planned.timeout.as_secs(),
        "estimate_seconds": options.estimate.as_ref().map(|time| time.value.as_secs()),
        "attempts": planned.attempts, "digest": planned.digest,
    })
}
