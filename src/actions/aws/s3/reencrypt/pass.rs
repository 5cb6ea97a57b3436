//! One way through a bucket.

use super::super::files::{Checkpoint, Listed};
use super::{Job, default_key, is_under, look_at};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::s3::listing::{self, Encryption, Marker, Version};
use crate::actions::aws::trouble::code;
use crate::actions::context::{Context, Report, Stop};
use aws_sdk_s3::types::{ObjectEncryption, SsekmsEncryption};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::sync::atomic::{AtomicBool, Ordering};

/// What one way through a bucket found and did.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Versions looked at.
    pub(super) versions: u64,
    /// Moved in this pass.
    pub(super) moved: u64,
    /// Under the new key because this step put them there, now or in an earlier attempt.
    pub(super) by_us: u64,
    /// Under the new key without our doing.
    pub(super) already: u64,
    /// Cannot be seen into, and so cannot be under the old key: named for the record.
    pub(super) skipped: Vec<String>,
    /// Under the old key, and S3 does not move them.
    pub(super) stuck: Vec<String>,
}

pub(super) struct Pass<'a> {
    pub(super) aws: &'a Aws,
    pub(super) cx: &'a Context,
    pub(super) job: &'a Job<'a>,
}

/// What became of one version.
enum Outcome {
    /// It is no longer under the old key.
    Moved,
    /// S3 does not move it, because of this.
    Stuck(String),
    /// The pass was stopped before.
    NotBegun,
}

/// A version that is to be moved.
struct Move {
    version: Version,
    bucket_key: bool,
    locked: bool,
}

impl Pass<'_> {
    /// Moves what is under the old key, from the checkpoint on.
    pub(super) async fn run(
        &self,
        moved: &mut Listed,
        checkpoint: &mut Checkpoint,
    ) -> Result<Found, Trouble> {
        let bucket_key = default_key::bucket_key(self.aws, self.job.bucket).await?;
        let (mut found, before) = (Found::default(), checkpoint.seen);
        loop {
            self.stop()?;
            let page = self.page(&checkpoint.after).await?;
            let looked = self.look_at_all(page.versions).await?;
            let moves = self.sort(looked, moved, bucket_key, &mut found);
            let names: Vec<_> = moves.iter().map(|m| m.version.clone()).collect();
            // Durable before the first of them is touched: an undo must know them all.
            moved.add(&names)?;
            self.move_all(moves, &mut found).await?;
            self.count(before + found.versions).await;
            // Wherever it stopped in this page, the page is looked at again.
            self.stop()?;
            let Some(next) = page.next else { return Ok(found) };
            *checkpoint = Checkpoint { after: next, seen: before + found.versions };
            checkpoint.save(&self.cx.work)?;
        }
    }

    /// Only looks. Nothing when there is something to move.
    pub(super) async fn look(&self, moved: &Listed) -> Result<Option<Found>, Trouble> {
        let (mut found, mut after) = (Found::default(), Marker::default());
        loop {
            let page = self.page(&after).await?;
            let looked = self.look_at_all(page.versions).await?;
            if !self.sort(looked, moved, None, &mut found).is_empty() {
                return Ok(None);
            }
            self.count(found.versions).await;
            let Some(next) = page.next else { return Ok(Some(found)) };
            after = next;
        }
    }

    /// How many versions of the first page are under the old key, how many it has, and whether it is
    /// all there is.
    pub(super) async fn sample(&self) -> Result<(usize, usize, bool), Trouble> {
        let page = self.page(&Marker::default()).await?;
        let (count, all) = (page.versions.len(), page.next.is_none());
        let looked = self.look_at_all(page.versions).await?;
        let under = looked.iter().filter(|(_, now)| is_under(now, self.job.from)).count();
        Ok((under, count, all))
    }

    /// Moves exactly these, where they are still under the old key.
    pub(super) async fn only(&self, versions: Vec<Version>) -> Result<(), Trouble> {
        let mut found = Found::default();
        for part in versions.chunks(1_000) {
            self.stop()?;
            let looked = self.look_at_all(part.to_vec()).await?;
            let moves = looked.into_iter().filter_map(|(version, encryption)| match encryption {
                Encryption::Kms { key, bucket_key, locked } if key == self.job.from => {
                    Some(Move { version, bucket_key, locked })
                }
                _ => None,
            });
            self.move_all(moves.collect(), &mut found).await?;
            self.count(found.moved).await;
        }
        self.stop()?;
        if found.stuck.is_empty() {
            return Ok(());
        }
        Err(self.aws.wrong(format!(
            "{} versions in {} could not be moved back, the first is {}",
            found.stuck.len(),
            self.job.bucket,
            found.stuck[0]
        )))
    }

    async fn page(&self, after: &Marker) -> Result<listing::Page, Trouble> {
        listing::page(self.aws, self.job.bucket, self.job.prefix, after).await
    }

    async fn look_at_all(
        &self,
        versions: Vec<Version>,
    ) -> Result<Vec<(Version, Encryption)>, Trouble> {
        let looks = versions.into_iter().map(|version| look_at(self.aws, self.job.bucket, version));
        let looks: Vec<_> = looks.collect();
        stream::iter(looks).buffer_unordered(self.job.at_once).try_collect().await
    }

    /// Counts what was seen and gives what is to be moved.
    fn sort(
        &self,
        looked: Vec<(Version, Encryption)>,
        moved: &Listed,
        bucket_key: Option<bool>,
        found: &mut Found,
    ) -> Vec<Move> {
        let mut moves = Vec::new();
        for (version, encryption) in looked {
            found.versions += 1;
            match encryption {
                now if is_under(&now, self.job.to) && moved.contains(&version) => found.by_us += 1,
                now if is_under(&now, self.job.to) => found.already += 1,
                Encryption::Kms { key, bucket_key: own, locked } if key == self.job.from => {
                    moves.push(Move { version, bucket_key: bucket_key.unwrap_or(own), locked });
                }
                Encryption::DoubleKms { key } if key == self.job.from => {
                    found.stuck.push(format!("{version}: encrypted twice (DSSE-KMS)"));
                }
                Encryption::Customer => {
                    found
                        .skipped
                        .push(format!("{version}: under a key that S3 does not keep (SSE-C)"));
                }
                Encryption::Gone => found.versions -= 1,
                _ => {}
            }
        }
        moves
    }

    /// Moves them, several at once. When the operator wants to stop, no further one is begun, and
    /// those under way are finished.
    async fn move_all(&self, moves: Vec<Move>, found: &mut Found) -> Result<(), Trouble> {
        let failed = AtomicBool::new(false);
        let calls: Vec<_> = moves.into_iter().map(|one| self.move_one(one, &failed)).collect();
        let mut results = stream::iter(calls).buffer_unordered(self.job.at_once);
        let mut trouble = None;
        // All are awaited, so that after a failure nothing is left half sent.
        while let Some(result) = results.next().await {
            match result {
                Ok(Outcome::Moved) => {
                    found.moved += 1;
                    found.by_us += 1;
                }
                Ok(Outcome::Stuck(reason)) => found.stuck.push(reason),
                Ok(Outcome::NotBegun) => {}
                Err(error) => {
                    failed.store(true, Ordering::Relaxed);
                    trouble = trouble.or(Some(error));
                }
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    async fn move_one(&self, one: Move, failed: &AtomicBool) -> Result<Outcome, Trouble> {
        if self.cx.stop.wanted() >= Stop::Park || failed.load(Ordering::Relaxed) {
            return Ok(Outcome::NotBegun);
        }
        let to = SsekmsEncryption::builder()
            .kms_key_arn(self.job.to)
            .bucket_key_enabled(one.bucket_key)
            .build()
            .map_err(|error| Trouble::nothing_happened(error.to_string()))?;
        let call = self
            .aws
            .s3()
            .update_object_encryption()
            .bucket(self.job.bucket)
            .key(&one.version.key)
            .version_id(&one.version.id)
            .object_encryption(ObjectEncryption::Ssekms(to))
            .send();
        let answer = call.await;
        let refused = answer.as_ref().err().and_then(code);
        match refused.as_deref() {
            Some("AccessDenied") if one.locked => {
                Ok(Outcome::Stuck(format!("{}: held by Object Lock", one.version)))
            }
            // Deleted in the meantime, which is no longer under any key.
            Some("NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed") => Ok(Outcome::Moved),
            _ => {
                let on = format!("{}/{}", self.job.bucket, one.version);
                let answer = std::future::ready(answer);
                self.aws.change("s3:UpdateObjectEncryption", on, answer).await?;
                Ok(Outcome::Moved)
            }
        }
    }

    async fn count(&self, done: u64) {
        let count = Report::Count { done, total: None, unit: "versions" };
        self.cx.tell.say(count).await;
    }

    fn stop(&self) -> Result<(), Trouble> {
        if self.cx.stop.wanted() >= Stop::Park { Err(Trouble::parked()) } else { Ok(()) }
    }
}
