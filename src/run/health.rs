//! Looks whether the world is healthy: every probe, until it has held long enough or its time is over.

use super::inputs;
use super::perform::{Attempt, Job};
use super::scope::with_outputs;
use crate::actions::context::Report;
use crate::engine::outcome::Failure;
use crate::engine::state::HealthSeen;
use crate::model::id::StepKey;
use std::time::{Duration, Instant};

/// How long a probe may take to turn true when the author does not say.
const DEFAULT_WITHIN: Duration = Duration::from_secs(60);

/// How long to wait between two looks when the author does not say.
const DEFAULT_EVERY: Duration = Duration::from_secs(2);

/// One probe, ready to be looked at, or the reason why it cannot be.
pub(super) struct Probe {
    pub(super) key: StepKey,
    pub(super) job: Result<Box<Job>, Failure>,
}

/// Looks at all probes at once.
pub(super) async fn probe_all(probes: Vec<Probe>) -> Vec<(StepKey, HealthSeen)> {
    futures_util::future::join_all(probes.into_iter().map(|probe| async move {
        let seen = match &probe.job {
            Ok(job) => watch(job).await,
            Err(failure) => HealthSeen {
                healthy: false,
                detail: format!("cannot be told: {}", failure.message),
                took_ms: 0,
            },
        };
        (probe.key, seen)
    }))
    .await
}

/// Looks at all probes again and again until one of them does not hold, or as long as the most patient of them
/// would wait for health. A probe that cannot be asked shows nothing.
pub(super) async fn until_one_fails(probes: Vec<Probe>) -> Vec<(StepKey, HealthSeen)> {
    let begun = Instant::now();
    let jobs = || probes.iter().filter_map(|probe| probe.job.as_deref().ok());
    let within = |job: &Job| job.block.options.within.as_ref().map_or(DEFAULT_WITHIN, |w| w.value);
    let every = |job: &Job| job.block.options.every.as_ref().map_or(DEFAULT_EVERY, |e| e.value);
    let patience = jobs().map(within).max().unwrap_or_default();
    let pause = jobs().map(every).min().unwrap_or(DEFAULT_EVERY);
    loop {
        let looks = probes.iter().map(|probe| async {
            let (healthy, detail) = match &probe.job {
                Ok(job) => {
                    once(job).await.map_or_else(|why| (false, why), |()| (true, String::new()))
                }
                Err(failure) => (true, format!("cannot be told: {}", failure.message)),
            };
            let seen = HealthSeen { healthy, detail, took_ms: millis(begun.elapsed()) };
            (probe.key.clone(), seen)
        });
        let seen = futures_util::future::join_all(looks).await;
        let shows = seen.iter().any(|(_, seen)| !seen.healthy);
        let Some(job) = jobs().next() else { return seen };
        if shows || begun.elapsed() + pause >= patience {
            return seen;
        }
        job.cx
            .tell
            .say(Report::Waiting("still healthy; waiting for the fault to show".to_owned()))
            .await;
        if !job.cx.stop.sleep(pause).await {
            return seen;
        }
    }
}

/// Looks until the probe has held for its `sustained` time without a break.
async fn watch(job: &Job) -> HealthSeen {
    let options = &job.block.options;
    let begun = Instant::now();
    let within = options.within.as_ref().map_or(DEFAULT_WITHIN, |within| within.value);
    let sustained = options.sustained.as_ref().map_or(Duration::ZERO, |sustained| sustained.value);
    let every = options.every.as_ref().map_or(DEFAULT_EVERY, |every| every.value);
    let mut holds_since: Option<Instant> = None;
    loop {
        let look = once(job).await;
        let now = Instant::now();
        let ended = |healthy, detail, at: Instant| HealthSeen {
            healthy,
            detail,
            took_ms: millis(at - begun),
        };
        match look {
            Ok(()) => {
                let since = *holds_since.get_or_insert(now);
                if now - since >= sustained {
                    return ended(true, String::new(), since);
                }
                job.cx
                    .tell
                    .say(Report::Waiting("healthy; watching that it stays so".to_owned()))
                    .await;
            }
            Err(why) => {
                if now + every >= begun + within {
                    return ended(false, why, now);
                }
                holds_since = None;
                job.cx.tell.say(Report::Waiting(format!("not healthy yet: {why}"))).await;
            }
        }
        if !job.cx.stop.sleep(every).await {
            let detail = "stopped at the operator's request before it could be told";
            return ended(false, detail.to_owned(), now);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One look: nothing when it holds, and why not otherwise.
async fn once(job: &Job) -> Result<(), String> {
    match job.perform().await {
        Attempt::Done(outputs) => {
            let Some(holds) = &job.block.options.holds else { return Ok(()) };
            match inputs::holds(holds, job.source(), &with_outputs(&job.scope, &outputs)) {
                Ok(true) => Ok(()),
                Ok(false) => Err(format!("`{}` does not hold", holds.value)),
                Err(failure) => Err(failure.message),
            }
        }
        Attempt::Failed(failure, _) => Err(failure.message),
        Attempt::Unknown(cause) => Err(cause),
        Attempt::Parked => Err("stopped at the operator's request".to_owned()),
    }
}
