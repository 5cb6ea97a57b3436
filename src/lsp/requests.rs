//! The questions of a client, each to what answers it.

use super::analysis::Findings;
use super::client::Client;
use super::workspace::Workspace;
use lsp_server::ErrorCode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Why a question has no answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What an answer is made from.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) client: Client,
    /// The findings that the client sees.
    pub(super) findings: &'a BTreeMap<PathBuf, Findings>,
}

impl Context<'_> {
    /// Answers a question.
    pub(super) fn answer(&self, method: &str, _params: Value) -> Result<Value, Failure> {
        Err(Failure::new(ErrorCode::MethodNotFound, format!("there is no method `{method}`")))
    }
}
