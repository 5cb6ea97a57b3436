//! Findings as the protocol has them.

use super::client::Client;
use super::document::Document;
use crate::diagnostic::syntax::HIDDEN_BLOCK;
use crate::diagnostic::{Diagnostic, Severity};
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, NumberOrString,
    PublishDiagnosticsParams,
};

/// The name under which an editor shows the findings.
const SOURCE: &str = "runbook";

/// The findings of one version of a document.
pub(super) fn published(
    document: &Document,
    found: &[Diagnostic],
    client: Client,
) -> PublishDiagnosticsParams {
    PublishDiagnosticsParams {
        uri: document.uri.clone(),
        version: Some(document.version),
        diagnostics: found.iter().map(|one| diagnostic(document, one, client)).collect(),
    }
}

/// One finding.
pub(super) fn diagnostic(
    document: &Document,
    one: &Diagnostic,
    client: Client,
) -> lsp_types::Diagnostic {
    let range = |span| document.range(span, client.encoding);
    let severity = match one.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
    };
    let related: Vec<DiagnosticRelatedInformation> = one
        .related
        .iter()
        .map(|related| DiagnosticRelatedInformation {
            location: Location::new(document.uri.clone(), range(related.span)),
            message: related.label.clone(),
        })
        .collect();
    lsp_types::Diagnostic {
        range: range(one.span),
        severity: Some(severity),
        code: Some(NumberOrString::String(one.code.to_owned())),
        code_description: None,
        source: Some(SOURCE.to_owned()),
        message: message(one),
        related_information: (client.related && !related.is_empty()).then_some(related),
        // What never runs is shown as what it is: of no use.
        tags: (client.tags && one.code == HIDDEN_BLOCK.code)
            .then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: None,
    }
}

/// What is wrong, and what to do about it.
fn message(one: &Diagnostic) -> String {
    let mut message = one.message.clone();
    if !one.label.is_empty() {
        message.push_str(&format!(": {}", one.label));
    }
    if let Some(help) = &one.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    message
}
