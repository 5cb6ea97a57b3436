//! `residency/read`: to which Regions and zones keys and private endpoints are pinned, read from their own
//! policies.

use super::account::Aws;
use super::cli::{Calls, Cli};
use super::policy::{Policy, Principal, Statement, Which, matches, region_of};
use super::{answer, inputs};
use crate::actions::context::{Context, Report};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeyState};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn actions(cli: &Cli) -> Vec<Arc<dyn Action>> {
    vec![Arc::new(ReadResidency(cli.clone()))]
}

struct ReadResidency(Cli);

/// What is allowed, and what was found against it.
struct Audit {
    regions: Vec<String>,
    zones: Vec<String>,
    keys: Vec<Value>,
    endpoints: Vec<Value>,
    violations: Vec<Value>,
    unpinned: Vec<Value>,
}

#[async_trait]
impl Action for ReadResidency {
    fn name(&self) -> &'static str {
        "residency/read"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(self.0.sessions(), cx)?;
        let regions = inputs::texts_if(&cx.inputs, "regions")?.unwrap_or_default();
        if regions.is_empty() {
            return Err(Trouble::nothing_happened("input `regions` must name a Region"));
        }
        let mut audit = Audit {
            regions,
            zones: inputs::texts_if(&cx.inputs, "zones")?.unwrap_or_default(),
            keys: Vec::new(),
            endpoints: Vec::new(),
            violations: Vec::new(),
            unpinned: Vec::new(),
        };
        cx.tell.say(Report::Waiting("the keys and their policies".to_owned())).await;
        keys(&aws, &mut audit).await?;
        cx.tell.say(Report::Waiting("the private endpoints and their policies".to_owned())).await;
        endpoints(&self.0.calls(cx, &aws.target), &aws.target.region, &mut audit).await?;
        for one in &audit.violations {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            let line = format!("{}: {}", text("resource"), text("text"));
            cx.tell.say(Report::Line(line)).await;
        }
        Ok(answer([
            ("keys", audit.keys.into()),
            ("endpoints", audit.endpoints.into()),
            ("total", audit.violations.len().into()),
            ("violations", audit.violations.into()),
            ("unpinned", audit.unpinned.into()),
        ]))
    }
}

impl Audit {
    fn is_allowed(&self, region: &str) -> bool {
        self.regions.iter().any(|one| one == region)
    }

    fn violation(&mut self, resource: &str, region: &str, text: String) {
        self.violations.push(json!({ "resource": resource, "region": region, "text": text }));
    }

    /// Looks through a policy: every Region that it names, and every statement that names none.
    fn policy(
        &mut self,
        resource: &str,
        policy: &Policy,
        is_about: fn(&Statement) -> bool,
    ) -> Vec<String> {
        let mut named = BTreeSet::new();
        for (place, statement) in policy.statements.iter().enumerate() {
            if !statement.allows || !is_about(statement) {
                continue;
            }
            let name = statement.sid.clone().unwrap_or_else(|| format!("statement {}", place + 1));
            let regions = regions_of(statement);
            for region in regions
                .iter()
                .filter(|region| !self.is_allowed(region))
                .cloned()
                .collect::<Vec<_>>()
            {
                let text = format!("{name} allows it in {region}, which is not among the Regions");
                self.violation(resource, &region, text);
            }
            if regions.is_empty() {
                self.unpinned.push(json!({ "resource": resource, "statement": name }));
            }
            named.extend(regions);
        }
        named.into_iter().collect()
    }
}

/// The Regions that a statement names: in a condition on the Region or on the service that it is used
/// through, in ARNs, in the name of a service. A pattern names none.
fn regions_of(statement: &Statement) -> BTreeSet<String> {
    let mut regions = BTreeSet::new();
    let mut add = |text: &str| {
        if let Some(region) = region_in(text).filter(|region| !region.contains(['*', '?'])) {
            regions.insert(region.to_owned());
        }
    };
    for condition in statement.conditions.iter().filter(|condition| condition.is_positive()) {
        for value in &condition.values {
            if condition.key.eq_ignore_ascii_case("aws:RequestedRegion") {
                add(&format!("service.{value}.amazonaws.com"));
            } else {
                add(value);
            }
        }
    }
    for principal in &statement.principals {
        if let Principal::Service(service) = principal {
            add(service);
        }
    }
    if let Which::Only(patterns) = &statement.resources {
        patterns.iter().for_each(|pattern| add(pattern));
    }
    regions
}

/// The Region in an ARN, or in the name of a service: `s3.eu-west-1.amazonaws.com`. Some services have two
/// words and no Region: `delivery.logs.amazonaws.com`.
fn region_in(text: &str) -> Option<&str> {
    if text.starts_with("arn:") {
        return region_of(text);
    }
    let (name, _) = text.split_once(".amazonaws.com")?;
    name.rsplit_once('.').map(|(_, region)| region).filter(|region| is_region(region))
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let is_number = |part: &&&str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() >= 3 && parts.last().filter(is_number).is_some_and(|part| !part.is_empty())
}

/// Whether it lets somebody see or make data under a key.
fn uses_a_key(statement: &Statement) -> bool {
    ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom"]
        .iter()
        .any(|action| statement.actions.has(action))
}

async fn keys(aws: &Aws, audit: &mut Audit) -> Result<(), Trouble> {
    let mut aliases: BTreeMap<String, String> = BTreeMap::new();
    let mut pages = aws.kms().list_aliases().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("kms:ListAliases", "", std::future::ready(page)).await?;
        for alias in page.aliases.unwrap_or_default() {
            if let (Some(key), Some(name)) = (alias.target_key_id, alias.alias_name) {
                aliases.insert(key, name);
            }
        }
    }
    let mut ids = Vec::new();
    let mut pages = aws.kms().list_keys().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("kms:ListKeys", "", std::future::ready(page)).await?;
        ids.extend(page.keys.unwrap_or_default().into_iter().filter_map(|key| key.key_id));
    }
    for id in ids {
        let found =
            aws.read("kms:DescribeKey", &id, aws.kms().describe_key().key_id(&id).send()).await?;
        let Some(key) = found.key_metadata else { continue };
        let is_ours = key.key_manager == Some(KeyManagerType::Customer);
        let is_going = matches!(
            key.key_state,
            Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion)
        );
        if is_ours && !is_going {
            one_key(aws, &key, aliases.get(&id).map(String::as_str), audit).await?;
        }
    }
    Ok(())
}

async fn one_key(
    aws: &Aws,
    key: &KeyMetadata,
    alias: Option<&str>,
    audit: &mut Audit,
) -> Result<(), Trouble> {
    let arn = key.arn.clone().unwrap_or_default();
    let shown = alias.map_or_else(|| arn.clone(), |alias| format!("{alias} ({})", key.key_id));
    let here = region_of(&arn).unwrap_or(&aws.target.region).to_owned();
    if !audit.is_allowed(&here) {
        audit.violation(
            &shown,
            &here,
            format!("the key is in {here}, which is not among the Regions"),
        );
    }
    let replicas: Vec<String> = key
        .multi_region_configuration
        .iter()
        .flat_map(|all| all.primary_key.iter().chain(all.replica_keys.iter().flatten()))
        .filter_map(|one| one.region.clone())
        .filter(|region| *region != here)
        .collect();
    for region in
        replicas.iter().filter(|region| !audit.is_allowed(region)).cloned().collect::<Vec<_>>()
    {
        audit.violation(
            &shown,
            &region,
            format!("the key has a copy in {region}, which is not among the Regions"),
        );
    }
    let call = aws.kms().get_key_policy().key_id(&key.key_id).policy_name("default").send();
    let written = aws.read("kms:GetKeyPolicy", &shown, call).await?.policy.unwrap_or_default();
    let policy = Policy::read(&Value::String(written))
        .ok_or_else(|| aws.wrong(format!("the policy of {shown} cannot be read")))?;
    let multi_region = key.multi_region.unwrap_or(false);
    if multi_region {
        for statement in
            policy.statements.iter().filter(|one| one.allows && one.actions.has("kms:ReplicateKey"))
        {
            let pinned = statement.narrowed("kms:ReplicaRegion");
            if !pinned.is_some_and(|all| all.iter().all(|region| audit.is_allowed(region))) {
                let name = statement.sid.clone().unwrap_or_else(|| "a statement".to_owned());
                audit.violation(
                    &shown,
                    "*",
                    format!("{name} allows a copy of the key to be made in any Region"),
                );
            }
        }
    }
    let named = audit.policy(&shown, &policy, uses_a_key);
    audit.keys.push(json!({
        "arn": arn, "alias": alias, "region": here, "multi_region": multi_region,
        "copies": replicas, "regions_in_policy": named,
    }));
    Ok(())
}

async fn endpoints(calls: &Calls<'_>, here: &str, audit: &mut Audit) -> Result<(), Trouble> {
    let all = calls.read("ec2", "describe-vpc-endpoints", None).await?;
    let all = all.get("VpcEndpoints").and_then(Value::as_array).cloned().unwrap_or_default();
    if all.is_empty() {
        return Ok(());
    }
    let subnets = calls.read("ec2", "describe-subnets", None).await?;
    let subnets = subnets.get("Subnets").and_then(Value::as_array).cloned().unwrap_or_default();
    let zones: BTreeMap<&str, [&str; 2]> = subnets
        .iter()
        .map(|one| {
            let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
            (text("SubnetId"), [text("AvailabilityZone"), text("AvailabilityZoneId")])
        })
        .collect();
    for endpoint in all {
        one_endpoint(&endpoint, here, &zones, audit);
    }
    Ok(())
}

fn one_endpoint(
    endpoint: &Value,
    here: &str,
    zones: &BTreeMap<&str, [&str; 2]>,
    audit: &mut Audit,
) {
    let text = |name: &str| endpoint.get(name).and_then(Value::as_str).unwrap_or_default();
    let service = text("ServiceName").to_owned();
    let shown = format!("{} ({service})", text("VpcEndpointId"));
    // A service of another Region can be reached through an endpoint here.
    let region = Some(text("ServiceRegion")).filter(|region| !region.is_empty());
    let region = region.or_else(|| service.split('.').nth(2)).unwrap_or(here).to_owned();
    if !audit.is_allowed(&region) {
        audit.violation(
            &shown,
            &region,
            format!("it leads to {region}, which is not among the Regions"),
        );
    }
    let subnets = endpoint.get("SubnetIds").and_then(Value::as_array).into_iter().flatten();
    let mut stands_in = Vec::new();
    for subnet in subnets.filter_map(Value::as_str) {
        let Some(names) = zones.get(subnet) else { continue };
        stands_in.push(names[0].to_owned());
        if !audit.zones.is_empty() && !audit.zones.iter().any(|zone| names.contains(&zone.as_str()))
        {
            audit.violation(
                &shown,
                &region,
                format!("it stands in the zone {}, which is not among the zones", names[0]),
            );
        }
    }
    stands_in.sort();
    let policy = endpoint.get("PolicyDocument").and_then(Policy::read).unwrap_or_default();
    let named = audit.policy(&shown, &policy, |_| true);
    // A global profile may answer from any Region of the world.
    let global = "arn:aws:bedrock:eu-west-1:222222222222:inference-profile/global.x";
    let lets_out = |statement: &&Statement| {
        let names_it = statement.resources.patterns().into_iter().any(|pattern| {
            pattern.contains("inference-profile/global.")
                || pattern != "*" && matches(&pattern, global)
        });
        statement.allows && names_it
    };
    if service.contains(".bedrock-runtime") && policy.statements.iter().any(|one| lets_out(&one)) {
        audit.violation(
            &shown,
            "*",
            "its policy allows a global inference profile, which answers from any Region"
                .to_owned(),
        );
    }
    audit.endpoints.push(json!({
        "id": text("VpcEndpointId"), "service": service, "region": region, "zones": stands_in,
        "regions_in_policy": named,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit() -> Audit {
        Audit {
            regions: vec!["eu-west-1".to_owned()],
            zones: vec!["eu-west-1a".to_owned()],
            keys: Vec::new(),
            endpoints: Vec::new(),
            violations: Vec::new(),
            unpinned: Vec::new(),
        }
    }

    #[test]
    fn a_statement_is_pinned_by_what_it_names() {
        let policy = Policy::read(&json!({ "Statement": [
            { "Sid": "Reader", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
              "Condition": { "StringEquals": { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } } },
            { "Sid": "Far", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
              "Condition": { "StringEquals": { "aws:RequestedRegion": ["eu-west-1", "us-east-1"] } } },
            { "Sid": "Logs", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
              "Principal": { "Service": "logs.eu-west-1.amazonaws.com" } },
            { "Sid": "Deliver", "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
              "Principal": { "Service": "delivery.logs.amazonaws.com" },
              "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:logs:eu-west-1:222222222222:*" } } },
            { "Sid": "Open", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*" },
            { "Sid": "Look", "Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*" },
            { "Sid": "Not", "Effect": "Deny", "Action": "kms:*", "Resource": "*" },
        ]}))
        .expect("a policy");
        let mut audit = audit();
        assert_eq!(audit.policy("k", &policy, uses_a_key), ["eu-west-1", "us-east-1"]);
        assert_eq!(audit.violations.len(), 1, "{:?}", audit.violations);
        assert_eq!(audit.violations[0]["region"], "us-east-1");
        assert_eq!(audit.unpinned, [json!({ "resource": "k", "statement": "Open" })]);
    }

    #[test]
    fn an_endpoint_is_judged_by_where_it_leads_where_it_stands_and_what_it_lets_through() {
        let zones = BTreeMap::from([
            ("s-1", ["eu-west-1a", "euw1-az1"]),
            ("s-2", ["eu-west-1b", "euw1-az2"]),
        ]);
        let endpoint = |service: &str, subnet: &str, resource: &str| {
            json!({ "VpcEndpointId": "vpce-1", "ServiceName": service, "SubnetIds": [subnet],
                "PolicyDocument": json!({ "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": resource }] }).to_string() })
        };
        let here = "com.amazonaws.eu-west-1.bedrock-runtime";
        let good = "arn:aws:bedrock:eu-west-1:222222222222:inference-profile/eu.x";
        for (service, subnet, resource, violations) in [
            (here, "s-1", good, 0),
            ("com.amazonaws.us-east-1.kms", "s-1", good, 1),
            (here, "s-2", good, 1),
            (here, "s-1", "arn:aws:bedrock:us-east-1::foundation-model/x", 1),
            (here, "s-1", "arn:aws:bedrock:*:*:inference-profile/global.*", 1),
        ] {
            let mut audit = audit();
            one_endpoint(&endpoint(service, subnet, resource), "eu-west-1", &zones, &mut audit);
            assert_eq!(
                audit.violations.len(),
                violations,
                "{service} {subnet} {resource}: {:?}",
                audit.violations
            );
        }
        let mut open = audit();
        one_endpoint(&endpoint(here, "s-1", "*"), "eu-west-1", &zones, &mut open);
        assert_eq!(open.unpinned.len(), 1, "a policy that names no Region is not told");
    }
}
