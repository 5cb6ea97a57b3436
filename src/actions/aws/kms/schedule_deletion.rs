//! `kms/schedule-deletion`: the key is unusable at once, and gone after some days.

use super::key;
use super::state::{pinned, remember, set};
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{SETTLE, Wait};
use crate::actions::aws::{answer, inputs, kept, memo_text, observed, rfc3339};
use crate::actions::context::{Context, Report};
use crate::actions::preview::{Change, Kind, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::Values;
use async_trait::async_trait;
use aws_sdk_kms::types::{KeyMetadata, KeyState};
use std::sync::Arc;

pub(super) struct ScheduleDeletion(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for ScheduleDeletion {
    fn name(&self) -> &'static str {
        "kms/schedule-deletion"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let found = key::describe(&aws, pinned(cx)?).await?;
            Ok(is_waiting(&found).then(|| outputs(&found)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        days(cx)?;
        let aws = Aws::of(&self.0, cx)?;
        remember(&aws, inputs::text(&cx.inputs, "key")?).await
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let change = Change {
            kind: Kind::Remove,
            ..Change::from_to(pinned(cx)?, memo_text(&cx.memo, "was"), "PendingDeletion")
        };
        let days = days(cx)?;
        Ok(change.of("key").detail(format!("unusable at once, and gone after {days} days")).into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let days = days(cx)?;
        let found = key::describe(&aws, pinned(cx)?).await?;
        let id = &found.key_id;
        if is_waiting(&found) {
            return Ok(outputs(&found));
        }
        let call = aws.kms_careful().schedule_key_deletion().key_id(id);
        let call = call.pending_window_in_days(days).send();
        aws.change("kms:ScheduleKeyDeletion", id, call).await?;
        let mut wait = Wait::new(cx, &SETTLE, format!("{id} to wait for its deletion"));
        let waiting = loop {
            let now = key::describe(&aws, id).await?;
            if is_waiting(&now) {
                break now;
            }
            wait.again().await?;
        };
        if key::state(&waiting) == KeyState::PendingReplicaDeletion {
            let line = format!(
                "{id} has replicas in other Regions: its days begin when the last of them is deleted"
            );
            cx.tell.say(Report::Line(line)).await;
        }
        Ok(outputs(&waiting))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let found = key::describe(&aws, pinned(cx)?).await?;
        let id = &found.key_id;
        if is_waiting(&found) {
            let call = aws.kms_careful().cancel_key_deletion().key_id(id).send();
            aws.change("kms:CancelKeyDeletion", id, call).await?;
            let mut wait = Wait::new(cx, &SETTLE, format!("the deletion of {id} to be cancelled"));
            while is_waiting(&key::describe(&aws, id).await?) {
                wait.again().await?;
            }
        }
        // Cancelling leaves a key disabled, whatever it was before.
        match memo_text(&cx.memo, "was").map(KeyState::from) {
            Some(KeyState::Enabled) => set(&aws, cx, id, &KeyState::Enabled).await,
            _ => Ok(()),
        }
    }
}

fn is_waiting(key: &KeyMetadata) -> bool {
    matches!(key::state(key), KeyState::PendingDeletion | KeyState::PendingReplicaDeletion)
}

/// KMS takes 7 to 30 days.
fn days(cx: &Context) -> Result<i32, Trouble> {
    inputs::number(&cx.inputs, "days", 7..=30, 30).map(|days| i32::try_from(days).unwrap_or(30))
}

fn outputs(key: &KeyMetadata) -> Values {
    answer([
        ("key_id", key.key_id.clone().into()),
        ("key_arn", key::arn(key).into()),
        ("deletion_date", rfc3339(key.deletion_date.as_ref())),
    ])
}
