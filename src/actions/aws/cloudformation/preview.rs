//! What `cloudformation/deploy` and `cloudformation/delete` would do, for a plan.
//!
//! Reading is enough for most of it: the template and the parameters that are there, and those that
//! are wanted. Only CloudFormation itself knows the rest, and tells it in a change set. Making one
//! is a change, if a small one, so it is made only when it was asked for, and deleted at once.

use super::change_set::Wanted;
use super::diff::{self, Side};
use super::loss::{self, Going};
use super::previous;
use super::resolve::{Place, Template};
use super::stack::{self, Standing, standing_of, status};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::context::Context;
use crate::actions::preview::{Change, Kind, Looking, Preview};
use aws_sdk_cloudformation::types::{self, ChangeAction, Replacement, Stack};
use std::collections::BTreeMap;

impl Wanted {
    /// What bringing the stack there would change.
    pub(super) async fn preview(
        &self,
        aws: &Aws,
        cx: &Context,
        how: Looking,
    ) -> Result<Preview, Trouble> {
        let wanted = match Template::read(&self.template) {
            Ok(template) => template,
            // CloudFormation may understand it all the same.
            Err(error) => {
                let change = Change::new(Kind::Modify, &self.stack).of("stack").perhaps();
                return Ok(change
                    .detail(format!("its template cannot be read here: {error}"))
                    .into());
            }
        };
        let parameters = self.parameters(aws, &wanted)?;
        let place = self.place(aws);
        let made = || diff::made(Side { template: &wanted, parameters: &parameters }, place);
        let now = stack::find(aws, &self.stack).await?;
        match (standing_of(now.as_ref()), now) {
            (Standing::Ready, Some(now)) => self.update(aws, cx, (&now, &wanted), how).await,
            (Standing::Stuck, Some(now)) => Err(aws
                .wrong(format!("stack {} is {}: it needs hands first", self.stack, status(&now)))
                .hint("Mend it in CloudFormation, then look again.")),
            (Standing::Busy, Some(now)) => {
                let note = format!(
                    "stack {} is {}: the step waits for its end, and what it changes then cannot be told now",
                    self.stack,
                    status(&now)
                );
                let change = Change::new(Kind::Modify, &self.stack).of("stack").perhaps();
                Ok(Preview { notes: vec![note], ..change.into() })
            }
            (Standing::NeverCreated | Standing::Review, Some(now)) => {
                let mut changes = vec![Change::new(Kind::Remove, &self.stack).of("stack").detail(
                    format!("it is {}, and is deleted before it is created", status(&now)),
                )];
                changes.extend(made());
                Ok(Preview { changes, ..Preview::default() })
            }
            _ => Ok(Preview { changes: made(), ..Preview::default() }),
        }
    }

    /// The value of every parameter of the template. One that is not given takes the default.
    fn parameters(
        &self,
        aws: &Aws,
        template: &Template,
    ) -> Result<BTreeMap<String, String>, Trouble> {
        let declared = template.parameters();
        let given: BTreeMap<&str, &str> = self
            .parameters
            .iter()
            .filter_map(|p| Some((p.parameter_key()?, p.parameter_value().unwrap_or_default())))
            .collect();
        // Both are what CloudFormation would refuse the change set for. A transform may declare more.
        let unknown: Vec<_> =
            given.keys().copied().filter(|name| !declared.contains_key(name)).collect();
        if !unknown.is_empty() && !template.is_rewritten() {
            let message = format!(
                "the template of stack {} has no parameter {}",
                self.stack,
                unknown.join(", ")
            );
            return Err(aws.wrong(message));
        }
        let missing: Vec<_> = declared
            .iter()
            .filter(|(name, default)| default.is_none() && !given.contains_key(*name))
            .map(|(name, _)| *name)
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "stack {} needs a value for the parameter {}",
                self.stack,
                missing.join(", ")
            );
            return Err(aws.wrong(message));
        }
        let value = |(name, default): (&str, Option<&str>)| {
            let value = given.get(name).copied().or(default).unwrap_or_default();
            (name.to_owned(), value.to_owned())
        };
        Ok(declared.into_iter().map(value).collect())
    }

    fn place<'a>(&'a self, aws: &'a Aws) -> Place<'a> {
        Place { account: &aws.target.id, region: &aws.target.region, stack: &self.stack }
    }

    /// What would become of each resource of a stack that is there, as far as the two templates tell.
    pub(super) fn compared(
        &self,
        aws: &Aws,
        (now, there): (&Stack, &Template),
        wanted: &Template,
    ) -> Result<Vec<Change>, Trouble> {
        let (before, after) = (previous::parameters(now), self.parameters(aws, wanted)?);
        let there = Side { template: there, parameters: &before };
        let wanted = Side { template: wanted, parameters: &after };
        Ok(diff::changed(there, wanted, self.place(aws)))
    }

    async fn update(
        &self,
        aws: &Aws,
        cx: &Context,
        (now, wanted): (&Stack, &Template),
        how: Looking,
    ) -> Result<Preview, Trouble> {
        let text = previous::template(aws, &self.stack).await?;
        let mut notes = Vec::new();
        let mut changes = match Template::read(&text) {
            Ok(template) => {
                let changes = self.compared(aws, (now, &template), wanted)?;
                let going = changes.iter().filter_map(Going::by_plan).collect();
                let lost = self.may_lose.forbids(going, Some(&template), Some(wanted));
                if !lost.is_empty() {
                    notes.push(format!(
                        "the step will refuse this, unless `may_lose` names it: {}",
                        loss::told(&lost)
                    ));
                }
                changes
            }
            Err(error) => {
                let change = Change::new(Kind::Modify, &self.stack).of("stack").perhaps();
                vec![change.detail(format!("its present template cannot be read here: {error}"))]
            }
        };
        if !self.has_tags_of(now) {
            let change = Change::new(Kind::Modify, &self.stack).of("stack");
            changes.push(change.detail("Tags, which reach every resource that takes tags"));
        }
        if changes.is_empty() {
            let change = Change::new(Kind::Modify, &self.stack).of("stack");
            changes.push(change.detail("the text of the template only: no resource changes"));
        }
        let change_set =
            if how.change_sets { Some(self.ask_cloudformation(aws, cx).await?) } else { None };
        Ok(Preview { changes, change_set, notes })
    }

    /// Makes a change set, reads it, and deletes it, whatever comes in between.
    async fn ask_cloudformation(&self, aws: &Aws, cx: &Context) -> Result<Vec<Change>, Trouble> {
        let name = format!("runbook-plan-{:016x}", rand::random::<u64>());
        let read = self.described_once(aws, cx, &name).await;
        // The operator's wish to stop must not leave it behind, so this does not listen to it.
        let discarded = self.delete_change_set(aws, &name).await;
        let (read, discarded) = match (read, discarded) {
            (read, Ok(())) => return read,
            (read, Err(trouble)) => (read, trouble),
        };
        let left = format!(
            "change set {name} of stack {} may be left and has no effect: {}",
            self.stack, discarded.message
        );
        let message =
            read.err().map_or(left.clone(), |trouble| format!("{}; {left}", trouble.message));
        Err(Trouble::failed(message).hint(format!(
            "Delete it: `aws cloudformation delete-change-set --stack-name {} --change-set-name {name}`",
            self.stack
        )))
    }
}

/// One entry of a change set.
pub(super) fn told(change: &types::ResourceChange) -> Change {
    let replacement = change.replacement();
    let (kind, certain) = match (change.action(), replacement) {
        (Some(ChangeAction::Add | ChangeAction::Import), _) => (Kind::Add, true),
        (Some(ChangeAction::Remove), _) => {
            let kept = change.policy_action().is_some_and(|policy| policy.as_str() == "Retain");
            (if kept { Kind::Keep } else { Kind::Remove }, true)
        }
        (Some(ChangeAction::Modify), Some(Replacement::True)) => (Kind::Replace, true),
        (Some(ChangeAction::Modify), Some(Replacement::False)) => (Kind::Modify, true),
        // `Conditional`, `Dynamic`, and whatever comes after this program.
        _ => (Kind::Modify, false),
    };
    let mut told =
        Change { certain, ..Change::new(kind, change.logical_resource_id().unwrap_or_default()) };
    told.of = change.resource_type().map(str::to_owned);
    for detail in change.details() {
        let Some(target) = detail.target() else { continue };
        let attribute = target.attribute().map_or("", types::ResourceAttribute::as_str);
        let mut text = target.name().unwrap_or(attribute).to_owned();
        match target.requires_recreation().map(types::RequiresRecreation::as_str) {
            Some("Always") => text.push_str(" (replaces)"),
            Some("Conditionally") => text.push_str(" (may replace)"),
            _ => {}
        }
        if let Some(cause) = detail.causing_entity() {
            text.push_str(&format!(", because of {cause}"));
        }
        if !told.details.contains(&text) {
            told.details.push(text);
        }
    }
    if told.details.is_empty() && kind == Kind::Modify {
        told.details.extend(change.scope().iter().map(|scope| scope.as_str().to_owned()));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::ResourceChange;

    fn entry(action: ChangeAction, replacement: Option<Replacement>) -> Change {
        told(
            &ResourceChange::builder()
                .action(action)
                .logical_resource_id("B")
                .resource_type("AWS::S3::Bucket")
                .set_replacement(replacement)
                .build(),
        )
    }

    #[test]
    fn a_change_set_is_told_with_its_doubts() {
        let kinds = [
            (ChangeAction::Add, None, Kind::Add, true),
            (ChangeAction::Remove, None, Kind::Remove, true),
            (ChangeAction::Modify, Some(Replacement::True), Kind::Replace, true),
            (ChangeAction::Modify, Some(Replacement::False), Kind::Modify, true),
            (ChangeAction::Modify, Some(Replacement::Conditional), Kind::Modify, false),
            (ChangeAction::Dynamic, None, Kind::Modify, false),
        ];
        for (action, replacement, kind, certain) in kinds {
            let told = entry(action.clone(), replacement);
            assert_eq!((told.kind, told.certain), (kind, certain), "{action:?}");
        }
    }
}
