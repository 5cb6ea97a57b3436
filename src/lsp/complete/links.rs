//! In a link: files beside this one, and the headings of a file.

use super::item::{Item, all};
use crate::lsp::analysis::leads;
use crate::lsp::headings::{headings, target};
use crate::lsp::uri::{decoded, normal};
use crate::lsp::view::View;
use crate::model::runbook::Runbook;
use crate::source::Span;
use lsp_types::{CompletionItem, CompletionItemKind};
use std::path::Path;

pub(super) fn items(view: &View<'_>) -> Vec<CompletionItem> {
    let Some(target) = target(view.text(), view.offset) else { return Vec::new() };
    let typed = &view.text()[target.span.start..view.offset];
    let folder = view.document.path.parent().unwrap_or(Path::new(""));
    let (span, offers) = if let Some((file, anchor)) = typed.split_once('#') {
        let path = match file {
            "" => Some(view.document.path.clone()),
            file => leads(
                view.context.workspace,
                view.home.as_deref(),
                &view.document.path,
                &decoded(file),
            ),
        };
        let book = path.and_then(|path| view.context.workspace.book(&path));
        let span = Span::new(view.offset - anchor.len(), view.offset);
        (span, book.map_or_else(Vec::new, |book| anchors(&book.runbook, "")))
    } else {
        let (inside, name) = typed.rsplit_once('/').map_or(("", typed), |(a, b)| (a, b));
        let span = Span::new(view.offset - name.len(), view.offset);
        let mut offers = files(view, &normal(&folder.join(decoded(inside))));
        if typed.is_empty() {
            offers.extend(anchors(view.runbook(), "#"));
        }
        (span, offers)
    };
    all(view, span, offers)
}

/// The headings and the steps of a file.
fn anchors(runbook: &Runbook, before: &str) -> Vec<Item> {
    let offer = |anchor: &str, title: &str| {
        Item::new(CompletionItemKind::REFERENCE, format!("{before}{anchor}"))
            .detail(title.to_owned())
            .rank(2)
    };
    let headings = headings(&runbook.source.text);
    let mut all: Vec<Item> = headings.iter().map(|one| offer(&one.anchor, &one.title)).collect();
    let steps = runbook.steps.iter().map(|step| (step.id().as_str(), step.title.as_str()));
    let health = runbook.health.iter().map(|one| (one.block.id.value.as_str(), one.title.as_str()));
    all.extend(steps.chain(health).map(|(id, title)| offer(id, title)));
    all
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
