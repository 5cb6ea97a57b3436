//! `opensearch/health`: how a domain or a collection stands against its limits, in words.

use super::judge::{Judgment, Level, Numbers, judge, storage_floor};
use super::own::Asker;
use super::{domain, serverless};
use crate::actions::aws::cli::Cli;
use crate::actions::aws::{answer, inputs, target_of};
use crate::actions::context::{Context, Report};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;

pub(super) struct Health(pub(super) Cli);

#[async_trait]
impl Action for Health {
    fn name(&self) -> &'static str {
        "opensearch/health"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let target = target_of(cx)?;
        let calls = self.0.calls(cx, target);
        let domain = given(&cx.inputs, "domain")?;
        let collection = given(&cx.inputs, "collection")?;
        let role = given(&cx.inputs, "role")?;
        let accepted = accepted(&cx.inputs)?;
        let (kind, name, (numbers, unread)) = match (domain, collection) {
            (Some(name), None) => {
                let asker = role.map(|role| Asker { sessions: self.0.sessions(), target, role });
                ("domain", name, domain::numbers(&calls, &target.id, name, asker).await?)
            }
            (None, Some(name)) => {
                ("collection", name, serverless::numbers(&calls, &target.id, name).await?)
            }
            _ => {
                return Err(Trouble::nothing_happened("give either `domain` or `collection`"));
            }
        };
        let judgment = judge(&numbers);
        for line in judgment.diagnosis.iter().chain(&unread) {
            cx.tell.say(Report::Line(line.clone())).await;
        }
        let status = numbers.status.as_deref().unwrap_or("unknown");
        let words =
            format!("{kind} {name} in {target} is {status}: {}", judgment.diagnosis.join("; "));
        if !accepted.contains(&judgment.level) {
            return Err(Trouble::nothing_happened(words).hint(advice(judgment.level)));
        }
        Ok(outputs(kind, &numbers, &judgment, unread, words))
    }
}

/// A name that may be left out. An empty one is left out, too, so that an expression can choose.
fn given<'a>(inputs: &'a Values, name: &str) -> Result<Option<&'a str>, Trouble> {
    match inputs.get(name) {
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        _ => inputs::text_if(inputs, name),
    }
}

/// The levels with which the step goes on. All of them when none are given.
fn accepted(given: &Values) -> Result<Vec<Level>, Trouble> {
    let Some(words) = inputs::texts_if(given, "accept")? else { return Ok(Level::ALL.to_vec()) };
    let read = |word: &String| {
        Level::ALL
            .into_iter()
            .find(|level| level.word() == word)
            .ok_or_else(|| Trouble::nothing_happened(format!("`{word}` in `accept` is no level")))
    };
    words.iter().map(read).collect()
}

const fn advice(level: Level) -> &'static str {
    match level {
        Level::Stop => {
            "Bring the missing shards back, or restore their index from a snapshot. Change nothing of the configuration."
        }
        Level::Unknown => "Find out how it stands before anything is changed.",
        Level::Relief => "Relieve it first: `opensearch-limit` is the runbook for that.",
        Level::Ok => "Nothing is wrong with it.",
    }
}

fn outputs(
    kind: &str,
    numbers: &Numbers,
    judgment: &Judgment,
    unread: Vec<String>,
    words: String,
) -> Values {
    let ocu = numbers.ocu.iter().map(|(what, used, allowed)| {
        serde_json::json!({ "for": what, "used": used, "allowed": allowed })
    });
    answer([
        ("kind", kind.into()),
        ("status", numbers.status.as_deref().unwrap_or("unknown").into()),
        ("level", judgment.level.word().into()),
        ("may_reconfigure", judgment.may_reconfigure.into()),
        ("reliefs", judgment.reliefs.iter().map(|relief| relief.word()).collect()),
        ("shards", numbers.shards.into()),
        ("shard_limit", numbers.shard_limit.into()),
        ("shards_left", numbers.shards_left().into()),
        ("unassigned", numbers.unassigned.into()),
        ("heap_percent", numbers.heap.into()),
        ("free_storage_mib", numbers.free_mib.into()),
        ("storage_floor_mib", numbers.volume_mib.map(storage_floor).into()),
        ("writes_blocked", numbers.blocked.into()),
        ("ocu", ocu.collect::<Value>()),
        ("unread", unread.into()),
        ("words", words.into()),
    ])
}
