//! The server between two messages: what comes in changes its state, and gives what goes out.
//!
//! It reads no stream and has no clock. Whoever runs it passes the messages, and calls
//! [`Server::idle`] when none is waiting: findings are made then, so that a question that came behind a
//! keystroke is answered first, and findings of a text that has changed meanwhile are never made.

use super::analysis::{self, Findings};
use super::client::Client;
use super::document::Document;
use super::files::Files;
use super::requests::{self, Failure};
use super::scripts::{Answers, Scripts};
use super::workspace::{PROJECT, Workspace};
use super::{capabilities, publish};
use crate::diagnostic::Diagnostic;
use crate::model::action::Catalog;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    ClientCapabilities, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, InitializeParams, PublishDiagnosticsParams,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many files are read before a message that has come meanwhile gets its turn.
const AT_ONCE: usize = 8;

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was agreed on yet.
    Begins,
    Runs,
    /// The client has said that it will end.
    Ends,
    /// It has ended.
    Ended {
        /// Whether it was said before.
        said: bool,
    },
}

/// A language server for one client.
pub struct Server {
    workspace: Workspace,
    client: Client,
    phase: Phase,
    /// The documents whose findings are to be made, those that have changed first.
    stale: VecDeque<PathBuf>,
    findings: BTreeMap<PathBuf, Findings>,
    registrations: i32,
    /// What other programs have said about scripts.
    answers: Answers,
    /// The scripts that they have not been asked about, by document.
    unasked: BTreeMap<PathBuf, Scripts>,
}

impl Server {
    /// A server that reads files in this way. `catalog` is what steps can use.
    #[must_use]
    pub fn new(files: Box<dyn Files>, catalog: Arc<Catalog>) -> Self {
        Self {
            workspace: Workspace::new(files, catalog),
            client: Client::new(&ClientCapabilities::default()),
            phase: Phase::Begins,
            stale: VecDeque::new(),
            findings: BTreeMap::new(),
            registrations: 0,
            answers: Answers::default(),
            unasked: BTreeMap::new(),
        }
    }

    /// Whether the client has ended the conversation, and if so whether it had said before that it would.
    #[must_use]
    pub const fn ended(&self) -> Option<bool> {
        match self.phase {
            Phase::Ended { said } => Some(said),
            _ => None,
        }
    }

    /// Takes a message, and gives those that answer it.
    pub fn receive(&mut self, message: Message) -> Vec<Message> {
        self.workspace.next_moment();
        match message {
            Message::Request(request) => vec![self.request(request).into()],
            Message::Notification(notification) => {
                let method = notification.method.clone();
                // A mistake of ours must not end the conversation.
                let done = catch_unwind(AssertUnwindSafe(|| self.notification(notification)));
                done.unwrap_or_else(|_| {
                    tracing::error!(method, "a notification was not understood");
                    Vec::new()
                })
            }
            // What the client answers to a registration changes nothing.
            Message::Response(_) => Vec::new(),
        }
    }

    /// Does a part of what is left to do, and gives what goes out. None when nothing is left.
    pub fn idle(&mut self) -> Option<Vec<Message>> {
        let path = self.stale.pop_front()?;
        if self.workspace.document(&path).is_none() {
            return Some(Vec::new());
        }
        let work = catch_unwind(AssertUnwindSafe(|| {
            let unread = analysis::unread(&self.workspace, &path, AT_ONCE);
            if unread.is_empty() {
                return Some(analysis::findings(&self.workspace, &path, &self.answers));
            }
            for path in unread {
                self.workspace.book(&path);
            }
            None
        }));
        let (findings, unasked) = match work {
            Ok(Some(done)) => done,
            Ok(None) => {
                self.stale.push_front(path);
                return Some(Vec::new());
            }
            Err(_) => {
                tracing::error!(path = %path.display(), "a document could not be checked");
                return Some(Vec::new());
            }
        };
        let quiet = findings.found.is_empty()
            && self.findings.get(&path).is_none_or(|before| before.found.is_empty())
            && analysis::kind(&self.workspace, &path) == analysis::Kind::Other;
        self.findings.insert(path.clone(), findings);
        match unasked {
            Some(scripts) => drop(self.unasked.insert(path.clone(), scripts)),
            None => drop(self.unasked.remove(&path)),
        }
        if quiet { Some(Vec::new()) } else { Some(self.publish(&path).into_iter().collect()) }
    }

    /// Scripts that other programs are to be asked about, those of one document. What they say is for
    /// [`Server::said`].
    pub fn unasked(&mut self) -> Option<Scripts> {
        self.unasked.pop_first().map(|(_, scripts)| scripts)
    }

    /// Takes what other programs said about scripts, a list for each of them.
    pub fn said(&mut self, scripts: Scripts, found: Vec<Vec<Diagnostic>>) {
        self.workspace.next_moment();
        let path = scripts.path.clone();
        self.answers.keep(scripts, found);
        if self.workspace.document(&path).is_some() && !self.stale.contains(&path) {
            self.stale.push_back(path);
        }
    }

    fn publish(&self, path: &Path) -> Option<Message> {
        let (document, findings) = (self.workspace.document(path)?, self.findings.get(path)?);
        Some(told(publish::published(document, &findings.found, self.client)))
    }

    fn request(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let refused = |code: ErrorCode, message: &str| {
            Response::new_err(id.clone(), code as i32, message.to_owned())
        };
        match (self.phase, method.as_str()) {
            (Phase::Begins, request::Initialize::METHOD) => self.initialize(id, params),
            (Phase::Begins, _) => refused(
                ErrorCode::ServerNotInitialized,
                "the conversation begins with `initialize`",
            ),
            (Phase::Ends | Phase::Ended { .. }, _) => {
                refused(ErrorCode::InvalidRequest, "`shutdown` has been asked for")
            }
            (Phase::Runs, request::Initialize::METHOD) => {
                refused(ErrorCode::InvalidRequest, "the conversation has begun already")
            }
            (Phase::Runs, request::Shutdown::METHOD) => {
                self.phase = Phase::Ends;
                Response::new_ok(id, Value::Null)
            }
            (Phase::Runs, _) => {
                let context = requests::Context {
                    workspace: &self.workspace,
                    client: self.client,
                    findings: &self.findings,
                };
                // A mistake of ours must not end the conversation.
                let answer = catch_unwind(AssertUnwindSafe(|| context.answer(&method, params)));
                let answer = answer.unwrap_or_else(|_| {
                    Err(Failure::new(ErrorCode::InternalError, format!("`{method}` failed")))
                });
                match answer {
                    Ok(value) => Response::new_ok(id, value),
                    Err(failure) => Response::new_err(id, failure.code as i32, failure.message),
                }
            }
        }
    }

    fn initialize(&mut self, id: RequestId, params: Value) -> Response {
        match serde_json::from_value::<InitializeParams>(params) {
            Ok(params) => {
                self.client = Client::new(&params.capabilities);
                self.phase = Phase::Runs;
                Response::new_ok(id, capabilities::result(self.client))
            }
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
        }
    }

    fn notification(&mut self, notification: Notification) -> Vec<Message> {
        let Notification { method, params } = notification;
        match (self.phase, method.as_str()) {
            (phase, notification::Exit::METHOD) => {
                self.phase = Phase::Ended { said: phase == Phase::Ends };
            }
            (Phase::Runs, notification::Initialized::METHOD) => return self.initialized(),
            (Phase::Runs, notification::DidOpenTextDocument::METHOD) => {
                if let Some(DidOpenTextDocumentParams { text_document: it }) = read(params) {
                    let document = Document::new(it.uri, it.version, it.text);
                    let path = document.path.clone();
                    self.workspace.open(document);
                    self.changed(&path);
                }
            }
            (Phase::Runs, notification::DidChangeTextDocument::METHOD) => {
                if let Some(params) = read::<DidChangeTextDocumentParams>(params) {
                    self.change(params);
                }
            }
            (Phase::Runs, notification::DidCloseTextDocument::METHOD) => {
                if let Some(params) = read(params) {
                    return self.close(params).into_iter().collect();
                }
            }
            (Phase::Runs, notification::DidChangeWatchedFiles::METHOD) => self.everything_changed(),
            _ => {}
        }
        Vec::new()
    }

    /// Asks to be told when files change that are not open.
    fn initialized(&mut self) -> Vec<Message> {
        if !self.client.watches {
            return Vec::new();
        }
        self.registrations += 1;
        let id = RequestId::from(self.registrations);
        let method = request::RegisterCapability::METHOD.to_owned();
        vec![Request::new(id, method, capabilities::watched()).into()]
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let path = super::uri::path(&params.text_document.uri);
        let encoding = self.client.encoding;
        if let Some(document) = self.workspace.document_mut(&path) {
            document.change(params.text_document.version, params.content_changes, encoding);
            self.changed(&path);
        }
    }

    fn close(&mut self, params: DidCloseTextDocumentParams) -> Option<Message> {
        let path = super::uri::path(&params.text_document.uri);
        let document = self.workspace.close(&path)?;
        self.changed(&path);
        let before = self.findings.remove(&path)?;
        let cleared = PublishDiagnosticsParams::new(document.uri, Vec::new(), None);
        (!before.found.is_empty()).then(|| told(cleared))
    }

    /// The findings of a document, and of those that depend on it, have to be made again.
    fn changed(&mut self, path: &Path) {
        if path.file_name().is_some_and(|name| name == PROJECT) {
            return self.everything_changed();
        }
        let depends = |other: &&Document| {
            let findings = self.findings.get(&other.path);
            other.path == path || findings.is_some_and(|known| known.depends_on.contains(path))
        };
        let paths: Vec<PathBuf> =
            self.workspace.documents().filter(depends).map(|other| other.path.clone()).collect();
        self.stale.retain(|stale| !paths.contains(stale));
        let (own, others): (Vec<PathBuf>, Vec<PathBuf>) =
            paths.into_iter().partition(|other| other == path);
        own.into_iter().for_each(|path| self.stale.push_front(path));
        self.stale.extend(others);
    }

    fn everything_changed(&mut self) {
        self.stale = self.workspace.documents().map(|document| document.path.clone()).collect();
    }
}

fn read<P: DeserializeOwned>(params: Value) -> Option<P> {
    serde_json::from_value(params)
        .inspect_err(|error| tracing::warn!(%error, "a notification cannot be read"))
        .ok()
}

fn told(params: PublishDiagnosticsParams) -> Message {
    Notification::new(notification::PublishDiagnostics::METHOD.to_owned(), params).into()
}
