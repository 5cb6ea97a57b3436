//! What is there: the identities of an account with their policies, their keys, and what its stacks say.

use super::graph::{Finding, Identity};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::cli::Calls;
use crate::actions::aws::policy::Policy;
use crate::model::value::Value;
use aws_sdk_cloudformation::types::{StackResourceDriftStatus, StackStatus};
use serde_json::json;
use std::collections::BTreeMap;

/// A role or a user that a stack made.
pub(super) struct Stacked {
    stack: String,
    logical: String,
    is_role: bool,
    /// Its name, as IAM knows it.
    name: String,
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Every role and user of the account, with their policies. `owners` says who they belong to.
pub(super) async fn identities(
    calls: &Calls<'_>,
    stacked: &[Stacked],
    configured: &[String],
) -> Result<Vec<Identity>, Trouble> {
    let all = calls.read("iam", "get-account-authorization-details", None).await?;
    let managed: BTreeMap<&str, Option<Policy>> = list(&all, "Policies")
        .iter()
        .map(|policy| (text(policy, "Arn"), managed(policy)))
        .collect();
    let groups: BTreeMap<&str, &Value> = list(&all, "GroupDetailList")
        .iter()
        .map(|group| (text(group, "GroupName"), group))
        .collect();
    let mut identities = Vec::new();
    for (is_role, one) in list(&all, "RoleDetailList")
        .iter()
        .map(|one| (true, one))
        .chain(list(&all, "UserDetailList").iter().map(|one| (false, one)))
    {
        let mut identity = identity(one, is_role, &managed);
        for group in list(one, "GroupList").iter().filter_map(Value::as_str) {
            if let Some(group) = groups.get(group) {
                gather(&mut identity, group, "GroupPolicyList", &managed);
            }
        }
        let in_stack =
            stacked.iter().find(|made| made.is_role == is_role && made.name == identity.name);
        identity.owner = match in_stack {
            Some(made) => Some(format!("stack {}", made.stack)),
            None if configured.contains(&identity.arn) => Some("runbook.yaml".to_owned()),
            None if identity.of_aws => Some("aws".to_owned()),
            None => None,
        };
        identities.push(identity);
    }
    Ok(identities)
}

fn identity(one: &Value, is_role: bool, managed: &BTreeMap<&str, Option<Policy>>) -> Identity {
    let path = text(one, "Path");
    let mut identity = Identity {
        arn: text(one, "Arn").to_owned(),
        name: text(one, if is_role { "RoleName" } else { "UserName" }).to_owned(),
        is_role,
        of_aws: path.starts_with("/aws-service-role/") || path.starts_with("/aws-reserved/"),
        trust: one.get("AssumeRolePolicyDocument").and_then(Policy::read),
        all_read: true,
        ..Identity::default()
    };
    let inline = if is_role { "RolePolicyList" } else { "UserPolicyList" };
    gather(&mut identity, one, inline, managed);
    identity
}

/// Adds the policies of somebody, or of a group that they are in.
fn gather(
    identity: &mut Identity,
    of: &Value,
    inline: &str,
    managed: &BTreeMap<&str, Option<Policy>>,
) {
    let inline =
        list(of, inline).iter().map(|policy| policy.get("PolicyDocument").and_then(Policy::read));
    let attached = list(of, "AttachedManagedPolicies").iter();
    let attached = attached.map(|policy| managed.get(text(policy, "PolicyArn")).cloned().flatten());
    for policy in inline.chain(attached) {
        match policy {
            Some(policy) => identity.policies.push(policy),
            None => identity.all_read = false,
        }
    }
}

fn managed(policy: &Value) -> Option<Policy> {
    let is_default = |version: &&Value| version.get("IsDefaultVersion") == Some(&Value::Bool(true));
    let version = list(policy, "PolicyVersionList").iter().find(is_default)?;
    Policy::read(version.get("Document")?)
}

/// The active access keys of users: who can come in from anywhere with nothing but a text.
pub(super) async fn long_lived_keys(
    calls: &Calls<'_>,
    account: &str,
    identities: &[Identity],
) -> Result<Vec<Finding>, Trouble> {
    let mut found = Vec::new();
    for user in identities.iter().filter(|one| !one.is_role) {
        let whose = json!({ "UserName": user.name });
        let keys = calls.read("iam", "list-access-keys", Some(&whose)).await?;
        for key in list(&keys, "AccessKeyMetadata").iter().filter(|k| text(k, "Status") == "Active")
        {
            let id = text(key, "AccessKeyId");
            let which = json!({ "AccessKeyId": id });
            let used = calls.read("iam", "get-access-key-last-used", Some(&which)).await?;
            let used = used.get("AccessKeyLastUsed").map_or("", |used| text(used, "LastUsedDate"));
            let used = if used.is_empty() { "never used" } else { used };
            found.push(Finding {
                kind: "long-lived-key".to_owned(),
                unexpected: false,
                about: user.arn.clone(),
                account: account.to_owned(),
                text: format!(
                    "it has the active access key {id}, made {} and last used: {used}",
                    text(key, "CreateDate")
                ),
            });
        }
    }
    Ok(found)
}

/// The roles and users that the account's stacks in this Region have made.
pub(super) async fn stacked(aws: &Aws) -> Result<Vec<Stacked>, Trouble> {
    let mut all = Vec::new();
    let mut pages = aws.cloudformation().describe_stacks().into_paginator().send();
    let mut stacks = Vec::new();
    while let Some(page) = pages.next().await {
        let page = aws.read("cloudformation:DescribeStacks", "", std::future::ready(page)).await?;
        stacks.extend(page.stacks.unwrap_or_default());
    }
    let is_there = |status: Option<&StackStatus>| {
        !matches!(status, Some(StackStatus::DeleteComplete | StackStatus::ReviewInProgress))
    };
    for stack in stacks.into_iter().filter(|stack| is_there(stack.stack_status.as_ref())) {
        let name = stack.stack_name.unwrap_or_default();
        let call = aws.cloudformation().list_stack_resources().stack_name(&name);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = std::future::ready(page);
            let page = aws.read("cloudformation:ListStackResources", &name, page).await?;
            for resource in page.stack_resource_summaries.unwrap_or_default() {
                let kind = resource.resource_type.unwrap_or_default();
                let is_role = kind == "AWS::IAM::Role";
                if is_role || kind == "AWS::IAM::User" {
                    all.push(Stacked {
                        stack: name.clone(),
                        logical: resource.logical_resource_id.unwrap_or_default(),
                        is_role,
                        name: resource.physical_resource_id.unwrap_or_default(),
                    });
                }
            }
        }
    }
    Ok(all)
}

/// Where a role is not as its stack says. CloudFormation compares: it alone knows both sides whole.
pub(super) async fn drift(aws: &Aws, stacked: &[Stacked]) -> Result<Vec<Finding>, Trouble> {
    let mut found = Vec::new();
    for made in stacked {
        let place = format!("{} of stack {}", made.logical, made.stack);
        let call = aws.cloudformation().detect_stack_resource_drift().stack_name(&made.stack);
        let call = call.logical_resource_id(&made.logical).send();
        let action = "cloudformation:DetectStackResourceDrift";
        // A stack that failed half-way cannot be compared, and a type may not be comparable at all.
        let seen = aws.find(action, &place, &["ValidationError"], call).await?;
        let drift = seen.and_then(|seen| seen.stack_resource_drift);
        let text = match drift.as_ref().and_then(|drift| drift.stack_resource_drift_status.as_ref())
        {
            Some(StackResourceDriftStatus::InSync) => continue,
            Some(StackResourceDriftStatus::Deleted) => {
                format!("stack {} has it, and it does not exist", made.stack)
            }
            Some(StackResourceDriftStatus::Modified) => {
                let differences = drift.and_then(|drift| drift.property_differences);
                let mut paths: Vec<String> = differences
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|one| one.property_path)
                    .collect();
                paths.sort();
                format!("it is not as stack {} says: {}", made.stack, paths.join(", "))
            }
            _ => format!("CloudFormation cannot tell whether it is as stack {} says", made.stack),
        };
        let kind = if made.is_role { "role" } else { "user" };
        found.push(Finding {
            kind: "drift".to_owned(),
            unexpected: false,
            about: format!(
                "arn:{}:iam::{}:{kind}/{}",
                partition(&aws.target.region),
                aws.target.id,
                made.name
            ),
            account: aws.target.id.clone(),
            text,
        });
    }
    Ok(found)
}

/// The Region's name tells the partition.
pub(super) fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
