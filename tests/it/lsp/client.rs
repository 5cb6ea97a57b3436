//! A client of the language server: it writes and reads messages on the server's own streams.

use crate::env::Project;
use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long an answer may take. Nothing that works comes near it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client and its server.
pub(super) struct Client {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Message>,
    root: PathBuf,
    next: i32,
    /// Findings that came while something else was waited for.
    heard: VecDeque<Value>,
}

impl Client {
    pub(super) fn start(project: &Project) -> Self {
        let mut child = project
            .command(&["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let (to, out) = (child.stdin.take(), child.stdout.take().expect("a stream"));
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut out = BufReader::new(out);
            while let Ok(Some(message)) = Message::read(&mut out) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let root = project.path().to_path_buf();
        Self { child, to, from, root, next: 0, heard: VecDeque::new() }
    }

    fn send(&mut self, message: &Message) {
        message.write(self.to.as_mut().expect("an open stream")).expect("written");
    }

    fn next_message(&mut self) -> Message {
        self.from.recv_timeout(PATIENCE).expect("a message in time")
    }

    /// Asks, and waits for the answer: the result, or the error.
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.next += 1;
        let id = RequestId::from(self.next);
        self.send(&Request::new(id.clone(), method.to_owned(), params).into());
        loop {
            match self.next_message() {
                Message::Response(response) => {
                    assert_eq!(response.id, id);
                    return response
                        .response_result
                        .map_err(|error| json!({ "code": error.code, "message": error.message }));
                }
                other => self.hear(other),
            }
        }
    }

    pub(super) fn tell(&mut self, method: &str, params: Value) {
        self.send(&Notification::new(method.to_owned(), params).into());
    }

    fn hear(&mut self, message: Message) {
        if let Message::Notification(Notification { method, params }) = message
            && method == "textDocument/publishDiagnostics"
        {
            self.heard.push_back(params);
        }
    }

    pub(super) fn initialize(&mut self) -> Value {
        let agreed = self.ask("initialize", json!({ "capabilities": {} })).expect("agreed");
        self.tell("initialized", json!({}));
        agreed
    }

    fn uri(&self, file: &str) -> String {
        format!("file://{}", self.root.join(file).display())
    }

    /// A file, as questions name it.
    pub(super) fn item(&self, file: &str) -> Value {
        json!({ "uri": self.uri(file) })
    }

    pub(super) fn open(&mut self, file: &str, text: &str) {
        let item =
            json!({ "uri": self.uri(file), "languageId": "markdown", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// The next findings about a version of a file.
    pub(super) fn findings(&mut self, file: &str, version: i64) -> Vec<Value> {
        let uri = self.uri(file);
        loop {
            while let Some(one) = self.heard.pop_front() {
                if one["uri"] == uri.as_str() && one["version"] == version {
                    return one["diagnostics"].as_array().expect("findings").clone();
                }
            }
            let message = self.next_message();
            self.hear(message);
        }
    }

    /// Closes the stream to the server.
    pub(super) fn hang_up(&mut self) {
        self.to = None;
    }

    /// Waits for the end of the program.
    pub(super) fn code(&mut self) -> Option<i32> {
        // Its last message is the end of the stream: then the program has ended, or is about to.
        while self.from.recv_timeout(PATIENCE).is_ok() {}
        self.child.wait().expect("its end").code()
    }

    /// Ends as the protocol says, and looks at the exit code.
    pub(super) fn end(mut self, code: i32) {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        self.tell("exit", Value::Null);
        assert_eq!(self.code(), Some(code));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // After a test that has failed. One that has ended is left as it is.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
