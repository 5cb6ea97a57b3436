//! Looks at the emulated accounts with clients of its own, so that no test believes the program's word.

use crate::env::emulator;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use std::collections::BTreeMap;
use std::future::Future;

/// Runs something asynchronous to its end.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

pub(crate) fn config(account: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(&emulator().endpoint)
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
            Credentials::new(account, "test", None, None, "tests"),
        ))
        .build()
}

pub(crate) fn kms(account: &str) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::new(&config(account))
}

pub(crate) fn s3(account: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&config(account)).force_path_style(true).build();
    aws_sdk_s3::Client::from_conf(config)
}

/// A request to the emulator as the root of an account, for services that have no client here. It asks for no
/// signature.
pub(crate) fn plain(
    account: &str,
    service: &str,
    method: &str,
    path: &str,
) -> reqwest::RequestBuilder {
    let method = method.parse().expect("a method");
    let scope = format!("{account}/20260101/eu-west-1/{service}/aws4_request");
    let signed = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    reqwest::Client::new()
        .request(method, format!("{}{path}", emulator().endpoint))
        .header("authorization", signed)
        .header("content-type", "application/x-amz-json-1.1")
}

/// Sends such a request, and gives the answer.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> serde_json::Value {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// A parameter of Systems Manager is set, as somebody else would set it.
pub(crate) async fn set_parameter(account: &str, name: &str, value: &str) {
    let body =
        serde_json::json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": true });
    let call = plain(account, "ssm", "POST", "/").header("x-amz-target", "AmazonSSM.PutParameter");
    answer(call.body(body.to_string())).await;
}

/// Everything that `kms-replace` is about, as it stands in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// The key that the alias points at.
    pub(crate) alias: String,
    /// Customer keys by ARN with their state, aliases' keys and others.
    pub(crate) all: BTreeMap<String, String>,
    /// Object versions (`key@version`) with the key each is encrypted under.
    pub(crate) objects: BTreeMap<String, String>,
    /// The bucket's default key.
    pub(crate) bucket_default: String,
    /// The log group's key.
    pub(crate) log_group: Option<String>,
    /// The secret's key.
    pub(crate) secret: Option<String>,
    /// The function's key.
    pub(crate) function: Option<String>,
}

/// Where the reference stack of the data account keeps things.
pub(crate) struct Places {
    pub(crate) alias: String,
    pub(crate) bucket: String,
    pub(crate) log_group: String,
    pub(crate) secret: String,
    pub(crate) function: String,
}

/// Reads it all.
pub(crate) async fn keys(account: &str, places: &Places) -> Keys {
    let kms = kms(account);
    let described = kms.describe_key().key_id(&places.alias).send().await.expect("the alias");
    let alias = described.key_metadata().and_then(|key| key.arn()).expect("an ARN").to_owned();
    let mut all = BTreeMap::new();
    let listed = kms.list_keys().limit(1_000).send().await.expect("keys");
    for key in listed.keys() {
        let described =
            kms.describe_key().key_id(key.key_id().expect("an id")).send().await.expect("a key");
        let key = described.key_metadata().expect("a key");
        if key.key_manager().is_some_and(|manager| manager.as_str() == "CUSTOMER") {
            let state = key.key_state().expect("a state").as_str().to_owned();
            all.insert(key.arn().expect("an ARN").to_owned(), state);
        }
    }
    let (objects, bucket_default) = bucket(account, &places.bucket).await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config(account));
    let groups = logs
        .describe_log_groups()
        .log_group_name_prefix(&places.log_group)
        .send()
        .await
        .expect("log groups");
    let secrets = aws_sdk_secretsmanager::Client::new(&config(account));
    let secret =
        secrets.describe_secret().secret_id(&places.secret).send().await.expect("the secret");
    let lambda = aws_sdk_lambda::Client::new(&config(account));
    let function = lambda
        .get_function_configuration()
        .function_name(&places.function)
        .send()
        .await
        .expect("the function");
    Keys {
        alias,
        all,
        objects,
        bucket_default,
        log_group: groups
            .log_groups()
            .first()
            .and_then(|group| group.kms_key_id())
            .map(str::to_owned),
        secret: secret.kms_key_id().map(str::to_owned),
        function: function.kms_key_arn().map(str::to_owned),
    }
}

async fn bucket(account: &str, bucket: &str) -> (BTreeMap<String, String>, String) {
    let s3 = s3(account);
    let mut objects = BTreeMap::new();
    let versions = s3.list_object_versions().bucket(bucket).send().await.expect("versions");
    for version in versions.versions() {
        let (key, id) = (version.key().expect("a key"), version.version_id().unwrap_or("null"));
        let got = s3.get_object().bucket(bucket).key(key).version_id(id).send().await;
        let got = got.unwrap_or_else(|error| panic!("{key}@{id} cannot be read: {error:?}"));
        let encrypted = got.ssekms_key_id().unwrap_or("none").to_owned();
        got.body.collect().await.expect("a body");
        objects.insert(format!("{key}@{id}"), encrypted);
    }
    let encryption =
        s3.get_bucket_encryption().bucket(bucket).send().await.expect("the bucket's encryption");
    let default = encryption
        .server_side_encryption_configuration()
        .and_then(|configuration| configuration.rules().first())
        .and_then(|rule| rule.apply_server_side_encryption_by_default())
        .and_then(|by_default| by_default.kms_master_key_id())
        .unwrap_or("none")
        .to_owned();
    (objects, default)
}
