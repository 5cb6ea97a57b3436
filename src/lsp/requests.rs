//! The questions of a client, each to what answers it.

use super::analysis::Findings;
use super::client::Client;
use super::complete::complete;
use super::view::View;
use super::workspace::Workspace;
use lsp_server::ErrorCode;
use lsp_types::request::{Completion, Request};
use lsp_types::{Position, Uri};
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

impl<'a> Context<'a> {
    /// Answers a question.
    pub(super) fn answer(self, method: &str, params: Value) -> Result<Value, Failure> {
        match method {
            Completion::METHOD => reply::<Completion>(params, |params| {
                let at = params.text_document_position;
                let view = self.view(&at.text_document.uri, at.position);
                Ok(view.map(|view| complete(&view).into()))
            }),
            _ => {
                let message = format!("there is no method `{method}`");
                Err(Failure::new(ErrorCode::MethodNotFound, message))
            }
        }
    }

    fn view(self, uri: &Uri, position: Position) -> Option<View<'a>> {
        View::new(self, uri, position)
    }
}

/// Reads the parameters of a question and writes its answer.
fn reply<R: Request>(
    params: Value,
    answer: impl FnOnce(R::Params) -> Result<R::Result, Failure>,
) -> Result<Value, Failure> {
    let params = serde_json::from_value(params)
        .map_err(|error| Failure::new(ErrorCode::InvalidParams, error.to_string()))?;
    serde_json::to_value(answer(params)?)
        .map_err(|error| Failure::new(ErrorCode::InternalError, error.to_string()))
}
