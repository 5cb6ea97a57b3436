//! `cloudformation/outputs`: what a stack gives.

use super::{previous, stack};
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs};
use crate::actions::context::Context;
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct Outputs(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for Outputs {
    fn name(&self) -> &'static str {
        "cloudformation/outputs"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "stack")?;
        let found = stack::find(&aws, name).await?;
        let Some(found) = found else {
            if inputs::flag(&cx.inputs, "optional", false)? {
                return Ok(answer([
                    ("exists", false.into()),
                    ("stack_id", Value::Null),
                    ("status", Value::Null),
                    ("parameters", Values::new().into()),
                    ("outputs", Values::new().into()),
                ]));
            }
            return Err(aws.wrong(format!("there is no stack {name}")));
        };
        let parameters = previous::parameters(&found).into_iter();
        let parameters: Values = parameters.map(|(name, value)| (name, value.into())).collect();
        Ok(answer([
            ("exists", true.into()),
            ("stack_id", found.stack_id.clone().into()),
            ("status", stack::status(&found).into()),
            ("parameters", parameters.into()),
            ("outputs", stack::outputs(&found).into()),
        ]))
    }
}
