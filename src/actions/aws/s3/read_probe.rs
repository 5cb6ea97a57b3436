//! `s3/read-probe`: really reads objects, which is the only proof that they can be read.

use super::listing::Version;
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs};
use crate::actions::context::{Context, Report, Stop};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_s3::types::Object;
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many objects are read at once.
const AT_ONCE: usize = 8;
/// The first mebibyte of an object needs its key like all the rest.
const PART: &str = "bytes=0-1048575";
/// How many failures the message names.
const NAMED: usize = 5;

pub(super) struct ReadProbe(pub(super) Arc<AwsSessions>);

/// What reading one object gave: how many bytes, and under which key.
type Reading = (String, Result<(u64, Option<String>), String>);

#[async_trait]
impl Action for ReadProbe {
    fn name(&self) -> &'static str {
        "s3/read-probe"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let bucket = inputs::text(&cx.inputs, "bucket")?;
        let prefix = inputs::text_if(&cx.inputs, "prefix")?;
        let wanted = inputs::text_if(&cx.inputs, "key")?;
        let sample = inputs::number(&cx.inputs, "sample", 1..=1000, 20)?;
        let call = aws.s3().list_objects_v2().bucket(bucket).set_prefix(prefix.map(str::to_owned));
        let call = call.max_keys(i32::try_from(sample).unwrap_or(1000)).send();
        let objects = aws.read("s3:ListBucket", bucket, call).await?.contents.unwrap_or_default();
        if objects.is_empty() {
            let at =
                prefix.map_or_else(|| bucket.to_owned(), |prefix| format!("{bucket}/{prefix}"));
            return Err(
                aws.wrong(format!("there is no object to read in {at}, so nothing is proven"))
            );
        }
        let total = u64::try_from(objects.len()).ok();
        let readings: Vec<_> =
            objects.into_iter().map(|object| read(&aws, bucket, object)).collect();
        let mut readings = stream::iter(readings).buffer_unordered(AT_ONCE);
        let (mut read, mut bytes, mut keys, mut failed) =
            (0_u64, 0_u64, BTreeSet::new(), Vec::new());
        while let Some((key, reading)) = readings.next().await {
            if cx.stop.wanted() >= Stop::Park {
                return Err(Trouble::parked());
            }
            match reading {
                Ok((size, under)) => {
                    read += 1;
                    bytes += size;
                    if wanted.is_some() && under.as_deref() != wanted {
                        let under = under.as_deref().unwrap_or("no KMS key");
                        failed.push(format!("{key} is under {under}"));
                    }
                    keys.extend(under);
                }
                Err(reason) => failed.push(format!("{key}: {reason}")),
            }
            cx.tell.say(Report::Count { done: read, total, unit: "objects" }).await;
        }
        if !failed.is_empty() {
            let named = failed.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
            let more = failed.len().saturating_sub(NAMED);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            return Err(
                aws.wrong(format!("{bucket} is not readable as it should be: {named}{more}"))
            );
        }
        Ok(answer([
            ("read", read.into()),
            ("bytes", bytes.into()),
            ("keys", keys.into_iter().collect::<Value>()),
            ("failed", Value::Array(Vec::new())),
        ]))
    }
}

async fn read(aws: &Aws, bucket: &str, object: Object) -> Reading {
    let key = object.key.unwrap_or_default();
    let call = aws.s3().get_object().bucket(bucket).key(&key);
    // An empty object has no first byte to ask for.
    let range = object.size.is_some_and(|size| size > 0).then(|| PART.to_owned());
    let on = Version { key: key.clone(), id: "null".to_owned() };
    let got = match aws.read("s3:GetObject", on, call.set_range(range).send()).await {
        Ok(got) => got,
        Err(trouble) => return (key, Err(trouble.message)),
    };
    let (under, mut body, mut bytes) = (got.ssekms_key_id, got.body, 0_u64);
    while let Some(chunk) = body.next().await {
        match chunk {
            Ok(chunk) => bytes += u64::try_from(chunk.len()).unwrap_or_default(),
            Err(error) => return (key, Err(error.to_string())),
        }
    }
    (key, Ok((bytes, under)))
}
