//! One place in one open document, and everything that is known around it.

use super::analysis::{self, Kind};
use super::document::Document;
use super::outline::Outline;
use super::place::{self, Fence, Head, Place};
use super::requests::Context;
use super::workspace::{Book, Home};
use crate::diagnostic::Diagnostic;
use crate::model::runbook::Runbook;
use crate::model::step::{Role, Step};
use crate::source::Span;
use lsp_types::{Position, Range, Uri};
use std::sync::Arc;

/// One open document, and a place in it.
pub(super) struct View<'a> {
    pub(super) context: Context<'a>,
    pub(super) document: &'a Document,
    pub(super) offset: usize,
    pub(super) kind: Kind,
    pub(super) home: Option<Arc<Home>>,
    pub(super) book: Arc<Book>,
}

impl<'a> View<'a> {
    /// The place of a question. None when the document is not open.
    pub(super) fn new(context: Context<'a>, uri: &Uri, position: Position) -> Option<Self> {
        let path = super::uri::path(uri);
        let document = context.workspace.document(&path)?;
        let offset = document.lines.offset(&document.text, position, context.client.encoding);
        let kind = analysis::kind(context.workspace, &path);
        let home = context.workspace.home(&path);
        let book = context.workspace.book(&path)?;
        Some(Self { context, document, offset, kind, home, book })
    }

    pub(super) fn text(&self) -> &'a str {
        &self.document.text
    }

    pub(super) fn runbook(&self) -> &Runbook {
        &self.book.runbook
    }

    pub(super) fn place(&self) -> Place<'a> {
        place::of(self.text(), self.offset)
    }

    pub(super) fn range(&self, span: Span) -> Range {
        self.document.range(span, self.context.client.encoding)
    }

    /// The step that a block is or belongs to. Of several with the same id, the one that it is.
    pub(super) fn step_of(&self, fence: &Fence<'_>, head: &Head<'_>) -> Option<(usize, &Step)> {
        let steps = || self.runbook().steps.iter().enumerate();
        steps()
            .find(|(_, step)| head.role == Role::Step && step.block.span.start == fence.span.start)
            .or_else(|| steps().find(|(_, step)| step.id().as_str() == head.id))
            .filter(|_| head.role != Role::Health)
    }

    /// The step of that id.
    pub(super) fn step(&self, id: &str) -> Option<&Step> {
        self.runbook().steps.iter().find(|step| step.id().as_str() == id)
    }

    /// Another runbook of the project. The text of this one counts as it is now.
    pub(super) fn other(&self, name: &str) -> Option<Arc<Book>> {
        self.context.workspace.named(self.home.as_deref()?, name)
    }

    /// The findings at the place.
    pub(super) fn findings(&self) -> impl Iterator<Item = &'a Diagnostic> {
        let offset = self.offset;
        let known = self.context.findings.get(&self.document.path);
        let version = Some(self.document.version);
        // Findings of an older text stand at places that may be others now.
        let known = known.filter(|findings| findings.version == version);
        let all = known.into_iter().flat_map(|findings| &findings.found);
        all.filter(move |one| one.span.start <= offset && offset <= one.span.end)
    }
}

/// The YAML around a place.
pub(super) struct Yaml<'a> {
    pub(super) root: Root<'a>,
    pub(super) outline: Outline,
}

/// What some YAML is.
pub(super) enum Root<'a> {
    FrontMatter,
    Block(Fence<'a>, Head<'a>),
    Project,
}

impl<'a> Yaml<'a> {
    /// The YAML that the place is in.
    pub(super) fn at(view: &View<'a>) -> Option<Self> {
        let (text, cursor) = (view.text(), Some(view.offset));
        if view.kind == Kind::Project {
            let lines = place::lines(text, 0..text.len());
            return Some(Self {
                root: Root::Project,
                outline: Outline::read(text, &lines, cursor),
            });
        }
        Some(match view.place() {
            Place::FrontMatter(lines) => {
                Self { root: Root::FrontMatter, outline: Outline::read(text, &lines, cursor) }
            }
            Place::Yaml(fence, head) => {
                let outline = Outline::read(text, &fence.yaml(), cursor);
                Self { root: Root::Block(fence, head), outline }
            }
            _ => return None,
        })
    }

    pub(super) fn block(&self) -> Option<(&Fence<'a>, &Head<'a>)> {
        match &self.root {
            Root::Block(fence, head) => Some((fence, head)),
            _ => None,
        }
    }
}
