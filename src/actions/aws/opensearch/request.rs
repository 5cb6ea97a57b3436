//! `opensearch/request`: one signed request to the index of a domain or a collection.

use crate::actions::aws::sessions::AwsSessions;
use crate::actions::aws::signed::{Answer, NoAnswer, Request};
use crate::actions::aws::{answer, inputs, target_of};
use crate::actions::catalog::aws::opensearch::effect_of_request;
use crate::actions::context::{Context, Target};
use crate::actions::{Action, Certainty, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use reqwest::Method;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct IndexRequest(pub(super) Arc<AwsSessions>);

#[async_trait]
impl Action for IndexRequest {
    fn name(&self) -> &'static str {
        "opensearch/request"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let target = target_of(cx)?;
        let method = method(&cx.inputs)?;
        let path = path(&cx.inputs)?;
        let host = host(inputs::text(&cx.inputs, "endpoint")?);
        let wanted = statuses(&cx.inputs)?;
        let seconds = inputs::number(&cx.inputs, "patience", 1..=3600, 60)?.unsigned_abs();
        let request = Request {
            service: if host.contains(".aoss.") { "aoss" } else { "es" },
            method: method.clone(),
            host: host.clone(),
            path: path.to_owned(),
            body: body(&cx.inputs),
            role: inputs::text_if(&cx.inputs, "role")?.map(str::to_owned),
            patience: Duration::from_secs(seconds),
        };
        let place = format!("{method} {path} on {host} in {target}");
        let changes = effect_of_request(&cx.inputs).changes();
        let got = match self.0.send(target, request).await {
            Ok(got) => got,
            Err(NoAnswer::Refused(trouble)) => return Err(trouble),
            Err(NoAnswer::Unsent(why)) => {
                return Err(Trouble::nothing_happened(format!("{place}: {why}"))
                    .hint("Nothing was sent: the endpoint of a domain in a VPC is reached from that VPC only."));
            }
            Err(NoAnswer::Unanswered(why)) => return Err(unanswered(&place, &why, changes)),
        };
        let fine = match &wanted {
            None => (200..300).contains(&got.status),
            Some(wanted) => wanted.contains(&got.status),
        };
        if !fine {
            return Err(refused(&place, &got, changes, target));
        }
        let text = String::from_utf8_lossy(&got.body).into_owned();
        let body = serde_json::from_slice(&got.body).unwrap_or(Value::String(text));
        Ok(answer([("status", got.status.into()), ("body", body)]))
    }
}

fn method(inputs: &Values) -> Result<Method, Trouble> {
    match inputs::text_if(inputs, "method")?.unwrap_or("GET") {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "PUT" => Ok(Method::PUT),
        "POST" => Ok(Method::POST),
        "DELETE" => Ok(Method::DELETE),
        other => Err(Trouble::nothing_happened(format!(
            "`method` must be GET, HEAD, PUT, POST or DELETE, not {other}"
        ))),
    }
}

/// The path with its query. A value in it must not become another request.
fn path(inputs: &Values) -> Result<&str, Trouble> {
    let path = inputs::text(inputs, "path")?;
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '\\' | '"' | '<' | '>');
    let climbs = path.split(['/', '?']).any(|part| part == "..");
    if path.starts_with('/') && path.chars().all(plain) && !climbs {
        Ok(path)
    } else {
        Err(Trouble::nothing_happened(format!(
            "`{path}` is not a path: it begins with a slash, has no spaces, and does not climb"
        )))
    }
}

/// The host of an endpoint, which may be written as an address.
fn host(endpoint: &str) -> String {
    let endpoint = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    endpoint.trim_end_matches('/').to_owned()
}

fn statuses(inputs: &Values) -> Result<Option<Vec<u16>>, Trouble> {
    let status = |value: &Value| value.as_u64().and_then(|code| u16::try_from(code).ok());
    match inputs.get("statuses") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(list)) => {
            list.iter().map(status).collect::<Option<Vec<_>>>().map(Some).ok_or_else(|| {
                Trouble::nothing_happened("`statuses` must be a list of numbers such as 404")
            })
        }
        Some(_) => {
            Err(Trouble::nothing_happened("`statuses` must be a list of numbers such as 404"))
        }
    }
}

/// A text goes as it is, one line after another: so do bulk requests. Everything else goes as JSON.
fn body(inputs: &Values) -> Option<(&'static str, Vec<u8>)> {
    match inputs.get("body")? {
        Value::Null => None,
        Value::String(text) => Some(("application/x-ndjson", text.clone().into_bytes())),
        other => Some(("application/json", other.to_string().into_bytes())),
    }
}

fn unanswered(place: &str, why: &str, changes: bool) -> Trouble {
    if changes {
        Trouble::unknown(format!("{place}: {why}"))
            .hint("The request was sent and its answer never came. Look before it is sent again.")
    } else {
        Trouble::nothing_happened(format!("{place}: {why}"))
    }
}

fn refused(place: &str, got: &Answer, changes: bool, target: &Target) -> Trouble {
    let certainty = match got.status {
        500.. if changes => Certainty::Unknown,
        _ => Certainty::NothingHappened,
    };
    let said = got.message();
    let hint = match got.status {
        403 if said.contains("FORBIDDEN/10") => Some(
            "The cluster refuses new indices: it is at its limit of shards. `opensearch-limit` is the runbook for that.",
        ),
        403 if said.contains("FORBIDDEN/6") || said.contains("FORBIDDEN/8") => Some(
            "The cluster or the index is read-only: it is short of storage or memory. `opensearch-limit` is the runbook for that.",
        ),
        401 | 403 => Some(
            "Allow it in the domain's access policy (or the collection's data access policy) and in the role's own.",
        ),
        429 => Some(
            "The cluster has no room for more requests at the moment: wait, then run the step again.",
        ),
        _ => None,
    };
    let message = format!("{place}: status {}: {said}", got.status);
    let hint = hint.map(|hint| format!("{hint} It was asked from {target}."));
    Trouble { certainty, message, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(name: &str, value: Value) -> Values {
        Values::from_iter([(name.to_owned(), value)])
    }

    #[test]
    fn a_value_does_not_become_another_request() {
        let path = |text: &str| path(&inputs("path", text.into())).is_ok();
        assert!(path("/corpus/_count?q=a:b"));
        for bad in ["corpus", "/a b", "/a/../_all", "/a\r\nx: y", "/a#b", ""] {
            assert!(!path(bad), "{bad}");
        }
    }

    #[test]
    fn an_endpoint_may_be_an_address() {
        assert_eq!(
            host("https://vpc-a.eu-west-1.es.amazonaws.com/"),
            "vpc-a.eu-west-1.es.amazonaws.com"
        );
        assert_eq!(host("vpc-a.eu-west-1.es.amazonaws.com"), "vpc-a.eu-west-1.es.amazonaws.com");
    }
}
