//! `kms/describe-key`: what a key is and what state it is in.

use super::key;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, rfc3339};
use crate::actions::context::Context;
use crate::actions::{Action, Trouble};
use crate::model::value::Values;
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct DescribeKey(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for DescribeKey {
    fn name(&self) -> &'static str {
        "kms/describe-key"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let found = key::describe(&aws, inputs::text(&cx.inputs, "key")?).await?;
        let rotation = key::rotation(&aws, &found.key_id).await?;
        let mut outputs = answer([
            ("key_id", found.key_id.clone().into()),
            ("key_arn", key::arn(&found).into()),
            ("state", key::state(&found).as_str().into()),
            ("enabled", found.enabled.into()),
            ("rotation", rotation.is_some_and(|(on, _)| on).into()),
            ("spec", found.key_spec.as_ref().map(|spec| spec.as_str()).into()),
            ("usage", found.key_usage.as_ref().map(|usage| usage.as_str()).into()),
            ("manager", found.key_manager.as_ref().map(|manager| manager.as_str()).into()),
            ("created_at", rfc3339(found.creation_date.as_ref())),
        ]);
        if found.deletion_date.is_some() {
            outputs.insert("deletion_date".to_owned(), rfc3339(found.deletion_date.as_ref()));
        }
        Ok(outputs)
    }
}
