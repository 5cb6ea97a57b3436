//! `s3/copy`: copies the objects of a bucket into another one. The service copies, and nothing passes through here.

mod back;
mod object;
mod pass;
mod walk;

use super::files::Listed;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs, observed};
use crate::actions::context::Context;
use crate::actions::preview::{Change, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_s3::config::Region;
use pass::{Found, Pass};
use serde_json::json;
use std::sync::Arc;
use walk::Walk;

/// The first pass copies, the last one only proves. What is written into the source in between is copied by
/// another pass; after so many, somebody keeps writing.
const PASSES: u32 = 5;
/// How many names the message has.
const NAMED: usize = 5;
/// What is about to be copied: the object, and of which state. Durable before the copy is asked for.
const BEGUN: &str = "copy.begun.jsonl";
/// The versions that the copies have become.
const MADE: &str = "copy.made.jsonl";

pub(super) struct Copy(pub(super) Arc<AwsSessions>);

/// What the step asks for.
struct Job<'a> {
    from: &'a str,
    from_account: Option<&'a str>,
    from_region: Option<&'a str>,
    to: &'a str,
    prefix: Option<&'a str>,
    at_once: usize,
    /// Bytes that are copied in one request.
    part: i64,
}

impl<'a> Job<'a> {
    fn read(cx: &'a Context) -> Result<Self, Trouble> {
        let with = &cx.inputs;
        // A runbook may hand on a parameter that nobody has filled in.
        let filled = |name| with.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let job = Self {
            from: inputs::text(with, "from_bucket")?,
            from_account: filled("from_account"),
            from_region: filled("from_region"),
            to: inputs::text(with, "bucket")?,
            prefix: inputs::text_if(with, "prefix")?,
            at_once: usize::try_from(inputs::number(with, "concurrency", 1..=256, 16)?)
                .unwrap_or(16),
            part: inputs::number(with, "part_mib", 5..=5120, 256)? * 1024 * 1024,
        };
        if job.from == job.to {
            return Err(Trouble::nothing_happened(format!(
                "`from_bucket` and `bucket` are both {}",
                job.to
            )));
        }
        Ok(job)
    }

    /// The client that asks the source. A listing is answered by the Region of the bucket only.
    fn source(&self, aws: &Aws) -> aws_sdk_s3::Client {
        match self.from_region {
            None => aws.s3().clone(),
            Some(region) => {
                let there = aws.s3().config().to_builder().region(Region::new(region.to_owned()));
                aws_sdk_s3::Client::from_conf(there.build())
            }
        }
    }

    fn place(&self, bucket: &str) -> String {
        self.prefix.map_or_else(|| bucket.to_owned(), |prefix| format!("{bucket}/{prefix}"))
    }
}

#[async_trait]
impl Action for Copy {
    fn name(&self) -> &'static str {
        "s3/copy"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        observed(self.look(cx).await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        // A bucket that is not there, or that may not be read, is found out before the first object is copied.
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let walk = Walk::new(&aws, &job);
        walk.page(None).await?;
        walk.there(None, "").await?;
        Ok(json!({}))
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let change = Change::from_to(job.place(job.to), None, &job.place(job.from));
        let mut preview = Preview::from(change.of("objects copied from"));
        let (absent, looked, all) = Walk::new(&aws, &job).sample().await?;
        // How many there are may be another number in a minute, so it is no part of what is planned.
        preview.notes.push(if all {
            format!("{absent} of {looked} objects are not there yet")
        } else {
            format!("{absent} of the first {looked} objects are not there yet; there are more")
        });
        Ok(preview)
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let mut pass = Pass::begin(&aws, cx, &job)?;
        for _ in 0..PASSES {
            let found = pass.run().await?;
            // Only a whole pass that found nothing to copy is a proof.
            if found.copied == 0 && found.moved_on == 0 {
                return found.outputs(&aws, &job);
            }
        }
        Err(aws
            .wrong(format!("{} keeps changing: it was not copied whole in {PASSES} passes", job.from))
            .hint("Stop what writes into the source, then run the step again: it goes on where it stopped."))
    }

    async fn undo(&self, cx: &Context, outputs: Option<&Values>) -> Result<(), Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let begun = Listed::open(&cx.work, BEGUN)?;
        let claimed = outputs.and_then(|o| o.get("copied")).and_then(Value::as_u64).unwrap_or(0);
        if claimed > 0 && begun.is_empty() {
            return Err(aws
                .wrong(format!("{claimed} objects were copied, but the list of them is not in {}", cx.work.display()))
                .hint("Take the step back on the machine that ran it: the list is in the run's own folder."));
        }
        back::take_back(&aws, cx, &job, begun).await
    }
}

impl Copy {
    async fn look(&self, cx: &Context) -> Result<Option<Values>, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let job = Job::read(cx)?;
        let found = Pass::begin(&aws, cx, &job)?.look().await?;
        found.map(|found| found.outputs(&aws, &job)).transpose()
    }
}

impl Found {
    fn outputs(self, aws: &Aws, job: &Job<'_>) -> Result<Values, Trouble> {
        for (what, names, hint) in [
            (
                "are there already with other contents, and were not touched",
                &self.differs,
                "Somebody else wrote them. Move them away, or leave their part of the corpus out with `prefix`.",
            ),
            (
                "could not be copied",
                &self.stuck,
                "Restore archived objects first. What is under a key that S3 does not keep must be copied by who has the key.",
            ),
        ] {
            if !names.is_empty() {
                let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
                let more = names.len().saturating_sub(NAMED);
                let more = if more > 0 { format!("; and {more} more") } else { String::new() };
                let message = format!(
                    "{} objects of {} {what} in {}: {named}{more}",
                    names.len(),
                    job.from,
                    job.to
                );
                return Err(aws.wrong(message).hint(hint));
            }
        }
        Ok(answer([
            ("objects", self.objects.into()),
            ("bytes", self.bytes.into()),
            ("copied", self.by_us.into()),
            ("already", self.already.into()),
        ]))
    }
}
