//! Go to: where the thing under the cursor is written.

use super::analysis::leads;
use super::headings::headings;
use super::level::Meaning;
use super::occurrences::blocks;
use super::outline::Outline;
use super::place::lines;
use super::position::Lines;
use super::thing::{self, Thing};
use super::uri::{self, decoded};
use super::view::View;
use super::workspace::{Book, PROJECT};
use crate::model::step::Step;
use crate::source::Span;
use lsp_types::{GotoDefinitionResponse, Location, LocationLink, Range};
use std::path::PathBuf;

/// A place in some file: the name, and all of what has the name.
struct Target {
    path: PathBuf,
    name: Span,
    whole: Span,
}

/// Where the thing under the cursor is written.
pub(super) fn definition(view: &View<'_>) -> Option<GotoDefinitionResponse> {
    let found = thing::at(view)?;
    let target = target(view, &found.thing)?;
    let text = view.context.workspace.text(&target.path)?;
    let lines = Lines::new(&text);
    let range = |span: Span| -> Range { lines.range(&text, span, view.context.client.encoding) };
    let target_uri = match view.context.workspace.document(&target.path) {
        Some(document) => document.uri.clone(),
        None => uri::of(&target.path)?,
    };
    Some(if view.context.client.links {
        GotoDefinitionResponse::Link(vec![LocationLink {
            origin_selection_range: Some(view.range(found.span)),
            target_uri,
            target_range: range(target.whole),
            target_selection_range: range(target.name),
        }])
    } else {
        GotoDefinitionResponse::Scalar(Location::new(target_uri, range(target.name)))
    })
}

fn target(view: &View<'_>, thing: &Thing<'_>) -> Option<Target> {
    let own = |name: Span, whole: Span| Target { path: view.document.path.clone(), name, whole };
    let of_step = |step: &Step| own(step.block.id.span, step.block.span);
    Some(match thing {
        Thing::Step(at) => of_step(&view.runbook().steps[*at]),
        Thing::Param(at) => {
            let span = view.runbook().front.params[*at].name.span;
            own(span, span)
        }
        Thing::Health(at) => {
            let block = &view.runbook().health[*at].block;
            own(block.id.span, block.span)
        }
        Thing::Output(at, output) => match (output.span, at) {
            (Some(span), _) => own(span, span),
            (None, Some(at)) => of_step(&view.runbook().steps[*at]),
            (None, None) => return None,
        },
        Thing::Inner(book, at) => inner(book, &book.runbook.steps[*at]),
        Thing::InnerOutput(book, at, output) => {
            let step = inner(book, &book.runbook.steps[*at]);
            match output.span {
                Some(span) => Target { name: span, whole: span, ..step },
                None => step,
            }
        }
        Thing::Key(Meaning::Param(book, at)) => {
            let (path, span) = (path_of(book), book.runbook.front.params[*at].name.span);
            Target { path, name: span, whole: span }
        }
        Thing::Account(name) => account(view, name)?,
        Thing::Runbook(book) => {
            let front = &book.runbook.front;
            let name = front.title.as_ref().map_or(Span::new(0, 0), |title| title.span);
            Target { path: path_of(book), name, whole: name.to(front.span) }
        }
        Thing::Link(link) => followed(view, link)?,
        Thing::Action(_) | Thing::Key(_) | Thing::Role(_) => return None,
    })
}

fn path_of(book: &Book) -> PathBuf {
    PathBuf::from(&book.runbook.source.path)
}

fn inner(book: &Book, step: &Step) -> Target {
    Target { path: path_of(book), name: step.block.id.span, whole: step.block.span }
}

/// The first place in `runbook.yaml` that gives an account this name.
fn account(view: &View<'_>, name: &str) -> Option<Target> {
    let path = view.home.as_ref()?.root.join(PROJECT);
    let text = view.context.workspace.text(&path)?;
    let outline = Outline::read(&text, &lines(&text, 0..text.len()), None);
    let span = outline.entries.iter().find_map(|entry| {
        let is_account = matches!(entry.path.as_slice(), [one, _, two] if one == "environments" && two == "accounts");
        entry.key.as_ref().filter(|key| is_account && key.value == name).map(|key| key.span)
    })?;
    Some(Target { path, name: span, whole: span })
}

/// Where a link leads, when it leads to a file that is there.
fn followed(view: &View<'_>, link: &str) -> Option<Target> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, at)| (file, Some(at)));
    let workspace = view.context.workspace;
    let path = match file {
        "" => view.document.path.clone(),
        file => leads(workspace, view.home.as_deref(), &view.document.path, &decoded(file))?,
    };
    let text = workspace.text(&path)?;
    let Some(anchor) = anchor else {
        let top = Span::new(0, 0);
        return Some(Target { path, name: top, whole: top });
    };
    if let Some(heading) = headings(&text).into_iter().find(|one| one.anchor == anchor) {
        return Some(Target { path, name: heading.span, whole: heading.span });
    }
    // A step is found by its id.
    let book = workspace.book(&path)?;
    let block = blocks(&book.runbook).find(|block| block.id.value.as_str() == anchor)?;
    Some(Target { path, name: block.id.span, whole: block.span })
}
