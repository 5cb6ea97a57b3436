//! In the line that opens a fence: languages, roles, and the ids of steps that still lack a block.

use super::item::{Item, all};
use crate::lsp::place::Fence;
use crate::lsp::view::View;
use crate::lsp::words;
use crate::model::id::StepId;
use crate::model::step::{Role, Step};
use crate::parse::LANGUAGES;
use crate::source::Span;
use lsp_types::{CompletionItem, CompletionItemKind};

pub(super) fn items(view: &View<'_>, fence: &Fence<'_>) -> Vec<CompletionItem> {
    let before = &view.text()[fence.info.start..view.offset];
    let typed = before.rsplit([' ', '=']).next().unwrap_or_default();
    let span = Span::new(view.offset - typed.len(), view.offset);
    let words: Vec<&str> = before.split(' ').collect();
    let offers = match words.as_slice() {
        [_] => languages(),
        [language, role] if LANGUAGES.contains(language) => match role.split_once('=') {
            None => roles(view),
            Some((word, _)) => ids(view, word),
        },
        _ => Vec::new(),
    };
    all(view, span, offers)
}

fn languages() -> Vec<Item> {
    let offer = |language: &&str| {
        let what = if *language == "yaml" { "a typed action" } else { "a script" };
        Item::new(CompletionItemKind::KEYWORD, *language).detail(what)
    };
    LANGUAGES.iter().map(offer).collect()
}

fn roles(view: &View<'_>) -> Vec<Item> {
    let offer = |role: Role| {
        let label = format!("{}=", role.word());
        let lacking = lacking(view, role);
        Item::new(CompletionItemKind::KEYWORD, label)
            .meaning(words::role(role))
            // A block that no step lacks is not what is wanted.
            .rank(if lacking.is_some_and(|steps| steps.is_empty()) { 2 } else { 1 })
    };
    Role::ALL.into_iter().map(offer).collect()
}

/// The steps that lack a block of this role. None for roles that stand by themselves.
fn lacking<'v>(view: &'v View<'_>, role: Role) -> Option<Vec<&'v Step>> {
    let steps = view.runbook().steps.iter();
    match role {
        Role::Observe => Some(steps.filter(|step| step.observe.is_none()).collect()),
        Role::Undo => Some(steps.filter(|step| step.undo.is_none()).collect()),
        Role::Step | Role::Health => None,
    }
}

fn ids(view: &View<'_>, word: &str) -> Vec<Item> {
    let Some(role) = Role::ALL.into_iter().find(|role| role.word() == word) else {
        return Vec::new();
    };
    // The block that is being typed has an id already, as far as it has been typed.
    let own = |span: Span| span.start <= view.offset && view.offset <= span.end;
    match role {
        Role::Observe | Role::Undo => {
            let slot = |step: &Step| {
                let block = if role == Role::Observe { &step.observe } else { &step.undo };
                block.as_ref().is_none_or(|block| own(block.id.span))
            };
            let steps = view.runbook().steps.iter().filter(|step| slot(step));
            // The step above is the one that is meant, most of the time.
            let nearest = steps.clone().rfind(|step| step.block.span.start < view.offset);
            steps
                .map(|step| {
                    let is_nearest =
                        nearest.is_some_and(|nearest| nearest.block.span == step.block.span);
                    Item::new(CompletionItemKind::REFERENCE, step.id().as_str())
                        .detail(step.title.clone())
                        .meaning(words::step(view, step))
                        .rank(if is_nearest { 0 } else { 1 })
                })
                .collect()
        }
        Role::Step | Role::Health => from_heading(view).into_iter().collect(),
    }
}

/// An id made of the words of the heading above, when it is free.
fn from_heading(view: &View<'_>) -> Option<Item> {
    let above = &view.text()[..view.offset];
    let heading = above.lines().rev().find(|line| line.starts_with('#'))?;
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let id = StepId::new(words.take(4).collect::<Vec<_>>().join("_")).ok()?;
    let taken = view.step(id.as_str()).is_some_and(|step| step.block.id.span.end < view.offset);
    (!taken).then(|| {
        Item::new(CompletionItemKind::REFERENCE, id.as_str()).detail("from the heading above")
    })
}
