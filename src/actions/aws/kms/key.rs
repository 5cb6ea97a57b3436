//! What a key is called, and what is read of it.

use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use aws_sdk_kms::types::{KeyMetadata, KeyState};

/// The id in any name of a key but an alias: `1234abcd-…` and the ARN that ends with it are one key.
fn key_id_of(name: &str) -> &str {
    name.rsplit_once(":key/").map_or(name, |(_, id)| id)
}

/// Whether two names that are not aliases name the same key. An ARN says the account and the Region
/// too, so two ARNs must be equal.
pub(in crate::actions::aws) fn same_key(a: &str, b: &str) -> bool {
    match (a.starts_with("arn:"), b.starts_with("arn:")) {
        (true, true) => a == b,
        _ => key_id_of(a) == key_id_of(b),
    }
}

/// Everything that a service may call one key: its ARN, its id, and the aliases that point at it.
/// A bucket or a log group keeps whichever it was given.
#[derive(Clone, Debug)]
pub(in crate::actions::aws) struct KeyName {
    pub(in crate::actions::aws) arn: String,
    aliases: Vec<String>,
}

impl KeyName {
    /// Reads the aliases of a key that is named by its ARN.
    pub(in crate::actions::aws) async fn read(aws: &Aws, arn: &str) -> Result<Self, Trouble> {
        let mut pages = aws.kms().list_aliases().key_id(arn).into_paginator().send();
        let mut aliases = Vec::new();
        while let Some(page) = pages.next().await {
            let page = aws.read("kms:ListAliases", arn, std::future::ready(page)).await?;
            for alias in page.aliases.unwrap_or_default() {
                aliases.extend(alias.alias_name);
                aliases.extend(alias.alias_arn);
            }
        }
        Ok(Self { arn: arn.to_owned(), aliases })
    }

    /// Whether that name is one of this key's.
    pub(in crate::actions::aws) fn is(&self, name: &str) -> bool {
        same_key(&self.arn, name) || self.aliases.iter().any(|alias| alias == name)
    }
}

/// What KMS says about a key, by id, ARN or alias.
pub(super) async fn describe(aws: &Aws, key: &str) -> Result<KeyMetadata, Trouble> {
    let call = aws.kms().describe_key().key_id(key).send();
    let answer = aws.read("kms:DescribeKey", key, call).await?;
    answer
        .key_metadata
        .ok_or_else(|| aws.wrong(format!("kms:DescribeKey says nothing about {key}")))
}

/// The same, when there may be no such key or alias.
pub(super) async fn find(aws: &Aws, key: &str) -> Result<Option<KeyMetadata>, Trouble> {
    let call = aws.kms().describe_key().key_id(key).send();
    let found = aws.find("kms:DescribeKey", key, &["NotFoundException"], call).await?;
    Ok(found.and_then(|answer| answer.key_metadata))
}

/// The ARN, which every answer of KMS has.
pub(super) fn arn(key: &KeyMetadata) -> String {
    key.arn.clone().unwrap_or_else(|| key.key_id.clone())
}

/// The state as KMS writes it: `Enabled`, `Disabled`, `PendingDeletion`.
pub(super) fn state(key: &KeyMetadata) -> KeyState {
    key.key_state.clone().unwrap_or(if key.enabled {
        KeyState::Enabled
    } else {
        KeyState::Disabled
    })
}

/// Whether rotation is on, and every how many days. Nothing for keys that cannot rotate, and when
/// it may not be read.
pub(super) async fn rotation(aws: &Aws, id: &str) -> Result<Option<(bool, Option<i32>)>, Trouble> {
    let call = aws.kms().get_key_rotation_status().key_id(id).send();
    let cannot = ["UnsupportedOperationException", "KMSInvalidStateException"];
    let answer = aws.find("kms:GetKeyRotationStatus", id, &cannot, call).await?;
    Ok(answer.map(|answer| (answer.key_rotation_enabled, answer.rotation_period_in_days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_its_arn_are_one_key_and_two_regions_are_two() {
        let arn = |region: &str| format!("arn:aws:kms:{region}:222222222222:key/mrk-1");
        assert!(same_key(&arn("eu-west-1"), "mrk-1"));
        assert!(same_key("mrk-1", &arn("eu-west-1")));
        assert!(!same_key(&arn("eu-west-1"), &arn("us-east-1")), "replicas are keys of their own");
        assert!(!same_key("alias/x", "mrk-1"));
    }

    #[test]
    fn a_key_is_known_by_its_aliases_too() {
        let arn = "arn:aws:kms:eu-west-1:222222222222:key/1".to_owned();
        let name = KeyName { arn, aliases: vec!["alias/corpus".to_owned()] };
        assert!(name.is("alias/corpus") && name.is("1"));
        assert!(!name.is("alias/other"));
    }
}
