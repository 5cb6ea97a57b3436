//! What has no client in this program: parameters of Systems Manager, and what is inside search domains.

use super::{Inventory, Read, Reader, brief};
use serde_json::{Value, json};
use std::time::Duration;

/// An emulator on this machine answers within a fraction of this.
const PATIENCE: Duration = Duration::from_secs(60);

/// No service gives more names at a time than this.
const PAGE: usize = 10;

impl Reader<'_> {
    pub(super) async fn parameters(&self, all: &mut Inventory) -> Read {
        let mut names: Vec<String> = Vec::new();
        let mut next = Value::Null;
        loop {
            let mut input = json!({ "MaxResults": 50 });
            if next.is_string() {
                input["NextToken"] = next;
            }
            let page = self.ssm("DescribeParameters", &input).await?;
            let listed = page["Parameters"].as_array().into_iter().flatten();
            names.extend(listed.filter_map(|one| Some(one["Name"].as_str()?.to_owned())));
            next = page["NextToken"].clone();
            if !next.is_string() {
                break;
            }
        }
        for names in names.chunks(PAGE) {
            let input = json!({ "Names": names, "WithDecryption": true });
            let found = self.ssm("GetParameters", &input).await?;
            for one in found["Parameters"].as_array().into_iter().flatten() {
                let text = |name: &str| one[name].as_str().unwrap_or_default();
                let (name, kind, value) = (text("Name"), text("Type"), text("Value"));
                // A secret one only has to be told from another one.
                let value = if kind == "SecureString" { brief(value) } else { value.to_owned() };
                all.insert(
                    format!("parameter {} {name}", self.account),
                    format!("{value} ({kind})"),
                );
            }
        }
        Ok(())
    }

    /// The domains, their size, and what is in their indices and repositories.
    pub(super) async fn domains(&self, all: &mut Inventory) -> Read {
        let account = self.account;
        let listed = self.get("es", "/2021-01-01/domain", None).await?;
        for one in listed["DomainNames"].as_array().into_iter().flatten() {
            let name = one["DomainName"].as_str().unwrap_or_default();
            let path = format!("/2021-01-01/opensearch/domain/{name}");
            let domain = self.get("es", &path, None).await?["DomainStatus"].take();
            let size = format!("{} {}", domain["ClusterConfig"], domain["EBSOptions"]);
            all.insert(format!("domain {account} {name}"), size);
            let host = domain["Endpoint"].as_str().or(domain["Endpoints"]["vpc"].as_str());
            if let Some(host) = host {
                self.indices(name, host, all).await?;
            }
        }
        Ok(())
    }

    async fn indices(&self, domain: &str, host: &str, all: &mut Inventory) -> Read {
        let account = self.account;
        let ask = async |path: &str| self.get("es", path, Some(host)).await;
        for index in ask("/_cat/indices").await?.as_array().into_iter().flatten() {
            let text = |name: &str| index[name].as_str().unwrap_or_default();
            let state = format!("{} documents, {}", text("docs.count"), text("status"));
            all.insert(format!("index {account} {domain}/{}", text("index")), state);
        }
        for (repository, what) in ask("/_snapshot").await?.as_object().into_iter().flatten() {
            all.insert(format!("repository {account} {domain}/{repository}"), what.to_string());
            let kept = ask(&format!("/_snapshot/{repository}/_all")).await?;
            for one in kept["snapshots"].as_array().into_iter().flatten() {
                let snapshot = one["snapshot"].as_str().unwrap_or_default();
                let name = format!("snapshot {account} {domain}/{repository}/{snapshot}");
                all.insert(name, one["indices"].to_string());
            }
        }
        Ok(())
    }

    async fn ssm(&self, operation: &str, input: &Value) -> Result<Value, String> {
        let target = format!("AmazonSSM.{operation}");
        let call = self.call("ssm", reqwest::Method::POST, "/")?;
        let call = call.header("content-type", "application/x-amz-json-1.1");
        answer(call.header("x-amz-target", target).body(input.to_string()), operation).await
    }

    /// A look by its path, at a host when it is not the service itself.
    async fn get(&self, service: &str, path: &str, host: Option<&str>) -> Result<Value, String> {
        let mut call = self.call(service, reqwest::Method::GET, path)?;
        if let Some(host) = host {
            call = call.header("host", host);
        }
        answer(call, path).await
    }

    /// The emulator reads the account and the service off a signature, and does not look whether it is right.
    fn call(
        &self,
        service: &str,
        method: reqwest::Method,
        path: &str,
    ) -> Result<reqwest::RequestBuilder, String> {
        let scope = format!("{}/20260101/{}/{service}/aws4_request", self.account, self.region);
        let signed =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        let client = client.map_err(|error| error.to_string())?;
        let address = format!("{}{path}", self.endpoint.trim_end_matches('/'));
        Ok(client.request(method, address).header("authorization", signed))
    }
}

async fn answer(call: reqwest::RequestBuilder, what: &str) -> Result<Value, String> {
    let failed = |error: reqwest::Error| format!("{what}: {error}");
    let answer = call.send().await.map_err(failed)?;
    let status = answer.status();
    let text = answer.text().await.map_err(failed)?;
    if !status.is_success() {
        return Err(format!("{what}: {status}: {}", text.chars().take(200).collect::<String>()));
    }
    serde_json::from_str(&text).map_err(|error| format!("{what}: {error}"))
}
