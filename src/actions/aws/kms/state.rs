//! `kms/disable-key` and `kms/enable-key`.

use super::key;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{SETTLE, Wait};
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::Values;
use async_trait::async_trait;
use aws_sdk_kms::types::{KeyMetadata, KeyState};
use serde_json::json;
use std::sync::Arc;

pub(super) struct SetState {
    sessions: Arc<AwsSessions>,
    wanted: KeyState,
}

impl SetState {
    pub(super) const fn disable(sessions: Arc<AwsSessions>) -> Self {
        Self { sessions, wanted: KeyState::Disabled }
    }

    pub(super) const fn enable(sessions: Arc<AwsSessions>) -> Self {
        Self { sessions, wanted: KeyState::Enabled }
    }
}

#[async_trait]
impl Action for SetState {
    fn name(&self) -> &'static str {
        if self.wanted == KeyState::Enabled { "kms/enable-key" } else { "kms/disable-key" }
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.sessions, cx)?;
            let found = key::describe(&aws, pinned(cx)?).await?;
            let there = key::state(&found) == self.wanted;
            Ok(there.then(|| outputs(&found, &cx.memo)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.sessions, cx)?;
        remember(&aws, inputs::text(&cx.inputs, "key")?).await
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let before = memo_text(&cx.memo, "was");
        Ok(Change::from_to(pinned(cx)?, before, self.wanted.as_str()).of("key").into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.sessions, cx)?;
        let found = key::describe(&aws, pinned(cx)?).await?;
        set(&aws, cx, &found.key_id, &self.wanted).await?;
        Ok(outputs(&found, &cx.memo))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.sessions, cx)?;
        let was = memo_text(&cx.memo, "was").map(KeyState::from);
        match was {
            Some(was @ (KeyState::Enabled | KeyState::Disabled)) => {
                set(&aws, cx, pinned(cx)?, &was).await
            }
            // It could be neither enabled nor disabled then, so this step was refused.
            Some(was) if key::state(&key::describe(&aws, pinned(cx)?).await?) == was => Ok(()),
            _ => Err(aws.wrong(format!("the state that {} had before is not known", pinned(cx)?))),
        }
    }
}

/// What undo needs: which key it really is, since an alias may move, and its state before.
pub(super) async fn remember(aws: &Aws, name: &str) -> Result<Memo, Trouble> {
    let found = key::describe(aws, name).await?;
    Ok(json!({ "key_id": found.key_id, "was": key::state(&found).as_str() }))
}

/// The key as it was found before the first attempt. These calls take no alias.
pub(super) fn pinned(cx: &Context) -> Result<&str, Trouble> {
    memo_text(&cx.memo, "key_id").map_or_else(|| inputs::text(&cx.inputs, "key"), Ok)
}

/// Enables or disables a key, and reads until it is so.
pub(super) async fn set(aws: &Aws, cx: &Context, id: &str, to: &KeyState) -> Result<(), Trouble> {
    let now = key::describe(aws, id).await?;
    let id = &now.key_id;
    match (key::state(&now), to) {
        (now, to) if now == *to => return Ok(()),
        (KeyState::PendingDeletion | KeyState::PendingReplicaDeletion, _) => {
            return Err(aws
                .wrong(format!(
                    "{id} is waiting to be deleted, so it cannot be enabled or disabled"
                ))
                .hint("Cancel its deletion first; that leaves it disabled."));
        }
        (_, KeyState::Enabled) => {
            let call = aws.kms_careful().enable_key().key_id(id).send();
            aws.change("kms:EnableKey", id, call).await?;
        }
        _ => {
            let call = aws.kms_careful().disable_key().key_id(id).send();
            aws.change("kms:DisableKey", id, call).await?;
        }
    }
    let mut wait = Wait::new(cx, &SETTLE, format!("{id} to be {to}"));
    while key::state(&key::describe(aws, id).await?) != *to {
        wait.again().await?;
    }
    Ok(())
}

fn outputs(key: &KeyMetadata, memo: &Memo) -> Values {
    let was =
        memo_text(memo, "was").map_or_else(|| key::state(key).as_str().to_owned(), str::to_owned);
    answer([
        ("key_id", key.key_id.clone().into()),
        ("key_arn", key::arn(key).into()),
        ("was", was.into()),
    ])
}
