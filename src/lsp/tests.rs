//! The server in memory: a project of texts, and a client that speaks to it.

mod completion;
mod diagnostics;
mod fixes;
mod navigation;
mod protocol;
mod scripts;

use super::{Files, Queue, Server, Stamp};
use crate::actions::catalog::catalog;
use lsp_server::{Message, Notification, Request, RequestId, ResponseError};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A project with these accounts: workload, data, platform.
pub(super) const PROJECT: &str = "version: 1\nenvironments:\n  sandbox:\n    kind: sandbox\n";

/// Front matter that is whole.
pub(super) const FRONT: &str = "---\ntitle: T\nsummary: S\nowner: o\naccount: data\n---\n";

/// Files in memory, which a test may change.
#[derive(Clone, Default)]
pub(super) struct Texts {
    texts: Arc<Mutex<BTreeMap<PathBuf, (String, u64)>>>,
    reads: Arc<Mutex<Vec<PathBuf>>>,
}

impl Texts {
    pub(super) fn write(&self, path: &str, text: &str) {
        let mut texts = self.texts.lock().expect("texts");
        let version = texts.get(Path::new(path)).map_or(0, |(_, version)| version + 1);
        texts.insert(path.into(), (text.to_owned(), version));
    }

    /// How often a file has been read.
    pub(super) fn reads(&self, path: &str) -> usize {
        self.reads.lock().expect("reads").iter().filter(|read| *read == Path::new(path)).count()
    }
}

impl Files for Texts {
    fn read(&self, path: &Path) -> Option<String> {
        assert!(!path.ends_with("panic.md"), "this file is not to be read");
        self.reads.lock().expect("reads").push(path.to_path_buf());
        Some(self.texts.lock().expect("texts").get(path)?.0.clone())
    }

    fn stamp(&self, path: &Path) -> Option<Stamp> {
        let texts = self.texts.lock().expect("texts");
        let (text, version) = texts.get(path)?;
        // The version stands for the time, so that a change of the same length is seen.
        let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(*version);
        Some(Stamp { modified: Some(modified), length: text.len() as u64 })
    }

    fn exists(&self, path: &Path) -> bool {
        self.texts.lock().expect("texts").keys().any(|one| one.starts_with(path))
    }

    fn list(&self, folder: &Path) -> Vec<String> {
        let texts = self.texts.lock().expect("texts");
        let inside = texts.keys().filter_map(|path| path.strip_prefix(folder).ok());
        let mut names: Vec<String> = inside
            .filter_map(|path| {
                let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
                let first = parts.next()?.into_owned();
                Some(if parts.next().is_some() { format!("{first}/") } else { first })
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// A client, and the server it speaks to.
pub(super) struct Talk {
    pub(super) texts: Texts,
    server: Server,
    next: i32,
    /// The findings that the client shows, by address: version, and each as `code line:column`.
    pub(super) shown: BTreeMap<String, (Option<i64>, Vec<Value>)>,
    /// Everything else that the server has said by itself.
    pub(super) said: Vec<Message>,
}

impl Talk {
    /// A server that nobody has spoken to.
    pub(super) fn silent() -> Self {
        let texts = Texts::default();
        let server = Server::new(Box::new(texts.clone()), Arc::new(catalog()));
        Self { texts, server, next: 0, shown: BTreeMap::new(), said: Vec::new() }
    }

    /// A conversation that has begun, about a project in `/p`.
    pub(super) fn new() -> Self {
        Self::with(json!({
            "general": { "positionEncodings": ["utf-8", "utf-16"] },
            "textDocument": {
                "completion": { "completionItem": { "snippetSupport": true } },
                "definition": { "linkSupport": true },
                "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
                "publishDiagnostics": { "relatedInformation": true, "tagSupport": { "valueSet": [1] } },
            },
        }))
    }

    /// A conversation with a client of these capabilities.
    pub(super) fn with(capabilities: Value) -> Self {
        let mut talk = Self::silent();
        talk.texts.write("/p/runbook.yaml", PROJECT);
        talk.ask("initialize", json!({ "capabilities": capabilities })).expect("initialized");
        talk.tell("initialized", json!({}));
        talk
    }

    pub(super) fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    fn hear(&mut self, messages: Vec<Message>) {
        for message in messages {
            match message {
                Message::Notification(Notification { method, params })
                    if method == "textDocument/publishDiagnostics" =>
                {
                    let uri = params["uri"].as_str().expect("an address").to_owned();
                    let found = params["diagnostics"].as_array().expect("findings").clone();
                    self.shown.insert(uri, (params["version"].as_i64(), found));
                }
                other => self.said.push(other),
            }
        }
    }

    /// Asks, without letting the server do anything else.
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Result<Value, ResponseError> {
        self.next += 1;
        let id = RequestId::from(self.next);
        let out = self.server.receive(Request::new(id.clone(), method.to_owned(), params).into());
        let (mut answers, others): (Vec<_>, Vec<_>) =
            out.into_iter().partition(|one| matches!(one, Message::Response(_)));
        self.hear(others);
        match (answers.pop(), answers.is_empty()) {
            (Some(Message::Response(response)), true) => {
                assert_eq!(response.id, id);
                response.response_result
            }
            (answer, _) => panic!("{method}: not one answer: {answer:?}"),
        }
    }

    /// Tells, without letting the server do anything else.
    pub(super) fn tell(&mut self, method: &str, params: Value) {
        let mut queue = Queue::default();
        queue.push(Notification::new(method.to_owned(), params).into());
        while let Some(message) = queue.pop() {
            let out = self.server.receive(message);
            self.hear(out);
        }
    }

    /// Lets the server do all that is left.
    pub(super) fn settle(&mut self) {
        while let Some(out) = self.server.idle() {
            self.hear(out);
        }
    }

    pub(super) fn open(&mut self, path: &str, text: &str) {
        let item =
            json!({ "uri": uri(path), "languageId": "markdown", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Puts another text in the place of the whole.
    pub(super) fn change(&mut self, path: &str, version: i32, text: &str) {
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri(path), "version": version }, "contentChanges": [{ "text": text }] }),
        );
    }

    /// The findings that the client shows for a file: `code line:column`, counted from one.
    pub(super) fn codes(&self, path: &str) -> Vec<String> {
        let Some((_, found)) = self.shown.get(&uri(path)) else { return Vec::new() };
        let place =
            |one: &Value, key: &str| one["range"]["start"][key].as_u64().expect("a number") + 1;
        found
            .iter()
            .map(|one| {
                let code = one["code"].as_str().expect("a code");
                format!("{code} {}:{}", place(one, "line"), place(one, "character"))
            })
            .collect()
    }
}

pub(super) fn uri(path: &str) -> String {
    if path.contains(':') { path.to_owned() } else { format!("file://{path}") }
}

/// Takes `¦` out of a text and tells its position in the protocol, in bytes.
pub(super) fn marked(text: &str) -> (String, Value) {
    let at = text.find('¦').expect("a cursor");
    let before = &text[..at];
    let line = before.matches('\n').count();
    let character = at - before.rfind('\n').map_or(0, |newline| newline + 1);
    (text.replacen('¦', "", 1), json!({ "line": line, "character": character }))
}

impl Talk {
    /// Opens a file whose text has a cursor, and asks about the place of that.
    pub(super) fn ask_at(&mut self, method: &str, path: &str, text: &str, more: Value) -> Value {
        let (text, position) = marked(text);
        self.open(path, &text);
        self.settle();
        let mut params = json!({ "textDocument": { "uri": uri(path) }, "position": position });
        if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
            params.extend(more);
        }
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }
}
