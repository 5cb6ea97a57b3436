//! `kms/create-key`: makes a key, never two.
//!
//! The call has no idempotency token. So the key carries the run and the step as tags, it is looked
//! for by them before it is made, and a call whose answer was lost is never repeated by itself.

use super::key;
use super::plan::Plan;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::{Context, Report};
use crate::actions::preview::{Change, Kind, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::Values;
use async_trait::async_trait;
use aws_sdk_kms::types::{KeyMetadata, KeyState, Tag};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use std::sync::Arc;

/// More keys than any account of ours has. Past it, looking by tag would take too long to be of use.
const MOST_KEYS: usize = 10_000;
/// The tags of so many keys are read at once: well below the service's requests a second.
const AT_ONCE: usize = 8;
/// The shortest time that KMS lets a deletion wait.
const UNDO_DAYS: i32 = 7;

pub(super) struct CreateKey(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for CreateKey {
    fn name(&self) -> &'static str {
        "kms/create-key"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        // Before the first attempt there is nothing that carries this run and this step.
        if cx.memo.is_null() {
            return Observation::Absent;
        }
        observed(self.look(cx).await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        // An alias may point elsewhere by the time of a second attempt. Its key is pinned here.
        let like = match inputs::text_if(&cx.inputs, "like")? {
            Some(like) => Some(key::arn(&key::describe(&aws, like).await?)),
            None => None,
        };
        let memo = json!({ "like": like });
        // What cannot be read or copied is found out before anything is made.
        Plan::read(&aws, cx, &memo).await?.grants(&aws).await?;
        Ok(memo)
    }

    fn makes_new(&self) -> bool {
        true
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let change = Change::new(Kind::Add, "a new key");
        Ok(match memo_text(&cx.memo, "like") {
            Some(like) => change.detail(format!("with the policy and the kind of {like}")).into(),
            None => change.into(),
        })
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let plan = Plan::read(&aws, cx, &cx.memo).await?;
        let made = match ours(&aws, cx).await?.key {
            Some(made) => {
                aws.has_changed();
                let line = format!("found {}, which an earlier attempt made", made.key_id);
                cx.tell.say(Report::Line(line)).await;
                made
            }
            None => plan.create(&aws, tags(cx)).await?,
        };
        plan.rotate(&aws, &made.key_id).await?;
        plan.say_what_is_not_copied(&aws, cx).await;
        Ok(outputs(&made))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let search = ours_settled(&aws, cx).await?;
        let Some(made) = search.key else {
            return search.complete(&aws);
        };
        retire(&aws, cx, &made).await
    }
}

impl CreateKey {
    async fn look(&self, cx: &Context) -> Result<Option<Values>, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let search = ours_settled(&aws, cx).await?;
        let Some(made) = search.key else {
            search.complete(&aws)?;
            return Ok(None);
        };
        // A crash may have come between making the key and turning its rotation on. Then the step
        // runs again, finds the key, and finishes it.
        let finished =
            Plan::read(&aws, cx, &cx.memo).await?.is_rotating(&aws, &made.key_id).await?;
        Ok(finished.then(|| outputs(&made)))
    }
}

/// Disables a key that this step made and schedules its deletion.
async fn retire(aws: &Aws, cx: &Context, made: &KeyMetadata) -> Result<(), Trouble> {
    let id = &made.key_id;
    let call = aws.kms().list_aliases().key_id(id).send();
    let aliases = aws.read("kms:ListAliases", id, call).await?.aliases.unwrap_or_default();
    if let Some(alias) = aliases.first().and_then(|alias| alias.alias_name.as_deref()) {
        return Err(aws
            .wrong(format!("{alias} still points at {id}, so the key is left as it is"))
            .hint("Point the alias elsewhere first, then take this step back again."));
    }
    let call = aws.kms_careful().disable_key().key_id(id).send();
    aws.change("kms:DisableKey", id, call).await?;
    let call = aws.kms_careful().schedule_key_deletion().key_id(id);
    let call = call.pending_window_in_days(UNDO_DAYS).send();
    aws.change("kms:ScheduleKeyDeletion", id, call).await?;
    let line = format!("{id} is disabled and will be deleted in {UNDO_DAYS} days");
    cx.tell.say(Report::Line(line)).await;
    Ok(())
}

/// What a search by tag found.
struct Search {
    key: Option<KeyMetadata>,
    /// How many keys would not show their tags.
    hidden: usize,
}

impl Search {
    /// Whether "none" is certain.
    fn complete(&self, aws: &Aws) -> Result<(), Trouble> {
        if self.hidden == 0 {
            return Ok(());
        }
        Err(aws
            .wrong(format!("kms:ListResourceTags is denied for {} keys, so a key that this step made could be among them", self.hidden))
            .hint("Allow `kms:ListResourceTags` on all keys."))
    }
}

/// Looks a few times, because a key that was just made is not in every list yet.
async fn ours_settled(aws: &Aws, cx: &Context) -> Result<Search, Trouble> {
    for _ in 1..aws.looks_to_settle() {
        let search = ours(aws, cx).await?;
        if search.key.is_some() || !cx.stop.sleep(std::time::Duration::from_secs(2)).await {
            return Ok(search);
        }
    }
    ours(aws, cx).await
}

/// Looks for the key that carries this run and this step. One that is being deleted does not count.
async fn ours(aws: &Aws, cx: &Context) -> Result<Search, Trouble> {
    let mut ids = Vec::new();
    let mut pages = aws.kms().list_keys().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("kms:ListKeys", "", std::future::ready(page)).await?;
        ids.extend(page.keys.unwrap_or_default().into_iter().filter_map(|key| key.key_id));
        if ids.len() > MOST_KEYS {
            return Err(aws.wrong(format!("there are more than {MOST_KEYS} keys to look through")));
        }
    }
    let wanted = tags(cx);
    let looks: Vec<_> = ids.into_iter().map(|id| carries(aws, id, &wanted)).collect();
    let mut tagged = stream::iter(looks).buffer_unordered(AT_ONCE);
    let mut hidden = 0;
    while let Some(found) = tagged.try_next().await? {
        match found {
            Carries::No => {}
            Carries::Hidden => hidden += 1,
            Carries::Yes(id) => {
                let found = key::describe(aws, &id).await?;
                if !matches!(
                    key::state(&found),
                    KeyState::PendingDeletion | KeyState::PendingReplicaDeletion
                ) {
                    return Ok(Search { key: Some(found), hidden });
                }
            }
        }
    }
    Ok(Search { key: None, hidden })
}

enum Carries {
    Yes(String),
    No,
    Hidden,
}

async fn carries(aws: &Aws, id: String, wanted: &[Tag]) -> Result<Carries, Trouble> {
    let call = aws.kms().list_resource_tags().key_id(&id).send();
    let gone = ["AccessDeniedException", "NotFoundException"];
    let Some(found) = aws.find("kms:ListResourceTags", &id, &gone, call).await? else {
        return Ok(Carries::Hidden);
    };
    let tags = found.tags.unwrap_or_default();
    let all = wanted.iter().all(|tag| tags.contains(tag));
    Ok(if all { Carries::Yes(id) } else { Carries::No })
}

/// The tags that say which run and which step made a key.
fn tags(cx: &Context) -> Vec<Tag> {
    crate::actions::aws::marks(cx)
        .into_iter()
        .filter_map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build().ok())
        .collect()
}

fn outputs(key: &KeyMetadata) -> Values {
    answer([("key_id", key.key_id.clone().into()), ("key_arn", key::arn(key).into())])
}
