//! CloudWatch Logs.

mod associate_key;

use super::account::Aws;
use super::sessions::AwsSessions;
use crate::actions::{Action, Trouble};
use aws_sdk_cloudwatchlogs::types::LogGroup;
use std::sync::Arc;

pub(super) fn actions(sessions: &Arc<AwsSessions>) -> Vec<Arc<dyn Action>> {
    vec![Arc::new(associate_key::AssociateKey(Arc::clone(sessions)))]
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
