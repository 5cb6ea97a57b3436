//! `secrets/reencrypt`: puts a secret under a key, and proves that its versions really are.
//!
//! Without `kms:Encrypt` on the new key the service changes the key's name, re-encrypts nothing and
//! says that all is well. Only the versions themselves tell.

use super::versions;
use crate::actions::aws::account::Aws;
use crate::actions::aws::kms::same_key;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::wait::{Patience, Wait};
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Certainty, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::SecretVersionsListEntry;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The service re-encrypts within seconds. After half a minute it did not.
const REENCRYPTED: Patience =
    Patience { first: Duration::from_millis(250), longest: Duration::from_secs(5), looks: 10 };
/// What a secret is under when it names no key.
const DEFAULT_KEY: &str = "alias/aws/secretsmanager";
/// The stages that the service re-encrypts. Others keep their key until they are written again.
const MOVED_STAGES: [&str; 3] = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"];

pub(super) struct Reencrypt(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for Reencrypt {
    fn name(&self) -> &'static str {
        "secrets/reencrypt"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let aws = Aws::of(&self.0, cx)?;
            let key = inputs::key_arn(&cx.inputs, "key")?;
            let secret = describe(&aws, inputs::text(&cx.inputs, "secret")?).await?;
            if !is_under(&secret, key) {
                return Ok(None);
            }
            let versions = versions(&aws, inputs::text(&cx.inputs, "secret")?).await?;
            let there = left_behind(&versions, key).is_empty();
            Ok(there.then(|| outputs(&secret, &versions, &cx.memo)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        inputs::planned_key(&cx.inputs, "key")?;
        let secret = describe(&aws, inputs::text(&cx.inputs, "secret")?).await?;
        Ok(json!({ "previous_key": secret.kms_key_id }))
    }

    fn previews_without(&self) -> &'static [&'static str] {
        &["key"]
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let name = inputs::text(&cx.inputs, "secret")?;
        let before = memo_text(&cx.memo, "previous_key").unwrap_or(DEFAULT_KEY);
        let key = inputs::planned_key(&cx.inputs, "key")?;
        let change = Change::from_to(name, Some(before), key).of("secret");
        // The secret may name the key already, while a version of it is under another.
        Ok(if before == key {
            change.detail("versions are left under another key")
        } else {
            change
        }
        .into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "secret")?;
        let key = inputs::key_arn(&cx.inputs, "key")?;
        update(&aws, name, key).await?;
        let mut wait =
            Wait::new(cx, &REENCRYPTED, format!("the versions of {name} to be re-encrypted"));
        loop {
            let found = versions(&aws, name).await?;
            let secret = describe(&aws, name).await?;
            if is_under(&secret, key) && left_behind(&found, key).is_empty() {
                return Ok(outputs(&secret, &found, &cx.memo));
            }
            wait.again().await.map_err(|trouble| {
                if trouble.certainty == Certainty::Failed {
                    not_reencrypted(&aws, name, key, &found).unwrap_or(trouble)
                } else {
                    trouble
                }
            })?;
        }
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let name = inputs::text(&cx.inputs, "secret")?;
        let previous = memo_text(&cx.memo, "previous_key").unwrap_or(DEFAULT_KEY);
        update(&aws, name, previous).await?;
        let secret = describe(&aws, name).await?;
        let back =
            is_under(&secret, previous) || (previous == DEFAULT_KEY && secret.kms_key_id.is_none());
        if back { Ok(()) } else { Err(aws.wrong(format!("{name} is not back under {previous}"))) }
    }
}

async fn describe(aws: &Aws, secret: &str) -> Result<DescribeSecretOutput, Trouble> {
    let call = aws.secrets().describe_secret().secret_id(secret).send();
    aws.read("secretsmanager:DescribeSecret", secret, call).await
}

async fn update(aws: &Aws, secret: &str, key: &str) -> Result<(), Trouble> {
    let call = aws.secrets_careful().update_secret().secret_id(secret).kms_key_id(key).send();
    aws.change("secretsmanager:UpdateSecret", secret, call).await.map(|_| ())
}

fn is_under(secret: &DescribeSecretOutput, key: &str) -> bool {
    secret.kms_key_id.as_deref().is_some_and(|now| now == key || same_key(now, key))
}

fn stages(version: &SecretVersionsListEntry) -> &[String] {
    version.version_stages.as_deref().unwrap_or_default()
}

fn keys(version: &SecretVersionsListEntry) -> &[String] {
    version.kms_key_ids.as_deref().unwrap_or_default()
}

/// The staged versions that are under another key for certain.
fn left_behind<'a>(
    versions: &'a [SecretVersionsListEntry],
    key: &str,
) -> Vec<&'a SecretVersionsListEntry> {
    let elsewhere = |version: &&SecretVersionsListEntry| {
        !stages(version).is_empty() && keys(version).iter().any(|now| !same_key(now, key))
    };
    versions.iter().filter(elsewhere).collect()
}

fn not_reencrypted(
    aws: &Aws,
    secret: &str,
    key: &str,
    versions: &[SecretVersionsListEntry],
) -> Option<Trouble> {
    let left = left_behind(versions, key);
    let first = left.first()?;
    let named: Vec<_> = left.iter().map(|version| stages(version).join("+")).collect();
    let trouble = aws.wrong(format!(
        "{secret} names {key}, but its versions {} were not re-encrypted",
        named.join(", ")
    ));
    let custom = !stages(first).iter().any(|stage| MOVED_STAGES.contains(&stage.as_str()));
    Some(trouble.hint(if custom {
        "Secrets Manager re-encrypts AWSCURRENT, AWSPENDING and AWSPREVIOUS only: write the other versions again, or take their labels off."
    } else {
        "Secrets Manager does not fail without `kms:Encrypt`: allow `kms:Encrypt`, `kms:GenerateDataKey` and `kms:Decrypt` on the new key to the role that this step acts as, then run the step again."
    }))
}

fn outputs(
    secret: &DescribeSecretOutput,
    versions: &[SecretVersionsListEntry],
    memo: &Memo,
) -> Values {
    let shown = versions.iter().map(|version| {
        json!({ "id": version.version_id, "stages": stages(version), "key": keys(version).first() })
    });
    // A version that does not say its key is neither proven nor disproven.
    let unverified = versions.iter().filter(|v| !stages(v).is_empty() && keys(v).is_empty());
    answer([
        ("secret_arn", secret.arn.clone().into()),
        ("previous_key", memo.get("previous_key").cloned().unwrap_or(Value::Null)),
        ("versions", shown.collect()),
        ("unverified", unverified.filter_map(|version| version.version_id.clone()).collect()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(stage: Option<&str>, key: &str) -> SecretVersionsListEntry {
        SecretVersionsListEntry::builder()
            .version_id("v")
            .set_version_stages(stage.map(|stage| vec![stage.to_owned()]))
            .kms_key_ids(key)
            .build()
    }

    #[test]
    fn only_staged_versions_under_another_key_are_left_behind() {
        let new = "arn:aws:kms:eu-west-1:222222222222:key/new";
        let all = [
            version(Some("AWSCURRENT"), new),
            version(Some("AWSPREVIOUS"), "arn:aws:kms:eu-west-1:222222222222:key/old"),
            version(Some("AWSPENDING"), "DefaultEncryptionKey"),
            version(None, "arn:aws:kms:eu-west-1:222222222222:key/old"),
        ];
        let left: Vec<_> = left_behind(&all, new).iter().map(|v| stages(v)[0].as_str()).collect();
        assert_eq!(left, ["AWSPREVIOUS", "AWSPENDING"]);
    }
}
