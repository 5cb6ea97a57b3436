//! What a stack was before a step changed it, as the step's memo keeps it.

use super::change_set::Wanted;
use super::delete::say;
use super::loss::MayLose;
use super::stack::{self, Standing, standing_of};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::context::Context;
use crate::engine::outcome::Memo;
use aws_sdk_cloudformation::types::{Capability, Parameter, Stack, Tag, TemplateStage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How CloudFormation shows a parameter that must not be seen.
pub(super) const HIDDEN: &str = "****";

/// What undo needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Previous {
    /// Whether there was a stack that had been created successfully.
    pub(super) existed: bool,
    /// When it was last changed, in seconds.
    pub(super) stamp: Option<i64>,
    template: Option<String>,
    parameters: BTreeMap<String, String>,
    capabilities: Vec<String>,
    tags: BTreeMap<String, String>,
    protected: bool,
}

impl Previous {
    /// Reads what there is now.
    pub(super) async fn read(aws: &Aws, name: &str) -> Result<Self, Trouble> {
        let now = stack::find(aws, name).await?;
        // What was never created, or is being made, is nothing to go back to.
        let Some(now) = now.filter(|now| standing_of(Some(now)) == Standing::Ready) else {
            return Ok(Self::default());
        };
        Ok(Self {
            existed: true,
            stamp: stack::stamp(&now),
            template: Some(template(aws, name).await?),
            parameters: parameters(&now),
            capabilities: now
                .capabilities
                .iter()
                .flatten()
                .map(|c| c.as_str().to_owned())
                .collect(),
            tags: tags(&now),
            protected: now.enable_termination_protection.unwrap_or(false),
        })
    }

    /// Reads it from a memo.
    pub(super) fn of(memo: &Memo) -> Option<Self> {
        serde_json::from_value(memo.clone()).ok()
    }

    /// Puts the stack back: to what it was, or away.
    pub(super) async fn restore(&self, aws: &Aws, cx: &Context, name: &str) -> Result<(), Trouble> {
        let now = stack::find(aws, name).await?;
        let Some(template) = self.template.as_ref().filter(|_| self.existed) else {
            let Some(now) = now.filter(|now| standing_of(Some(now)) != Standing::Absent) else {
                return Ok(());
            };
            if now.enable_termination_protection == Some(true) {
                super::delete::protect(aws, &now, false).await?;
            }
            return super::delete::remove(aws, cx, &now).await;
        };
        let parameters = self.parameters.iter().map(|(key, value)| {
            let parameter = Parameter::builder().parameter_key(key);
            if value == HIDDEN {
                parameter.use_previous_value(true).build()
            } else {
                parameter.parameter_value(value).build()
            }
        });
        let wanted = Wanted {
            stack: name.to_owned(),
            template: template.clone(),
            parameters: parameters.collect(),
            capabilities: self.capabilities.iter().map(|c| Capability::from(c.as_str())).collect(),
            tags: self.tags.iter().map(|(k, v)| Tag::builder().key(k).value(v).build()).collect(),
            keep: false,
            // What the step made goes again with what it holds.
            may_lose: MayLose::Anything,
        };
        if self.parameters.values().any(|value| value == HIDDEN) {
            say(cx, format!("hidden parameters of stack {name} keep the value they have now"))
                .await;
        }
        let (now, _) = wanted.bring_about(aws, cx).await?;
        if now.enable_termination_protection.unwrap_or(false) != self.protected {
            super::delete::protect(aws, &now, self.protected).await?;
        }
        Ok(())
    }
}

/// The template as it was given to CloudFormation.
pub(super) async fn template(aws: &Aws, name: &str) -> Result<String, Trouble> {
    let call = aws.cloudformation().get_template().stack_name(name);
    let call = call.template_stage(TemplateStage::Original).send();
    let answer = aws.read("cloudformation:GetTemplate", name, call).await?;
    Ok(answer.template_body.unwrap_or_default())
}

/// The parameters by name.
pub(super) fn parameters(now: &Stack) -> BTreeMap<String, String> {
    let parameters = now.parameters.iter().flatten();
    parameters
        .filter_map(|p| {
            Some((p.parameter_key.clone()?, p.parameter_value.clone().unwrap_or_default()))
        })
        .collect()
}

/// The tags of the stack itself.
pub(super) fn tags(now: &Stack) -> BTreeMap<String, String> {
    let tags = now.tags.iter().flatten();
    tags.filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?))).collect()
}
