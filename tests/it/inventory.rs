//! Everything that there is in an account, read with clients of the tests' own.
//!
//! It is one flat table, so that two of them can be compared whole: whatever a runbook touches, what it
//! must not touch is in there too.

use crate::cloud::{answer, config, plain, s3, wait};
use crate::env::Project;
use std::collections::{BTreeMap, BTreeSet};

/// What there is, by kind and name, and how it stands.
pub(crate) type Inventory = BTreeMap<String, String>;

/// Everything in the three accounts of a project.
pub(crate) fn inventory(project: &Project) -> Inventory {
    let accounts = &project.accounts;
    let mut all = Inventory::new();
    for account in [&accounts.workload, &accounts.data, &accounts.platform] {
        all.extend(wait(of_account(account)));
    }
    all
}

/// Everything in one account.
pub(crate) async fn of_account(account: &str) -> Inventory {
    let mut all = Inventory::new();
    keys(account, &mut all).await;
    buckets(account, &mut all).await;
    log_groups(account, &mut all).await;
    secrets(account, &mut all).await;
    functions(account, &mut all).await;
    stacks(account, &mut all).await;
    parameters(account, &mut all).await;
    domains(account, &mut all).await;
    all
}

/// What differs, a line each: what was there before with `-`, what is there after with `+`.
pub(crate) fn difference(before: &Inventory, after: &Inventory) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut lines = Vec::new();
    for name in names {
        let (was, is) = (before.get(name), after.get(name));
        if was != is {
            lines.extend(was.map(|was| format!("- {name}: {}", short(was))));
            lines.extend(is.map(|is| format!("+ {name}: {}", short(is))));
        }
    }
    lines
}

/// The keys that are in one inventory and not in the other.
pub(crate) fn new_keys(before: &Inventory, after: &Inventory) -> Inventory {
    let new = |(name, _): &(&String, &String)| {
        name.starts_with("key ") && !before.contains_key(name.as_str())
    };
    after.iter().filter(new).map(|(name, state)| (name.clone(), state.clone())).collect()
}

async fn keys(account: &str, all: &mut Inventory) {
    let kms = crate::cloud::kms(account);
    let listed = kms.list_keys().limit(1_000).send().await.expect("keys");
    for key in listed.keys() {
        let id = key.key_id().expect("an id");
        let described = kms.describe_key().key_id(id).send().await.expect("a key");
        let key = described.key_metadata().expect("a key");
        if key.key_manager().is_none_or(|manager| manager.as_str() != "CUSTOMER") {
            continue;
        }
        let rotation = kms.get_key_rotation_status().key_id(id).send().await;
        let rotates = rotation.is_ok_and(|status| status.key_rotation_enabled());
        let state = key.key_state().expect("a state").as_str();
        let rotates = if rotates { ", rotates" } else { "" };
        all.insert(format!("key {}", key.arn().expect("an ARN")), format!("{state}{rotates}"));
    }
    let aliases = kms.list_aliases().limit(100).send().await.expect("aliases");
    for alias in aliases.aliases() {
        let name = alias.alias_name().unwrap_or_default();
        if !name.starts_with("alias/aws/") {
            let key = alias.target_key_id().unwrap_or("nothing").to_owned();
            all.insert(format!("alias {account} {name}"), key);
        }
    }
}

async fn buckets(account: &str, all: &mut Inventory) {
    let s3 = s3(account);
    for bucket in s3.list_buckets().send().await.expect("buckets").buckets() {
        let bucket = bucket.name().expect("a name");
        let encryption = s3.get_bucket_encryption().bucket(bucket).send().await.ok();
        let default = encryption
            .as_ref()
            .and_then(|found| found.server_side_encryption_configuration())
            .and_then(|configuration| configuration.rules().first())
            .and_then(|rule| rule.apply_server_side_encryption_by_default())
            .and_then(|by_default| by_default.kms_master_key_id());
        all.insert(format!("bucket {bucket}"), default.unwrap_or("no key").to_owned());
        let listed = s3.list_object_versions().bucket(bucket).send().await.expect("versions");
        for marker in listed.delete_markers() {
            let (key, id) = (marker.key().unwrap_or_default(), marker.version_id().unwrap_or("-"));
            all.insert(format!("delete marker {bucket}/{key}@{id}"), "there".to_owned());
        }
        for version in listed.versions() {
            let (key, id) = (version.key().expect("a key"), version.version_id().unwrap_or("null"));
            let head = s3.head_object().bucket(bucket).key(key).version_id(id).send().await;
            let head = head.unwrap_or_else(|error| panic!("{bucket}/{key}@{id}: {error:?}"));
            let under = head.ssekms_key_id().unwrap_or("no key");
            let etag = head.e_tag().unwrap_or_default();
            all.insert(format!("object {bucket}/{key}@{id}"), format!("{etag} under {under}"));
        }
    }
}

async fn log_groups(account: &str, all: &mut Inventory) {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config(account));
    for group in logs.describe_log_groups().send().await.expect("log groups").log_groups() {
        let name = group.log_group_name().unwrap_or_default();
        // Lambda makes a function's own group when the function is called first. Nobody else does.
        if name.starts_with("/aws/lambda/") && group.kms_key_id().is_none() {
            continue;
        }
        let kept = group.retention_in_days().map_or("for ever".to_owned(), |d| format!("{d} days"));
        let key = group.kms_key_id().unwrap_or("no key");
        all.insert(format!("log group {account} {name}"), format!("{kept} under {key}"));
    }
}

async fn secrets(account: &str, all: &mut Inventory) {
    let secrets = aws_sdk_secretsmanager::Client::new(&config(account));
    for secret in secrets.list_secrets().send().await.expect("secrets").secret_list() {
        let arn = secret.arn().expect("an ARN");
        let described = secrets.describe_secret().secret_id(arn).send().await.expect("a secret");
        let key = described.kms_key_id().unwrap_or("no key").to_owned();
        let name = described.name().unwrap_or_default();
        all.insert(format!("secret {account} {name}"), key);
        let versions =
            secrets.list_secret_version_ids().secret_id(arn).send().await.expect("versions");
        for version in versions.versions() {
            let mut stages = version.version_stages().to_vec();
            stages.sort();
            if !stages.is_empty() {
                let id = version.version_id().unwrap_or_default();
                let key = version.kms_key_ids().first().map_or("no key", String::as_str);
                let name = format!("secret version {account} {name} {}", stages.join("+"));
                all.insert(name, format!("{id} under {key}"));
            }
        }
    }
}

async fn functions(account: &str, all: &mut Inventory) {
    let lambda = aws_sdk_lambda::Client::new(&config(account));
    for function in lambda.list_functions().send().await.expect("functions").functions() {
        let name = function.function_name().unwrap_or_default();
        let key = function.kms_key_arn().filter(|arn| !arn.is_empty()).unwrap_or("no key");
        let code = function.code_sha256().unwrap_or_default();
        all.insert(format!("function {account} {name}"), format!("{code} under {key}"));
        let variables = function.environment().and_then(|all| all.variables());
        let mut variables: Vec<_> = variables.into_iter().flatten().collect();
        variables.sort();
        all.insert(format!("function {account} {name} variables"), format!("{variables:?}"));
        let versions = lambda.list_versions_by_function().function_name(name).send().await;
        for version in versions.expect("versions").versions() {
            let number = version.version().filter(|number| *number != "$LATEST");
            all.extend(
                number.map(|n| (format!("function {account} {name}:{n}"), "published".to_owned())),
            );
        }
        let aliases = lambda.list_aliases().function_name(name).send().await.expect("aliases");
        for alias in aliases.aliases() {
            let to = alias.function_version().unwrap_or_default().to_owned();
            let alias = alias.name().unwrap_or_default();
            all.insert(format!("function alias {account} {name}:{alias}"), to);
        }
    }
}

async fn stacks(account: &str, all: &mut Inventory) {
    let cloudformation = aws_sdk_cloudformation::Client::new(&config(account));
    for stack in cloudformation.describe_stacks().send().await.expect("stacks").stacks() {
        let name = stack.stack_name().unwrap_or_default();
        let status = stack.stack_status().map_or("", |status| status.as_str());
        // A stack that was updated and brought back is as good as one that was created.
        let status =
            if matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE") { "ready" } else { status };
        let protected = stack.enable_termination_protection().unwrap_or(false);
        all.insert(format!("stack {account} {name}"), format!("{status}, protected: {protected}"));
        for parameter in stack.parameters() {
            let key = parameter.parameter_key().unwrap_or_default();
            let value = parameter.parameter_value().unwrap_or_default();
            all.insert(format!("stack {account} {name} parameter {key}"), value.to_owned());
        }
        for tag in stack.tags() {
            let (key, value) = (tag.key().unwrap_or_default(), tag.value().unwrap_or_default());
            all.insert(format!("stack {account} {name} tag {key}"), value.to_owned());
        }
        for output in stack.outputs() {
            let key = output.output_key().unwrap_or_default();
            let value = output.output_value().unwrap_or_default();
            all.insert(format!("stack {account} {name} output {key}"), value.to_owned());
        }
        let resources =
            cloudformation.describe_stack_resources().stack_name(name).send().await.expect("them");
        for resource in resources.stack_resources() {
            let logical = resource.logical_resource_id().unwrap_or_default();
            let physical = resource.physical_resource_id().unwrap_or_default();
            all.insert(format!("stack {account} {name} resource {logical}"), physical.to_owned());
        }
        let template = cloudformation.get_template().stack_name(name).send().await.expect("one");
        let body = template.template_body().unwrap_or_default().trim().to_owned();
        all.insert(format!("stack {account} {name} template"), body);
    }
}

async fn parameters(account: &str, all: &mut Inventory) {
    let call = plain(account, "ssm", "POST", "/");
    let call = call.header("x-amz-target", "AmazonSSM.GetParametersByPath");
    let found = answer(call.body(r#"{"Path":"/","Recursive":true}"#)).await;
    for parameter in found["Parameters"].as_array().into_iter().flatten() {
        let text = |name: &str| parameter[name].as_str().unwrap_or_default();
        let value = format!("{} ({})", text("Value"), text("Type"));
        all.insert(format!("parameter {account} {}", text("Name")), value);
    }
}

/// The domains, their size, and what is in their indices and repositories.
async fn domains(account: &str, all: &mut Inventory) {
    let listed = answer(plain(account, "es", "GET", "/2021-01-01/domain")).await;
    for one in listed["DomainNames"].as_array().into_iter().flatten() {
        let name = one["DomainName"].as_str().unwrap_or_default();
        let path = format!("/2021-01-01/opensearch/domain/{name}");
        let domain = &answer(plain(account, "es", "GET", &path)).await["DomainStatus"];
        let size = format!("{} {}", domain["ClusterConfig"], domain["EBSOptions"]);
        all.insert(format!("domain {account} {name}"), size);
        let host = domain["Endpoint"].as_str().or(domain["Endpoints"]["vpc"].as_str());
        let Some(host) = host else { continue };
        let ask =
            async |path: &str| answer(plain(account, "es", "GET", path).header("host", host)).await;
        for index in ask("/_cat/indices").await.as_array().into_iter().flatten() {
            let text = |name: &str| index[name].as_str().unwrap_or_default().to_owned();
            let state = format!("{} documents, {}", text("docs.count"), text("status"));
            all.insert(format!("index {account} {name}/{}", text("index")), state);
        }
        for (repository, what) in ask("/_snapshot").await.as_object().into_iter().flatten() {
            all.insert(format!("repository {account} {name}/{repository}"), what.to_string());
            let kept = ask(&format!("/_snapshot/{repository}/_all")).await;
            for snapshot in kept["snapshots"].as_array().into_iter().flatten() {
                let what = format!("snapshot {account} {repository}/{}", snapshot["snapshot"]);
                all.insert(what, snapshot["indices"].to_string());
            }
        }
    }
}

/// Enough of a text to see what it is.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
