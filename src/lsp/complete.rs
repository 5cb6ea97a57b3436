//! Completion: what could be written at the cursor, with its meaning.
//!
//! The document is broken while this is asked. What surrounds the cursor is told from the lines around
//! it; the rest of the document from what the parser could still read.

mod expression;
mod info;
mod item;
mod keys;
mod links;
mod values;

use super::analysis::Kind;
use super::outline::Slot;
use super::place::Place;
use super::view::{View, Yaml};
use lsp_types::{CompletionItem, CompletionList};

/// What could be written at a place.
pub(super) fn complete(view: &View<'_>) -> CompletionList {
    CompletionList { is_incomplete: false, items: items(view) }
}

fn items(view: &View<'_>) -> Vec<CompletionItem> {
    if let Some(yaml) = Yaml::at(view) {
        return in_yaml(view, &yaml);
    }
    if view.kind != Kind::Runbook && !view.text().starts_with("---") {
        return Vec::new();
    }
    match view.place() {
        Place::Info(fence) => info::items(view, &fence),
        Place::Prose => links::items(view),
        _ => Vec::new(),
    }
}

fn in_yaml(view: &View<'_>, yaml: &Yaml<'_>) -> Vec<CompletionItem> {
    let Some(cursor) = &yaml.outline.cursor else { return Vec::new() };
    match &cursor.slot {
        Slot::Key { span, flow } => keys::items(view, yaml, cursor, *span, *flow),
        Slot::Value { key, span, flow } => {
            let at = values::At { key: key.as_deref(), span: *span, flow: *flow };
            expression::items(view, yaml, cursor, &at)
                .unwrap_or_else(|| values::items(view, yaml, cursor, &at))
        }
    }
}
