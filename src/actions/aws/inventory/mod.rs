//! Everything that there is in some emulated accounts, as one flat table of names and states.
//!
//! Two of them can be compared whole: whatever a runbook touches, what it must not touch is in there too. It reads an
//! emulator only, whose root is twelve digits, and never real accounts.

mod plain;

use super::clients::settings;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What there is, by kind and name, and how it stands.
pub type Inventory = BTreeMap<String, String>;

/// Everything in some accounts of the emulator that listens at an address.
///
/// # Errors
/// Says which call failed, and how.
pub async fn inventory(
    endpoint: &str,
    region: &str,
    accounts: &[String],
) -> Result<Inventory, String> {
    let mut all = Inventory::new();
    for account in accounts {
        let config = config(endpoint, region, account);
        let reader = Reader { account, accounts, endpoint, region, config };
        reader.keys(&mut all).await?;
        reader.buckets(&mut all).await?;
        reader.log_groups(&mut all).await?;
        reader.secrets(&mut all).await?;
        reader.functions(&mut all).await?;
        reader.stacks(&mut all).await?;
        reader.parameters(&mut all).await?;
        reader.domains(&mut all).await?;
    }
    Ok(all)
}

fn config(endpoint: &str, region: &str, account: &str) -> SdkConfig {
    // Twelve digits are the root of that account in the emulator, and nothing at all on AWS.
    let root = Credentials::new(account, "rehearsal", None, None, "rehearsal");
    settings(region, Some(endpoint), SharedCredentialsProvider::new(root))
}

struct Reader<'a> {
    account: &'a str,
    /// All that are read together: their things name each other.
    accounts: &'a [String],
    endpoint: &'a str,
    region: &'a str,
    config: SdkConfig,
}

type Read = Result<(), String>;

/// Stands for a value that may be a secret, and only has to be told from another one.
fn brief(value: &str) -> String {
    hex::encode(&Sha256::digest(value)[..4])
}

fn failed<E: Debug>(what: &str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error:?}")
}

impl Reader<'_> {
    async fn keys(&self, all: &mut Inventory) -> Read {
        let (account, kms) = (self.account, aws_sdk_kms::Client::new(&self.config));
        let listed = kms.list_keys().limit(1_000).send().await.map_err(failed("the keys"))?;
        for key in listed.keys() {
            let id = key.key_id().unwrap_or_default();
            let described = kms.describe_key().key_id(id).send().await.map_err(failed("a key"))?;
            let Some(key) = described.key_metadata() else { continue };
            if key.key_manager().is_none_or(|manager| manager.as_str() != "CUSTOMER") {
                continue;
            }
            let rotation = kms.get_key_rotation_status().key_id(id).send().await;
            let rotates = rotation.is_ok_and(|status| status.key_rotation_enabled());
            let state = key.key_state().map_or("", |state| state.as_str());
            let rotates = if rotates { ", rotates" } else { "" };
            all.insert(format!("key {}", key.arn().unwrap_or(id)), format!("{state}{rotates}"));
        }
        let aliases = kms.list_aliases().limit(100).send().await.map_err(failed("aliases"))?;
        for alias in aliases.aliases() {
            let name = alias.alias_name().unwrap_or_default();
            if !name.starts_with("alias/aws/") {
                let key = alias.target_key_id().unwrap_or("nothing").to_owned();
                all.insert(format!("alias {account} {name}"), key);
            }
        }
        Ok(())
    }

    async fn buckets(&self, all: &mut Inventory) -> Read {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        let s3 = aws_sdk_s3::Client::from_conf(config);
        for bucket in s3.list_buckets().send().await.map_err(failed("the buckets"))?.buckets() {
            let bucket = bucket.name().unwrap_or_default();
            let encryption = s3.get_bucket_encryption().bucket(bucket).send().await.ok();
            let default = encryption
                .as_ref()
                .and_then(|found| found.server_side_encryption_configuration())
                .and_then(|configuration| configuration.rules().first())
                .and_then(|rule| rule.apply_server_side_encryption_by_default())
                .and_then(|by_default| by_default.kms_master_key_id());
            all.insert(format!("bucket {bucket}"), default.unwrap_or("no key").to_owned());
            let listed = s3.list_object_versions().bucket(bucket).send().await;
            let listed = listed.map_err(failed(bucket))?;
            for marker in listed.delete_markers() {
                let key = marker.key().unwrap_or_default();
                let id = marker.version_id().unwrap_or("-");
                all.insert(format!("delete marker {bucket}/{key}@{id}"), "there".to_owned());
            }
            for version in listed.versions() {
                let key = version.key().unwrap_or_default();
                let id = version.version_id().unwrap_or("null");
                let head = s3.head_object().bucket(bucket).key(key).version_id(id).send().await;
                let head = head.map_err(failed(&format!("{bucket}/{key}@{id}")))?;
                let under = head.ssekms_key_id().unwrap_or("no key");
                let etag = head.e_tag().unwrap_or_default();
                all.insert(format!("object {bucket}/{key}@{id}"), format!("{etag} under {under}"));
            }
        }
        Ok(())
    }

    async fn log_groups(&self, all: &mut Inventory) -> Read {
        let (account, logs) = (self.account, aws_sdk_cloudwatchlogs::Client::new(&self.config));
        let groups = logs.describe_log_groups().send().await.map_err(failed("the log groups"))?;
        for group in groups.log_groups() {
            let name = group.log_group_name().unwrap_or_default();
            // Lambda makes a function's own group when the function is called first. Nobody else does.
            if name.starts_with("/aws/lambda/") && group.kms_key_id().is_none() {
                continue;
            }
            let kept = group
                .retention_in_days()
                .map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"));
            let key = group.kms_key_id().unwrap_or("no key");
            all.insert(format!("log group {account} {name}"), format!("{kept} under {key}"));
        }
        Ok(())
    }

    async fn secrets(&self, all: &mut Inventory) -> Read {
        let (account, secrets) = (self.account, aws_sdk_secretsmanager::Client::new(&self.config));
        let listed = secrets.list_secrets().send().await.map_err(failed("the secrets"))?;
        for secret in listed.secret_list() {
            let arn = secret.arn().unwrap_or_default();
            let described = secrets.describe_secret().secret_id(arn).send().await;
            let described = described.map_err(failed(arn))?;
            let key = described.kms_key_id().unwrap_or("no key").to_owned();
            let name = described.name().unwrap_or_default();
            all.insert(format!("secret {account} {name}"), key);
            let versions = secrets.list_secret_version_ids().secret_id(arn).send().await;
            for version in versions.map_err(failed(arn))?.versions() {
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
        Ok(())
    }

    async fn functions(&self, all: &mut Inventory) -> Read {
        let (account, lambda) = (self.account, aws_sdk_lambda::Client::new(&self.config));
        let listed = lambda.list_functions().send().await.map_err(failed("the functions"))?;
        for function in listed.functions() {
            let name = function.function_name().unwrap_or_default();
            let key = function.kms_key_arn().filter(|arn| !arn.is_empty()).unwrap_or("no key");
            let code = function.code_sha256().unwrap_or_default();
            all.insert(format!("function {account} {name}"), format!("{code} under {key}"));
            let variables = function.environment().and_then(|all| all.variables());
            // What names a thing of an account is no secret, and differs from account to account.
            let ours = |value: &str| self.accounts.iter().any(|one| value.contains(one.as_str()));
            let is_name = |value: &str| value.starts_with("arn:") || ours(value);
            let shown = |value: &str| if is_name(value) { value.to_owned() } else { brief(value) };
            let mut variables: Vec<String> = variables
                .into_iter()
                .flatten()
                .map(|(name, value)| format!("{name}={}", shown(value)))
                .collect();
            variables.sort();
            all.insert(format!("variables of {account} {name}"), variables.join(" "));
            let versions = lambda.list_versions_by_function().function_name(name).send().await;
            for version in versions.map_err(failed(name))?.versions() {
                if let Some(number) = version.version().filter(|number| *number != "$LATEST") {
                    all.insert(
                        format!("function {account} {name}:{number}"),
                        "published".to_owned(),
                    );
                }
            }
            let aliases = lambda.list_aliases().function_name(name).send().await;
            for alias in aliases.map_err(failed(name))?.aliases() {
                let to = alias.function_version().unwrap_or_default().to_owned();
                let alias = alias.name().unwrap_or_default();
                all.insert(format!("function alias {account} {name}:{alias}"), to);
            }
        }
        Ok(())
    }

    async fn stacks(&self, all: &mut Inventory) -> Read {
        let (account, client) = (self.account, aws_sdk_cloudformation::Client::new(&self.config));
        let listed = client.describe_stacks().send().await.map_err(failed("the stacks"))?;
        for stack in listed.stacks() {
            let name = stack.stack_name().unwrap_or_default();
            let status = stack.stack_status().map_or("", |status| status.as_str());
            // A stack that was updated and brought back is as good as one that was created.
            let made = matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE");
            let status = if made { "ready" } else { status };
            let protected = stack.enable_termination_protection().unwrap_or(false);
            let own = format!("stack {account} {name}");
            all.insert(own.clone(), format!("{status}, protected: {protected}"));
            let mut put = |kind: &str, key: Option<&str>, value: Option<&str>| {
                let key = key.unwrap_or_default();
                all.insert(format!("{own} {kind} {key}"), value.unwrap_or_default().to_owned());
            };
            for one in stack.parameters() {
                put("parameter", one.parameter_key(), one.parameter_value());
            }
            for one in stack.tags() {
                put("tag", one.key(), one.value());
            }
            for one in stack.outputs() {
                put("output", one.output_key(), one.output_value());
            }
            let resources = client.describe_stack_resources().stack_name(name).send().await;
            for one in resources.map_err(failed(name))?.stack_resources() {
                put("resource", one.logical_resource_id(), one.physical_resource_id());
            }
            let template = client.get_template().stack_name(name).send().await;
            let template = template.map_err(failed(name))?;
            let body = template.template_body().unwrap_or_default().trim().to_owned();
            all.insert(format!("{own} template"), body);
        }
        Ok(())
    }
}
