//! Whether a failover depends on a Region that may be the one that failed.

use super::super::calls::{call, of_script};
use super::super::facts::{Facts, runbooks_run_by, runs};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::action::{ActionSpec, Catalog};
use crate::model::permission::{Permission, Purpose};
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body};
use crate::model::value::Text;
use crate::services::iam_action;
use crate::source::Span;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    code: "RB0805",
    name: "single-region-control-plane",
    summary: "A runbook with the tag `failover` calls a control plane that lives in a single Region",
    why: "The control planes of IAM, Organizations, Route 53, CloudFront and S3's buckets run in one Region for the whole world, and what reads from them goes on elsewhere when that Region is down. A failover that has to alter them fails with it, whichever Region it fails over from. The same is true of the global endpoint of STS.",
    fix: "Provision it beforehand, and let the failover only switch: health checks and routing controls in Route 53, aliases, endpoints of another Region.",
    wrong: "---\ntitle: T\nsummary: S\nowner: o\ntags: [failover]\naccount: data\n---\n\n## A\n\n```yaml step=roles\nuses: aws/call\nirreversible: for the example\nwith: { service: iam, operation: create-role, input: { RoleName: r, AssumeRolePolicyDocument: \"{}\" } }\n```\n",
    right: "---\ntitle: T\nsummary: S\nowner: o\ntags: [failover]\naccount: data\n---\n\n## A\n\n```yaml step=roles\nuses: aws/call\nirreversible: for the example\nwith: { service: lambda, operation: publish-version, input: { FunctionName: f } }\n```\n",
};

/// The tag that says what a runbook is for.
const FAILOVER: &str = "failover";

/// Services with one control plane for all Regions, what it is called, and where it is.
const SERVICES: [(&str, &str, &str); 9] = [
    ("account", "account management", "us-east-1"),
    ("cloudfront", "CloudFront", "us-east-1"),
    ("globalaccelerator", "Global Accelerator", "us-west-2"),
    ("iam", "IAM", "us-east-1"),
    ("networkmanager", "Network Manager", "us-west-2"),
    ("organizations", "Organizations", "us-east-1"),
    ("route53", "Route 53", "us-east-1"),
    ("route53-recovery-control-config", "the configuration of routing controls", "us-west-2"),
    ("shield", "Shield", "us-east-1"),
];

/// Prefixes of the operations that alter a bucket itself.
const BUCKETS: [&str; 6] = [
    "create-bucket",
    "delete-bucket",
    "put-bucket",
    "put-public-access-block",
    "delete-public-access-block",
    "put-object-lock-configuration",
];

/// Commands of the CLI that make and delete buckets.
const BUCKET_COMMANDS: [&str; 3] = ["mb", "rb", "website"];

/// The global endpoint. Those of a Region have the Region in the middle.
const GLOBAL_STS: &str = "sts.amazonaws.com";

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    if !runbook.front.tags.iter().any(|tag| tag.value == FAILOVER) {
        return;
    }
    for (_, block) in facts.blocks() {
        for (span, what) in of_block(block, facts.book.catalog) {
            found.push(warning(span, &format!("this calls {what}")));
        }
        let Some((node, Some(name))) = runs(block) else { continue };
        if let Some(what) = of_runbook(facts, name, &mut BTreeSet::from([runbook.name.clone()])) {
            found.push(warning(node.span, &format!("`{name}` calls {what}")));
        }
    }
}

fn warning(span: Span, what: &str) -> Diagnostic {
    RULE.warning(span, format!("{what}: a failover must not depend on it"))
        .help("provision it beforehand, and only switch in the failover")
}

/// The first such call of another runbook, or of those that it runs.
fn of_runbook(facts: &Facts<'_>, name: &str, seen: &mut BTreeSet<String>) -> Option<String> {
    if !seen.insert(name.to_owned()) {
        return None;
    }
    let book = (facts.book.others)(name)?;
    let first = |block| Some(of_block(block, facts.book.catalog).into_iter().next()?.1);
    let own = blocks(&book).find_map(first);
    own.or_else(|| runbooks_run_by(&book).find_map(|inner| of_runbook(facts, inner, seen)))
}

fn blocks(book: &Runbook) -> impl Iterator<Item = &Block> {
    let steps = book.steps.iter().flat_map(|step| {
        [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()].into_iter().flatten()
    });
    steps.chain(book.health.iter().map(|health| &health.block))
}

/// Each call of a block to such a control plane.
fn of_block(block: &Block, catalog: &Catalog) -> Vec<(Span, String)> {
    if let Some(call) = call(block) {
        let what = control_plane(&call.service.value, &call.operation.value);
        return what.map(|what| (call.operation.span, what)).into_iter().collect();
    }
    let mut found: Vec<_> = of_script(block)
        .filter_map(|(text, call)| {
            Some((text.locate(call.range), control_plane(&call.service, &call.operation)?))
        })
        .collect();
    match &block.body {
        Body::Script { text, .. } => found.extend(global_sts(text)),
        Body::Action { uses, .. } => {
            let spec = catalog.get(&uses.value);
            found.extend(spec.and_then(of_action).map(|what| (uses.span, what)));
        }
    }
    found
}

/// The control plane that a typed action calls in every run, by the permissions it asks for.
fn of_action(spec: &ActionSpec) -> Option<String> {
    let always = |one: &&Permission| {
        one.when.is_empty() && matches!(one.purpose, Purpose::Run | Purpose::Undo)
    };
    spec.permissions.iter().filter(always).find_map(|permission| {
        let (prefix, _) = permission.action.split_once(':')?;
        if prefix != "s3" {
            return control_plane(prefix, "");
        }
        let action = iam_action(permission.action)?;
        let on_buckets = action.resources.iter().all(|resource| resource.kind == "bucket");
        (on_buckets && !action.access.only_reads()).then(of_buckets)
    })
}

fn of_buckets() -> String {
    "the configuration of S3's buckets, whose control plane is in us-east-1 alone".to_owned()
}

fn control_plane(service: &str, operation: &str) -> Option<String> {
    // An answer comes from the nearest server, and no control plane is asked.
    if (service, operation) == ("route53", "test-dns-answer") {
        return None;
    }
    if let Some((_, what, place)) = SERVICES.iter().find(|(name, ..)| *name == service) {
        return Some(format!("{what}, whose control plane is in {place} alone"));
    }
    let bucket = match service {
        "s3api" => BUCKETS.iter().any(|prefix| operation.starts_with(prefix)),
        "s3" => BUCKET_COMMANDS.contains(&operation),
        _ => false,
    };
    bucket.then(of_buckets)
}

fn global_sts(text: &Text) -> impl Iterator<Item = (Span, String)> {
    text.value.match_indices(GLOBAL_STS).filter_map(|(at, _)| {
        // Not in the middle of a longer name.
        let whole = !text.value[..at].ends_with(|c: char| c.is_alphanumeric() || ".-".contains(c));
        let what = "the global endpoint of STS, which is in us-east-1 alone".to_owned();
        whole.then(|| (text.locate(at..at + GLOBAL_STS.len()), what))
    })
}
