//! What CloudTrail wrote about calls of models, and what it proves about the way they went. Pure.

use crate::model::value::Value;
use serde_json::json;

/// The operations that call a model, as CloudTrail names them.
pub(super) const OPERATIONS: [&str; 4] =
    ["Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"];

/// One call of a model, as CloudTrail wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) request_id: String,
    pub(super) endpoint: Option<String>,
    from: String,
    who: String,
    name: String,
}

impl Event {
    /// Reads one entry of an answer of LookupEvents. What is not written is not guessed.
    pub(super) fn read(entry: &Value) -> Option<Self> {
        let event: Value = serde_json::from_str(entry["CloudTrailEvent"].as_str()?).ok()?;
        let text = |value: &Value| value.as_str().unwrap_or("not said").to_owned();
        Some(Self {
            request_id: event["requestID"].as_str()?.to_owned(),
            endpoint: event["vpcEndpointId"].as_str().map(str::to_owned),
            from: text(&event["sourceIPAddress"]),
            who: text(&event["userIdentity"]["arn"]),
            name: text(&event["eventName"]),
        })
    }

    /// For the outputs.
    pub(super) fn as_value(&self) -> Value {
        json!({ "request_id": self.request_id, "operation": self.name, "vpc_endpoint_id": self.endpoint,
            "source_ip": self.from, "principal": self.who })
    }
}

/// What the events prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Private,
    Leaks,
    Public,
    Unseen,
}

impl Proof {
    pub(super) const ALL: [Self; 4] = [Self::Private, Self::Leaks, Self::Public, Self::Unseen];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Leaks => "leaks",
            Self::Public => "public",
            Self::Unseen => "unseen",
        }
    }

    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Private => {
                "the marker came through our endpoint, and so did every other call that is on record"
            }
            Self::Leaks => {
                "the marker came through our endpoint, and other calls did not: see `strangers`"
            }
            Self::Public => "the marker did not come through our endpoint",
            Self::Unseen => {
                "CloudTrail has not shown the marker, so it cannot be told: no events are no proof. Wait and run this again"
            }
        }
    }
}

/// What was seen of the marker and of everybody else.
pub(super) fn proof(marker: Option<&Event>, strangers: &[Event], ours: &str) -> Proof {
    match marker {
        None => Proof::Unseen,
        Some(event) if event.endpoint.as_deref() != Some(ours) => Proof::Public,
        Some(_) if strangers.is_empty() => Proof::Private,
        Some(_) => Proof::Leaks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, endpoint: Option<&str>) -> Event {
        let event = json!({ "requestID": id, "eventName": "Converse", "vpcEndpointId": endpoint });
        Event::read(&json!({ "CloudTrailEvent": event.to_string() })).expect("an event")
    }

    #[test]
    fn only_a_marker_that_came_through_our_endpoint_proves_anything() {
        let ours = event("1", Some("vpce-1"));
        assert_eq!(proof(Some(&ours), &[], "vpce-1"), Proof::Private);
        assert_eq!(proof(Some(&ours), &[event("2", None)], "vpce-1"), Proof::Leaks);
        assert_eq!(proof(Some(&ours), &[], "vpce-2"), Proof::Public);
        assert_eq!(proof(Some(&event("1", None)), &[], "vpce-1"), Proof::Public);
        // No event at all is the false pass that this is here to prevent.
        assert_eq!(proof(None, &[], "vpce-1"), Proof::Unseen);
    }

    #[test]
    fn what_cannot_be_read_is_no_event() {
        assert_eq!(Event::read(&json!({ "CloudTrailEvent": "no JSON" })), None);
        assert_eq!(Event::read(&json!({ "CloudTrailEvent": "{}" })), None);
        assert_eq!(Event::read(&json!({})), None);
    }
}
