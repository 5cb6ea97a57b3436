//! `opensearch/scale-domain`: changes the size of a domain, after a dry run and never while it is red.

use super::domain::{described, health_of, is_changing, status_of};
use crate::actions::aws::cli::{Calls, Cli};
use crate::actions::aws::wait::{Patience, Wait};
use crate::actions::aws::{answer, inputs, kept, observed, target_of};
use crate::actions::context::{Context, Report};
use crate::actions::preview::{Change, Kind, Looking, Preview};
use crate::actions::{Action, Trouble};
use crate::engine::outcome::{Memo, Observation};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use serde_json::json;
use std::time::Duration;

/// A blue/green deployment copies all data to new nodes. That takes hours where there is much of it.
const HOURS: Patience =
    Patience { first: Duration::from_millis(500), longest: Duration::from_secs(30), looks: 2_880 };

pub(super) struct Scale(pub(super) Cli);

#[async_trait]
impl Action for Scale {
    fn name(&self) -> &'static str {
        "opensearch/scale-domain"
    }

    async fn observe(&self, cx: &Context) -> Observation {
        let look = async {
            let domain = described(&self.0.calls(cx, target_of(cx)?), name(cx)?).await?;
            let there = !is_changing(&domain) && same(&size(&domain), &wanted(cx, &domain)?);
            Ok::<_, Trouble>(there.then(|| outputs(cx, &Value::Null)))
        };
        observed(look.await)
    }

    async fn prepare(&self, cx: &Context) -> Result<Memo, Trouble> {
        if let Some(memo) = kept(cx) {
            return Ok(memo);
        }
        let calls = self.0.calls(cx, target_of(cx)?);
        let domain = described(&calls, name(cx)?).await?;
        wanted(cx, &domain)?;
        may_change(cx, &calls, &domain).await?;
        Ok(size(&domain))
    }

    async fn preview(&self, cx: &Context, _how: Looking) -> Result<Preview, Trouble> {
        let calls = self.0.calls(cx, target_of(cx)?);
        let domain = described(&calls, name(cx)?).await?;
        let wanted = wanted(cx, &domain)?;
        let kind = dry_run(&calls, name(cx)?, &wanted).await?;
        let change = Change::new(Kind::Modify, name(cx)?).of("domain");
        Ok(differences(&size(&domain), &wanted)
            .into_iter()
            .fold(change.detail(kind), Change::detail)
            .into())
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let calls = self.0.calls(cx, target_of(cx)?);
        let name = name(cx)?;
        let domain = described(&calls, name).await?;
        let wanted = wanted(cx, &domain)?;
        let mut kind = Value::Null;
        if !same(&size(&domain), &wanted) {
            may_change(cx, &calls, &domain).await?;
            let told = dry_run(&calls, name, &wanted).await?;
            cx.tell.say(Report::Line(format!("a dry run says: {told}"))).await;
            kind = told.into();
            update(&calls, name, &wanted).await?;
        }
        settled(cx, &calls, name, &wanted).await?;
        Ok(outputs(cx, &kind))
    }

    async fn undo(&self, cx: &Context, _outputs: Option<&Values>) -> Result<(), Trouble> {
        let calls = self.0.calls(cx, target_of(cx)?);
        let name = name(cx)?;
        let domain = described(&calls, name).await?;
        if !same(&size(&domain), &cx.memo) {
            may_change(cx, &calls, &domain).await?;
            update(&calls, name, &cx.memo).await?;
        }
        settled(cx, &calls, name, &cx.memo).await
    }
}

fn name(cx: &Context) -> Result<&str, Trouble> {
    inputs::text(&cx.inputs, "domain")
}

/// The parts of a domain's configuration that make its size, whole: what is left out of an update may be
/// taken for its default.
fn size(domain: &Value) -> Value {
    json!({ "ClusterConfig": domain["ClusterConfig"], "EBSOptions": domain["EBSOptions"] })
}

/// The size that is asked for.
fn wanted(cx: &Context, domain: &Value) -> Result<Value, Trouble> {
    let mut wanted = size(domain);
    // An empty text and zero leave a thing as it is, so that an expression can choose.
    let kind =
        cx.inputs.get("instance_type").and_then(Value::as_str).filter(|kind| !kind.is_empty());
    if let Some(kind) = kind {
        wanted["ClusterConfig"]["InstanceType"] = kind.into();
    }
    let count = inputs::number(&cx.inputs, "instance_count", 0..=1_002, 0)?;
    if count > 0 {
        wanted["ClusterConfig"]["InstanceCount"] = count.into();
    }
    let gib = inputs::number(&cx.inputs, "volume_size", 0..=24_576, 0)?;
    if gib > 0 && wanted["EBSOptions"]["VolumeSize"].is_number() {
        wanted["EBSOptions"]["VolumeSize"] = gib.into();
    }
    Ok(wanted)
}

/// A red domain, one whose health is not known, and one that is being changed are left alone.
async fn may_change(cx: &Context, calls: &Calls<'_>, domain: &Value) -> Result<(), Trouble> {
    let (name, target) = (name(cx)?, target_of(cx)?);
    let refused = |why: &str, hint: &str| {
        Err(Trouble::nothing_happened(format!(
            "domain {name} in {target} {why}, so it is not changed"
        ))
        .hint(hint))
    };
    if is_changing(domain) {
        return refused("is being changed already", "Wait for the end of that change.");
    }
    match status_of(&health_of(calls, name).await?).as_deref() {
        Some("green" | "yellow") => Ok(()),
        Some(_) => refused(
            "is red",
            "A change of a red domain does not end. Mend the primary shards first, or restore their index from a snapshot.",
        ),
        None => refused("does not say its health", "Look at its nodes first."),
    }
}

fn request(name: &str, wanted: &Value) -> Value {
    let mut input = wanted.clone();
    if let Some(parts) = input.as_object_mut() {
        parts.retain(|_, part| !part.is_null());
    }
    input["DomainName"] = name.into();
    input
}

/// What AWS would do: exchange all nodes, or not.
async fn dry_run(calls: &Calls<'_>, name: &str, wanted: &Value) -> Result<String, Trouble> {
    let mut input = request(name, wanted);
    input["DryRun"] = true.into();
    // It changes nothing, so it may be asked again.
    let answer = calls.read("opensearch", "update-domain-config", Some(&input)).await?;
    let results = &answer["DryRunResults"];
    let kind = results["DeploymentType"].as_str().unwrap_or("nothing about how it is deployed");
    let message = results["Message"].as_str().map(|text| format!(": {text}")).unwrap_or_default();
    Ok(format!("{kind}{message}"))
}

async fn update(calls: &Calls<'_>, name: &str, wanted: &Value) -> Result<(), Trouble> {
    let input = request(name, wanted);
    calls.change("opensearch", "update-domain-config", Some(&input)).await.map(|_| ())
}

/// Waits until the domain has that size and nothing is under way.
async fn settled(
    cx: &Context,
    calls: &Calls<'_>,
    name: &str,
    wanted: &Value,
) -> Result<(), Trouble> {
    let mut wait = Wait::new(cx, &HOURS, format!("domain {name} to be changed"));
    loop {
        let domain = described(calls, name).await?;
        if !is_changing(&domain) && same(&size(&domain), wanted) {
            return Ok(());
        }
        cx.tell.say(Report::Waiting(format!("domain {name} to be changed"))).await;
        wait.again().await?;
    }
}

/// Whether both are the same size. AWS fills in the rest as it likes.
fn same(one: &Value, other: &Value) -> bool {
    differences(one, other).is_empty()
}

/// What differs, in words.
fn differences(before: &Value, after: &Value) -> Vec<String> {
    let places = [
        ("/ClusterConfig/InstanceType", "instance type"),
        ("/ClusterConfig/InstanceCount", "instances"),
        ("/EBSOptions/VolumeSize", "GiB a node"),
    ];
    let one = |(place, what): (&str, &str)| {
        let (was, is) = (before.pointer(place)?, after.pointer(place)?);
        (was != is).then(|| format!("{what}: {was} becomes {is}"))
    };
    places.into_iter().filter_map(one).collect()
}

fn outputs(cx: &Context, kind: &Value) -> Values {
    answer([
        ("domain", cx.inputs.get("domain").cloned().unwrap_or(Value::Null)),
        ("previous", cx.memo.clone()),
        ("deployment", kind.clone()),
    ])
}
