//! One offer, as the protocol has it.

use crate::lsp::view::View;
use crate::source::Span;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat,
    InsertTextMode, MarkupContent, MarkupKind, TextEdit,
};

/// One offer.
pub(super) struct Item {
    kind: CompletionItemKind,
    label: String,
    /// What is inserted, with places to fill in.
    snippet: String,
    /// What is inserted for a client that knows no such places.
    plain: String,
    detail: Option<String>,
    meaning: Option<String>,
    /// What belongs first has the smaller number.
    rank: u8,
}

impl Item {
    pub(super) fn new(kind: CompletionItemKind, label: impl Into<String>) -> Self {
        let label = label.into();
        let (snippet, plain) = (escaped(&label), label.clone());
        Self { kind, label, snippet, plain, detail: None, meaning: None, rank: 1 }
    }

    /// Inserts another text than the label.
    pub(super) fn insert(mut self, text: impl Into<String>) -> Self {
        self.plain = text.into();
        self.snippet = escaped(&self.plain);
        self
    }

    /// Inserts a text with places to fill in, where the client can.
    pub(super) fn snippet(mut self, snippet: impl Into<String>) -> Self {
        self.snippet = snippet.into();
        self
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(super) fn meaning(mut self, markdown: impl Into<String>) -> Self {
        self.meaning = Some(markdown.into());
        self
    }

    pub(super) fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The same behind a colon that has no space yet.
    pub(super) fn after_space(mut self) -> Self {
        self.plain.insert(0, ' ');
        self.snippet.insert(0, ' ');
        self
    }

    /// The same as an element of a list, in a line that has no dash yet.
    pub(super) fn behind_dash(mut self) -> Self {
        self.plain.insert_str(0, "- ");
        self.snippet.insert_str(0, "- ");
        self
    }

    /// The offer to replace a part of the text. `order` keeps the order in which offers are made.
    pub(super) fn replacing(self, view: &View<'_>, span: Span, order: usize) -> CompletionItem {
        let client = view.context.client;
        let (text, format) = if client.snippets {
            (self.snippet, InsertTextFormat::SNIPPET)
        } else {
            (self.plain, InsertTextFormat::PLAIN_TEXT)
        };
        let kind = if client.markdown { MarkupKind::Markdown } else { MarkupKind::PlainText };
        let documentation =
            self.meaning.map(|value| Documentation::MarkupContent(MarkupContent { kind, value }));
        CompletionItem {
            kind: Some(self.kind),
            detail: self.detail,
            documentation,
            sort_text: Some(format!("{}{order:05}", self.rank)),
            filter_text: Some(self.label.clone()),
            insert_text_format: Some(format),
            insert_text_mode: Some(InsertTextMode::ADJUST_INDENTATION),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(view.range(span), text))),
            label: self.label,
            ..CompletionItem::default()
        }
    }
}

/// All of the offers, to replace a part of the text.
pub(super) fn all(view: &View<'_>, span: Span, items: Vec<Item>) -> Vec<CompletionItem> {
    items.into_iter().enumerate().map(|(order, item)| item.replacing(view, span, order)).collect()
}

/// A text in which nothing is taken for a place to fill in.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}
