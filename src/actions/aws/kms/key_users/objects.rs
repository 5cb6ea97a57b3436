//! Buckets whose default is a key, and the versions of objects that are under it.

use super::Findings;
use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::kms::KeyName;
use crate::actions::aws::s3::listing::{self, Encryption, Marker};
use crate::actions::context::{Context, Report, Stop};
use futures_util::{StreamExt, TryStreamExt, stream};

/// So many versions are asked at once.
const AT_ONCE: usize = 16;
/// Each version costs a request. Past this many in one bucket, S3 Inventory is the right tool.
const MOST_VERSIONS: u64 = 200_000;

pub(super) async fn sweep(
    aws: &Aws,
    cx: &Context,
    key: &KeyName,
    buckets: Option<&[String]>,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let buckets = match buckets {
        Some(buckets) => buckets.to_vec(),
        None => all_here(aws).await?,
    };
    for bucket in buckets {
        match sweep_bucket(aws, cx, key, &bucket, findings).await {
            Err(trouble) if trouble.certainty == crate::actions::Certainty::Parked => {
                return Err(trouble);
            }
            Err(trouble) => findings.missed("s3", trouble),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// The buckets of this account in this Region. A key cannot be used from another.
async fn all_here(aws: &Aws) -> Result<Vec<String>, Trouble> {
    let call = aws.s3().list_buckets().bucket_region(&aws.target.region);
    let mut pages = call.into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = aws.read("s3:ListAllMyBuckets", "", std::future::ready(page)).await?;
        names.extend(page.buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name));
    }
    Ok(names)
}

async fn sweep_bucket(
    aws: &Aws,
    cx: &Context,
    key: &KeyName,
    bucket: &str,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let rules = listing::default_rules(aws, bucket).await?;
    if rules.iter().filter_map(listing::key_of).any(|name| key.is(name)) {
        findings.user("s3", bucket, "default encryption of the bucket", None);
    }
    let (mut seen, mut under, mut hidden, mut after) = (0_u64, 0_u64, 0_u64, Marker::default());
    loop {
        if cx.stop.wanted() >= Stop::Park {
            return Err(Trouble::parked());
        }
        let page = listing::page(aws, bucket, None, &after).await?;
        let looks: Vec<_> =
            page.versions.iter().map(|version| listing::encryption(aws, bucket, version)).collect();
        let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
        while let Some(encryption) = looks.try_next().await? {
            seen += 1;
            match encryption {
                Encryption::Kms { key: now, .. } | Encryption::DoubleKms { key: now }
                    if key.is(&now) =>
                {
                    under += 1
                }
                Encryption::Customer => hidden += 1,
                _ => {}
            }
        }
        cx.tell.say(Report::Count { done: seen, total: None, unit: "versions" }).await;
        let Some(next) = page.next else { break };
        if seen >= MOST_VERSIONS {
            findings.missed("s3", format!("{bucket}: looked at the first {seen} versions only; use S3 Inventory for the rest"));
            break;
        }
        after = next;
    }
    if under > 0 {
        findings.user("s3", bucket, "object versions", Some(under));
    }
    if hidden > 0 {
        // Such an object is under a key of its own that AWS does not keep, so not under this one.
        let line = format!("{bucket}: {hidden} versions under keys that S3 does not keep (SSE-C)");
        cx.tell.say(Report::Line(line)).await;
    }
    Ok(())
}
