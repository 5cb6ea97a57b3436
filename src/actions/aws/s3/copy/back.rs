//! Takes copies back: exactly the versions that the step has made.

use super::super::files::Listed;
use super::{Job, MADE};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::s3::listing::Version;
use crate::actions::context::{Context, Report, Stop};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_smithy_types::DateTime;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A version: its id, its size in bytes, and when it was written.
type Entry = (String, i64, Option<DateTime>);

/// What is in the bucket under one key.
#[derive(Default)]
struct Kept {
    versions: Vec<Entry>,
    /// When it was deleted last.
    deleted: Option<DateTime>,
}

/// Deletes what was made, and ends uploads that were not.
pub(super) async fn take_back(
    aws: &Aws,
    cx: &Context,
    job: &Job<'_>,
    mut begun: Listed,
) -> Result<(), Trouble> {
    let mut states: HashMap<String, Vec<String>> = HashMap::new();
    for one in begun.all()? {
        states.entry(one.key).or_default().push(one.id);
    }
    if states.is_empty() {
        return Ok(());
    }
    let made: HashSet<Version> = Listed::open(&cx.work, MADE)?.all()?.into_iter().collect();
    let (mut after, mut done): ((Option<String>, Option<String>), u64) = Default::default();
    let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
    loop {
        if cx.stop.wanted() >= Stop::Park {
            return Err(Trouble::parked());
        }
        let call = aws.s3().list_object_versions().bucket(job.to);
        let call = call.set_prefix(job.prefix.map(str::to_owned));
        let call = call.set_key_marker(after.0.take()).set_version_id_marker(after.1.take());
        let page = aws.read("s3:ListBucketVersions", job.to, call.send()).await?;
        after = (page.next_key_marker, page.next_version_id_marker);
        let more = page.is_truncated.unwrap_or(false) && after.0.is_some();
        for version in page.versions.unwrap_or_default() {
            let Some(key) = version.key.filter(|key| states.contains_key(key)) else { continue };
            let id = version.version_id.unwrap_or_else(|| "null".to_owned());
            let size = version.size.unwrap_or_default();
            kept.entry(key).or_default().versions.push((id, size, version.last_modified));
        }
        for marker in page.delete_markers.unwrap_or_default() {
            let Some(key) = marker.key.filter(|key| states.contains_key(key)) else { continue };
            let kept = kept.entry(key).or_default();
            kept.deleted = kept.deleted.max(marker.last_modified);
        }
        // The versions of the last key may go on on the next page.
        let rest = match &after.0 {
            Some(last) if more => kept.split_off(last),
            _ => BTreeMap::new(),
        };
        let ours: Vec<Version> =
            kept.iter().flat_map(|(key, kept)| of_ours(key, kept, &states[key], &made)).collect();
        for part in ours.chunks(1_000) {
            delete(aws, job.to, part).await?;
            done = done.saturating_add(u64::try_from(part.len()).unwrap_or_default());
            cx.tell.say(Report::Count { done, total: None, unit: "versions" }).await;
        }
        kept = rest;
        if !more {
            break;
        }
    }
    end_uploads(aws, job, &states).await
}

/// The versions that the step has made of one object.
fn of_ours(key: &str, kept: &Kept, states: &[String], made: &HashSet<Version>) -> Vec<Version> {
    let is_size = |size: i64| {
        states
            .iter()
            .any(|state| state.strip_prefix(&size.to_string()).is_some_and(|r| r.starts_with(' ')))
    };
    let named = |id: &str| Version { key: key.to_owned(), id: id.to_owned() };
    // Without versions somebody else may have written over it.
    let is_ours =
        |(id, size, _): &&Entry| made.contains(&named(id)) && (id != "null" || is_size(*size));
    let (ours, others): (Vec<&Entry>, Vec<&Entry>) = kept.versions.iter().partition(is_ours);
    // A step that was killed may have made one more than it has written down. There was no object of that name
    // when the copy began, so the first one since, if it is as large, is that one. What came later is not.
    let unwritten = states.len().saturating_sub(ours.len());
    let mut lost: Vec<&Entry> = others
        .into_iter()
        .filter(|(_, size, modified)| is_size(*size) && *modified >= kept.deleted)
        .collect();
    lost.sort_by_key(|(_, _, modified)| *modified);
    ours.into_iter().chain(lost.into_iter().take(unwritten)).map(|(id, ..)| named(id)).collect()
}

async fn delete(aws: &Aws, bucket: &str, versions: &[Version]) -> Result<(), Trouble> {
    let named = versions.iter().filter_map(|version| {
        ObjectIdentifier::builder().key(&version.key).version_id(&version.id).build().ok()
    });
    let all = Delete::builder().set_objects(Some(named.collect())).quiet(true).build();
    let all = all.map_err(|error| Trouble::failed(error.to_string()))?;
    let call = aws.s3().delete_objects().bucket(bucket).delete(all).send();
    let answer = aws.change("s3:DeleteObjectVersion", bucket, call).await?;
    let Some(error) = answer.errors.unwrap_or_default().into_iter().next() else { return Ok(()) };
    let key = error.key.unwrap_or_default();
    let why = error.message.unwrap_or_else(|| "no reason given".to_owned());
    Err(aws.wrong(format!("{bucket}/{key} could not be deleted: {why}")))
}

/// Ends the uploads of a step that was killed in the middle of a large object.
async fn end_uploads(
    aws: &Aws,
    job: &Job<'_>,
    states: &HashMap<String, Vec<String>>,
) -> Result<(), Trouble> {
    let (mut key, mut id): (Option<String>, Option<String>) = (None, None);
    loop {
        let call = aws.s3().list_multipart_uploads().bucket(job.to);
        let call = call.set_prefix(job.prefix.map(str::to_owned));
        let call = call.set_key_marker(key.take()).set_upload_id_marker(id.take()).send();
        let page = aws.read("s3:ListBucketMultipartUploads", job.to, call).await?;
        for upload in page.uploads.unwrap_or_default() {
            let (Some(key), Some(id)) = (upload.key, upload.upload_id) else { continue };
            if states.contains_key(&key) {
                let call = aws.s3().abort_multipart_upload().bucket(job.to).key(&key).upload_id(id);
                let on = format!("{}/{key}", job.to);
                let gone = ["NoSuchUpload"];
                aws.change_unless("s3:AbortMultipartUpload", on, &gone, call.send()).await?;
            }
        }
        (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        if !page.is_truncated.unwrap_or(false) || key.is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(versions: &[(&str, i64, i64)], deleted: Option<i64>) -> Kept {
        let entry = |(id, size, at): &(&str, i64, i64)| {
            ((*id).to_owned(), *size, Some(DateTime::from_secs(*at)))
        };
        let deleted = deleted.map(DateTime::from_secs);
        Kept { versions: versions.iter().map(entry).collect(), deleted }
    }

    fn ours(kept: &Kept, states: &[&str], made: &[&str]) -> Vec<String> {
        let states: Vec<String> = states.iter().map(|state| (*state).to_owned()).collect();
        let made =
            made.iter().map(|id| Version { key: "k".to_owned(), id: (*id).to_owned() }).collect();
        of_ours("k", kept, &states, &made).into_iter().map(|version| version.id).collect()
    }

    #[test]
    fn what_is_written_down_is_ours_and_nothing_else_is() {
        let two = kept(&[("theirs", 7, 30), ("mine", 7, 20)], None);
        assert_eq!(ours(&two, &["7 etag"], &["mine"]), ["mine"]);
    }

    #[test]
    fn a_copy_that_a_kill_kept_from_being_written_down_is_the_first_one_since() {
        let three = kept(&[("later", 7, 30), ("lost", 7, 20), ("before", 7, 5)], Some(10));
        assert_eq!(ours(&three, &["7 etag"], &[]), ["lost"]);
        assert_eq!(ours(&kept(&[("other", 8, 20)], Some(10)), &["7 etag"], &[]), [""; 0]);
    }

    #[test]
    fn without_versions_what_has_another_size_is_not_ours() {
        assert_eq!(ours(&kept(&[("null", 7, 20)], None), &["7 etag"], &["null"]), ["null"]);
        assert_eq!(ours(&kept(&[("null", 9, 20)], None), &["7 etag"], &["null"]), [""; 0]);
    }
}
