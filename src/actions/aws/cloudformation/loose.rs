//! What is in an account beside its stacks, as far as these services tell: what costs, and whose name is taken.

use crate::actions::Trouble;
use crate::actions::aws::account::Aws;
use crate::actions::aws::logs::groups;
use aws_sdk_cloudformation::types::StackResourceSummary;
use aws_sdk_kms::types::{KeyManagerType, KeyState};
use std::collections::BTreeSet;

/// The names of what some stacks own.
#[derive(Clone, Debug, Default)]
pub(super) struct Owned(BTreeSet<(String, String)>);

impl Owned {
    pub(super) fn add(&mut self, resources: Vec<StackResourceSummary>) {
        for one in resources {
            if let (Some(kind), Some(name)) = (one.resource_type, one.physical_resource_id) {
                self.0.insert((kind, name));
            }
        }
    }

    fn has(&self, thing: &Thing) -> bool {
        let id = thing.name.rsplit('/').next().unwrap_or_default();
        let of = |name: &str| self.0.contains(&(thing.of.to_owned(), name.to_owned()));
        // A key is known by its id or by its ARN.
        of(&thing.name) || (thing.of == KEY && of(id))
    }
}

const KEY: &str = "AWS::KMS::Key";

/// One thing.
#[derive(Clone, Debug)]
struct Thing {
    /// The word for it.
    kind: &'static str,
    /// Its type.
    of: &'static str,
    /// Its name as CloudFormation would know it.
    name: String,
    /// Its name as it is chosen, which has to be free for another one.
    chosen: String,
    /// Its state, where that matters.
    state: String,
    /// Whether it costs while it is there.
    costs: bool,
}

/// Things of one account.
#[derive(Clone, Debug, Default)]
pub(super) struct Things(Vec<Thing>);

impl Things {
    fn add(&mut self, (kind, of): (&'static str, &'static str), name: String, state: String) {
        let costs = !matches!(kind, "alias") && !state.contains("deletion");
        let chosen = name.clone();
        self.0.push(Thing { kind, of, name, chosen, state, costs });
    }

    /// Without what those stacks own.
    pub(super) fn but(&self, owned: &Owned) -> Self {
        Self(self.0.iter().filter(|thing| !owned.has(thing)).cloned().collect())
    }

    /// The ARNs of the keys that those stacks own and that do not wait for their deletion.
    pub(super) fn keys_of(&self, owned: &Owned) -> Vec<String> {
        let keys = self.0.iter().filter(|one| one.of == KEY && one.costs && owned.has(one));
        keys.map(|one| one.name.clone()).collect()
    }

    /// The names of those of a kind.
    pub(super) fn names(&self, kind: &str) -> Vec<String> {
        self.0.iter().filter(|one| one.kind == kind).map(|one| one.name.clone()).collect()
    }

    /// What costs, in words.
    pub(super) fn costly(&self) -> Vec<String> {
        self.0.iter().filter(|one| one.costs).map(Thing::told).collect()
    }

    /// What has a name that stacks of that name would want.
    pub(super) fn named_after(&self, name: &str) -> Vec<String> {
        let begins = |thing: &&Thing| {
            let bare = thing.chosen.trim_start_matches("alias/").trim_start_matches('/');
            let rest = bare.strip_prefix(name);
            thing.of != KEY
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '/']))
        };
        self.0.iter().filter(begins).map(Thing::told).collect()
    }
}

impl Thing {
    fn told(&self) -> String {
        let state = if self.state.is_empty() { String::new() } else { format!(", {}", self.state) };
        format!("{} {}{state}", self.kind, self.name)
    }
}

/// Looks through the services.
pub(super) async fn look(aws: &Aws) -> Result<Things, Trouble> {
    let mut things = Things::default();
    keys(aws, &mut things).await?;
    let call = aws.s3().list_buckets().send();
    let listed = aws.read("s3:ListAllMyBuckets", "", call).await?;
    for bucket in listed.buckets.unwrap_or_default() {
        let name = bucket.name.unwrap_or_default();
        things.add(("bucket", "AWS::S3::Bucket"), name, String::new());
    }
    for group in groups(aws, None).await? {
        let name = group.log_group_name.unwrap_or_default();
        things.add(("log group", "AWS::Logs::LogGroup"), name, String::new());
    }
    let call = aws.secrets().list_secrets().include_planned_deletion(true);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("secretsmanager:ListSecrets", "", std::future::ready(page)).await?;
        for secret in page.secret_list.unwrap_or_default() {
            let state = if secret.deleted_date.is_some() { "waits for its deletion" } else { "" };
            let arn = secret.arn.unwrap_or_default();
            things.add(("secret", "AWS::SecretsManager::Secret"), arn, state.to_owned());
            if let (Some(thing), Some(name)) = (things.0.last_mut(), secret.name) {
                thing.chosen = name;
            }
        }
    }
    let mut pages = aws.lambda().list_functions().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("lambda:ListFunctions", "", std::future::ready(page)).await?;
        for function in page.functions.unwrap_or_default() {
            let name = function.function_name.unwrap_or_default();
            things.add(("function", "AWS::Lambda::Function"), name, String::new());
        }
    }
    Ok(things)
}

/// The customer's keys and aliases.
async fn keys(aws: &Aws, things: &mut Things) -> Result<(), Trouble> {
    let mut pages = aws.kms().list_keys().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("kms:ListKeys", "", std::future::ready(page)).await?;
        for key in page.keys.unwrap_or_default() {
            let id = key.key_id.unwrap_or_default();
            let call = aws.kms().describe_key().key_id(&id).send();
            let found = aws.read("kms:DescribeKey", &id, call).await?.key_metadata;
            let Some(found) = found.filter(|key| key.key_manager == Some(KeyManagerType::Customer))
            else {
                continue;
            };
            let state = match found.key_state {
                Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion) => {
                    "waits for its deletion"
                }
                Some(KeyState::Disabled) => "disabled",
                _ => "",
            };
            let arn = found.arn.unwrap_or(id);
            things.add(("key", KEY), arn, state.to_owned());
        }
    }
    let mut pages = aws.kms().list_aliases().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = aws.read("kms:ListAliases", "", std::future::ready(page)).await?;
        for alias in page.aliases.unwrap_or_default() {
            let name = alias.alias_name.unwrap_or_default();
            if !name.starts_with("alias/aws/") {
                things.add(("alias", "AWS::KMS::Alias"), name, String::new());
            }
        }
    }
    Ok(())
}

/// The buckets that those stacks own, and whether they hold anything.
pub(super) async fn buckets(aws: &Aws, owned: &Owned) -> Result<Vec<String>, Trouble> {
    let mut told = Vec::new();
    for (_, name) in owned.0.iter().filter(|(kind, _)| kind == "AWS::S3::Bucket") {
        let call = aws.s3().list_object_versions().bucket(name).max_keys(1000).send();
        let page = aws.find("s3:ListBucketVersions", name, &["NoSuchBucket"], call).await?;
        let Some(page) = page else { continue };
        let more = if page.is_truncated == Some(true) { "more than " } else { "" };
        let count = page.versions.map_or(0, |found| found.len())
            + page.delete_markers.map_or(0, |found| found.len());
        told.push(format!("{name}: {more}{count} object versions"));
    }
    Ok(told)
}
