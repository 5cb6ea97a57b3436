//! `opensearch/health`: how a domain or a collection stands against its limits, in words.

use super::judge::{Judgment, Numbers, judge, storage_floor};
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
        let domain = inputs::text_if(&cx.inputs, "domain")?;
        let collection = inputs::text_if(&cx.inputs, "collection")?;
        let (kind, name, (numbers, unread)) = match (domain, collection) {
            (Some(name), None) => {
                ("domain", name, domain::numbers(&calls, &target.id, name).await?)
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
        Ok(outputs(kind, &numbers, &judgment, unread, words))
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
