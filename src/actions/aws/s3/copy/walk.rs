//! Two listings side by side: what the source has, and what is there already.

use super::Job;
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use aws_smithy_types::DateTime;
use std::collections::BTreeMap;

/// One object of a listing.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: i64,
    pub(super) etag: String,
    modified: Option<DateTime>,
}

impl Object {
    fn of(object: aws_sdk_s3::types::Object) -> Option<Self> {
        Some(Self {
            key: object.key?,
            size: object.size.unwrap_or_default(),
            etag: object.e_tag.unwrap_or_default(),
            modified: object.last_modified,
        })
    }

    /// The newest version of an object, when it is no delete marker.
    fn newest(version: &aws_sdk_s3::types::ObjectVersion) -> Option<Self> {
        version.is_latest.unwrap_or(false).then_some(())?;
        Some(Self {
            key: version.key.clone()?,
            size: version.size.unwrap_or_default(),
            etag: version.e_tag.clone().unwrap_or_default(),
            modified: version.last_modified,
        })
    }

    /// Which of these versions is a copy of it.
    pub(super) fn copy_in(&self, versions: &[aws_sdk_s3::types::ObjectVersion]) -> Option<String> {
        let is_copy = |version: &&aws_sdk_s3::types::ObjectVersion| {
            Self::newest(version).is_some_and(|new| new.key == self.key && self.is_like(&new))
        };
        let copy = versions.iter().find(is_copy)?;
        Some(copy.version_id.clone().unwrap_or_else(|| "null".to_owned()))
    }

    /// Its size in bytes.
    pub(super) fn bytes(&self) -> u64 {
        u64::try_from(self.size).unwrap_or_default()
    }

    /// Its state in a word, for the list of what is begun.
    pub(super) fn state(&self) -> String {
        format!("{} {}", self.size, self.etag)
    }

    /// Whether that one holds the same. An ETag under a KMS key is no digest, and a copy has another one. Then
    /// the size decides, and that the copy is not older.
    pub(super) fn is_like(&self, copy: &Self) -> bool {
        let newer = match (self.modified, copy.modified) {
            (Some(source), Some(copy)) => copy >= source,
            _ => false,
        };
        self.size == copy.size && (self.etag == copy.etag || newer)
    }
}

pub(super) struct Walk<'a> {
    aws: &'a Aws,
    job: &'a Job<'a>,
    source: aws_sdk_s3::Client,
}

impl<'a> Walk<'a> {
    pub(super) fn new(aws: &'a Aws, job: &'a Job<'a>) -> Self {
        Self { aws, job, source: job.source(aws) }
    }

    /// The objects of the source after that key, a page of them. Empty at the end.
    pub(super) async fn page(&self, after: Option<&str>) -> Result<Vec<Object>, Trouble> {
        let call = self
            .source
            .list_objects_v2()
            .bucket(self.job.from)
            .set_expected_bucket_owner(self.job.from_account.map(str::to_owned))
            .set_prefix(self.job.prefix.map(str::to_owned))
            .set_start_after(after.map(str::to_owned))
            .send();
        let page = self.aws.read("s3:ListBucket", self.job.from, call).await?;
        Ok(page.contents.unwrap_or_default().into_iter().filter_map(Object::of).collect())
    }

    /// What is in the bucket after one key and up to another.
    pub(super) async fn there(
        &self,
        after: Option<&str>,
        until: &str,
    ) -> Result<BTreeMap<String, Object>, Trouble> {
        let mut all = BTreeMap::new();
        let mut after = after.map(str::to_owned);
        loop {
            let call = self
                .aws
                .s3()
                .list_objects_v2()
                .bucket(self.job.to)
                .expected_bucket_owner(&self.aws.target.id)
                .set_prefix(self.job.prefix.map(str::to_owned))
                .set_start_after(after.take())
                .send();
            let page = self.aws.read("s3:ListBucket", self.job.to, call).await?;
            let more = page.is_truncated.unwrap_or(false);
            for object in page.contents.unwrap_or_default().into_iter().filter_map(Object::of) {
                after = Some(object.key.clone());
                all.insert(object.key.clone(), object);
            }
            if !more || after.as_deref().is_none_or(|last| last >= until) {
                return Ok(all);
            }
        }
    }

    /// How many objects of the first page are not there yet, how many it has, and whether it is all there is.
    pub(super) async fn sample(&self) -> Result<(usize, usize, bool), Trouble> {
        let page = self.page(None).await?;
        let Some(last) = page.last() else { return Ok((0, 0, true)) };
        let there = self.there(None, &last.key).await?;
        let absent = page.iter().filter(|object| !there.contains_key(&object.key)).count();
        let all = self.page(Some(&last.key)).await?.is_empty();
        Ok((absent, page.len(), all))
    }
}
