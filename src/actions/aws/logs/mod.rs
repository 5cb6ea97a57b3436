//! CloudWatch Logs.

mod associate_key;
mod set_retention;

use super::account::Aws;
use super::sessions::AwsSessions;
use crate::actions::{Action, Trouble};
use aws_sdk_cloudwatchlogs::types::LogGroup;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(associate_key::AssociateKey(Arc::clone(sessions))),
        Arc::new(set_retention::SetRetention(Arc::clone(sessions))),
    ]
}

/// Every log group whose name begins so.
pub(super) async fn groups(aws: &Aws, prefix: Option<&str>) -> Result<Vec<LogGroup>, Trouble> {
    let call = aws.logs().describe_log_groups();
    let call = call.set_log_group_name_prefix(prefix.map(str::to_owned));
    let mut pages = call.into_paginator().send();
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        let on = prefix.unwrap_or_default();
        let page = aws.read("logs:DescribeLogGroups", on, std::future::ready(page)).await?;
        groups.extend(page.log_groups.unwrap_or_default());
    }
    Ok(groups)
}

/// The log group of exactly that name.
async fn group(aws: &Aws, name: &str) -> Result<LogGroup, Trouble> {
    let mut found = groups(aws, Some(name)).await?.into_iter();
    found
        .find(|group| group.log_group_name.as_deref() == Some(name))
        .ok_or_else(|| aws.wrong(format!("there is no log group {name}")))
}
