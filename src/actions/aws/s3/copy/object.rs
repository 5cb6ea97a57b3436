//! Copies one object: in one request, or in parts when it is large.

use super::pass::{Outcome, Pass};
use super::walk::Object;
use crate::actions::aws::trouble::{CallError, code, described};
use crate::actions::context::Stop;
use crate::actions::{Certainty, Trouble};
use aws_sdk_s3::operation::create_multipart_upload::builders::CreateMultipartUploadFluentBuilder;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_sdk_sts::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// So many parts of one object are copied at once.
const PARTS_AT_ONCE: usize = 4;
/// So often is an object asked for whose answer is lost.
const ROUNDS: u32 = 4;
/// How long to wait before it is asked for once more, and twice and three times as long after that.
const PAUSE: Duration = Duration::from_millis(500);
/// S3 takes no more parts of one object.
const MOST_PARTS: i64 = 10_000;
/// What stands for itself in the name of a source.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
const HINT: &str = "A copy reads the source and writes here, in the name of the role that this step acts as: allow s3:GetObject, \
s3:GetObjectTagging and kms:Decrypt on the source, in the policies of its bucket and its key where they are another account's, \
and s3:PutObject, s3:PutObjectTagging and kms:GenerateDataKey on this bucket and its key.";

/// An answer that there is nothing to be done about, or what the service gave.
type Answer<T> = Result<T, Outcome>;

impl Pass<'_> {
    /// Copies it in one request. When no answer comes, it is looked whether the copy is there: asked for once more
    /// without a look, it would be there twice, and an undo would find one of them only.
    pub(super) async fn whole(&self, object: &Object) -> Result<Outcome, Trouble> {
        let mut lost = 0;
        loop {
            let trouble = match self.once(object).await {
                Err(trouble) if trouble.certainty == Certainty::Unknown => trouble,
                other => return other,
            };
            match self.there(object).await {
                Ok(Some(id)) => return Ok(Outcome::Made(id)),
                Ok(None) if lost + 1 < ROUNDS => lost += 1,
                // Who cannot look cannot tell.
                Ok(None) | Err(_) => return Err(trouble),
            }
            tokio::time::sleep(PAUSE * lost).await;
        }
    }

    /// The version that a copy became whose answer did not come. Nothing when it is not there.
    async fn there(&self, object: &Object) -> Result<Option<String>, Trouble> {
        let call = self.aws.s3().list_object_versions().bucket(self.job.to).prefix(&object.key);
        let call = call.max_keys(1).send();
        let page = self.aws.read("s3:ListBucketVersions", self.job.to, call).await?;
        Ok(object.copy_in(page.versions()))
    }

    async fn once(&self, object: &Object) -> Result<Outcome, Trouble> {
        let call = self
            .aws
            .s3_careful()
            .copy_object()
            .bucket(self.job.to)
            .key(&object.key)
            .copy_source(self.named(object))
            // Only what was listed, and written down, is copied.
            .copy_source_if_match(&object.etag)
            .expected_bucket_owner(&self.aws.target.id)
            .set_expected_source_bucket_owner(self.job.from_account.map(str::to_owned));
        let answer = self.sorted(object, call.send().await).await?;
        Ok(match answer {
            Ok(made) => Outcome::Made(made.version_id.unwrap_or_else(|| "null".to_owned())),
            Err(outcome) => outcome,
        })
    }

    /// Copies it in parts. What it is called, how it is served and its tags come with it.
    pub(super) async fn in_parts(&self, object: &Object) -> Result<Outcome, Trouble> {
        let call = match self.described(object).await? {
            Ok(call) => call,
            Err(outcome) => return Ok(outcome),
        };
        let begun = match self.sorted(object, call.send().await).await? {
            Ok(begun) => begun.upload_id.unwrap_or_default(),
            Err(outcome) => return Ok(outcome),
        };
        let parts = self.parts(object, &begun).await;
        if !matches!(parts, Ok(Ok(_))) {
            // What cannot be ended here is ended by an undo, or by the bucket's own rule.
            let call = self.aws.s3().abort_multipart_upload().bucket(self.job.to).key(&object.key);
            let _ = call.upload_id(&begun).send().await;
        }
        let mut parts = match parts? {
            Ok(parts) => parts,
            Err(outcome) => return Ok(outcome),
        };
        parts.sort_by_key(|part| part.part_number);
        let all = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let call = self.aws.s3().complete_multipart_upload().bucket(self.job.to).key(&object.key);
        let call = call.upload_id(&begun).multipart_upload(all).send();
        let on = format!("{}/{}", self.job.to, object.key);
        // An upload that is gone was ended by a request whose answer did not come.
        let made = self.aws.change_unless("s3:PutObject", &on, &["NoSuchUpload"], call).await?;
        match made {
            Some(made) => Ok(Outcome::Made(made.version_id.unwrap_or_else(|| "null".to_owned()))),
            None => match self.there(object).await? {
                Some(id) => Ok(Outcome::Made(id)),
                None => {
                    Err(self.aws.wrong(format!("the upload of {on} was ended by somebody else")))
                }
            },
        }
    }

    /// The beginning of an upload that is described as the object is.
    async fn described(
        &self,
        object: &Object,
    ) -> Result<Answer<CreateMultipartUploadFluentBuilder>, Trouble> {
        let call = self.source.head_object().bucket(self.job.from).key(&object.key);
        let head = match self.sorted(object, call.if_match(&object.etag).send().await).await? {
            Ok(head) => head,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let mut tags = None;
        if head.tag_count.unwrap_or_default() > 0 {
            let call = self.source.get_object_tagging().bucket(self.job.from).key(&object.key);
            let on = format!("{}/{}", self.job.from, object.key);
            let set = self.aws.read("s3:GetObjectTagging", on, call.send()).await?.tag_set;
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let pair = |tag: &aws_sdk_s3::types::Tag| {
                format!("{}={}", encoded(tag.key()), encoded(tag.value()))
            };
            tags = Some(set.iter().map(pair).collect::<Vec<_>>().join("&"));
        }
        let call = self.aws.s3().create_multipart_upload().bucket(self.job.to).key(&object.key);
        Ok(Ok(call
            .expected_bucket_owner(&self.aws.target.id)
            .set_content_type(head.content_type)
            .set_content_encoding(head.content_encoding)
            .set_content_disposition(head.content_disposition)
            .set_content_language(head.content_language)
            .set_cache_control(head.cache_control)
            .set_metadata(head.metadata)
            .set_tagging(tags)))
    }

    async fn parts(
        &self,
        object: &Object,
        upload: &str,
    ) -> Result<Answer<Vec<CompletedPart>>, Trouble> {
        let size = self.job.part.max(object.size / MOST_PARTS + 1);
        let calls = (1_i32..).zip(starts(object.size, size)).map(|(number, start)| async move {
            if self.cx.stop.wanted() >= Stop::Park {
                return Err(Trouble::parked());
            }
            let end = (start + size).min(object.size) - 1;
            let call = self.aws.s3().upload_part_copy().bucket(self.job.to).key(&object.key);
            let call = call
                .upload_id(upload)
                .part_number(number)
                .copy_source(self.named(object))
                .copy_source_if_match(&object.etag)
                .copy_source_range(format!("bytes={start}-{end}"))
                .set_expected_source_bucket_owner(self.job.from_account.map(str::to_owned));
            let answer = self.sorted(object, call.send().await).await?;
            let etag = answer.map(|part| part.copy_part_result.and_then(|part| part.e_tag));
            Ok(etag
                .map(|etag| CompletedPart::builder().part_number(number).set_e_tag(etag).build()))
        });
        let calls: Vec<_> = calls.collect();
        let all: Vec<Answer<CompletedPart>> =
            stream::iter(calls).buffer_unordered(PARTS_AT_ONCE).try_collect().await?;
        Ok(all.into_iter().collect())
    }

    fn named(&self, object: &Object) -> String {
        format!("{}/{}", self.job.from, utf8_percent_encode(&object.key, PLAIN))
    }

    /// Tells what is wrong with the object from what is wrong with the step.
    async fn sorted<T, E: CallError>(
        &self,
        object: &Object,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Answer<T>, Trouble> {
        if let Err(error) = &answer {
            match code(error).as_deref() {
                Some("PreconditionFailed" | "NoSuchKey" | "NotFound" | "HTTP 404" | "HTTP 412") => {
                    return Ok(Err(Outcome::MovedOn));
                }
                Some("InvalidObjectState") => {
                    return Ok(Err(Outcome::Stuck("it is archived".to_owned())));
                }
                // S3 answers so when the object's key must come with the request.
                Some("InvalidRequest" | "HTTP 400") => {
                    return Ok(Err(Outcome::Stuck(described(error).1)));
                }
                _ => {}
            }
        }
        let on = format!("{}/{} from {}", self.job.to, object.key, self.job.from);
        let answer = self.aws.change("s3:PutObject", on, std::future::ready(answer)).await;
        answer.map(Ok).map_err(|trouble| {
            if trouble.message.contains("AccessDenied") { trouble.hint(HINT) } else { trouble }
        })
    }
}

/// Where the parts begin.
fn starts(all: i64, size: i64) -> impl Iterator<Item = i64> {
    std::iter::successors(Some(0), move |start| Some(start + size)).take_while(move |at| *at < all)
}
