//! Every version of every object of a bucket, page by page, and what each is encrypted with.

use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::trouble::code;
use aws_sdk_s3::types::{ServerSideEncryption, ServerSideEncryptionRule};
use serde::{Deserialize, Serialize};

/// One version of one object. In a bucket without versions its id is `null`, and S3 takes that.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::actions::aws) struct Version {
    #[serde(rename = "k")]
    pub(in crate::actions::aws) key: String,
    #[serde(rename = "v")]
    pub(in crate::actions::aws) id: String,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.id == "null" {
            f.write_str(&self.key)
        } else {
            write!(f, "{} (version {})", self.key, self.id)
        }
    }
}

/// Where a listing goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::actions::aws) struct Marker {
    key: Option<String>,
    version: Option<String>,
}

/// One page. Delete markers hold no data and are left out.
pub(in crate::actions::aws) struct Page {
    pub(in crate::actions::aws) versions: Vec<Version>,
    pub(in crate::actions::aws) next: Option<Marker>,
}

/// Reads the page after that marker.
pub(in crate::actions::aws) async fn page(
    aws: &Aws,
    bucket: &str,
    prefix: Option<&str>,
    after: &Marker,
) -> Result<Page, Trouble> {
    let call = aws
        .s3()
        .list_object_versions()
        .bucket(bucket)
        .set_prefix(prefix.map(str::to_owned))
        .set_key_marker(after.key.clone())
        .set_version_id_marker(after.version.clone())
        .send();
    let answer = aws.read("s3:ListBucketVersions", bucket, call).await?;
    let next = Marker { key: answer.next_key_marker, version: answer.next_version_id_marker };
    let more = answer.is_truncated.unwrap_or(false) && next.key.is_some() && next != *after;
    let versions = answer.versions.unwrap_or_default().into_iter().filter_map(|version| {
        Some(Version {
            key: version.key?,
            id: version.version_id.unwrap_or_else(|| "null".to_owned()),
        })
    });
    Ok(Page { versions: versions.collect(), next: more.then_some(next) })
}

/// What a version is encrypted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::actions::aws) enum Encryption {
    /// Under a KMS key.
    Kms { key: String, bucket_key: bool, locked: bool },
    /// Under a KMS key, twice.
    DoubleKms { key: String },
    /// Under a key that S3 does not keep.
    Customer,
    /// Under S3's own key, or not at all.
    Other,
    /// It was deleted since it was listed.
    Gone,
}

/// Asks a version what it is encrypted with. Reads no data.
pub(in crate::actions::aws) async fn encryption(
    aws: &Aws,
    bucket: &str,
    version: &Version,
) -> Result<Encryption, Trouble> {
    let call = aws.s3().head_object().bucket(bucket).key(&version.key).version_id(&version.id);
    let head = match call.send().await {
        Ok(head) => head,
        Err(error) => {
            return match code(&error).as_deref() {
                Some("NotFound" | "NoSuchKey" | "NoSuchVersion" | "HTTP 404" | "HTTP 405") => {
                    Ok(Encryption::Gone)
                }
                // S3 answers so when the object's key must come with the request.
                Some("BadRequest" | "InvalidRequest" | "HTTP 400") => Ok(Encryption::Customer),
                _ => {
                    let on = format!("{bucket}/{version}");
                    aws.read("s3:GetObjectVersion", on, std::future::ready(Err(error))).await
                }
            };
        }
    };
    if head.sse_customer_algorithm.is_some() {
        return Ok(Encryption::Customer);
    }
    let locked = head.object_lock_mode.is_some() || head.object_lock_legal_hold_status.is_some();
    Ok(match (head.server_side_encryption, head.ssekms_key_id) {
        (Some(ServerSideEncryption::AwsKms), Some(key)) => {
            let bucket_key = head.bucket_key_enabled.unwrap_or(false);
            Encryption::Kms { key, bucket_key, locked }
        }
        (Some(ServerSideEncryption::AwsKmsDsse), Some(key)) => Encryption::DoubleKms { key },
        _ => Encryption::Other,
    })
}

/// The bucket's default encryption. Nothing in the rare bucket that has none.
pub(in crate::actions::aws) async fn default_rules(
    aws: &Aws,
    bucket: &str,
) -> Result<Vec<ServerSideEncryptionRule>, Trouble> {
    let call = aws.s3().get_bucket_encryption().bucket(bucket).send();
    let none = ["ServerSideEncryptionConfigurationNotFoundError"];
    let found = aws.find("s3:GetEncryptionConfiguration", bucket, &none, call).await?;
    Ok(found
        .and_then(|f| f.server_side_encryption_configuration)
        .map(|c| c.rules)
        .unwrap_or_default())
}

/// The key that a rule names.
pub(in crate::actions::aws) fn key_of(rule: &ServerSideEncryptionRule) -> Option<&str> {
    rule.apply_server_side_encryption_by_default.as_ref()?.kms_master_key_id.as_deref()
}
