//! What happens inside a stack while CloudFormation works at it.

use super::stack::{self, Standing, WORK, standing_of, status};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::wait::Wait;
use crate::actions::context::{Context, Report};
use aws_sdk_cloudformation::types::{ResourceStatus, Stack, StackEvent};
use std::collections::{BTreeMap, VecDeque};

/// A page holds 100 events. One look reads no more than this many pages back.
const PAGES: usize = 20;

/// Follows one operation on a stack.
pub(super) struct Follow {
    /// The stack's id, under which it is found even after it was deleted.
    id: String,
    /// The newest event that was told.
    last: Option<String>,
    /// The first failure that is not only the consequence of another.
    cause: Option<String>,
    /// Why each resource failed that did, by its logical name.
    reasons: BTreeMap<String, String>,
}

impl Follow {
    /// What happens from now on.
    pub(super) async fn from_now(aws: &Aws, id: &str) -> Result<Self, Trouble> {
        let mut follow =
            Self { id: id.to_owned(), last: None, cause: None, reasons: BTreeMap::new() };
        let newest = follow.news(aws).await?.pop_back();
        follow.last = newest.and_then(|event| event.event_id);
        Ok(follow)
    }

    /// What happened since the operation under way was asked for. For joining it after a crash.
    pub(super) async fn from_its_beginning(
        aws: &Aws,
        cx: &Context,
        id: &str,
    ) -> Result<Self, Trouble> {
        let mut follow =
            Self { id: id.to_owned(), last: None, cause: None, reasons: BTreeMap::new() };
        let mut events = follow.news(aws).await?;
        let asked = events.iter().rposition(begins_an_operation);
        let asked = asked.unwrap_or(0);
        events.drain(..asked.min(events.len()));
        follow.tell(cx, events).await;
        Ok(follow)
    }

    /// Waits until CloudFormation is done with the stack, and tells what happens meanwhile. Gives
    /// the stack as it is then, or nothing when it is gone.
    pub(super) async fn until_done(
        &mut self,
        aws: &Aws,
        cx: &Context,
    ) -> Result<Option<Stack>, Trouble> {
        let mut wait = Wait::new(cx, &WORK, format!("stack {}", self.id));
        loop {
            // The status first: all events of an operation are there when its end is seen.
            let now = stack::find(aws, &self.id).await?;
            let events = self.news(aws).await?;
            self.tell(cx, events).await;
            if standing_of(now.as_ref()) != Standing::Busy {
                return Ok(now);
            }
            wait.again().await?;
        }
    }

    /// The events that were not told yet, the oldest first.
    async fn news(&mut self, aws: &Aws) -> Result<VecDeque<StackEvent>, Trouble> {
        let call = aws.cloudformation().describe_stack_events().stack_name(&self.id);
        let mut pages = call.into_paginator().send();
        let mut news = VecDeque::new();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page = std::future::ready(page);
            // An emulator, and AWS for a stack long gone, may have no events of it any more.
            let gone = ["ValidationError"];
            let page =
                aws.find("cloudformation:DescribeStackEvents", &self.id, &gone, page).await?;
            for event in page.and_then(|page| page.stack_events).unwrap_or_default() {
                if event.event_id.is_some() && event.event_id == self.last {
                    return Ok(news);
                }
                news.push_front(event);
            }
        }
        Ok(news)
    }

    async fn tell(&mut self, cx: &Context, events: VecDeque<StackEvent>) {
        for event in events {
            let failed = failure(&event);
            if let (Some(_), Some(name), Some(reason)) =
                (&failed, &event.logical_resource_id, &event.resource_status_reason)
            {
                self.reasons.insert(name.clone(), reason.clone());
            }
            self.cause = self.cause.take().or(failed);
            self.last = event.event_id.or(self.last.take());
            let report = Report::Resource {
                name: event.logical_resource_id.unwrap_or_default(),
                kind: event.resource_type.unwrap_or_default(),
                status: event.resource_status.map_or_else(String::new, |s| s.as_str().to_owned()),
                reason: event.resource_status_reason,
            };
            cx.tell.say(report).await;
        }
    }

    /// Why that resource failed.
    pub(super) fn reason(&self, name: &str) -> &str {
        self.reasons.get(name).map_or("no reason given", String::as_str)
    }

    /// Why the stack is not as it was wanted.
    pub(super) fn failed(&self, aws: &Aws, name: &str, now: Option<&Stack>) -> Trouble {
        let (state, own) = now
            .map_or(("gone", None), |stack| (status(stack), stack.stack_status_reason.as_deref()));
        let cause = self.cause.as_deref().or(own).unwrap_or("no reason given");
        let trouble = aws.wrong(format!("stack {name} is {state}: {cause}"));
        match state {
            "UPDATE_ROLLBACK_FAILED" => trouble.hint("The update failed and so did going back: mend what the reason names, then continue the rollback in CloudFormation."),
            "ROLLBACK_COMPLETE" => trouble.hint("Nothing of it was kept. Mend what the reason names and run the step again: it deletes this stack first."),
            "UPDATE_ROLLBACK_COMPLETE" => trouble.hint("The stack is as it was before. Mend what the reason names and run the step again."),
            "DELETE_FAILED" => trouble.hint("Mend what the reason names and run the step again. A bucket must be empty: see `empty_buckets`."),
            _ => trouble,
        }
    }
}

/// The resources that CloudFormation left behind because the template retains them, from the events,
/// since a stack that is gone lists no resources.
pub(super) async fn left_behind(aws: &Aws, id: &str) -> Result<Vec<String>, Trouble> {
    let (last, cause, reasons) = (None, None, BTreeMap::new());
    let events = Follow { id: id.to_owned(), last, cause, reasons }.news(aws).await?;
    let skipped =
        |event: &&StackEvent| event.resource_status == Some(ResourceStatus::DeleteSkipped);
    let names = events.iter().filter(skipped).map(|event| {
        let name = event.logical_resource_id.as_deref().unwrap_or_default();
        let kind = event.resource_type.as_deref().unwrap_or_default();
        let physical = event.physical_resource_id.as_deref().unwrap_or_default();
        format!("{name} ({kind} {physical})")
    });
    Ok(names.collect())
}

/// Whether somebody asked for something then. Going back and cleaning up follow by themselves.
fn begins_an_operation(event: &StackEvent) -> bool {
    let begins = [
        ResourceStatus::CreateInProgress,
        ResourceStatus::UpdateInProgress,
        ResourceStatus::DeleteInProgress,
        ResourceStatus::ImportInProgress,
    ];
    event.physical_resource_id == event.stack_id
        && event.resource_status.as_ref().is_some_and(|status| begins.contains(status))
}

/// What went wrong, unless it was only cancelled because something else went wrong.
fn failure(event: &StackEvent) -> Option<String> {
    let failed = event.resource_status.as_ref().is_some_and(|s| s.as_str().ends_with("_FAILED"));
    let reason = event.resource_status_reason.as_deref().unwrap_or_default();
    // A stack's own failure only sums up those of its resources.
    let own = event.physical_resource_id == event.stack_id;
    if !failed || own || reason.to_lowercase().contains("cancelled") {
        return None;
    }
    let name = event.logical_resource_id.as_deref().unwrap_or_default();
    let kind = event.resource_type.as_deref().unwrap_or_default();
    Some(format!("{name} ({kind}): {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, status: ResourceStatus, reason: &str) -> StackEvent {
        StackEvent::builder()
            .stack_id("stack")
            .physical_resource_id(if name == "s" { "stack" } else { "r" })
            .logical_resource_id(name)
            .resource_type("T")
            .resource_status(status)
            .resource_status_reason(reason)
            .build()
    }

    #[test]
    fn a_cancelled_resource_is_not_the_cause() {
        let cancelled = event("a", ResourceStatus::CreateFailed, "Resource creation cancelled");
        assert_eq!(failure(&cancelled), None);
        let own = event("s", ResourceStatus::CreateFailed, "The following resource(s) failed: [b]");
        assert_eq!(failure(&own), None);
        let cause = event("b", ResourceStatus::CreateFailed, "denied");
        assert_eq!(failure(&cause).as_deref(), Some("b (T): denied"));
        assert_eq!(failure(&event("b", ResourceStatus::CreateComplete, "")), None);
    }
}
