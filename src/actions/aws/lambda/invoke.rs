//! `lambda/invoke`: calls a function and waits for its answer.

use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs};
use crate::actions::context::Context;
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_lambda::primitives::Blob;
use aws_smithy_types::timeout::TimeoutConfig;
use std::sync::Arc;
use std::time::Duration;

/// A function may work for fifteen minutes; one more for the way there and back.
const LONGEST: Duration = Duration::from_secs(16 * 60);
/// How much of a failed function's answer goes into the message.
const SHOWN: usize = 600;

pub(super) struct Invoke(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for Invoke {
    fn name(&self) -> &'static str {
        "lambda/invoke"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let function = inputs::text(&cx.inputs, "function")?;
        let payload = cx.inputs.get("payload").filter(|value| !value.is_null());
        let patient = TimeoutConfig::builder()
            .read_timeout(LONGEST)
            .operation_attempt_timeout(LONGEST)
            .operation_timeout(LONGEST)
            .build();
        let call = aws
            .lambda_careful()
            .invoke()
            .function_name(function)
            .set_payload(payload.map(|value| Blob::new(value.to_string())))
            .customize()
            .config_override(aws_sdk_lambda::config::Config::builder().timeout_config(patient))
            .send();
        let got = aws.change("lambda:InvokeFunction", function, call).await?;
        let text = got.payload.map(Blob::into_inner).unwrap_or_default();
        let result = serde_json::from_slice::<Value>(&text)
            .unwrap_or_else(|_| String::from_utf8_lossy(&text).into_owned().into());
        if let Some(kind) = got.function_error {
            // A function that failed is a step that failed, whatever the status of the call says.
            let said: String = result.to_string().chars().take(SHOWN).collect();
            return Err(aws.wrong(format!("function {function} failed ({kind}): {said}")));
        }
        Ok(answer([("status", got.status_code.into()), ("result", result), ("error", Value::Null)]))
    }
}
