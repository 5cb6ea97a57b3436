//! The questions of a client, each to what answers it.

use super::actions::fixes;
use super::analysis::{Findings, Kind};
use super::client::Client;
use super::complete::complete;
use super::definition::definition;
use super::hover::hover;
use super::rename;
use super::symbols::symbols;
use super::view::View;
use super::workspace::Workspace;
use lsp_server::ErrorCode;
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentHighlightRequest, DocumentSymbolRequest, GotoDefinition,
    HoverRequest, PrepareRenameRequest, References, Rename, Request,
};
use lsp_types::{Position, TextDocumentPositionParams};
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
                let view = self.view(&params.text_document_position);
                Ok(view.map(|view| complete(&view).into()))
            }),
            HoverRequest::METHOD => reply::<HoverRequest>(params, |params| {
                Ok(self.view(&params.text_document_position_params).and_then(|view| hover(&view)))
            }),
            GotoDefinition::METHOD => reply::<GotoDefinition>(params, |params| {
                let view = self.view(&params.text_document_position_params);
                Ok(view.and_then(|view| definition(&view)))
            }),
            References::METHOD => reply::<References>(params, |params| {
                let view = self.view(&params.text_document_position);
                let declaration = params.context.include_declaration;
                Ok(view.and_then(|view| rename::references(&view, declaration)))
            }),
            DocumentHighlightRequest::METHOD => {
                reply::<DocumentHighlightRequest>(params, |params| {
                    let view = self.view(&params.text_document_position_params);
                    Ok(view.and_then(|view| rename::highlights(&view)))
                })
            }
            DocumentSymbolRequest::METHOD => reply::<DocumentSymbolRequest>(params, |params| {
                let at = TextDocumentPositionParams::new(params.text_document, Position::default());
                let view = self.view(&at).filter(|view| view.kind == Kind::Runbook);
                Ok(view.map(|view| symbols(&view)))
            }),
            CodeActionRequest::METHOD => {
                reply::<CodeActionRequest>(params, |params| Ok(Some(fixes(self, &params))))
            }
            PrepareRenameRequest::METHOD => reply::<PrepareRenameRequest>(params, |params| {
                Ok(self.view(&params).and_then(|view| rename::prepare(&view)))
            }),
            Rename::METHOD => reply::<Rename>(params, |params| {
                let view = self.view(&params.text_document_position);
                view.map_or(Ok(None), |view| rename::rename(&view, &params.new_name))
            }),
            _ => {
                let message = format!("there is no method `{method}`");
                Err(Failure::new(ErrorCode::MethodNotFound, message))
            }
        }
    }

    /// The place of a question. None when its document is not open.
    fn view(self, at: &TextDocumentPositionParams) -> Option<View<'a>> {
        View::new(self, &at.text_document.uri, at.position)
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
