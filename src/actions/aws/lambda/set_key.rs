//! `lambda/set-key`: puts a function's environment variables under a key.

use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{WORK, Wait};
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::{Context, Report};
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput as Configuration;
use aws_sdk_lambda::types::LastUpdateStatus;
use serde_json::json;
use std::sync::Arc;

pub(super) struct SetKey(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for SetKey {
    fn name(&self) -> &'static str {
        "lambda/set-key"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let key = inputs::key_arn(&cx.inputs, "key")?;
            let now = configuration(&aws, inputs::text(&cx.inputs, "function")?).await?;
            let there = current_key(&now) == Some(key) && settled(&aws, &now)?;
            Ok(there.then(|| outputs(&now, &cx.memo)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        inputs::planned_key(&cx.inputs, "key")?;
        let now = configuration(&aws, inputs::text(&cx.inputs, "function")?).await?;
        Ok(json!({ "previous_key": current_key(&now) }))
    }

    fn previews_without(&self) -> &'static [&'static str] {
        &["key"]
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let name = inputs::text(&cx.inputs, "function")?;
        let before = memo_text(&cx.memo, "previous_key").unwrap_or("Lambda's own key");
        let key = inputs::planned_key(&cx.inputs, "key")?;
        Ok(Change::from_to(name, Some(before), key).of("function").into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let function = inputs::text(&cx.inputs, "function")?;
        let key = inputs::key_arn(&cx.inputs, "key")?;
        let done = set(&aws, cx, function, key).await?;
        say_what_stays(&aws, cx, function, key).await?;
        Ok(outputs(&done, &cx.memo))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let function = inputs::text(&cx.inputs, "function")?;
        // An empty ARN means the key that Lambda keeps by itself.
        let previous = memo_text(&cx.memo, "previous_key").unwrap_or_default();
        set(&aws, cx, function, previous).await.map(|_| ())
    }
}

pub(super) async fn configuration(aws: &Aws, function: &str) -> Result<Configuration, Trouble> {
    let call = aws.lambda().get_function_configuration().function_name(function).send();
    aws.read("lambda:GetFunctionConfiguration", function, call).await
}

fn current_key(function: &Configuration) -> Option<&str> {
    function.kms_key_arn.as_deref().filter(|arn| !arn.is_empty())
}

/// Whether no update is under way. A failed one is an error.
pub(super) fn settled(aws: &Aws, function: &Configuration) -> Result<bool, Trouble> {
    match function.last_update_status {
        Some(LastUpdateStatus::InProgress) => Ok(false),
        Some(LastUpdateStatus::Failed) => {
            let name = function.function_name.as_deref().unwrap_or_default();
            let reason = function.last_update_status_reason.as_deref().unwrap_or("no reason given");
            Err(aws.wrong(format!("the last update of function {name} failed: {reason}")))
        }
        _ => Ok(true),
    }
}

/// Sets the key, guarded by the revision that was read, and waits until the function has it.
async fn set(aws: &Aws, cx: &Context, function: &str, key: &str) -> Result<Configuration, Trouble> {
    let wanted = Some(key).filter(|key| !key.is_empty());
    let mut wait = Wait::new(cx, &WORK, format!("an earlier update of {function}"));
    let now = loop {
        let now = configuration(aws, function).await?;
        // A failed one is no reason not to make this one.
        if now.last_update_status != Some(LastUpdateStatus::InProgress) {
            break now;
        }
        wait.again().await?;
    };
    if current_key(&now) != wanted {
        let call = aws.lambda_careful().update_function_configuration().function_name(function);
        let call = call.kms_key_arn(key).set_revision_id(now.revision_id).send();
        aws.change("lambda:UpdateFunctionConfiguration", function, call).await.map_err(|trouble| {
            if trouble.message.contains("PreconditionFailed") {
                trouble.hint("Someone else changed the function in the same moment: look at what they did, then run the step again.")
            } else {
                trouble
            }
        })?;
    }
    cx.tell.say(Report::Waiting(format!("the update of {function}"))).await;
    let mut wait = Wait::new(cx, &WORK, format!("the update of {function}"));
    loop {
        let now = configuration(aws, function).await?;
        if settled(aws, &now)? && current_key(&now) == wanted {
            return Ok(now);
        }
        wait.again().await?;
    }
}

/// Published versions cannot be changed: they keep the key they were published with.
async fn say_what_stays(aws: &Aws, cx: &Context, function: &str, key: &str) -> Result<(), Trouble> {
    let call = aws.lambda().list_versions_by_function().function_name(function);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = std::future::ready(page);
        let page = aws.read("lambda:ListVersionsByFunction", function, page).await?;
        for version in page.versions.unwrap_or_default() {
            let number = version.version.unwrap_or_default();
            let old = version.kms_key_arn.filter(|old| !old.is_empty() && old != key);
            if let Some(old) = old.filter(|_| number != "$LATEST") {
                let line = format!(
                    "version {number} of {function} stays under {old}: publish a new one, move its aliases, then delete it"
                );
                cx.tell.say(Report::Line(line)).await;
            }
        }
    }
    Ok(())
}

fn outputs(function: &Configuration, memo: &Memo) -> Values {
    answer([
        ("function_arn", function.function_arn.clone().into()),
        ("previous_key", memo.get("previous_key").cloned().unwrap_or(Value::Null)),
        ("revision_id", function.revision_id.clone().into()),
    ])
}
