//! `aws/identity`: who a step acts as.

use super::sessions::AwsSessions;
use super::{account::Aws, answer};
use crate::actions::context::Context;
use crate::actions::{Action, Trouble};
use crate::model::value::Values;
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct Identity(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for Identity {
    fn name(&self) -> &'static str {
        "aws/identity"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let call = aws.sts().get_caller_identity().send();
        let caller = aws.read("sts:GetCallerIdentity", "", call).await?;
        Ok(answer([
            ("account", caller.account.into()),
            ("arn", caller.arn.into()),
            ("user_id", caller.user_id.into()),
        ]))
    }
}
