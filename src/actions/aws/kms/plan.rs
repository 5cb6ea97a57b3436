//! What a new key is to be: what the step says, and for the rest what the old key is.

use super::key;
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::{inputs, memo_text};
use crate::actions::context::{Context, Report};
use crate::engine::outcome::Memo;
use crate::model::value::{Value, Values};
use aws_sdk_kms::types::{GrantListEntry, KeyMetadata, KeySpec, KeyUsageType, OriginType, Tag};

pub(super) struct Plan {
    like: Option<String>,
    description: Option<String>,
    policy: Option<String>,
    tags: Vec<Tag>,
    spec: Option<KeySpec>,
    usage: Option<KeyUsageType>,
    multi_region: bool,
    rotation: Option<Option<i32>>,
}

impl Plan {
    /// Reads the inputs, and the old key if one is named.
    pub(super) async fn read(aws: &Aws, cx: &Context, memo: &Memo) -> Result<Self, Trouble> {
        let mut plan = Self::of_inputs(&cx.inputs)?;
        if let Some(like) = memo_text(memo, "like") {
            let old = key::describe(aws, like).await?;
            plan.copy(aws, &cx.inputs, &old).await?;
        }
        Ok(plan)
    }

    fn of_inputs(with: &Values) -> Result<Self, Trouble> {
        let policy = match with.get("policy") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(mapping) => Some(mapping.to_string()),
        };
        let tags = inputs::pairs(with, "tags")?;
        Ok(Self {
            like: None,
            description: inputs::text_if(with, "description")?.map(str::to_owned),
            policy,
            tags: tags.into_iter().filter_map(|(key, value)| tag(key, value)).collect(),
            spec: inputs::text_if(with, "spec")?.map(KeySpec::from),
            usage: inputs::text_if(with, "usage")?.map(KeyUsageType::from),
            multi_region: inputs::flag(with, "multi_region", false)?,
            rotation: inputs::flag(with, "rotation", false)?.then_some(None),
        })
    }

    /// Fills in what the step does not say from the old key.
    async fn copy(&mut self, aws: &Aws, with: &Values, old: &KeyMetadata) -> Result<(), Trouble> {
        if old.origin.as_ref().is_some_and(|origin| *origin != OriginType::AwsKms) {
            return Err(aws
                .wrong(format!(
                    "the material of {} was not made by KMS, so a key like it cannot be made",
                    old.key_id
                ))
                .hint("Leave `like` out and give `policy`, `spec` and `usage`."));
        }
        let id = &old.key_id;
        self.like = Some(key::arn(old));
        self.description = self.description.take().or_else(|| old.description.clone());
        self.spec = self.spec.take().or_else(|| old.key_spec.clone());
        self.usage = self.usage.take().or_else(|| old.key_usage.clone());
        if inputs::flag_if(with, "multi_region")?.is_none() {
            self.multi_region = old.multi_region.unwrap_or(false);
        }
        if self.policy.is_none() {
            let call = aws.kms().get_key_policy().key_id(id).policy_name("default").send();
            self.policy = aws.read("kms:GetKeyPolicy", id, call).await?.policy;
        }
        if inputs::flag_if(with, "rotation")?.is_none() {
            let rotation = key::rotation(aws, id).await?;
            self.rotation = rotation.and_then(|(on, period)| on.then_some(period));
        }
        let call = aws.kms().list_resource_tags().key_id(id).send();
        let tags = aws.read("kms:ListResourceTags", id, call).await?.tags.unwrap_or_default();
        let taken = |key: &str| {
            // AWS keeps `aws:` for itself, and another run's mark would make the new key its own.
            key.starts_with("aws:")
                || key.starts_with("runbook:")
                || self.tags.iter().any(|tag| tag.tag_key == key)
        };
        let copied: Vec<_> = tags.into_iter().filter(|tag| !taken(&tag.tag_key)).collect();
        self.tags.extend(copied);
        Ok(())
    }

    /// Makes the key. Asked once: see the module that calls this.
    pub(super) async fn create(&self, aws: &Aws, marks: Vec<Tag>) -> Result<KeyMetadata, Trouble> {
        let tags: Vec<_> = self.tags.iter().cloned().chain(marks).collect();
        let call = aws
            .kms_careful()
            .create_key()
            .set_description(self.description.clone())
            .set_policy(self.policy.clone())
            .set_key_spec(self.spec.clone())
            .set_key_usage(self.usage.clone())
            .multi_region(self.multi_region)
            // A policy that would lock everyone out is refused by KMS.
            .bypass_policy_lockout_safety_check(false)
            .set_tags(Some(tags))
            .send();
        let answer = aws.change("kms:CreateKey", "a new key", call).await?;
        answer
            .key_metadata
            .ok_or_else(|| Trouble::unknown("kms:CreateKey did not say which key it made"))
    }

    /// Turns rotation on if it is wanted and not yet so. Harmless to repeat.
    pub(super) async fn rotate(&self, aws: &Aws, id: &str) -> Result<(), Trouble> {
        let Some(period) = self.rotation else { return Ok(()) };
        if self.is_rotating(aws, id).await? {
            return Ok(());
        }
        let call = aws.kms_careful().enable_key_rotation().key_id(id);
        let call = call.set_rotation_period_in_days(period).send();
        aws.change("kms:EnableKeyRotation", id, call).await.map(|_| ())
    }

    /// Whether that key's rotation is as wanted. It may be on although nobody asked for it.
    pub(super) async fn is_rotating(&self, aws: &Aws, id: &str) -> Result<bool, Trouble> {
        let Some(wanted) = self.rotation else { return Ok(true) };
        let now = key::rotation(aws, id).await?;
        Ok(now.is_some_and(|(on, period)| on && (wanted.is_none() || wanted == period)))
    }

    /// The grants of the old key. Whoever may not read them could lose one without ever knowing, so a
    /// step asks for them before it makes anything.
    pub(super) async fn grants(&self, aws: &Aws) -> Result<Vec<GrantListEntry>, Trouble> {
        let Some(like) = &self.like else { return Ok(Vec::new()) };
        let call = aws.kms().list_grants().key_id(like).send();
        let answer = aws.read("kms:ListGrants", like, call).await?;
        Ok(answer.grants.unwrap_or_default())
    }

    /// Grants belong to whoever made them and are not copied: say which there are.
    pub(super) async fn say_what_is_not_copied(&self, aws: &Aws, cx: &Context) {
        let line = match self.grants(aws).await {
            Err(trouble) => format!("the grants of the old key could not be read: {trouble}"),
            Ok(grants) if grants.is_empty() => return,
            Ok(grants) => {
                let to: Vec<_> =
                    grants.iter().filter_map(|grant| grant.grantee_principal.as_deref()).collect();
                format!("not copied: {} grants of the old key, to {}", grants.len(), to.join(", "))
            }
        };
        cx.tell.say(Report::Line(line)).await;
    }
}

fn tag(key: String, value: String) -> Option<Tag> {
    Tag::builder().tag_key(key).tag_value(value).build().ok()
}
