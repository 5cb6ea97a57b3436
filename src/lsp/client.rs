//! What the client said it can do.

use super::position::Encoding;
use lsp_types::{ClientCapabilities, MarkupKind};

/// What the client can do. What it did not say it cannot.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one answer of the client")]
pub(super) struct Client {
    pub(super) encoding: Encoding,
    /// Whether an inserted text may have places to fill in.
    pub(super) snippets: bool,
    /// Whether it shows Markdown.
    pub(super) markdown: bool,
    /// Whether a definition may say both the name and the whole block.
    pub(super) links: bool,
    /// Whether the outline may be a tree.
    pub(super) tree: bool,
    /// Whether a finding may point to other places.
    pub(super) related: bool,
    /// Whether a finding may fade what it is about.
    pub(super) tags: bool,
    /// Whether a fix may say what it changes, instead of naming a command.
    pub(super) fixes: bool,
    /// Whether it can be asked to tell when files change.
    pub(super) watches: bool,
}

impl Client {
    pub(super) fn new(capabilities: &ClientCapabilities) -> Self {
        let general = capabilities.general.as_ref();
        let offered = general.and_then(|general| general.position_encodings.as_deref());
        let text = capabilities.text_document.clone().unwrap_or_default();
        let completion = text.completion.and_then(|one| one.completion_item).unwrap_or_default();
        let hover = text.hover.and_then(|hover| hover.content_format);
        let published = text.publish_diagnostics.unwrap_or_default();
        let watched = capabilities.workspace.as_ref().and_then(|one| one.did_change_watched_files);
        let symbols = text.document_symbol.unwrap_or_default();
        Self {
            encoding: Encoding::best(offered),
            snippets: completion.snippet_support.unwrap_or_default(),
            markdown: hover.is_none_or(|formats| formats.contains(&MarkupKind::Markdown)),
            links: text.definition.and_then(|one| one.link_support).unwrap_or_default(),
            tree: symbols.hierarchical_document_symbol_support.unwrap_or_default(),
            related: published.related_information.unwrap_or_default(),
            tags: published.tag_support.is_some(),
            fixes: text.code_action.is_some_and(|one| one.code_action_literal_support.is_some()),
            watches: watched.and_then(|one| one.dynamic_registration).unwrap_or_default(),
        }
    }
}
