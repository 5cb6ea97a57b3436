//! `bedrock/probe`: really calls a model several times, and says whose trouble a failure is.

use super::runtime::{Asked, Called};
use super::verdict::{Outcome, Verdict, failures, verdict};
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, target_of};
use crate::actions::context::{Context, Report, Stop};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use std::sync::Arc;

pub(super) struct Probe(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for Probe {
    fn name(&self) -> &'static str {
        "bedrock/probe"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let target = target_of(cx)?;
        let asked = Asked::read(&cx.inputs)?;
        let count = inputs::number(&cx.inputs, "calls", 1..=200, 5)?.unsigned_abs();
        let at_once = inputs::number(&cx.inputs, "concurrency", 1..=50, 1)?;
        let at_once = usize::try_from(at_once).unwrap_or(1);
        let accepted = accepted(&cx.inputs)?;
        let all: Vec<_> = (0..count).map(|_| asked.call(&self.0, target)).collect();
        let mut calls = stream::iter(all).buffer_unordered(at_once);
        let mut called: Vec<Called> = Vec::new();
        while let Some(call) = calls.next().await {
            if cx.stop.wanted() >= Stop::Park {
                return Err(Trouble::parked());
            }
            called.push(call?);
            let done = u64::try_from(called.len()).unwrap_or(count);
            cx.tell.say(Report::Count { done, total: Some(count), unit: "calls" }).await;
        }
        let outcomes: Vec<Outcome> = called.iter().map(|call| call.outcome.clone()).collect();
        let verdict = verdict(&outcomes);
        let words = words(verdict, &outcomes, &called, &asked, target);
        if !accepted.contains(&verdict) {
            let hint = format!("{}.", upper(verdict.meaning()));
            return Err(Trouble::nothing_happened(words).hint(hint));
        }
        cx.tell.say(Report::Line(words.clone())).await;
        let slowest = called.iter().map(|call| call.took.as_millis()).max().unwrap_or_default();
        let succeeded = outcomes.iter().filter(|outcome| **outcome == Outcome::Fine).count();
        let ids = called.into_iter().filter_map(|call| call.request_id);
        Ok(answer([
            ("verdict", verdict.word().into()),
            ("words", words.into()),
            ("calls", count.into()),
            ("succeeded", succeeded.into()),
            ("failures", failures(&outcomes).into()),
            ("slowest_ms", u64::try_from(slowest).unwrap_or(u64::MAX).into()),
            ("request_ids", ids.map(Value::from).collect()),
        ]))
    }
}

/// The verdicts with which the step goes on. All of them when none are given.
fn accepted(given: &Values) -> Result<Vec<Verdict>, Trouble> {
    let Some(words) = inputs::texts_if(given, "accept")? else { return Ok(Verdict::ALL.to_vec()) };
    let read = |word: &String| {
        Verdict::ALL
            .into_iter()
            .find(|verdict| verdict.word() == word)
            .ok_or_else(|| Trouble::nothing_happened(format!("`{word}` in `accept` is no verdict")))
    };
    words.iter().map(read).collect()
}

/// One sentence that a person can act on.
fn words(
    verdict: Verdict,
    outcomes: &[Outcome],
    called: &[Called],
    asked: &Asked,
    target: &crate::actions::context::Target,
) -> String {
    let failed = outcomes.iter().filter(|outcome| **outcome != Outcome::Fine).count();
    let mut text = format!(
        "Bedrock in {target}, model {}: {}: {failed} of {} calls failed",
        asked.model(),
        verdict.word(),
        outcomes.len()
    );
    let kinds: Vec<String> = failures(outcomes)
        .iter()
        .map(|kind| {
            let status = kind["status"].as_u64().map(|s| format!("{s} ")).unwrap_or_default();
            format!("{} × {status}{}", kind["count"], kind["code"].as_str().unwrap_or_default())
        })
        .collect();
    if !kinds.is_empty() {
        text = format!("{text} ({})", kinds.join(", "));
    }
    let first = called.iter().find(|call| !call.message.is_empty());
    if let Some(call) = first {
        text = format!("{text}: {}", call.message);
    }
    text
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
