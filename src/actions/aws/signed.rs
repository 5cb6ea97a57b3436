//! Requests that this program signs and sends itself, where what matters is the answer as it came: its status, its id.
//!
//! The AWS CLI hides both, and it knows no requests to the index of an OpenSearch domain.

use super::sessions::AwsSessions;
use crate::actions::Trouble;
use crate::actions::context::Target;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use reqwest::header::{HOST, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url, redirect};
use std::time::{Duration, SystemTime};

/// A host that is up accepts a connection within a fraction of this.
const CONNECT: Duration = Duration::from_secs(5);

/// The ends of the host names that belong to AWS. A signature and its session token go nowhere else.
const SUFFIXES: [&str; 5] =
    [".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".api.aws", ".api.amazonwebservices.com.cn"];

/// A request, not signed yet.
pub(super) struct Request {
    /// The name of the service for the signature.
    pub(super) service: &'static str,
    /// The method.
    pub(super) method: Method,
    /// The host. In a sandbox the emulator is asked, and is told this name.
    pub(super) host: String,
    /// The path with its query, encoded as it goes over the wire.
    pub(super) path: String,
    /// The body, and what it is.
    pub(super) body: Option<(&'static str, Vec<u8>)>,
    /// The role to become for it.
    pub(super) role: Option<String>,
    /// How long the whole exchange may take.
    pub(super) patience: Duration,
}

/// An answer, whatever it says.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// What AWS calls the error, if it says.
    pub(super) code: Option<String>,
    /// What AWS calls this request. CloudTrail knows it by this name.
    pub(super) request_id: Option<String>,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// It was never sent, for this reason.
    Unsent(String),
    /// It was sent, and nothing came back.
    Unanswered(String),
    /// There are no keys to sign it with, or the host is none of AWS's.
    Refused(Trouble),
}

impl Answer {
    /// The text of an error, or of the body as it is.
    pub(super) fn message(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let parsed = serde_json::from_slice::<serde_json::Value>(&self.body).ok();
        let said = parsed.as_ref().and_then(|body| {
            let error = &body["error"]["reason"];
            ["message", "Message"]
                .iter()
                .map(|name| &body[*name])
                .chain([error])
                .find_map(|v| v.as_str())
        });
        said.unwrap_or(&text).chars().take(400).collect()
    }
}

impl AwsSessions {
    /// Signs a request with the keys of that account and Region, and sends it once.
    pub(super) async fn send(&self, target: &Target, request: Request) -> Result<Answer, NoAnswer> {
        let base = self.base_of(&request.host).map_err(NoAnswer::Refused)?;
        let keys =
            self.keys_as(target, request.role.as_deref()).await.map_err(NoAnswer::Refused)?;
        let wrong = |what: &dyn std::fmt::Display| {
            NoAnswer::Refused(Trouble::nothing_happened(format!("{}: {what}", request.host)))
        };
        let url = format!("{base}{}", request.path);
        let url = Url::parse(&url).map_err(|error| wrong(&error))?;
        let body = request.body.as_ref().map_or(&[][..], |(_, body)| body);
        let identity = keys.into();
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&target.region)
            .name(request.service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|error| wrong(&error))?
            .into();
        // The host that is signed is the one that is told, also where the emulator stands in for it.
        let signed_url = format!("https://{}{}", request.host, request.path);
        let signable = SignableRequest::new(
            request.method.as_str(),
            signed_url,
            std::iter::once(("host", request.host.as_str())),
            SignableBody::Bytes(body),
        )
        .map_err(|error| wrong(&error))?;
        let (instructions, _) =
            sign(signable, &params).map_err(|error| wrong(&error))?.into_parts();
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(request.patience)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| wrong(&error))?;
        let mut call = client.request(request.method.clone(), url).header(HOST, &request.host);
        for (name, value) in instructions.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong(&error))?;
            let mut value = HeaderValue::from_str(value).map_err(|error| wrong(&error))?;
            value.set_sensitive(true);
            call = call.header(name, value);
        }
        if let Some((kind, body)) = request.body {
            call = call.header("content-type", kind).body(body);
        }
        answered(call).await
    }

    /// Where a request for that host goes. In a sandbox to the emulator, which is told the host, or to
    /// another server on this machine.
    fn base_of(&self, host: &str) -> Result<String, Trouble> {
        let name = host.split(':').next().unwrap_or_default();
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        match self.endpoint() {
            Some(_) if plain && super::sessions::is_loopback(&format!("http://{host}")) => {
                Ok(format!("http://{host}"))
            }
            Some(endpoint) if plain => Ok(endpoint.trim_end_matches('/').to_owned()),
            None if plain && name == host && SUFFIXES.iter().any(|end| host.ends_with(end)) => {
                Ok(format!("https://{host}"))
            }
            _ => Err(Trouble::nothing_happened(format!(
                "`{host}` is not a host of AWS, so no signed request is sent to it"
            ))
            .hint("Give the name that AWS gave the endpoint, such as `vpc-corpus-abc.eu-west-1.es.amazonaws.com`.")),
        }
    }
}

async fn answered(call: reqwest::RequestBuilder) -> Result<Answer, NoAnswer> {
    let answer = call.send().await.map_err(|error| lost(&error))?;
    let header = |name: &str| {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    // AWS appends a colon and an address to the name of an error.
    let code = header("x-amzn-errortype");
    let code = code.and_then(|code| code.split(':').next().map(str::to_owned));
    let (status, request_id) = (answer.status().as_u16(), header("x-amzn-requestid"));
    let body = answer.bytes().await.map_err(|error| lost(&error))?.to_vec();
    let code = code.or_else(|| {
        let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
        body["__type"].as_str()?.rsplit('#').next().map(str::to_owned)
    });
    Ok(Answer { status, code, request_id, body })
}

fn lost(error: &reqwest::Error) -> NoAnswer {
    let mut text = if error.is_timeout() { "no answer in time" } else { "no answer" }.to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(below) = cause {
        text.push_str(": ");
        text.push_str(&below.to_string());
        cause = below.source();
    }
    if error.is_connect() || error.is_builder() {
        NoAnswer::Unsent(text)
    } else {
        NoAnswer::Unanswered(text)
    }
}
