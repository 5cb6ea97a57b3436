//! `cloudformation/delete`: takes a stack away.

use super::events::{Follow, left_behind};
use super::previous;
use super::resolve::Template;
use super::stack::{self, Standing, standing_of, status};
use crate::actions::aws::account::Aws;
use crate::actions::aws::s3::empty;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::{Context, Report};
use crate::actions::preview::{Change, Kind, Looking, Preview};
use crate::actions::{Action, Certainty, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::Values;
use async_trait::async_trait;
use aws_sdk_cloudformation::types::{ResourceStatus, Stack, StackResourceSummary};
use serde_json::json;
use std::sync::Arc;

pub(super) struct Delete(pub(super) Arc<AwsSessions>);

/// Once as it is, once more after its buckets were emptied.
const ROUNDS: u32 = 2;

#[async_trait]
impl Action for Delete {
    fn name(&self) -> &'static str {
        "cloudformation/delete"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let known = memo_text(&cx.memo, "stack_id");
            let name = inputs::text(&cx.inputs, "stack")?;
            let now = stack::find(&aws, known.unwrap_or(name)).await?;
            if standing_of(now.as_ref()) != Standing::Absent {
                return Ok(None);
            }
            outputs(&aws, known).await.map(Some)
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "stack")?;
        let now = stack::find(&aws, name).await?;
        let guarded =
            now.as_ref().and_then(|stack| stack.enable_termination_protection) == Some(true);
        if guarded && !inputs::flag(&cx.inputs, "disable_termination_protection", false)? {
            return Err(aws
                .wrong(format!("stack {name} is protected from termination"))
                .hint("Find out why. If it may go, say `disable_termination_protection: true`."));
        }
        Ok(json!({ "stack_id": now.and_then(|stack| stack.stack_id) }))
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let Some(id) = memo_text(&cx.memo, "stack_id") else { return Ok(Preview::default()) };
        let retained = retained(&aws, id).await;
        let mut changes = Vec::new();
        for resource in resources(&aws, id).await? {
            let name = resource.logical_resource_id.unwrap_or_default();
            let mut change = match &retained {
                Ok(retained) if retained.contains(&name) => {
                    Change::new(Kind::Keep, name).detail("stays: the template retains it")
                }
                Ok(_) => Change::new(Kind::Remove, name),
                // A template that cannot be read here may retain anything.
                Err(why) => Change::new(Kind::Remove, name).perhaps().detail(why),
            };
            change.of = resource.resource_type;
            change.before = resource.physical_resource_id;
            changes.push(change);
        }
        Ok(Preview { changes, ..Preview::default() })
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let Some(id) = memo_text(&cx.memo, "stack_id") else {
            return outputs(&aws, None).await;
        };
        let may_empty = inputs::flag(&cx.inputs, "empty_buckets", false)?;
        for round in 1..=ROUNDS {
            let now = stack::find(&aws, id).await?;
            let Some(now) = now.filter(|now| standing_of(Some(now)) != Standing::Absent) else {
                break;
            };
            unprotect(&aws, cx, &now).await?;
            match remove(&aws, cx, &now).await {
                Ok(()) => break,
                // Nobody can tell yet what CloudFormation makes of it.
                Err(trouble)
                    if matches!(trouble.certainty, Certainty::Unknown | Certainty::Parked) =>
                {
                    return Err(trouble);
                }
                Err(trouble) => {
                    // Only buckets that CloudFormation tried to delete: one that is to be retained
                    // never fails, and keeps what it holds.
                    let buckets = if may_empty && round < ROUNDS {
                        failed_buckets(&aws, id).await?
                    } else {
                        Vec::new()
                    };
                    if buckets.is_empty() {
                        leave_the_rest(&aws, cx, id, trouble).await?;
                        break;
                    }
                    for bucket in buckets {
                        empty::empty(&aws, cx, &bucket).await?;
                    }
                }
            }
        }
        outputs(&aws, Some(id)).await
    }
}

/// Deletes a stack without the resources that cannot be deleted, where the step may leave them. Only a stack
/// whose deletion has failed takes such a wish.
async fn leave_the_rest(aws: &Aws, cx: &Context, id: &str, why: Trouble) -> Result<(), Trouble> {
    let now = stack::find(aws, id).await?;
    let failed = now.filter(|now| status(now) == "DELETE_FAILED");
    let Some(now) = failed.filter(|_| inputs::flag(&cx.inputs, "retain_failed", false) == Ok(true))
    else {
        return Err(why);
    };
    let left = undeleted(aws, id).await?;
    if left.is_empty() {
        return Err(why);
    }
    let told = left.iter().map(described).collect::<Vec<_>>().join(", ");
    say(cx, format!("{}; it is deleted without {told}", why.message)).await;
    let name = now.stack_name.as_deref().unwrap_or_default();
    let mut follow = Follow::from_now(aws, id).await?;
    let names = left.into_iter().filter_map(|resource| resource.logical_resource_id).collect();
    let call = aws.cloudformation_careful().delete_stack().stack_name(id);
    let call = call.set_retain_resources(Some(names)).send();
    aws.change("cloudformation:DeleteStack", name, call).await?;
    let end = follow.until_done(aws, cx).await?;
    if standing_of(end.as_ref()) == Standing::Absent {
        return Ok(());
    }
    Err(follow.failed(aws, name, end.as_ref()))
}

async fn unprotect(aws: &Aws, cx: &Context, now: &Stack) -> Result<(), Trouble> {
    let told = inputs::flag(&cx.inputs, "disable_termination_protection", false)?;
    if now.enable_termination_protection == Some(true) && told {
        protect(aws, now, false).await?;
    }
    Ok(())
}

/// Turns the protection from termination on or off.
pub(super) async fn protect(aws: &Aws, now: &Stack, on: bool) -> Result<(), Trouble> {
    let name = now.stack_name.as_deref().unwrap_or_default();
    let call = aws.cloudformation_careful().update_termination_protection().stack_name(name);
    let call = call.enable_termination_protection(on).send();
    aws.change("cloudformation:UpdateTerminationProtection", name, call).await.map(|_| ())
}

/// Deletes a stack and waits until it is gone.
pub(super) async fn remove(aws: &Aws, cx: &Context, now: &Stack) -> Result<(), Trouble> {
    let name = now.stack_name.as_deref().unwrap_or_default();
    let id = now.stack_id.as_deref().unwrap_or(name);
    let mut follow = if status(now) == "DELETE_IN_PROGRESS" {
        Follow::from_its_beginning(aws, cx, id).await?
    } else {
        let follow = Follow::from_now(aws, id).await?;
        let call = aws.cloudformation_careful().delete_stack().stack_name(id).send();
        aws.change("cloudformation:DeleteStack", name, call).await?;
        follow
    };
    let end = follow.until_done(aws, cx).await?;
    if standing_of(end.as_ref()) == Standing::Absent {
        return Ok(());
    }
    let mut trouble = follow.failed(aws, name, end.as_ref());
    let left = undeleted(aws, id).await?;
    if !left.is_empty() {
        let left = left.iter().map(|resource| {
            let name = resource.logical_resource_id.as_deref().unwrap_or_default();
            let reason = resource.resource_status_reason.as_deref();
            format!("{}: {}", described(resource), reason.unwrap_or_else(|| follow.reason(name)))
        });
        let left: Vec<_> = left.collect();
        trouble.message =
            format!("stack {name} could not be deleted in {}: {}", aws.target, left.join("; "));
    }
    Err(trouble)
}

/// The resources that the template of a stack tells CloudFormation to leave behind, or why that
/// cannot be told.
async fn retained(aws: &Aws, id: &str) -> Result<Vec<String>, String> {
    let text = previous::template(aws, id).await.map_err(|trouble| trouble.message)?;
    let template = Template::read(&text)
        .map_err(|error| format!("may stay: the template cannot be read here: {error}"))?;
    Ok(template.retained())
}

/// The resources of a stack that could not be deleted.
async fn undeleted(aws: &Aws, id: &str) -> Result<Vec<StackResourceSummary>, Trouble> {
    let mut found = resources(aws, id).await?;
    found.retain(|resource| resource.resource_status == Some(ResourceStatus::DeleteFailed));
    Ok(found)
}

/// The resources of a stack. None when it is gone.
pub(super) async fn resources(aws: &Aws, id: &str) -> Result<Vec<StackResourceSummary>, Trouble> {
    let call = aws.cloudformation().list_stack_resources().stack_name(id);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = std::future::ready(page);
        let page =
            aws.find("cloudformation:ListStackResources", id, &["ValidationError"], page).await?;
        found.extend(page.and_then(|page| page.stack_resource_summaries).unwrap_or_default());
    }
    Ok(found)
}

fn described(resource: &StackResourceSummary) -> String {
    let name = resource.logical_resource_id.as_deref().unwrap_or_default();
    let kind = resource.resource_type.as_deref().unwrap_or_default();
    let physical = resource.physical_resource_id.as_deref().unwrap_or_default();
    format!("{name} ({kind} {physical})")
}

async fn failed_buckets(aws: &Aws, id: &str) -> Result<Vec<String>, Trouble> {
    let failed = undeleted(aws, id).await?;
    let buckets =
        failed.into_iter().filter(|r| r.resource_type.as_deref() == Some("AWS::S3::Bucket"));
    Ok(buckets.filter_map(|bucket| bucket.physical_resource_id).collect())
}

/// What is left of a deleted stack is owed to someone: say it.
async fn outputs(aws: &Aws, id: Option<&str>) -> Result<Values, Trouble> {
    let retained = match id {
        Some(id) => left_behind(aws, id).await?,
        None => Vec::new(),
    };
    Ok(answer([("deleted", id.is_some().into()), ("retained", retained.into())]))
}

/// A line for the operator.
pub(super) async fn say(cx: &Context, line: impl Into<String>) {
    cx.tell.say(Report::Line(line.into())).await;
}
