//! `logs/set-retention`: how long a log group keeps its events, proved by reading it back.

use super::group;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{SETTLE, Wait};
use crate::actions::aws::{answer, inputs, kept, observed};
use crate::actions::context::{Context, Report};
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Certainty, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{LogGroup, PolicyType};
use serde_json::json;
use std::sync::Arc;

/// The only retentions that CloudWatch Logs takes.
const DAYS: [i32; 23] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653, 0,
];

pub(super) struct SetRetention(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for SetRetention {
    fn name(&self) -> &'static str {
        "logs/set-retention"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let group = group(&aws, inputs::text(&cx.inputs, "log_group")?).await?;
            let there = group.retention_in_days == wanted(&cx.inputs)?;
            Ok(there.then(|| outputs(&group, &cx.memo)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        wanted(&cx.inputs)?;
        let group = group(&aws, inputs::text(&cx.inputs, "log_group")?).await?;
        Ok(json!({ "previous_days": group.retention_in_days }))
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let name = inputs::text(&cx.inputs, "log_group")?;
        let (before, after) = (previous(&cx.memo), wanted(&cx.inputs)?);
        let change = Change::from_to(name, Some(&words(before)), &words(after)).of("log group");
        let shorter = after.is_some_and(|after| before.is_none_or(|before| after < before));
        Ok(if shorter { change.detail("older events are deleted") } else { change }.into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "log_group")?;
        let group = set(&aws, cx, name, wanted(&cx.inputs)?).await?;
        Ok(outputs(&group, &cx.memo))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "log_group")?;
        set(&aws, cx, name, previous(&cx.memo)).await.map(|_| ())
    }
}

/// The days that are asked for. Nothing is for ever.
fn wanted(with: &Values) -> Result<Option<i32>, Trouble> {
    let days = inputs::number(with, "days", 0..=3653, 0)?;
    let days = i32::try_from(days).unwrap_or_default();
    if !with.contains_key("days") || !DAYS.contains(&days) {
        let known: Vec<String> = DAYS.iter().map(ToString::to_string).collect();
        return Err(Trouble::nothing_happened(format!(
            "CloudWatch Logs keeps events for a fixed number of days only, and {days} is none of them"
        ))
        .hint(format!("Take one of {} (0 is for ever).", known.join(", "))));
    }
    Ok(Some(days).filter(|days| *days > 0))
}

fn previous(memo: &Memo) -> Option<i32> {
    let days = memo.get("previous_days").and_then(Value::as_i64)?;
    i32::try_from(days).ok()
}

fn words(days: Option<i32>) -> String {
    days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"))
}

/// Sets it, and reads until it is so. The call alone proves nothing: it succeeds also where a policy of
/// the account decides otherwise.
async fn set(aws: &Aws, cx: &Context, name: &str, days: Option<i32>) -> Result<LogGroup, Trouble> {
    let now = group(aws, name).await?;
    if now.retention_in_days == days {
        return Ok(now);
    }
    if let Some(days) = days {
        // The same retention twice is the same as once, so a lost answer is asked for again.
        let call = aws.logs().put_retention_policy().log_group_name(name).retention_in_days(days);
        aws.change("logs:PutRetentionPolicy", name, call.send()).await?;
    } else {
        let call = aws.logs().delete_retention_policy().log_group_name(name).send();
        aws.change("logs:DeleteRetentionPolicy", name, call).await?;
    }
    let mut wait = Wait::new(cx, &SETTLE, format!("{name} to keep events {}", words(days)));
    let mut looked = false;
    loop {
        let now = group(aws, name).await?;
        if now.retention_in_days == days {
            return Ok(now);
        }
        // Asked once: a policy that decides otherwise will go on doing so, and waiting is of no use.
        if !std::mem::replace(&mut looked, true) {
            let policies = account_policies(aws, cx).await;
            if !policies.is_empty() {
                return Err(overridden(aws, name, now.retention_in_days, &policies));
            }
        }
        wait.again().await.map_err(|trouble| match trouble.certainty {
            Certainty::Parked => trouble,
            _ => overridden(aws, name, now.retention_in_days, &[]),
        })?;
    }
}

fn overridden(aws: &Aws, name: &str, now: Option<i32>, policies: &[String]) -> Trouble {
    let why = if policies.is_empty() {
        "no policy of the account that says so was found".to_owned()
    } else {
        format!("the account has {}", policies.join(", "))
    };
    aws.wrong(format!(
        "the retention of {name} was set, and reads back as {}: something overrides it, and {why}",
        words(now)
    ))
    .hint("Change the account-level policy, or the retention that is asked for. `aws logs describe-account-policies` shows the policies.")
}

/// The account-level policies that speak of retention.
async fn account_policies(aws: &Aws, cx: &Context) -> Vec<String> {
    let mut found = Vec::new();
    for kind in PolicyType::values() {
        let call = aws.logs().describe_account_policies().policy_type(PolicyType::from(*kind));
        let answer = aws.read("logs:DescribeAccountPolicies", kind, call.send()).await;
        match answer {
            Ok(answer) => {
                let speaks =
                    answer.account_policies.unwrap_or_default().into_iter().filter(|one| {
                        one.policy_document
                            .as_deref()
                            .is_some_and(|text| text.to_ascii_lowercase().contains("retention"))
                    });
                found
                    .extend(speaks.map(|one| {
                        format!("the {kind} `{}`", one.policy_name.unwrap_or_default())
                    }));
            }
            Err(trouble) => cx.tell.say(Report::Line(trouble.message)).await,
        }
    }
    found
}

fn outputs(group: &LogGroup, memo: &Memo) -> Values {
    answer([
        ("log_group", group.log_group_name.clone().into()),
        ("retention_days", group.retention_in_days.into()),
        ("previous_days", memo.get("previous_days").cloned().unwrap_or(Value::Null)),
        ("key_arn", group.kms_key_id.clone().into()),
    ])
}
