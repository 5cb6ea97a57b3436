//! Quick fixes: what a finding says was meant.

use super::document::Document;
use super::publish;
use super::requests::Context;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, TextEdit, WorkspaceEdit,
};
use std::collections::HashMap;

/// The fixes for the findings in a range.
pub(super) fn fixes(context: Context<'_>, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let wanted = params.context.only.as_deref();
    if wanted.is_some_and(|kinds| !kinds.iter().any(is_quick_fix)) {
        return Vec::new();
    }
    let path = super::uri::path(&params.text_document.uri);
    let Some(document) = context.workspace.document(&path) else { return Vec::new() };
    let encoding = context.client.encoding;
    let at = |position| document.lines.offset(&document.text, position, encoding);
    let range = Span::new(at(params.range.start), at(params.range.end));
    let known = context.findings.get(&path);
    // Findings of an older text stand at places that may be others now.
    let known = known.filter(|findings| findings.version == Some(document.version));
    let all = known.into_iter().flat_map(|findings| &findings.found);
    all.filter(|one| one.span.start <= range.end && range.start <= one.span.end)
        .filter_map(|one| fix(context, document, one))
        .collect()
}

/// Whether a client that asks for this kind asks for quick fixes, too.
fn is_quick_fix(kind: &CodeActionKind) -> bool {
    kind.as_str().is_empty() || *kind == CodeActionKind::QUICKFIX
}

fn fix(context: Context<'_>, document: &Document, one: &Diagnostic) -> Option<CodeActionOrCommand> {
    let replacement = one.replacement.as_ref()?;
    let text = replacement.written(&document.text)?;
    let edit =
        TextEdit::new(document.range(replacement.span, context.client.encoding), text.clone());
    #[expect(clippy::mutable_key_type, reason = "an address does not change while it is a key")]
    let changes = HashMap::from([(document.uri.clone(), vec![edit])]);
    Some(CodeActionOrCommand::CodeAction(CodeAction {
        title: format!("Write `{text}`"),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![publish::diagnostic(document, one, context.client)]),
        edit: Some(WorkspaceEdit::new(changes)),
        is_preferred: Some(true),
        ..CodeAction::default()
    }))
}
