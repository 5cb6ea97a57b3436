//! `aws/call`: any call that this program has no action of its own for, through the AWS CLI.

use super::cli::Cli;
use super::inputs;
use crate::actions::catalog::aws::call::{effect_of, secret_parts};
use crate::actions::context::Context;
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;

pub(super) struct GenericCall(pub(super) Cli);

#[async_trait]
impl Action for GenericCall {
    fn name(&self) -> &'static str {
        "aws/call"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let target = cx
            .target
            .as_ref()
            .ok_or_else(|| Trouble::nothing_happened("this step needs an account, and has none"))?;
        let service = word(&cx.inputs, "service")?;
        let operation = word(&cx.inputs, "operation")?;
        let input = cx.inputs.get("input").filter(|input| !input.is_null());
        let calls = self.0.calls(cx, target);
        let answer = if effect_of(&cx.inputs).changes() {
            calls.change(service, operation, input).await?
        } else {
            calls.read(service, operation, input).await?
        };
        Ok(match answer {
            Value::Object(outputs) => outputs,
            // Most calls that change something answer nothing at all.
            Value::Null => Values::new(),
            other => Values::from_iter([("value".to_owned(), other)]),
        })
    }

    fn secrets(&self, inputs: &Values, outputs: &Values) -> Vec<String> {
        secret_parts(inputs, outputs)
    }
}

/// The name of a service or an operation: never an option, so that no value becomes one.
fn word<'a>(inputs: &'a Values, name: &str) -> Result<&'a str, Trouble> {
    let text = inputs::text(inputs, name)?;
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if plain {
        Ok(text)
    } else {
        Err(Trouble::nothing_happened(format!("`{text}` is not a name of the AWS CLI")).hint(
            "Write it as the AWS CLI does: `service: dynamodb`, `operation: describe-table`.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_becomes_an_option() {
        for bad in ["--profile", "kms list-keys", "KMS", "", "a;b", "-x"] {
            let inputs = Values::from_iter([("service".to_owned(), bad.into())]);
            assert!(word(&inputs, "service").is_err(), "{bad}");
        }
    }
}
