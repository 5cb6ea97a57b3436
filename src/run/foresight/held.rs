//! A run that was told which plan to follow looks again before it begins, and does not begin when
//! anything that decides what it would do is otherwise.

use super::{Ahead, Facts, How, look_ahead};
use crate::actions::context::Stop;
use crate::actions::preview::Looking;
use crate::model::secret::Secret;
use crate::model::value::Values;
use crate::plan::Plan;
use crate::run::RunError;
use crate::run::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Fewer digits could be a mistake, or another plan's.
pub const SHORTEST_DIGEST: usize = 8;

/// How many differences are told. The rest is in a new plan.
const TOLD: usize = 12;

/// The plan that a run must follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    digest: String,
}

impl Expected {
    /// A digest, whole or its beginning.
    ///
    /// # Errors
    /// When it is no digest, or too short to mean one plan.
    pub fn new(text: &str) -> Result<Self, String> {
        let digest = text.trim().to_ascii_lowercase();
        if !digest.chars().all(|c| c.is_ascii_hexdigit()) || digest.len() > 64 {
            return Err(format!("`{text}` is not the digest of a plan"));
        }
        if digest.len() < SHORTEST_DIGEST {
            return Err(format!("`{text}` is too short: give at least {SHORTEST_DIGEST} digits"));
        }
        Ok(Self { digest })
    }
}

/// Refuses when the plan that was looked at is not the plan as it is now.
///
/// # Errors
/// Refused, with what differs as far as that was kept.
pub(in crate::run) async fn hold(
    world: &World,
    plan: &Arc<Plan>,
    (params, secrets): (&Values, &BTreeMap<String, Secret>),
    expected: &Expected,
    stop: watch::Receiver<Stop>,
) -> Result<(), RunError> {
    let wanted = &expected.digest;
    let kept = world.store.kept_plans(wanted)?;
    // What was looked at must be looked at again in the same way.
    let trust_reads = kept.values().any(|plan| plan["trust_reads"] == true);
    // A change set adds nothing to the facts.
    let how = How { trust_reads, looking: Looking::default() };
    let ahead = Ahead { plan, params, secrets, how, no_way: None, stop };
    let now = look_ahead(world, ahead).await?.facts;
    let digest = now.digest();
    if digest.starts_with(wanted) {
        return Ok(());
    }
    let mut message =
        format!("the plan {wanted} does not hold any more: it is {} now", &digest[..16]);
    match kept.values().collect::<Vec<_>>().as_slice() {
        [then] => {
            let differences = Facts::kept(&then["facts"]).differences(&now);
            for difference in differences.iter().take(TOLD) {
                message.push_str(&format!("\n  {difference}"));
            }
            if differences.len() > TOLD {
                message.push_str(&format!("\n  and {} more", differences.len() - TOLD));
            }
        }
        [] => message.push_str(
            "\n  what differs cannot be told: what that plan found is not kept in this state folder",
        ),
        _ => message.push_str("\n  several plans begin so: give more digits to learn what differs"),
    }
    let book = &plan.root.book.name;
    let environment = &world.environment.name;
    Err(RunError::Refused {
        message,
        hint: format!(
            "Look again with `runbook plan {book} --env {environment}` and the same parameters."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_may_be_abbreviated_but_not_to_nothing() {
        assert!(Expected::new("0123ABCD").is_ok());
        assert_eq!(Expected::new("0123ABCD").unwrap().digest, "0123abcd");
        for bad in ["", "0123abc", "not-a-digest", &"0".repeat(65)] {
            assert!(Expected::new(bad).is_err(), "{bad}");
        }
    }
}
