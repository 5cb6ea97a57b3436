//! `logs/associate-key`: encrypts what a log group takes in from now on under a key.

use super::group;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{SETTLE, Wait};
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::{Context, Report};
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::LogGroup;
use serde_json::json;
use std::sync::Arc;

pub(super) struct AssociateKey(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for AssociateKey {
    fn name(&self) -> &'static str {
        "logs/associate-key"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let group = group(&aws, inputs::text(&cx.inputs, "log_group")?).await?;
            let there = group.kms_key_id.as_deref() == Some(inputs::key_arn(&cx.inputs, "key")?);
            Ok(there.then(|| outputs(&group, &cx.memo)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        inputs::planned_key(&cx.inputs, "key")?;
        let group = group(&aws, inputs::text(&cx.inputs, "log_group")?).await?;
        Ok(json!({ "previous_key_arn": group.kms_key_id }))
    }

    fn previews_without(&self) -> &'static [&'static str] {
        &["key"]
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let name = inputs::text(&cx.inputs, "log_group")?;
        let before = memo_text(&cx.memo, "previous_key_arn").unwrap_or("no key of its own");
        let key = inputs::planned_key(&cx.inputs, "key")?;
        Ok(Change::from_to(name, Some(before), key).of("log group").into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "log_group")?;
        associate(&aws, cx, name, Some(inputs::key_arn(&cx.inputs, "key")?)).await?;
        let group = group(&aws, name).await?;
        if memo_text(&cx.memo, "previous_key_arn").is_some() {
            let kept = group.retention_in_days.map_or_else(
                || "for ever, since it has no retention".to_owned(),
                |days| format!("for {days} days, its retention"),
            );
            let line = format!(
                "events before this stay under the previous key {kept}: that key must live as long"
            );
            cx.tell.say(Report::Line(line)).await;
        }
        Ok(outputs(&group, &cx.memo))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "log_group")?;
        associate(&aws, cx, name, memo_text(&cx.memo, "previous_key_arn")).await
    }
}

/// Puts the group under that key, or under none, and reads until it is so.
async fn associate(aws: &Aws, cx: &Context, name: &str, key: Option<&str>) -> Result<(), Trouble> {
    if group(aws, name).await?.kms_key_id.as_deref() == key {
        return Ok(());
    }
    if let Some(key) = key {
        let call = aws.logs_careful().associate_kms_key().log_group_name(name).kms_key_id(key);
        let done = aws.change("logs:AssociateKmsKey", name, call.send()).await;
        done.map_err(|trouble| explain(trouble, aws, key))?;
    } else {
        let call = aws.logs_careful().disassociate_kms_key().log_group_name(name).send();
        aws.change("logs:DisassociateKmsKey", name, call).await?;
    }
    let what = format!("{name} to be under {}", key.unwrap_or("no key"));
    let mut wait = Wait::new(cx, &SETTLE, what);
    while group(aws, name).await?.kms_key_id.as_deref() != key {
        wait.again().await?;
    }
    Ok(())
}

/// Logs refuses a key that it may not use itself, and only says that the parameter is invalid.
fn explain(trouble: Trouble, aws: &Aws, key: &str) -> Trouble {
    if !trouble.message.contains("InvalidParameterException") {
        return trouble;
    }
    let service = format!("logs.{}.amazonaws.com", aws.target.region);
    trouble.hint(format!(
        "The policy of {key} must allow `{service}` kms:Encrypt, kms:Decrypt, kms:ReEncrypt*, kms:GenerateDataKey* and kms:DescribeKey, and the key must be enabled and in this Region."
    ))
}

fn outputs(group: &LogGroup, memo: &Memo) -> Values {
    answer([
        ("log_group", group.log_group_name.clone().into()),
        ("key_arn", group.kms_key_id.clone().into()),
        ("previous_key_arn", memo.get("previous_key_arn").cloned().unwrap_or(Value::Null)),
        ("retention_days", group.retention_in_days.into()),
    ])
}
