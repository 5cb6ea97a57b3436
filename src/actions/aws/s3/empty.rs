//! Empties a bucket for good: every version of every object, and every delete marker.

use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::context::{Context, Report, Stop};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

/// Deletes everything in the bucket.
pub(in crate::actions::aws) async fn empty(
    aws: &Aws,
    cx: &Context,
    bucket: &str,
) -> Result<(), Trouble> {
    let mut done = 0_u64;
    loop {
        if cx.stop.wanted() >= Stop::Park {
            return Err(Trouble::parked());
        }
        // Always the first page: what was on it is gone.
        let call = aws.s3().list_object_versions().bucket(bucket).send();
        let page = aws.read("s3:ListBucketVersions", bucket, call).await?;
        let versions = page.versions.unwrap_or_default().into_iter().map(|v| (v.key, v.version_id));
        let markers =
            page.delete_markers.unwrap_or_default().into_iter().map(|m| (m.key, m.version_id));
        let objects: Vec<_> = versions
            .chain(markers)
            .filter_map(|(key, version)| {
                ObjectIdentifier::builder().key(key?).set_version_id(version).build().ok()
            })
            .collect();
        if objects.is_empty() {
            return Ok(());
        }
        let count = u64::try_from(objects.len()).unwrap_or(u64::MAX);
        let delete = Delete::builder()
            .set_objects(Some(objects))
            .quiet(true)
            .build()
            .map_err(|error| Trouble::failed(error.to_string()))?;
        let call = aws.s3().delete_objects().bucket(bucket).delete(delete).send();
        let answer = aws.change("s3:DeleteObjectVersion", bucket, call).await?;
        // Every page either shrinks the bucket or ends here, so this cannot go round for ever.
        if let Some(error) = answer.errors.unwrap_or_default().first() {
            let key = error.key.as_deref().unwrap_or_default();
            let reason = error.message.as_deref().unwrap_or("no reason given");
            return Err(aws.wrong(format!("{bucket}/{key} could not be deleted: {reason}")));
        }
        done = done.saturating_add(count);
        cx.tell.say(Report::Count { done, total: None, unit: "versions" }).await;
    }
}
