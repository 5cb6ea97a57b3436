//! One change of a stack: described, executed, followed to its end.

use super::events::Follow;
use super::loss::{self, Going, MayLose};
use super::resolve::Template;
use super::stack::{self, Standing, WORK, standing_of, status};
use super::{preview, previous};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::wait::Wait;
use crate::actions::context::{Context, Report};
use crate::actions::preview::Change;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, ExecutionStatus, Parameter, ResourceChange, Stack,
    Tag,
};
use sha2::{Digest, Sha256};

/// What a stack is to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) stack: String,
    pub(super) template: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) capabilities: Vec<Capability>,
    pub(super) tags: Vec<Tag>,
    /// Whether what was made is kept when the change fails, to look at it.
    pub(super) keep: bool,
    /// What it may cost.
    pub(super) may_lose: MayLose,
}

/// The template that is there and the one that is wanted, as far as they can be read here.
struct Texts {
    there: Option<Template>,
    wanted: Option<Template>,
}

/// How often to clear the way before it is given up: each time the stack was in another state.
const ROUNDS: u32 = 6;

/// What CloudFormation answers about a change set that is not there.
const GONE: [&str; 2] = ["ChangeSetNotFound", "ChangeSetNotFoundException"];

impl Wanted {
    /// Brings the stack there. Gives it as it is then, and whether anything was done.
    pub(super) async fn bring_about(
        &self,
        aws: &Aws,
        cx: &Context,
    ) -> Result<(Stack, bool), Trouble> {
        for _ in 0..ROUNDS {
            let now = stack::find(aws, &self.stack).await?;
            match (standing_of(now.as_ref()), now) {
                (Standing::Absent, _) => return self.change(aws, cx, ChangeSetType::Create).await,
                (Standing::Ready, _) => return self.change(aws, cx, ChangeSetType::Update).await,
                (_, None) => {}
                (Standing::Busy, Some(now)) => self.join(aws, cx, &now).await?,
                (Standing::Review, Some(now)) => self.clear_review(aws, cx, &now).await?,
                (Standing::NeverCreated, Some(now)) => {
                    let line = format!(
                        "stack {} is {}: it was never created and can only be deleted, so it is deleted first",
                        self.stack,
                        status(&now)
                    );
                    cx.tell.say(Report::Line(line)).await;
                    super::delete::remove(aws, cx, &now).await?;
                }
                (Standing::Stuck, Some(now)) => {
                    let id = now.stack_id.clone().unwrap_or_default();
                    let follow = Follow::from_its_beginning(aws, cx, &id).await?;
                    return Err(follow.failed(aws, &self.stack, Some(&now)));
                }
            }
        }
        Err(aws.wrong(format!("stack {} is changed by someone else again and again", self.stack)))
    }

    /// Somebody, perhaps this very step before it was cut off, has begun something: let it end
    /// first. When it failed, that is for a person to look at before anything else is begun.
    async fn join(&self, aws: &Aws, cx: &Context, now: &Stack) -> Result<(), Trouble> {
        let id = now.stack_id.clone().unwrap_or_default();
        let what = format!("stack {}, which is {}", self.stack, status(now));
        cx.tell.say(Report::Waiting(what)).await;
        let mut follow = Follow::from_its_beginning(aws, cx, &id).await?;
        let end = follow.until_done(aws, cx).await?;
        let failed = end.as_ref().is_some_and(|end| {
            status(end).contains("ROLLBACK") || status(end).ends_with("_FAILED")
        });
        if failed { Err(follow.failed(aws, &self.stack, end.as_ref())) } else { Ok(()) }
    }

    /// A stack in review has no resources, and blocks its own creation.
    async fn clear_review(&self, aws: &Aws, cx: &Context, now: &Stack) -> Result<(), Trouble> {
        let id = now.stack_id.clone().unwrap_or_default();
        let call = aws.cloudformation().list_stack_resources().stack_name(&id).send();
        let resources = aws.read("cloudformation:ListStackResources", &self.stack, call).await?;
        if !resources.stack_resource_summaries.unwrap_or_default().is_empty() {
            return Err(aws.wrong(format!(
                "stack {} is in review, yet has resources: it is left alone",
                self.stack
            )));
        }
        let line = format!(
            "stack {} was left in review, without resources: it is deleted first",
            self.stack
        );
        cx.tell.say(Report::Line(line)).await;
        super::delete::remove(aws, cx, now).await
    }

    async fn change(
        &self,
        aws: &Aws,
        cx: &Context,
        kind: ChangeSetType,
    ) -> Result<(Stack, bool), Trouble> {
        // CloudFormation does not tell everything beforehand, and neither do the texts. What they tell costs nothing.
        let texts = match (&kind, &self.may_lose) {
            (ChangeSetType::Update, MayLose::These(_)) => {
                Some(self.loses_nothing_by_reading(aws).await?)
            }
            _ => None,
        };
        let name = self.change_set_name(cx);
        let set = match self.describe(aws, cx, &name, &kind).await? {
            Some(set) => set,
            None => {
                let now = stack::find(aws, &self.stack).await?;
                let now = now.ok_or_else(|| aws.wrong(format!("stack {} is gone", self.stack)))?;
                return Ok((now, false));
            }
        };
        let (set_id, id) = (set.change_set_id.clone(), set.stack_id.clone());
        let (Some(set_id), Some(id)) = (set_id, id) else {
            return Err(aws.wrong(format!("the change set of stack {} has no id", self.stack)));
        };
        if let Some(texts) = &texts {
            self.loses_nothing(aws, cx, (&name, texts), set).await?;
        }
        let mut follow = Follow::from_now(aws, &id).await?;
        let call = aws
            .cloudformation_careful()
            .execute_change_set()
            .change_set_name(&set_id)
            .client_request_token(format!("runbook-{}", digest(&[&set_id])))
            .disable_rollback(self.keep)
            .send();
        aws.change("cloudformation:ExecuteChangeSet", &self.stack, call).await?;
        let now = follow.until_done(aws, cx).await?;
        match now {
            Some(now) if matches!(status(&now), "CREATE_COMPLETE" | "UPDATE_COMPLETE") => {
                Ok((now, true))
            }
            now => Err(follow.failed(aws, &self.stack, now.as_ref())),
        }
    }

    /// Refuses a change that would take away what holds data, as far as the two templates tell. Gives them.
    async fn loses_nothing_by_reading(&self, aws: &Aws) -> Result<Texts, Trouble> {
        let now = stack::find(aws, &self.stack).await?;
        let now = now.ok_or_else(|| aws.wrong(format!("stack {} is gone", self.stack)))?;
        let there = Template::read(&previous::template(aws, &self.stack).await?).ok();
        let texts = Texts { there, wanted: Template::read(&self.template).ok() };
        let Texts { there: Some(there), wanted: Some(wanted) } = &texts else { return Ok(texts) };
        let changes = self.compared(aws, (&now, there), wanted)?;
        let going = changes.iter().filter_map(Going::by_plan).collect();
        let lost = self.may_lose.forbids(going, Some(there), Some(wanted));
        if lost.is_empty() { Ok(texts) } else { Err(loss::refused(&self.stack, &lost)) }
    }

    /// Refuses it as far as CloudFormation tells, and leaves nothing of it behind.
    async fn loses_nothing(
        &self,
        aws: &Aws,
        cx: &Context,
        (name, texts): (&str, &Texts),
        set: DescribeChangeSetOutput,
    ) -> Result<(), Trouble> {
        let changes = self.changes(aws, name, set).await?;
        let going = changes.iter().filter_map(Going::by).collect();
        let lost = self.may_lose.forbids(going, texts.there.as_ref(), texts.wanted.as_ref());
        if lost.is_empty() {
            return Ok(());
        }
        self.discard(aws, cx, name).await?;
        Err(loss::refused(&self.stack, &lost))
    }

    /// Everything that a change set would do, page by page.
    async fn changes(
        &self,
        aws: &Aws,
        name: &str,
        mut page: DescribeChangeSetOutput,
    ) -> Result<Vec<ResourceChange>, Trouble> {
        let mut changes = Vec::new();
        loop {
            let found = page.changes.take().unwrap_or_default();
            changes.extend(found.into_iter().filter_map(|change| change.resource_change));
            let Some(next) = page.next_token.take() else { return Ok(changes) };
            let call = aws.cloudformation().describe_change_set().next_token(next);
            let call = call.stack_name(&self.stack).change_set_name(name).send();
            page = aws.read("cloudformation:DescribeChangeSet", &self.stack, call).await?;
        }
    }

    /// One name for the same change by the same step, so that a repeat finds its own change set.
    fn change_set_name(&self, cx: &Context) -> String {
        let parameters = format!("{:?}{:?}", self.parameters, self.tags);
        let digest = digest(&[cx.run.as_str(), cx.step.as_str(), &self.template, &parameters]);
        format!("runbook-{digest}")
    }

    /// Makes the change set, or finds the one an earlier attempt made, and waits until it is known
    /// what it would do. Nothing when it would change nothing.
    async fn describe(
        &self,
        aws: &Aws,
        cx: &Context,
        name: &str,
        kind: &ChangeSetType,
    ) -> Result<Option<DescribeChangeSetOutput>, Trouble> {
        let already = ["AlreadyExistsException"];
        let action = "cloudformation:CreateChangeSet";
        if aws
            .change_unless(action, &self.stack, &already, self.request(aws, name, kind))
            .await?
            .is_none()
        {
            let left = self.settled(aws, cx, name).await?;
            if left.execution_status == Some(ExecutionStatus::Available) {
                return Ok(Some(left));
            }
            // It was executed, or is out of date: the stack has moved on since.
            self.discard(aws, cx, name).await?;
            aws.change(action, &self.stack, self.request(aws, name, kind)).await?;
        }
        let set = self.settled(aws, cx, name).await?;
        if set.status == Some(ChangeSetStatus::CreateComplete) {
            return Ok(Some(set));
        }
        let reason = set.status_reason.unwrap_or_else(|| "no reason given".to_owned());
        self.discard(aws, cx, name).await?;
        if is_empty(&reason) {
            return Ok(None);
        }
        if *kind == ChangeSetType::Create
            && let Some(now) = stack::find(aws, &self.stack).await?
            && standing_of(Some(&now)) == Standing::Review
        {
            // The failed change set made an empty stack, which would stand in the way of the next.
            super::delete::remove(aws, cx, &now).await?;
        }
        Err(aws.wrong(format!("the change set of stack {} failed: {reason}", self.stack)))
    }

    async fn request(
        &self,
        aws: &Aws,
        name: &str,
        kind: &ChangeSetType,
    ) -> Result<
        aws_sdk_cloudformation::operation::create_change_set::CreateChangeSetOutput,
        aws_sdk_cloudformation::error::SdkError<
            aws_sdk_cloudformation::operation::create_change_set::CreateChangeSetError,
            aws_smithy_runtime_api::client::orchestrator::HttpResponse,
        >,
    > {
        aws.cloudformation_careful()
            .create_change_set()
            .stack_name(&self.stack)
            .change_set_name(name)
            .change_set_type(kind.clone())
            .client_token(name)
            .template_body(&self.template)
            .set_parameters(Some(self.parameters.clone()))
            .set_capabilities(Some(self.capabilities.clone()))
            .set_tags(Some(self.tags.clone()))
            .send()
            .await
    }

    async fn settled(
        &self,
        aws: &Aws,
        cx: &Context,
        name: &str,
    ) -> Result<DescribeChangeSetOutput, Trouble> {
        let mut wait = Wait::new(cx, &WORK, format!("the change set of stack {}", self.stack));
        loop {
            let call = aws.cloudformation().describe_change_set();
            let call = call.stack_name(&self.stack).change_set_name(name).send();
            let set = aws.read("cloudformation:DescribeChangeSet", &self.stack, call).await?;
            let busy = [ChangeSetStatus::CreateInProgress, ChangeSetStatus::CreatePending];
            if set.status.as_ref().is_none_or(|status| !busy.contains(status)) {
                return Ok(set);
            }
            wait.again().await?;
        }
    }

    /// Makes a change set for an update, reads all of it and leaves it there.
    pub(super) async fn described_once(
        &self,
        aws: &Aws,
        cx: &Context,
        name: &str,
    ) -> Result<Vec<Change>, Trouble> {
        let action = "cloudformation:CreateChangeSet";
        let request = self.request(aws, name, &ChangeSetType::Update);
        aws.change(action, &self.stack, request).await?;
        let set = self.settled(aws, cx, name).await?;
        if set.status != Some(ChangeSetStatus::CreateComplete) {
            let reason = set.status_reason.unwrap_or_else(|| "no reason given".to_owned());
            return if is_empty(&reason) {
                Ok(Vec::new())
            } else {
                Err(aws.wrong(format!("the change set of stack {} failed: {reason}", self.stack)))
            };
        }
        Ok(self.changes(aws, name, set).await?.iter().map(preview::told).collect())
    }

    /// Asks for a change set to be deleted. One that is not there is deleted already.
    pub(super) async fn delete_change_set(&self, aws: &Aws, name: &str) -> Result<(), Trouble> {
        let call = aws.cloudformation_careful().delete_change_set();
        let call = call.stack_name(&self.stack).change_set_name(name).send();
        aws.change_unless("cloudformation:DeleteChangeSet", &self.stack, &GONE, call).await?;
        Ok(())
    }

    async fn discard(&self, aws: &Aws, cx: &Context, name: &str) -> Result<(), Trouble> {
        self.delete_change_set(aws, name).await?;
        let mut wait = Wait::new(cx, &WORK, "the change set to be gone");
        loop {
            let call = aws.cloudformation().describe_change_set();
            let call = call.stack_name(&self.stack).change_set_name(name).send();
            let found =
                aws.find("cloudformation:DescribeChangeSet", &self.stack, &GONE, call).await?;
            if found.is_none_or(|set| set.status == Some(ChangeSetStatus::DeleteComplete)) {
                return Ok(());
            }
            wait.again().await?;
        }
    }
}

/// CloudFormation fails a change set that would change nothing, and says so in one of these ways.
fn is_empty(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// SHA-256 of a text, in hexadecimal.
pub(super) fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // Lengths keep `ab`+`c` and `a`+`bc` apart.
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_words_mean_that_nothing_would_change() {
        assert!(is_empty(
            "The submitted information didn't contain changes. Submit different information to create a change set."
        ));
        assert!(is_empty("No updates are to be performed."));
        assert!(!is_empty("Parameters: [X] must have values"));
    }

    #[test]
    fn parts_of_a_digest_do_not_run_into_each_other() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
