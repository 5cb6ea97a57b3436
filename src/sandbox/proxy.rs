//! A proxy before the emulator, which lets calls go wrong.
//!
//! It reads every request whole and knows which call it is. A rehearsal, or a test, says what becomes of which call.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It takes effect, and the connection ends before a byte of its answer has come.
    Lost,
    /// It takes effect, and the connection ends in the middle of its answer.
    Truncated,
    /// The connection ends before the service has seen it.
    Reset,
    /// The service refuses it: whoever asks may not.
    Refused,
    /// The service refuses it: too many calls.
    Throttled,
    /// It takes effect, and its answer does not come as long as anybody waits for it.
    Late,
    /// The service refuses it with this status and this error.
    Says(u16, &'static str),
    /// It is answered with this, and the service never sees it.
    Answers(&'static str),
}

/// One call, as the proxy has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The service and the operation: `kms:CreateKey`.
    pub name: String,
    /// The Region that it was signed for.
    pub region: String,
    /// Whether it changes something.
    pub changes: bool,
    /// How many changing calls had come before it since it was last told what to do.
    pub nth: usize,
    /// What became of it.
    pub fault: Option<Fault>,
}

type Verdict = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;

#[derive(Default)]
struct Watch {
    verdict: Option<Verdict>,
    calls: Vec<Call>,
}

/// A proxy before an emulator. It ends with the process.
pub struct Proxy {
    endpoint: String,
    watch: Arc<Mutex<Watch>>,
}

fn lock(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// Starts one before the emulator that listens at that address.
    ///
    /// # Errors
    /// When the machine has no port for it.
    pub fn start(behind: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let behind = behind.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let watch = Arc::new(Mutex::new(Watch::default()));
        let watched = Arc::clone(&watch);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (behind, watch) = (behind.clone(), Arc::clone(&watched));
                // A connection that ends, ends. Whoever is at its other end finds out.
                std::thread::spawn(move || serve(&client, &behind, &watch).ok());
            }
        });
        Ok(Self { endpoint, watch })
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// From now on every call gets through. What was seen so far is forgotten.
    pub fn let_through(&self) {
        *lock(&self.watch) = Watch::default();
    }

    /// From now on this decides what becomes of each call. What was seen so far is forgotten.
    pub fn decide(&self, verdict: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        *lock(&self.watch) = Watch { verdict: Some(Box::new(verdict)), calls: Vec::new() };
    }

    /// Lets the changing call with that number go wrong, and no other.
    pub fn fail_change(&self, nth: usize, fault: Fault) {
        self.decide(move |call| (call.changes && call.nth == nth).then_some(fault));
    }

    /// Every call since it was last told what to do.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.watch).calls.clone()
    }

    /// The changing calls since it was last told what to do, by name.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        self.calls().into_iter().filter(|call| call.changes).map(|call| call.name).collect()
    }

    /// The call that went wrong, when it was one.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.calls().into_iter().find(|call| call.fault.is_some()).map(|call| call.name)
    }
}

/// One message, as it came over the wire, and what is in it.
struct Message {
    bytes: Vec<u8>,
    first: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

fn serve(client: &TcpStream, behind: &str, watch: &Mutex<Watch>) -> Result<()> {
    let mut from = BufReader::new(client.try_clone()?);
    let mut to = client.try_clone()?;
    while let Some(request) = read_request(&mut from, &mut to)? {
        let call = told(&request, watch);
        match call.fault {
            Some(Fault::Reset) => return end(client),
            Some(fault @ (Fault::Refused | Fault::Throttled)) => {
                to.write_all(&refusal(&request, &call.name, fault))?;
                continue;
            }
            Some(Fault::Says(status, code)) => {
                to.write_all(&said(status, code, r#"{"message":"so it was told"}"#))?;
                continue;
            }
            Some(Fault::Answers(body)) => {
                to.write_all(&said(200, "", body))?;
                continue;
            }
            _ => {}
        }
        let head_only = request.first.starts_with("HEAD ");
        let mut server = TcpStream::connect(behind)?;
        server.write_all(&request.bytes)?;
        let answer = read_answer(&mut BufReader::new(server), head_only)?;
        match call.fault {
            Some(Fault::Lost) => return end(client),
            Some(Fault::Truncated) => {
                to.write_all(&answer.bytes[..answer.bytes.len() / 2])?;
                return end(client);
            }
            // Until whoever asked has gone away.
            Some(Fault::Late) => {
                from.read_to_end(&mut Vec::new())?;
                return Ok(());
            }
            _ => to.write_all(&answer.bytes)?,
        }
    }
    Ok(())
}

fn end(client: &TcpStream) -> Result<()> {
    client.shutdown(std::net::Shutdown::Both)
}

/// Writes down a call, with what is to become of it.
fn told(request: &Message, watch: &Mutex<Watch>) -> Call {
    let name = name(request);
    let mut watch = lock(watch);
    let nth = watch.calls.iter().filter(|call| call.changes).count();
    let region = scope(request, 2).unwrap_or("unknown").to_owned();
    let mut call = Call { changes: changes(&name), name, region, nth, fault: None };
    call.fault = watch.verdict.as_mut().and_then(|verdict| verdict(&call));
    watch.calls.push(call.clone());
    call
}

/// The next request. None when the client is done.
fn read_request(from: &mut impl BufRead, to: &mut impl Write) -> Result<Option<Message>> {
    let Some(mut message) = read_head(from)? else { return Ok(None) };
    if message.header("expect").eq_ignore_ascii_case("100-continue") {
        // The AWS CLI waits for this before it sends a body. The emulator is not asked: it gets the
        // whole request at once.
        to.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    read_body(from, &mut message)?;
    Ok(Some(message))
}

fn read_answer(from: &mut impl BufRead, head_only: bool) -> Result<Message> {
    loop {
        let gone = || Error::new(ErrorKind::UnexpectedEof, "the emulator hung up");
        let mut message = read_head(from)?.ok_or_else(gone)?;
        let status = message.first.split(' ').nth(1).unwrap_or_default().to_owned();
        if status == "100" {
            continue;
        }
        if !(head_only || status == "204" || status == "304") {
            read_body(from, &mut message)?;
        }
        return Ok(message);
    }
}

fn read_head(from: &mut impl BufRead) -> Result<Option<Message>> {
    let mut bytes = Vec::new();
    if from.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let first = String::from_utf8_lossy(&bytes).trim_end().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = Vec::new();
        if from.read_until(b'\n', &mut line)? == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "half a head"));
        }
        bytes.extend_from_slice(&line);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if text.is_empty() {
            return Ok(Some(Message { bytes, first, headers, body: Vec::new() }));
        }
        if let Some((name, value)) = text.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
}

fn read_body(from: &mut impl BufRead, message: &mut Message) -> Result<()> {
    if message.header("transfer-encoding").contains("chunked") {
        return read_chunks(from, message);
    }
    let length = message.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    message.bytes.extend_from_slice(&body);
    message.body = body;
    Ok(())
}

fn read_chunks(from: &mut impl BufRead, message: &mut Message) -> Result<()> {
    loop {
        let mut line = Vec::new();
        from.read_until(b'\n', &mut line)?;
        message.bytes.extend_from_slice(&line);
        let text = String::from_utf8_lossy(&line);
        let size = text.trim().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16)
            .map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        // The chunk, and the end of its line. After the last one comes an empty line.
        let mut chunk = vec![0; size + 2];
        from.read_exact(&mut chunk)?;
        message.bytes.extend_from_slice(&chunk);
        message.body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return Ok(());
        }
    }
}

/// The service that a request was signed for, and the operation.
fn name(request: &Message) -> String {
    let service = scope(request, 3).unwrap_or("unknown");
    format!("{service}:{}", operation(request))
}

/// A part of what a request was signed for: key, date, Region, service.
fn scope(request: &Message, part: usize) -> Option<&str> {
    request.header("authorization").split("Credential=").nth(1)?.split('/').nth(part)
}

/// An answer with that status, in JSON.
fn said(status: u16, code: &str, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n");
    format!("{head}x-amzn-errortype: {code}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn operation(request: &Message) -> String {
    if let Some((_, operation)) = request.header("x-amz-target").rsplit_once('.') {
        return operation.to_owned();
    }
    let body = String::from_utf8_lossy(&request.body);
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return action.to_owned();
    }
    let mut words = request.first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Some(id) = query.split('&').find_map(|pair| pair.strip_prefix("x-id=")) {
        return id.to_owned();
    }
    // OpenSearch says what a change would do when it is asked so, and changes nothing.
    if path.ends_with("/config")
        && (body.contains("\"DryRun\":true") || body.contains("\"DryRun\": true"))
    {
        return "DryRun".to_owned();
    }
    if path.starts_with("/model/") && path.ends_with("/converse") {
        return "Converse".to_owned();
    }
    // S3 tells its operations apart by a query without a value, Lambda by the end of the path.
    let part = query.split('&').next().unwrap_or_default().trim_end_matches('=');
    let end = path.rsplit('/').next().filter(|_| path.starts_with("/20")).unwrap_or_default();
    format!("{method} {part}{end}")
}

/// How the names of operations begin that change nothing.
const READS: [&str; 16] = [
    "Assume", "BatchGet", "Converse", "Decrypt", "Describe", "Detect", "DryRun", "Filter", "Get",
    "GET", "Head", "HEAD", "List", "Lookup", "Query", "Validate",
];

/// A function that is asked something may change anything. That is the function's business.
fn changes(name: &str) -> bool {
    let operation = name.split(':').nth(1).unwrap_or_default();
    operation != "POST invocations" && !READS.iter().any(|read| operation.starts_with(read))
}

/// A refusal in the words of each protocol.
fn refusal(request: &Message, name: &str, fault: Fault) -> Vec<u8> {
    let service = name.split(':').next().unwrap_or_default();
    let (status, code) = match (fault, service) {
        (Fault::Throttled, "s3") => (503, "SlowDown"),
        (Fault::Throttled, "lambda") => (429, "TooManyRequestsException"),
        (Fault::Throttled, "cloudformation" | "sts" | "iam") => (400, "Throttling"),
        (Fault::Throttled, _) => (400, "ThrottlingException"),
        (_, "s3" | "cloudformation" | "sts" | "iam") => (403, "AccessDenied"),
        (_, "lambda") => (403, "AccessDeniedException"),
        _ => (400, "AccessDeniedException"),
    };
    let said = format!("{name} was refused on purpose");
    let (kind, body) = match service {
        "s3" => (
            "application/xml",
            format!("<Error><Code>{code}</Code><Message>{said}</Message></Error>"),
        ),
        "cloudformation" | "sts" | "iam" => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{said}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            ),
        ),
        _ => (
            "application/x-amz-json-1.1",
            format!("{{\"__type\":\"{code}\",\"message\":\"{said}\"}}"),
        ),
    };
    // An answer to HEAD has no body.
    let body = if request.first.starts_with("HEAD ") { String::new() } else { body };
    format!(
        "HTTP/1.1 {status} No\r\ncontent-type: {kind}\r\nx-amzn-errortype: {code}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
