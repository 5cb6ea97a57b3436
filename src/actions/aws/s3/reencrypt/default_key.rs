//! The key that a bucket encrypts new objects with.

use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::s3::listing::{default_rules, key_of};
use aws_sdk_s3::types::ServerSideEncryptionConfiguration;

/// The key's name as the bucket has it: an ARN, an id or an alias. Nothing without one.
pub(super) async fn current(aws: &Aws, bucket: &str) -> Result<Option<String>, Trouble> {
    let rules = default_rules(aws, bucket).await?;
    Ok(rules.iter().find_map(key_of).map(str::to_owned))
}

/// Whether the bucket asks for bucket keys. Nothing when its default is not a KMS key.
pub(super) async fn bucket_key(aws: &Aws, bucket: &str) -> Result<Option<bool>, Trouble> {
    let rules = default_rules(aws, bucket).await?;
    let rule = rules.iter().find(|rule| key_of(rule).is_some());
    Ok(rule.map(|rule| rule.bucket_key_enabled.unwrap_or(false)))
}

/// Replaces the key where it is the one to be replaced. All else in the rules stays as it is.
pub(super) async fn replace(
    aws: &Aws,
    bucket: &str,
    is_old: impl Fn(&str) -> bool,
    new: &str,
) -> Result<(), Trouble> {
    let mut rules = default_rules(aws, bucket).await?;
    let mut replaced = false;
    for rule in &mut rules {
        if key_of(rule).is_some_and(&is_old)
            && let Some(default) = &mut rule.apply_server_side_encryption_by_default
        {
            default.kms_master_key_id = Some(new.to_owned());
            replaced = true;
        }
    }
    if !replaced {
        return Ok(());
    }
    let configuration = ServerSideEncryptionConfiguration::builder()
        .set_rules(Some(rules))
        .build()
        .map_err(|error| Trouble::nothing_happened(error.to_string()))?;
    let call = aws.s3().put_bucket_encryption().bucket(bucket);
    let call = call.server_side_encryption_configuration(configuration).send();
    aws.change("s3:PutEncryptionConfiguration", bucket, call).await?;
    Ok(())
}
