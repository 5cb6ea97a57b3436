//! `account/inventory`: what is in an account, in the order in which it can go, and what would stay behind.

use super::delete::resources;
use super::loose::{self, Owned};
use super::stack::{Standing, standing_of};
use super::{previous, resolve::Template};
use crate::actions::aws::account::Aws;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::{answer, inputs};
use crate::actions::context::Context;
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use aws_sdk_cloudformation::types::Stack;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) struct Inventory(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for Inventory {
    fn name(&self) -> &'static str {
        "account/inventory"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let aws = Aws::of(&self.0, cx)?;
        let chosen = inputs::texts_if(&cx.inputs, "stacks")?;
        let prefix = inputs::text_if(&cx.inputs, "name")?;
        let all = top_level(&aws).await?;
        let is_chosen = |name: &String| chosen.as_ref().is_none_or(|chosen| chosen.contains(name));
        let (chosen, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(name, _)| is_chosen(name));
        let importers = importers(&aws, &chosen).await?;
        let (order, blocked) = order(chosen.iter().map(|(name, _)| name.clone()), &importers);
        let (mut owned, mut ours, mut retained) = (Owned::default(), Owned::default(), Vec::new());
        for (name, _) in &others {
            owned.add(resources(&aws, name).await?);
        }
        for (name, _) in &chosen {
            let there = resources(&aws, name).await?;
            retained.extend(stays(&aws, name, &there).await);
            ours.add(there.clone());
            owned.add(there);
        }
        let found = loose::look(&aws).await?;
        let keys = found.keys_of(&ours);
        let buckets = loose::buckets(&aws, &ours).await?;
        let left = found.but(&owned);
        let taken = prefix.map(|prefix| left.named_after(prefix)).unwrap_or_default();
        Ok(answer([
            ("stacks", order.into()),
            ("blocked", blocked.into()),
            ("retained", retained.into()),
            ("keys", keys.into()),
            ("buckets", buckets.into()),
            ("others", others.into_iter().map(|(name, _)| name).collect::<Value>()),
            ("log_groups", left.names("log group").into()),
            ("left", left.costly().into()),
            ("taken", taken.into()),
        ]))
    }
}

/// The stacks that are no part of another one, by name.
async fn top_level(aws: &Aws) -> Result<BTreeMap<String, Stack>, Trouble> {
    let mut pages = aws.cloudformation().describe_stacks().into_paginator().send();
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = aws.read("cloudformation:DescribeStacks", "", std::future::ready(page)).await?;
        for one in page.stacks.unwrap_or_default() {
            let gone = standing_of(Some(&one)) == Standing::Absent;
            if let Some(name) = one.stack_name.clone().filter(|_| !gone && one.parent_id.is_none())
            {
                found.insert(name, one);
            }
        }
    }
    Ok(found)
}

/// Which stacks import from each of these.
async fn importers(
    aws: &Aws,
    stacks: &[(String, Stack)],
) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
    let mut importers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, stack) in stacks {
        let exports = stack.outputs.iter().flatten().filter_map(|one| one.export_name.as_deref());
        for export in exports {
            let call = aws.cloudformation().list_imports().export_name(export).send();
            // CloudFormation calls it an error when nobody imports it.
            let found =
                aws.find("cloudformation:ListImports", export, &["ValidationError"], call).await?;
            let found = found.and_then(|page| page.imports).unwrap_or_default();
            importers.entry(name.clone()).or_default().extend(found);
        }
    }
    Ok(importers)
}

/// Importers first. Also what a stack that stays keeps from going.
fn order(
    names: impl Iterator<Item = String>,
    importers: &BTreeMap<String, BTreeSet<String>>,
) -> (Vec<String>, Vec<String>) {
    let mut waiting: BTreeSet<String> = names.collect();
    let mut blocked = Vec::new();
    for name in &waiting {
        let stay = importers.get(name).into_iter().flatten().filter(|one| !waiting.contains(*one));
        blocked.extend(stay.map(|one| format!("{one} imports from {name}, and is to stay")));
    }
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let is_free = |name: &&String| {
            !importers.get(*name).into_iter().flatten().any(|one| waiting.contains(one))
        };
        // Imports cannot go round in a circle: a stack is made after what it imports from.
        let Some(next) = waiting.iter().find(is_free).or(waiting.first()).cloned() else { break };
        waiting.remove(&next);
        order.push(next);
    }
    (order, blocked)
}

/// What the template tells CloudFormation to leave behind.
async fn stays(
    aws: &Aws,
    name: &str,
    there: &[aws_sdk_cloudformation::types::StackResourceSummary],
) -> Vec<String> {
    let text = previous::template(aws, name).await.map_err(|trouble| trouble.message);
    let retained = match text.and_then(|text| Template::read(&text)) {
        Ok(template) => template.retained(),
        Err(why) => return vec![format!("{name}: what stays cannot be told: {why}")],
    };
    let stays = there.iter().filter(|one| {
        one.logical_resource_id.as_ref().is_some_and(|logical| retained.contains(logical))
    });
    let told = stays.map(|one| {
        let word = |text: &Option<String>| text.clone().unwrap_or_default();
        format!(
            "{name}: {} ({} {}), because the template retains it",
            word(&one.logical_resource_id),
            word(&one.resource_type),
            word(&one.physical_resource_id)
        )
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importers_go_first_and_a_stack_that_stays_blocks() {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let importers = BTreeMap::from([
            ("a".to_owned(), set(&["b", "c"])),
            ("b".to_owned(), set(&["c"])),
            ("d".to_owned(), set(&["other"])),
        ]);
        let (order, blocked) = order(names.into_iter(), &importers);
        assert_eq!(order, ["c", "b", "a", "d"]);
        assert_eq!(blocked, ["other imports from d, and is to stay"]);
    }
}
