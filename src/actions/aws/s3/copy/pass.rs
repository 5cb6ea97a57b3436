//! One way through the source.

use super::super::files::Listed;
use super::super::listing::Version;
use super::walk::{Object, Walk};
use super::{BEGUN, Job, MADE};
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::context::{Context, Report, Stop};
use futures_util::{StreamExt, stream};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// What one way through the source found and did.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Objects looked at that are in both buckets.
    pub(super) objects: u64,
    /// Their sizes together.
    pub(super) bytes: u64,
    /// Copied in this pass.
    pub(super) copied: u64,
    /// Changed or deleted in the source since they were listed.
    pub(super) moved_on: u64,
    /// There because this step put them there, now or in an earlier attempt.
    pub(super) by_us: u64,
    /// There without our doing.
    pub(super) already: u64,
    /// There with other contents, without our doing.
    pub(super) differs: Vec<String>,
    /// Cannot be copied, and why.
    pub(super) stuck: Vec<String>,
}

/// What became of one object.
pub(super) enum Outcome {
    /// It was copied, and became this version.
    Made(String),
    /// It is not what was listed any more.
    MovedOn,
    /// S3 does not copy it, because of this.
    Stuck(String),
    /// The pass was stopped before.
    NotBegun,
}

pub(super) struct Pass<'a> {
    pub(super) aws: &'a Aws,
    pub(super) cx: &'a Context,
    pub(super) job: &'a Job<'a>,
    pub(super) source: aws_sdk_s3::Client,
    walk: Walk<'a>,
    begun: Listed,
    made: Listed,
    /// The keys of what is begun, in whatever state it was.
    ours: HashSet<String>,
}

impl<'a> Pass<'a> {
    /// With what earlier attempts have written down.
    pub(super) fn begin(aws: &'a Aws, cx: &'a Context, job: &'a Job<'a>) -> Result<Self, Trouble> {
        let (mut begun, made) = (Listed::open(&cx.work, BEGUN)?, Listed::open(&cx.work, MADE)?);
        let ours = begun.all()?.into_iter().map(|one| one.key).collect();
        let (source, walk) = (job.source(aws), Walk::new(aws, job));
        Ok(Self { aws, cx, job, source, walk, begun, made, ours })
    }

    /// Copies what is not there yet.
    pub(super) async fn run(&mut self) -> Result<Found, Trouble> {
        let (mut found, mut after) = (Found::default(), None);
        loop {
            self.stop()?;
            let Some((todo, last)) = self.next(after.as_deref(), &mut found).await? else {
                return Ok(found);
            };
            let begun: Vec<_> = todo.iter().map(name).collect();
            // Durable before the first copy is asked for: an undo must know them all.
            self.begun.add(&begun)?;
            self.ours.extend(begun.into_iter().map(|one| one.key));
            let made = self.copy_all(todo, &mut found).await;
            self.made.add(&made.0)?;
            if let Some(trouble) = made.1 {
                return Err(trouble);
            }
            let done = found.objects + found.copied;
            self.cx.tell.say(Report::Count { done, total: None, unit: "objects" }).await;
            after = Some(last);
        }
    }

    /// Only looks. Nothing when there is something to copy.
    pub(super) async fn look(&self) -> Result<Option<Found>, Trouble> {
        let (mut found, mut after) = (Found::default(), None);
        while let Some((todo, last)) = self.next(after.as_deref(), &mut found).await? {
            if !todo.is_empty() {
                return Ok(None);
            }
            let done = found.objects;
            self.cx.tell.say(Report::Count { done, total: None, unit: "objects" }).await;
            after = Some(last);
        }
        Ok(Some(found))
    }

    /// The next page of the source: what of it is to be copied, and its last key. Nothing at the end.
    async fn next(
        &self,
        after: Option<&str>,
        found: &mut Found,
    ) -> Result<Option<(Vec<Object>, String)>, Trouble> {
        let page = self.walk.page(after).await?;
        let Some(last) = page.last().map(|object| object.key.clone()) else { return Ok(None) };
        let there = self.walk.there(after, &last).await?;
        let mut todo = Vec::new();
        for object in page {
            match there.get(&object.key) {
                Some(copy) if object.is_like(copy) => {
                    found.objects += 1;
                    found.bytes += object.bytes();
                    if self.begun.contains(&name(&object)) {
                        found.by_us += 1;
                    } else {
                        found.already += 1;
                    }
                }
                Some(_) if !self.ours.contains(&object.key) => found.differs.push(object.key),
                _ => todo.push(object),
            }
        }
        Ok(Some((todo, last)))
    }

    /// Copies them, several at once. When the operator wants to stop, no further one is begun, and those under
    /// way are finished. Gives what was made also when something went wrong.
    async fn copy_all(
        &self,
        todo: Vec<Object>,
        found: &mut Found,
    ) -> (Vec<Version>, Option<Trouble>) {
        let failed = AtomicBool::new(false);
        let calls: Vec<_> = todo.into_iter().map(|one| self.copy_one(one, &failed)).collect();
        let mut results = stream::iter(calls).buffer_unordered(self.job.at_once);
        let (mut made, mut trouble) = (Vec::new(), None);
        while let Some((object, result)) = results.next().await {
            match result {
                Ok(Outcome::Made(id)) => {
                    found.copied += 1;
                    made.push(Version { key: object.key, id });
                }
                Ok(Outcome::MovedOn) => found.moved_on += 1,
                Ok(Outcome::Stuck(why)) => found.stuck.push(format!("{}: {why}", object.key)),
                Ok(Outcome::NotBegun) => {}
                Err(error) => {
                    failed.store(true, Ordering::Relaxed);
                    trouble = trouble.or(Some(error));
                }
            }
        }
        (made, trouble)
    }

    async fn copy_one(
        &self,
        object: Object,
        failed: &AtomicBool,
    ) -> (Object, Result<Outcome, Trouble>) {
        if self.cx.stop.wanted() >= Stop::Park || failed.load(Ordering::Relaxed) {
            return (object, Ok(Outcome::NotBegun));
        }
        let outcome = if object.size > self.job.part {
            self.in_parts(&object).await
        } else {
            self.whole(&object).await
        };
        (object, outcome)
    }

    fn stop(&self) -> Result<(), Trouble> {
        if self.cx.stop.wanted() >= Stop::Park { Err(Trouble::parked()) } else { Ok(()) }
    }
}

/// An object in the state that it is copied in, for the list.
fn name(object: &Object) -> Version {
    Version { key: object.key.clone(), id: object.state() }
}
