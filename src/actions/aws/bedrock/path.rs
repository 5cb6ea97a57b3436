//! `bedrock/private-path`: proves with a call of its own that calls of a model come through our private endpoint.

use super::runtime::Asked;
use super::trail::{Event, OPERATIONS, Proof, proof};
use super::verdict::Outcome;
use crate::actions::aws::cli::{Calls, Cli};
use crate::actions::aws::{answer, inputs, target_of};
use crate::actions::context::{Context, Report};
use crate::actions::{Action, Trouble};
use crate::model::value::Values;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::time::{Duration, Instant};

/// CloudTrail takes two questions a second from an account, and needs minutes to answer.
const PAUSE: Duration = Duration::from_secs(20);

pub(super) struct PrivatePath(pub(super) Cli);

#[async_trait]
impl Action for PrivatePath {
    fn name(&self) -> &'static str {
        "bedrock/private-path"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let target = target_of(cx)?;
        let ours = inputs::text(&cx.inputs, "endpoint_id")?;
        let minutes = inputs::number(&cx.inputs, "window_minutes", 1..=1440, 60)?;
        let wait = inputs::number(&cx.inputs, "wait_seconds", 1..=7200, 1200)?.unsigned_abs();
        let accepted = accepted(&cx.inputs)?;
        let asked = Asked::read(&cx.inputs)?;
        let since = Timestamp::now() - SignedDuration::from_mins(minutes);
        let called = asked.call(self.0.sessions(), target).await?;
        let id = match (called.outcome, called.request_id) {
            (Outcome::Fine, Some(id)) => id,
            (Outcome::Fine, None) => {
                return Err(Trouble::nothing_happened(format!(
                    "the marker call in {target} succeeded, and its answer has no id"
                )));
            }
            (outcome, _) => {
                let message =
                    format!("the marker call in {target} failed: {outcome:?}: {}", called.message);
                return Err(Trouble::nothing_happened(message).hint(
                    "Run `bedrock/probe` first: without an answer there is no way to prove.",
                ));
            }
        };
        let trail = Trail { calls: self.0.calls(cx, target), since };
        let marker = trail.wait_for(cx, &id, Duration::from_secs(wait)).await?;
        let all = if marker.is_some() { trail.all().await? } else { Vec::new() };
        let others = all.len().saturating_sub(1);
        let strangers: Vec<Event> = all
            .into_iter()
            .filter(|event| event.request_id != id && event.endpoint.as_deref() != Some(ours))
            .collect();
        let proof = proof(marker.as_ref(), &strangers, ours);
        let words = format!("{}: marker {id} in {target}: {}", proof.word(), proof.meaning());
        if !accepted.contains(&proof) {
            return Err(Trouble::nothing_happened(words));
        }
        cx.tell.say(Report::Line(words.clone())).await;
        let endpoint = marker.and_then(|event| event.endpoint);
        Ok(answer([
            ("proof", proof.word().into()),
            ("words", words.into()),
            ("request_id", id.into()),
            ("vpc_endpoint_id", endpoint.into()),
            ("others", others.into()),
            ("strangers", strangers.iter().map(Event::as_value).collect()),
        ]))
    }
}

/// The calls of models that CloudTrail has on record since a time.
struct Trail<'a> {
    calls: Calls<'a>,
    since: Timestamp,
}

impl Trail<'_> {
    async fn events(&self, operation: &str) -> Result<Vec<Event>, Trouble> {
        let input = json!({
            "LookupAttributes": [{ "AttributeKey": "EventName", "AttributeValue": operation }],
            "StartTime": self.since.as_second(),
        });
        let answer = self.calls.read("cloudtrail", "lookup-events", Some(&input)).await?;
        let entries = answer["Events"].as_array().map_or(&[][..], Vec::as_slice);
        Ok(entries.iter().filter_map(Event::read).collect())
    }

    async fn all(&self) -> Result<Vec<Event>, Trouble> {
        let mut all = Vec::new();
        for operation in OPERATIONS {
            all.extend(self.events(operation).await?);
        }
        Ok(all)
    }

    /// Looks until CloudTrail shows the marker, or the time is over.
    async fn wait_for(
        &self,
        cx: &Context,
        id: &str,
        wait: Duration,
    ) -> Result<Option<Event>, Trouble> {
        let began = Instant::now();
        loop {
            let mut events = self.events("Converse").await?.into_iter();
            if let Some(event) = events.find(|event| event.request_id == id) {
                return Ok(Some(event));
            }
            let left = wait.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            let waiting = format!("CloudTrail to show the marker {id}, which takes minutes");
            cx.tell.say(Report::Waiting(waiting)).await;
            if !cx.stop.sleep(PAUSE.min(left)).await {
                return Err(Trouble::parked());
            }
        }
    }
}

/// The proofs with which the step goes on. All of them when none are given.
fn accepted(given: &Values) -> Result<Vec<Proof>, Trouble> {
    let Some(words) = inputs::texts_if(given, "accept")? else { return Ok(Proof::ALL.to_vec()) };
    let read = |word: &String| {
        Proof::ALL
            .into_iter()
            .find(|proof| proof.word() == word)
            .ok_or_else(|| Trouble::nothing_happened(format!("`{word}` in `accept` is no proof")))
    };
    words.iter().map(read).collect()
}
