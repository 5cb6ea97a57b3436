//! `http/check`: asks a web address, and checks the answer.

use super::context::{Context, Stop};
use super::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url, redirect};
use std::time::{Duration, Instant};

/// How long connecting may take. A host that is up accepts within a fraction of it.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the whole exchange may take.
const WHOLE: Duration = Duration::from_secs(30);

/// How much of the body is looked at and given, in bytes.
const BODY: usize = 64 * 1024;

/// Asks a web address, and checks the answer. It never follows a redirect: where it leads is another
/// address, and an answer from there says nothing about this one.
pub struct HttpCheck;

/// The inputs, read.
struct Request {
    url: Url,
    method: Method,
    status: Vec<u16>,
    contains: Option<String>,
    headers: HeaderMap,
}

#[async_trait]
impl Action for HttpCheck {
    fn name(&self) -> &'static str {
        "http/check"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let request = Request::read(&cx.inputs).map_err(Trouble::nothing_happened)?;
        tokio::select! {
            // It only reads, so it can be let go of anywhere.
            () = cx.stop.reached(Stop::Park) => Err(Trouble::parked()),
            answer = request.check() => answer,
        }
    }
}

impl Request {
    fn read(inputs: &Values) -> Result<Self, String> {
        let url = text(inputs, "url")?.ok_or("`url` is missing")?;
        let url =
            Url::parse(url).map_err(|error| format!("`url` is not a web address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`url` must begin with http or https, not with {}", url.scheme()));
        }
        // A probe must leave everything as it is.
        let method = match text(inputs, "method")?.unwrap_or("GET") {
            "GET" => Method::GET,
            "HEAD" => Method::HEAD,
            "OPTIONS" => Method::OPTIONS,
            other => return Err(format!("`method` must be GET, HEAD or OPTIONS, not {other}")),
        };
        let status = match inputs.get("status") {
            None | Some(Value::Null) => Some(vec![200]),
            Some(Value::Array(list)) if !list.is_empty() => list.iter().map(status).collect(),
            Some(one) => status(one).map(|one| vec![one]),
        };
        Ok(Self {
            url,
            method,
            status: status.ok_or("`status` must be a number from 100 to 599, or a list of them")?,
            contains: text(inputs, "contains")?.map(str::to_owned),
            headers: headers(inputs.get("headers"))?,
        })
    }

    async fn check(self) -> Result<Values, Trouble> {
        let begun = Instant::now();
        let shown = shown(&self.url);
        let failed = |error: &reqwest::Error| {
            Trouble::failed(format!("{} {shown}: {}", self.method, causes(error)))
        };
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| failed(&error))?;
        let request = client.request(self.method.clone(), self.url.clone());
        let mut response =
            request.headers(self.headers.clone()).send().await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let body = body(&mut response).await.map_err(|error| failed(&error))?;
        if !self.status.contains(&status) {
            let wanted: Vec<String> = self.status.iter().map(ToString::to_string).collect();
            let wanted = wanted.join(" or ");
            let message = format!("{} {shown}: status {status}, wanted {wanted}", self.method);
            return Err(Trouble::failed(message));
        }
        if let Some(part) = &self.contains
            && !body.contains(part.as_str())
        {
            let message = format!("{} {shown}: the answer does not contain `{part}`", self.method);
            return Err(Trouble::failed(message));
        }
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Values::from_iter([
            ("status".to_owned(), Value::from(status)),
            ("body".to_owned(), Value::from(body)),
            ("took_ms".to_owned(), Value::from(took)),
        ]))
    }
}

fn text<'a>(inputs: &'a Values, name: &str) -> Result<Option<&'a str>, String> {
    match inputs.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` must be a string")),
    }
}

fn status(value: &Value) -> Option<u16> {
    value
        .as_u64()
        .filter(|code| (100..600).contains(code))
        .and_then(|code| u16::try_from(code).ok())
}

fn headers(given: Option<&Value>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let none = Values::new();
    let given = match given {
        None | Some(Value::Null) => &none,
        Some(Value::Object(given)) => given,
        Some(_) => return Err("`headers` must be a mapping".to_owned()),
    };
    for (name, value) in given {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let bad = || format!("`{name}` and its value do not make a header");
        let mut value = HeaderValue::from_str(&value).map_err(|_| bad())?;
        // It may be a token, so it is kept out of the debug text of requests.
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(headers)
}

/// An address without the password and the query, which may hold a token.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// The beginning of the body. The rest is not even read.
async fn body(response: &mut Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < BODY
        && let Some(chunk) = response.chunk().await?
    {
        let room = BODY - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The error with everything below it: the top one only says that sending failed.
fn causes(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", WHOLE.as_secs());
    }
    let mut text = "no answer".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(below) = cause {
        text.push_str(": ");
        text.push_str(&below.to_string());
        cause = below.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::bench::Bench;
    use crate::actions::{Certainty, context};
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A server that answers every request with these bytes. Gives its address.
    async fn serve(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).await.unwrap_or(0);
                if !answer.is_empty() {
                    let _ = stream.write_all(&answer).await;
                    let _ = stream.write_all(&request[..length]).await;
                } else {
                    std::future::pending::<()>().await;
                }
            }
        });
        format!("http://{address}/health?token=hush")
    }

    async fn check(inputs: Value) -> Result<Values, Trouble> {
        HttpCheck.run(&Bench::new(inputs).cx).await
    }

    #[tokio::test]
    async fn an_answer_as_wanted_is_given_with_its_body() {
        let url = serve(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nfine ".to_vec()).await;
        let inputs =
            json!({"url": url, "status": [204, 200], "contains": "fine", "headers": {"x-a": 1}});
        let outputs = check(inputs).await.unwrap();
        assert_eq!(outputs["status"], 200);
        let body = outputs["body"].as_str().unwrap();
        assert!(
            body.starts_with("fine GET /health?token=hush") && body.contains("x-a: 1"),
            "{body}"
        );
        assert!(outputs["took_ms"].is_u64());
    }

    #[tokio::test]
    async fn another_status_another_body_and_no_server_fail_without_telling_the_query() {
        let moved = b"HTTP/1.1 302 Found\r\nlocation: /\r\nconnection: close\r\n\r\n".to_vec();
        let url = serve(moved).await;
        for (inputs, words) in [
            (json!({"url": url}), "status 302, wanted 200"),
            (json!({"url": url, "status": 302, "contains": "fine"}), "does not contain `fine`"),
            (json!({"url": "http://127.0.0.1:1/?token=hush"}), "no answer: "),
        ] {
            let trouble = check(inputs).await.unwrap_err();
            assert_eq!(trouble.certainty, Certainty::Failed);
            assert!(trouble.message.contains(words), "{trouble}");
            assert!(!trouble.message.contains("hush"), "{trouble}");
        }
    }

    #[tokio::test]
    async fn a_long_body_is_cut() {
        let mut answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        answer.resize(answer.len() + 3 * BODY, b'x');
        let outputs = check(json!({"url": serve(answer).await})).await.unwrap();
        assert_eq!(outputs["body"].as_str().unwrap().len(), BODY);
    }

    #[tokio::test]
    async fn the_operator_can_stop_it() {
        let bench = Bench::new(json!({"url": serve(Vec::new()).await}));
        bench.stop.send(context::Stop::Park).unwrap();
        assert_eq!(HttpCheck.run(&bench.cx).await, Err(Trouble::parked()));
    }

    #[tokio::test]
    async fn what_would_not_only_read_or_makes_no_request_never_starts() {
        for bad in [
            json!({}),
            json!({"url": "ftp://x"}),
            json!({"url": "/x"}),
            json!({"url": "http://x", "method": "POST"}),
            json!({"url": "http://x", "status": 99}),
            json!({"url": "http://x", "status": []}),
            json!({"url": "http://x", "headers": {"a b": "c"}}),
        ] {
            let trouble = check(bad.clone()).await.unwrap_err();
            assert_eq!(trouble.certainty, Certainty::NothingHappened, "{bad}");
        }
    }
}
