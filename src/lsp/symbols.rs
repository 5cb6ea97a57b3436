//! The outline of a runbook: phases with their steps, and the health probes.

use super::document::Document;
use super::position::Encoding;
use super::view::View;
use crate::model::runbook::Runbook;
use crate::model::step::Block;
use crate::source::Span;
use lsp_types::{DocumentSymbol, DocumentSymbolResponse, Location, SymbolInformation, SymbolKind};

/// The outline of a document.
pub(super) fn symbols(view: &View<'_>) -> DocumentSymbolResponse {
    let tree = tree(view.document, view.runbook(), view.context.client.encoding);
    if view.context.client.tree {
        return DocumentSymbolResponse::Nested(tree);
    }
    let mut flat = Vec::new();
    for symbol in &tree {
        flatten(view, symbol, None, &mut flat);
    }
    DocumentSymbolResponse::Flat(flat)
}

fn tree(document: &Document, runbook: &Runbook, encoding: Encoding) -> Vec<DocumentSymbol> {
    let symbol = |name: &str, detail: String, kind, whole: Span, own: Span| {
        let whole = document.range(whole.to(own), encoding);
        new(name, detail, kind, whole, document.range(own, encoding))
    };
    let block = |title: &str, block: &Block, kind| {
        let detail = format!("{}={}", block.role.word(), block.id.value);
        symbol(title, detail, kind, block.span, block.id.span)
    };
    let mut phases: Vec<(Span, DocumentSymbol)> = Vec::new();
    for (at, phase) in runbook.phases.iter().enumerate() {
        let end = runbook.phases.get(at + 1).map_or(document.text.len(), |next| next.span.start);
        let end = phase.span.end.max(document.text[..end].trim_end().len());
        let whole = Span::new(phase.span.start, end);
        let one = symbol(&phase.title, String::new(), SymbolKind::NAMESPACE, whole, phase.span);
        phases.push((whole, one));
    }
    let mut top = Vec::new();
    let steps = runbook.steps.iter().map(|step| {
        let mut one = block(&step.title, &step.block, SymbolKind::FUNCTION);
        let parts = step.observe.iter().chain(&step.undo);
        // The parts of a step may stand anywhere. In a tree they belong into it only when they follow.
        let inside = parts.map(|part| block(part.role.word(), part, SymbolKind::METHOD));
        let inside: Vec<DocumentSymbol> = inside.collect();
        if let Some(last) = inside.iter().map(|part| part.range.end).max() {
            one.range.end = one.range.end.max(last);
        }
        one.range.start =
            inside.iter().map(|part| part.range.start).fold(one.range.start, Ord::min);
        one.children = (!inside.is_empty()).then_some(inside);
        (step.block.span.start, one)
    });
    let health = runbook.health.iter().map(|health| {
        (health.block.span.start, block(&health.title, &health.block, SymbolKind::EVENT))
    });
    for (start, one) in steps.chain(health) {
        match phases.iter_mut().find(|(span, _)| span.start <= start && start < span.end) {
            Some((_, phase)) => phase.children.get_or_insert_default().push(one),
            None => top.push((start, one)),
        }
    }
    top.extend(phases.into_iter().map(|(span, phase)| (span.start, phase)));
    top.sort_by_key(|(start, _)| *start);
    top.into_iter().map(|(_, symbol)| symbol).collect()
}

#[expect(
    deprecated,
    reason = "the type has a field that may no longer be used, and no other way to be made"
)]
fn new(
    name: &str,
    detail: String,
    kind: SymbolKind,
    range: lsp_types::Range,
    selection_range: lsp_types::Range,
) -> DocumentSymbol {
    // A client refuses a symbol without a name.
    let name = if name.trim().is_empty() { "(no title)" } else { name };
    DocumentSymbol {
        name: name.to_owned(),
        detail: Some(detail).filter(|detail| !detail.is_empty()),
        kind,
        tags: None,
        deprecated: None,
        range,
        selection_range,
        children: None,
    }
}

#[expect(
    deprecated,
    reason = "the type has a field that may no longer be used, and no other way to be made"
)]
fn flatten(
    view: &View<'_>,
    symbol: &DocumentSymbol,
    inside: Option<&str>,
    flat: &mut Vec<SymbolInformation>,
) {
    flat.push(SymbolInformation {
        name: symbol.name.clone(),
        kind: symbol.kind,
        tags: None,
        deprecated: None,
        location: Location::new(view.document.uri.clone(), symbol.range),
        container_name: inside.map(str::to_owned),
    });
    for child in symbol.children.iter().flatten() {
        flatten(view, child, Some(&symbol.name), flat);
    }
}
