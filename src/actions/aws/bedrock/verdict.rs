//! What the answers of several calls of a model mean together. Pure, so that every case can be tested.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What one call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The model answered.
    Fine,
    /// Bedrock answered with this status and this name of an error.
    Refused(u16, String),
    /// The call was sent, and no answer came.
    Silent,
    /// No connection could be made.
    Unreached,
}

/// Whose trouble a failed call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Outage,
    Capacity,
    Configuration,
    Unreached,
}

/// What they mean together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Healthy,
    Degraded,
    Outage,
    Capacity,
    Configuration,
    Unreachable,
    Unclear,
}

impl Verdict {
    /// Every verdict.
    pub(super) const ALL: [Self; 7] = [
        Self::Healthy,
        Self::Degraded,
        Self::Outage,
        Self::Capacity,
        Self::Configuration,
        Self::Unreachable,
        Self::Unclear,
    ];

    /// Its word in outputs and inputs.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Outage => "outage",
            Self::Capacity => "capacity",
            Self::Configuration => "configuration",
            Self::Unreachable => "unreachable",
            Self::Unclear => "unclear",
        }
    }

    /// What it means for whoever is on call.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Healthy => "the model answers",
            Self::Degraded => {
                "a few calls fail on Bedrock's side, and most succeed: retries carry this, and it may get worse"
            }
            Self::Outage => "Bedrock fails there: this is what another Region helps against",
            Self::Capacity => {
                "Bedrock works and has no room for this account: slow down, or raise the quota. Another Region has its own quota, which may be smaller"
            }
            Self::Configuration => {
                "Bedrock works and refuses this request: access, policy or model id are ours to mend. Another Region would refuse it, too"
            }
            Self::Unreachable => {
                "no connection could be made from here: a private endpoint, a name, a route, or the whole Region. Try from another network before you blame Bedrock"
            }
            Self::Unclear => {
                "the calls fail for different reasons, so it cannot be told which one matters"
            }
        }
    }
}

/// 500, 503, 408 and 424 are Bedrock's own trouble, 429 and a model that is not ready are a lack of room, and
/// the rest of the four hundreds is about the request.
fn class(outcome: &Outcome) -> Option<Class> {
    match outcome {
        Outcome::Fine => None,
        Outcome::Silent => Some(Class::Outage),
        Outcome::Unreached => Some(Class::Unreached),
        Outcome::Refused(status, code) => Some(match (*status, code.as_str()) {
            (_, "ModelNotReadyException" | "ThrottlingException") | (429, _) => Class::Capacity,
            (408 | 424 | 500.., _) => Class::Outage,
            _ => Class::Configuration,
        }),
    }
}

/// The verdict over all calls.
pub(super) fn verdict(outcomes: &[Outcome]) -> Verdict {
    let mut counts: BTreeMap<Class, usize> = BTreeMap::new();
    for class in outcomes.iter().filter_map(class) {
        *counts.entry(class).or_default() += 1;
    }
    let outages = counts.get(&Class::Outage).copied().unwrap_or_default();
    let mostly_down = 2 * outages >= outcomes.len();
    match counts.keys().copied().collect::<Vec<_>>()[..] {
        [] => Verdict::Healthy,
        [Class::Outage] if mostly_down => Verdict::Outage,
        [Class::Outage] => Verdict::Degraded,
        [Class::Capacity] => Verdict::Capacity,
        [Class::Configuration] => Verdict::Configuration,
        [Class::Unreached] => Verdict::Unreachable,
        // What is down sheds load, and what is down drops connections.
        [Class::Outage, Class::Capacity | Class::Unreached] if mostly_down => Verdict::Outage,
        _ => Verdict::Unclear,
    }
}

/// The failures by kind, with how often each was met.
pub(super) fn failures(outcomes: &[Outcome]) -> Vec<Value> {
    let mut counts: BTreeMap<(u16, String), u64> = BTreeMap::new();
    for outcome in outcomes {
        let kind = match outcome {
            Outcome::Fine => continue,
            Outcome::Refused(status, code) => (*status, code.clone()),
            Outcome::Silent => (0, "no answer".to_owned()),
            Outcome::Unreached => (0, "no connection".to_owned()),
        };
        *counts.entry(kind).or_default() += 1;
    }
    let as_value = |((status, code), count): ((u16, String), u64)| {
        let status = if status == 0 { Value::Null } else { status.into() };
        json!({ "status": status, "code": code, "count": count })
    };
    counts.into_iter().map(as_value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> Outcome {
        Outcome::Refused(status, code.to_owned())
    }

    #[test]
    fn outage_capacity_and_configuration_are_told_apart() {
        for (status, code, wanted) in [
            (500, "InternalServerException", Verdict::Outage),
            (503, "ServiceUnavailableException", Verdict::Outage),
            (502, "", Verdict::Outage),
            (408, "ModelTimeoutException", Verdict::Outage),
            (424, "ModelErrorException", Verdict::Outage),
            (429, "ThrottlingException", Verdict::Capacity),
            (429, "ModelNotReadyException", Verdict::Capacity),
            (400, "ThrottlingException", Verdict::Capacity),
            (403, "AccessDeniedException", Verdict::Configuration),
            (404, "ResourceNotFoundException", Verdict::Configuration),
            (400, "ValidationException", Verdict::Configuration),
        ] {
            assert_eq!(verdict(&vec![refused(status, code); 5]), wanted, "{status} {code}");
        }
        assert_eq!(verdict(&[Outcome::Silent, Outcome::Silent]), Verdict::Outage);
        assert_eq!(verdict(&[Outcome::Unreached]), Verdict::Unreachable);
        assert_eq!(verdict(&[Outcome::Fine]), Verdict::Healthy);
    }

    #[test]
    fn one_failure_among_many_is_no_outage_and_one_refusal_is_no_access() {
        let mut calls = vec![Outcome::Fine; 4];
        calls.push(refused(503, "ServiceUnavailableException"));
        assert_eq!(verdict(&calls), Verdict::Degraded);
        calls[4] = refused(403, "AccessDeniedException");
        assert_eq!(verdict(&calls), Verdict::Configuration);
    }

    #[test]
    fn an_outage_that_sheds_load_is_an_outage_and_a_mixture_with_a_refusal_is_not() {
        let down = refused(503, "ServiceUnavailableException");
        let full = refused(429, "ThrottlingException");
        assert_eq!(verdict(&[down.clone(), down.clone(), full.clone()]), Verdict::Outage);
        assert_eq!(verdict(&[down.clone(), full.clone(), full]), Verdict::Unclear);
        assert_eq!(verdict(&[down, refused(403, "AccessDeniedException")]), Verdict::Unclear);
    }

    #[test]
    fn failures_are_counted_by_kind() {
        let calls = [
            refused(429, "ThrottlingException"),
            refused(429, "ThrottlingException"),
            Outcome::Silent,
        ];
        assert_eq!(
            failures(&calls),
            [
                json!({ "status": null, "code": "no answer", "count": 1 }),
                json!({ "status": 429, "code": "ThrottlingException", "count": 2 }),
            ]
        );
    }
}
