//! In a link: files beside this one, and the headings of a file.

use super::item::{Item, all};
use crate::lsp::headings::{headings, target};
use crate::lsp::uri::{decoded, normal};
use crate::lsp::view::View;
use crate::source::Span;
use lsp_types::{CompletionItem, CompletionItemKind};
use std::path::Path;

pub(super) fn items(view: &View<'_>) -> Vec<CompletionItem> {
    let Some(target) = target(view.text(), view.offset) else { return Vec::new() };
    let typed = &view.text()[target.span.start..view.offset];
    let folder = view.document.path.parent().unwrap_or(Path::new(""));
    let (span, offers) = if let Some((file, anchor)) = typed.split_once('#') {
        let text = if file.is_empty() {
            Some(view.text().to_owned())
        } else {
            view.context.workspace.text(&normal(&folder.join(decoded(file))))
        };
        let span = Span::new(view.offset - anchor.len(), view.offset);
        (span, text.map_or_else(Vec::new, |text| anchors(&text, "")))
    } else {
        let (inside, name) = typed.rsplit_once('/').map_or(("", typed), |(a, b)| (a, b));
        let span = Span::new(view.offset - name.len(), view.offset);
        let mut offers = files(view, &normal(&folder.join(decoded(inside))));
        if typed.is_empty() {
            offers.extend(anchors(view.text(), "#"));
        }
        (span, offers)
    };
    all(view, span, offers)
}

fn anchors(text: &str, before: &str) -> Vec<Item> {
    let offer = |heading: &crate::lsp::headings::Heading| {
        Item::new(CompletionItemKind::REFERENCE, format!("{before}{}", heading.anchor))
            .detail(heading.title.clone())
            .rank(2)
    };
    headings(text).iter().map(offer).collect()
}

fn files(view: &View<'_>, folder: &Path) -> Vec<Item> {
    let names = view.context.workspace.files().list(folder);
    let shown = names.into_iter().filter(|name| !name.starts_with('.'));
    shown
        .map(|name| {
            let kind = if name.ends_with('/') {
                CompletionItemKind::FOLDER
            } else {
                CompletionItemKind::FILE
            };
            let written = name.replace('%', "%25").replace(' ', "%20").replace(')', "%29");
            Item::new(kind, name).insert(written)
        })
        .collect()
}
