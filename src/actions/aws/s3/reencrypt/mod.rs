//! `s3/reencrypt`: moves every version that is under one key to another, in place, and proves it.

mod default_key;
mod pass;

use super::files::{Checkpoint, Listed};
use super::listing::{self, Encryption};
use crate::actions::aws::account::Aws;
use crate::actions::aws::kms::KeyName;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, kept, memo_text, observed};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use pass::{Found, Pass};
use serde_json::json;
use std::sync::Arc;

/// The first pass moves, the last one only proves. What is written under the old key in between is
/// moved by another pass; after so many, somebody keeps writing under it.
const PASSES: u32 = 5;
/// Every version that this step has moved, or was about to move when it stopped.
const MOVED: &str = "reencrypt.moved.jsonl";
/// How many names an output lists.
const LISTED: usize = 100;
/// How many failures the message names.
const NAMED: usize = 5;

pub(super) struct Reencrypt(pub(super) Arc<AwsSessions>);

/// What the step asks for.
pub(super) struct Job<'a> {
    pub(super) bucket: &'a str,
    pub(super) prefix: Option<&'a str>,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) at_once: usize,
    pub(super) set_default: bool,
}

impl<'a> Job<'a> {
    fn read(cx: &'a Context) -> Result<Self, Trouble> {
        let with = &cx.inputs;
        let job = Self {
            bucket: inputs::text(with, "bucket")?,
            prefix: inputs::text_if(with, "prefix")?,
            from: inputs::key_arn(with, "from_key")?,
            to: inputs::key_arn(with, "to_key")?,
            at_once: usize::try_from(inputs::number(with, "concurrency", 1..=256, 16)?)
                .unwrap_or(16),
            set_default: inputs::flag(with, "set_bucket_default", true)?,
        };
        if job.from == job.to {
            return Err(Trouble::nothing_happened("`from_key` and `to_key` are the same key"));
        }
        Ok(job)
    }

    /// The same the other way round.
    const fn reversed(&self) -> Self {
        Self { from: self.to, to: self.from, ..*self }
    }
}

#[async_trait]
impl Action for Reencrypt {
    fn name(&self) -> &'static str {
        "s3/reencrypt"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        observed(self.look(cx).await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        // What is not there, not ours or not usable is found out before the first object is moved.
        for key in [job.from, job.to] {
            let call = aws.kms().describe_key().key_id(key).send();
            let found = aws.read("kms:DescribeKey", key, call).await?.key_metadata;
            if found.is_none_or(|found| !found.enabled) {
                return Err(aws
                    .wrong(format!("{key} is not enabled"))
                    .hint("S3 needs both keys: the old one to read, the new one to write."));
            }
        }
        let from = KeyName::read(&aws, job.from).await?;
        let default = default_key::current(&aws, job.bucket).await?.filter(|key| from.is(key));
        Ok(json!({ "default_key": default }))
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let mut preview = Preview::default();
        if let Some(before) = memo_text(&cx.memo, "default_key").filter(|_| job.set_default) {
            let change =
                Change::from_to(job.bucket, Some(before), job.to).of("default key of the bucket");
            preview.changes.push(change);
        }
        let (old, new) = (Some(job.from), job.to);
        let objects = job
            .prefix
            .map_or_else(|| job.bucket.to_owned(), |prefix| format!("{}/{prefix}", job.bucket));
        preview
            .changes
            .push(Change::from_to(objects, old, new).of("object versions under the key"));
        let (under, looked, all) = Pass { aws: &aws, cx, job: &job }.sample().await?;
        // How many there are may be another number in a minute, so it is no part of what is planned.
        preview.notes.push(if all {
            format!("{under} of {looked} object versions are under the old key")
        } else {
            format!("{under} of the first {looked} object versions are under the old key; there are more")
        });
        Ok(preview)
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let from = KeyName::read(&aws, job.from).await?;
        if job.set_default {
            // First, so that nothing new comes under the old key while the rest is moved.
            default_key::replace(&aws, job.bucket, |now| from.is(now), job.to).await?;
        }
        let mut moved = Listed::open(&cx.work, MOVED)?;
        let mut checkpoint = Checkpoint::load(&cx.work)?;
        for _ in 0..PASSES {
            let whole = checkpoint == Checkpoint::default();
            let pass = Pass { aws: &aws, cx, job: &job };
            let found = pass.run(&mut moved, &mut checkpoint).await?;
            checkpoint = Checkpoint::default();
            checkpoint.save(&cx.work)?;
            // Only a pass from the first page to the last that found nothing to move is a proof.
            if whole && found.moved == 0 {
                return found.outputs(&aws, &job);
            }
        }
        Err(aws
            .wrong(format!("objects keep appearing under {} in {} after {PASSES} passes", job.from, job.bucket))
            .hint("Something still writes under the old key by name: find it with `kms/key-usage`, or in CloudTrail, and move it first."))
    }

    async fn undo(&self, cx: &Context, outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let mut moved = Listed::open(&cx.work, MOVED)?;
        let claimed =
            outputs.and_then(|o| o.get("reencrypted")).and_then(Value::as_u64).unwrap_or(0);
        if claimed > 0 && moved.is_empty() {
            return Err(aws
                .wrong(format!("{claimed} versions were moved, but the list of them is not in {}", cx.work.display()))
                .hint("Take the step back on the machine that ran it: the list is in the run's own folder."));
        }
        if let Some(previous) = memo_text(&cx.memo, "default_key").filter(|_| job.set_default) {
            let to = job.to.to_owned();
            default_key::replace(&aws, job.bucket, |now| now == to, previous).await?;
        }
        let back = job.reversed();
        let list = moved.all()?;
        Pass { aws: &aws, cx, job: &back }.only(list).await
    }
}

impl Reencrypt {
    async fn look(&self, cx: &Context) -> Result<Option<Values>, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let from = KeyName::read(&aws, job.from).await?;
        if job.set_default {
            let default = default_key::current(&aws, job.bucket).await?;
            if default.is_some_and(|key| from.is(&key)) {
                return Ok(None);
            }
        }
        let moved = Listed::open(&cx.work, MOVED)?;
        let found = Pass { aws: &aws, cx, job: &job }.look(&moved).await?;
        found.map(|found| found.outputs(&aws, &job)).transpose()
    }
}

impl Found {
    fn outputs(self, aws: &Aws, job: &Job<'_>) -> Result<Values, Trouble> {
        if !self.stuck.is_empty() {
            let named = self.stuck.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
            let more = self.stuck.len().saturating_sub(NAMED);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            return Err(aws
                .wrong(format!("{} versions in {} stay under {}: {named}{more}", self.stuck.len(), job.bucket, job.from))
                .hint("S3 changes neither locked objects nor double encryption in place: copy them, or keep the old key until their lock ends."));
        }
        Ok(answer([
            ("reencrypted", self.by_us.into()),
            ("already", self.already.into()),
            ("skipped", self.skipped.into_iter().take(LISTED).collect()),
            ("remaining", 0.into()),
            ("versions", self.versions.into()),
        ]))
    }
}

/// What is to be done with a version.
fn is_under(encryption: &Encryption, key: &str) -> bool {
    // S3 answers with the ARN, whatever name the object was written with.
    matches!(encryption, Encryption::Kms { key: now, .. } if now == key)
}

async fn look_at(
    aws: &Aws,
    bucket: &str,
    version: listing::Version,
) -> Result<(listing::Version, Encryption), Trouble> {
    let found = listing::encryption(aws, bucket, &version).await?;
    Ok((version, found))
}
