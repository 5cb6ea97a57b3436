//! `kms/key-usage`: when a key was last used, as far as KMS has kept track.

use super::key;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, rfc3339};
use crate::actions::context::Context;
use crate::actions::{Action, Trouble};
use crate::model::value::Values;
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct KeyUsage(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for KeyUsage {
    fn name(&self) -> &'static str {
        "kms/key-usage"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        // The call itself takes no alias.
        let found = key::describe(&aws, inputs::text(&cx.inputs, "key")?).await?;
        let call = aws.kms().get_key_last_usage().key_id(&found.key_id).send();
        let usage = aws.read("kms:GetKeyLastUsage", &found.key_id, call).await?;
        let last = usage.key_last_usage.as_ref();
        let operation = last.and_then(|last| last.operation.as_ref());
        Ok(answer([
            ("key_id", found.key_id.into()),
            ("last_used", rfc3339(last.and_then(|last| last.timestamp.as_ref()))),
            ("last_operation", operation.map(|operation| operation.as_str()).into()),
            ("tracked_since", rfc3339(usage.tracking_start_date.as_ref())),
        ]))
    }
}
