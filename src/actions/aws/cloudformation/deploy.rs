//! `cloudformation/deploy`: brings a stack to a template and parameters.

use super::change_set::Wanted;
use super::loss::MayLose;
use super::previous::{self, Previous};
use super::stack::{self, Standing, standing_of};
use super::template;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, kept, observed};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::Values;
use async_trait::async_trait;
use aws_sdk_cloudformation::types::{Capability, Parameter, Stack, Tag};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) struct Deploy {
    pub(super) sessions: Arc<AwsSessions>,
    pub(super) templates: PathBuf,
}

#[async_trait]
impl Action for Deploy {
    fn name(&self) -> &'static str {
        "cloudformation/deploy"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        observed(self.look(cx).await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.sessions, cx)?;
        let wanted = self.wanted(&cx.inputs)?;
        let previous = Previous::read(&aws, &wanted.stack).await?;
        serde_json::to_value(previous).map_err(|error| Trouble::nothing_happened(error.to_string()))
    }

    /// The template is a file of its own, which the text of the runbook does not cover.
    fn pins(&self, known: &Values) -> Values {
        let body = template::body(known, &self.templates).ok();
        let pin = |body: String| ("template_sha256", super::change_set::sha256(&body).into());
        body.map(|body| answer([pin(body)])).unwrap_or_default()
    }

    async fn preview(&self, cx: &Context, how: Looking) -> Result<Preview, Trouble> {
        let aws = Aws::of(&self.sessions, cx)?;
        let wanted = self.wanted(&cx.inputs)?.keeping(&aws, &cx.inputs).await?;
        let mut preview = wanted.preview(&aws, cx, how).await?;
        if let Some(on) = inputs::flag_if(&cx.inputs, "termination_protection")? {
            let name = inputs::text(&cx.inputs, "stack")?;
            let now = stack::find(&aws, name).await?;
            let was = now.and_then(|now| now.enable_termination_protection).unwrap_or(false);
            if was != on {
                let word = |on: bool| if on { "on" } else { "off" };
                let change = Change::from_to(name, Some(word(was)), word(on));
                preview.changes.push(change.of("termination protection"));
            }
        }
        Ok(preview)
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.sessions, cx)?;
        let wanted = self.wanted(&cx.inputs)?.keeping(&aws, &cx.inputs).await?;
        let (now, done) = wanted.bring_about(&aws, cx).await?;
        let protection = inputs::flag_if(&cx.inputs, "termination_protection")?;
        if let Some(on) = protection.filter(|on| now.enable_termination_protection != Some(*on)) {
            super::delete::protect(&aws, &now, on).await?;
        }
        Ok(outputs(&now, &cx.memo, done))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.sessions, cx)?;
        let name = inputs::text(&cx.inputs, "stack")?;
        let previous = Previous::of(&cx.memo)
            .ok_or_else(|| aws.wrong(format!("what stack {name} was before is not known")))?;
        previous.restore(&aws, cx, name).await
    }
}

impl Deploy {
    fn wanted(&self, with: &Values) -> Result<Wanted, Trouble> {
        let parameters = inputs::pairs(with, "parameters")?.into_iter();
        let tags = inputs::pairs(with, "tags")?.into_iter();
        let capabilities = inputs::texts_if(with, "capabilities")?.unwrap_or_default();
        let keep = match inputs::text_if(with, "on_failure")? {
            None | Some("rollback") => false,
            Some("keep") => true,
            Some(other) => {
                let message =
                    format!("input `on_failure` must be `rollback` or `keep`, not `{other}`");
                return Err(Trouble::nothing_happened(message));
            }
        };
        Ok(Wanted {
            stack: inputs::text(with, "stack")?.to_owned(),
            template: template::body(with, &self.templates)?,
            parameters: parameters
                .map(|(key, value)| {
                    Parameter::builder().parameter_key(key).parameter_value(value).build()
                })
                .collect(),
            capabilities: capabilities.iter().map(|c| Capability::from(c.as_str())).collect(),
            tags: tags.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect(),
            keep,
            may_lose: MayLose::These(inputs::texts_if(with, "may_lose")?.unwrap_or_default()),
        })
    }

    /// A stack is in place when its template, its parameters and its tags are the wanted ones. It
    /// carries no mark of ours: tags reach every resource, so each run would be a change.
    async fn look(&self, cx: &Context) -> Result<Option<Values>, Trouble> {
        let aws = Aws::of(&self.sessions, cx)?;
        let wanted = self.wanted(&cx.inputs)?.keeping(&aws, &cx.inputs).await?;
        // While CloudFormation works at it, the step runs again, waits for the end and goes on.
        let now = stack::find(&aws, &wanted.stack).await?;
        let Some(now) = now.filter(|now| standing_of(Some(now)) == Standing::Ready) else {
            return Ok(None);
        };
        let protection = inputs::flag_if(&cx.inputs, "termination_protection")?;
        let protected = now.enable_termination_protection.unwrap_or(false);
        let same = protection.is_none_or(|on| on == protected)
            && stack::status(&now) != "UPDATE_FAILED"
            && wanted.has_tags_of(&now)
            && previous::template(&aws, &wanted.stack).await?.trim() == wanted.template.trim()
            && wanted.has_parameters_of(&aws, &now).await?;
        Ok(same.then(|| outputs(&now, &cx.memo, false)))
    }
}

impl Wanted {
    /// The same, with the parameters that are to stay as they are. In a stack that is not there yet they
    /// take the template's defaults.
    async fn keeping(mut self, aws: &Aws, with: &Values) -> Result<Self, Trouble> {
        let mut names = inputs::texts_if(with, "keep")?.unwrap_or_default();
        let given = |name: &String| {
            self.parameters.iter().any(|one| one.parameter_key.as_deref() == Some(name.as_str()))
        };
        names.retain(|name| !given(name));
        if names.is_empty() {
            return Ok(self);
        }
        let now = stack::find(aws, &self.stack).await?;
        let now = now.filter(|now| standing_of(Some(now)) == Standing::Ready);
        let there = now.as_ref().map(previous::parameters).unwrap_or_default();
        for (name, value) in there.into_iter().filter(|(name, _)| names.contains(name)) {
            let parameter = Parameter::builder().parameter_key(name);
            let hidden = value == previous::HIDDEN;
            let parameter = if hidden {
                parameter.use_previous_value(true)
            } else {
                parameter.parameter_value(value)
            };
            self.parameters.push(parameter.build());
        }
        Ok(self)
    }

    pub(super) fn has_tags_of(&self, now: &Stack) -> bool {
        let wanted: BTreeMap<_, _> = self
            .tags
            .iter()
            .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)))
            .collect();
        wanted == previous::tags(now)
    }

    /// A parameter that is not given takes the template's default, not the value it has. A hidden
    /// one cannot be compared, so the change set decides.
    async fn has_parameters_of(&self, aws: &Aws, now: &Stack) -> Result<bool, Trouble> {
        let call = aws.cloudformation().get_template_summary().template_body(&self.template).send();
        let summary = aws.read("cloudformation:GetTemplateSummary", &self.stack, call).await?;
        let declared = summary.parameters.unwrap_or_default().into_iter();
        let mut wanted: BTreeMap<String, String> = declared
            .filter_map(|p| Some((p.parameter_key?, p.default_value.unwrap_or_default())))
            .collect();
        for parameter in &self.parameters {
            let key = parameter.parameter_key.clone().unwrap_or_default();
            wanted.insert(key, parameter.parameter_value.clone().unwrap_or_default());
        }
        Ok(wanted == previous::parameters(now))
    }
}

/// What was done is told by what was there before the first attempt, so that it comes out the same
/// when a crash came in between.
fn outputs(now: &Stack, memo: &Memo, done: bool) -> Values {
    let change = match Previous::of(memo) {
        Some(previous) if !previous.existed => "created",
        Some(previous) if done || previous.stamp != stack::stamp(now) => "updated",
        _ => "unchanged",
    };
    answer([
        ("stack_id", now.stack_id.clone().into()),
        ("change", change.into()),
        ("outputs", stack::outputs(now).into()),
    ])
}
