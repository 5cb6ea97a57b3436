//! An AWS that answers as a test wants: a server on this machine, given as the `endpoint` of a sandbox.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// What was asked.
pub(crate) struct Request {
    /// The operation: `GenerateDataKey`, `GetCallerIdentity`.
    pub(crate) operation: String,
}

/// An answer: its status and its body.
pub(crate) type Answer = (u16, String);

/// A server that answers STS as that account, and everything else as it is told. Gives its address. It ends
/// with the test process.
pub(crate) fn start(
    account: &str,
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (account, answer) = (account.to_owned(), Arc::new(answer));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (account, answer) = (account.clone(), Arc::clone(&answer));
            // A client that goes away ends its own thread and nothing else.
            std::thread::spawn(move || serve(&client, &account, &*answer));
        }
    });
    endpoint
}

fn serve(
    client: &TcpStream,
    account: &str,
    answer: &(dyn Fn(&Request) -> Answer + Send + Sync),
) -> Option<()> {
    let mut reader = BufReader::new(client);
    loop {
        let (mut length, mut operation) = (0, String::new());
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok().filter(|count| *count > 0)?;
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "x-amz-target" => operation = value.rsplit('.').next()?.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if let Some((_, rest)) = body.split_once("Action=") {
            operation = rest.split('&').next()?.to_owned();
        }
        let (status, text) =
            sts(account, &operation).unwrap_or_else(|| answer(&Request { operation }));
        let kind = if text.starts_with('<') { "text/xml" } else { "application/x-amz-json-1.1" };
        let head = format!(
            "HTTP/1.1 {status} Answer\r\ncontent-type: {kind}\r\nx-amzn-requestid: 1\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        let mut client = client;
        client.write_all(head.as_bytes()).ok()?;
        client.write_all(text.as_bytes()).ok()?;
    }
}

fn sts(account: &str, operation: &str) -> Option<Answer> {
    let result = match operation {
        "GetCallerIdentity" => format!(
            "<Arn>arn:aws:sts::{account}:assumed-role/RunbookOperator/test</Arn><UserId>AROA:test</UserId><Account>{account}</Account>"
        ),
        "AssumeRole" => format!(
            "<AssumedRoleUser><AssumedRoleId>AROA:test</AssumedRoleId><Arn>arn:aws:sts::{account}:assumed-role/RunbookOperator/test</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>wJalrXUtnFEMI-fake-secret-access-key-0001</SecretAccessKey>\
             <SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        ),
        _ => return None,
    };
    let text = format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"
    );
    Some((200, text))
}

/// What the server gives whoever assumes a role.
pub(crate) const SESSION_TOKEN: &str = "FwoGZXIvYXdzEBYaDFake-session-token-of-the-tests-0001";
