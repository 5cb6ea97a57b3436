//! The findings in a document: exactly those of `runbook check`.

use super::scripts::{Answers, Scripts};
use super::uri::normal;
use super::workspace::{Book, Home, PROJECT, RUNBOOKS, Workspace};
use crate::check::{self, Linked};
use crate::diagnostic::Diagnostic;
use crate::model::runbook::Runbook;
use crate::model::step::Body;
use crate::model::value::NodeKind;
use crate::parse;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The findings in a document, and the files that they depend on.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The version of the document that they are about.
    pub(super) version: Option<i32>,
    pub(super) found: Vec<Diagnostic>,
    pub(super) depends_on: BTreeSet<PathBuf>,
}

/// What kind of document a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Runbook,
    Project,
    /// Something to read. There is nothing to say about it.
    Other,
}

/// Tells what a file is. Markdown in a project's `runbooks` folder is a runbook, and elsewhere when
/// it has both front matter and an executable block: a page that only shows blocks is none.
pub(super) fn kind(workspace: &Workspace, path: &Path) -> Kind {
    if path.file_name().is_some_and(|name| name == PROJECT) {
        return Kind::Project;
    }
    let readme = path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
    let home = workspace.home(path);
    let folder = home.map(|home| home.root.join(RUNBOOKS));
    // A manifest of stacks has a folder of its own, and may be so broken that it has no stacks.
    let manifest = path.file_name().is_some_and(|name| name == parse::MANIFEST_FILE);
    let own = if manifest { path.parent().and_then(Path::parent) } else { path.parent() };
    if folder.is_some() && own == folder.as_deref() && !readme {
        return Kind::Runbook;
    }
    let Some(book) = workspace.book(path) else { return Kind::Other };
    let runbook = &book.runbook;
    let begins = runbook.front.span.end > 0;
    let runs = !runbook.steps.is_empty() || !runbook.health.is_empty();
    if begins && runs { Kind::Runbook } else { Kind::Other }
}

/// Finds what is wrong with a document. Also gives the scripts about which nobody has been asked yet.
pub(super) fn findings(
    workspace: &Workspace,
    path: &Path,
    answers: &Answers,
) -> (Findings, Option<Scripts>) {
    let version = workspace.document(path).map(|document| document.version);
    let nothing = || Findings { version, ..Findings::default() };
    match kind(workspace, path) {
        Kind::Other => (nothing(), None),
        Kind::Project => {
            let known = workspace.home(path).map(|home| of_project(workspace, &home));
            (Findings { version, ..known.unwrap_or_default() }, None)
        }
        Kind::Runbook => match workspace.book(path) {
            Some(book) => {
                let (findings, unknown) = of_runbook(workspace, path, &book, answers);
                (Findings { version, ..findings }, unknown)
            }
            None => (nothing(), None),
        },
    }
}

fn of_project(workspace: &Workspace, home: &Home) -> Findings {
    let depends_on = RefCell::new(BTreeSet::new());
    let exists = |name: &str| {
        let at = home.path_of(name);
        let exists = workspace.exists(&at);
        depends_on.borrow_mut().insert(at);
        exists
    };
    let mut found = home.found.clone();
    found.extend(check::project(&home.project, &exists, &|| workspace.names(home)));
    Findings { version: None, found, depends_on: depends_on.into_inner() }
}

fn of_runbook(
    workspace: &Workspace,
    path: &Path,
    book: &Book,
    answers: &Answers,
) -> (Findings, Option<Scripts>) {
    let home = workspace.home(path);
    let depends_on = RefCell::new(BTreeSet::new());
    depends_on.borrow_mut().extend(home.as_ref().map(|home| home.root.join(PROJECT)));
    let others = |name: &str| {
        let home = home.as_ref()?;
        depends_on.borrow_mut().insert(home.path_of(name));
        Some(workspace.named(home, name)?.runbook.clone())
    };
    let files = |target: &str| {
        let Some(at) = leads(workspace, home.as_deref(), path, target) else {
            return Linked::Unknown;
        };
        let linked = linked(workspace, &at);
        depends_on.borrow_mut().insert(at);
        linked
    };
    let mut found = book.found.clone();
    found.extend(check::check(&check::Book {
        runbook: &book.runbook,
        others: &others,
        catalog: &workspace.catalog,
        project: home.as_ref().map(|home| &home.project),
        files: &files,
    }));
    let scripts = check::scripts_of(&book.runbook, &found);
    let text = &book.runbook.source.text;
    let (said, unknown) = answers.about(path.to_path_buf(), text, scripts);
    found.extend(said);
    found.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.code));
    found.dedup();
    (Findings { version: None, found, depends_on: depends_on.into_inner() }, unknown)
}

/// Where a link of a document leads. One with a leading `/` counts from the project, or from the
/// repository that it is in.
pub(super) fn leads(
    workspace: &Workspace,
    home: Option<&Home>,
    path: &Path,
    target: &str,
) -> Option<PathBuf> {
    let files = workspace.files();
    let Some(rest) = target.strip_prefix('/') else {
        let folder = path.parent().filter(|_| path.is_absolute())?;
        return Some(normal(&folder.join(target)));
    };
    let root = &home?.root;
    let repository = root.ancestors().find(|folder| files.exists(&folder.join(".git")));
    let roots = [Some(root.as_path()), repository].into_iter().flatten();
    let mut places = roots.map(|folder| normal(&folder.join(rest)));
    Some(places.find(|at| workspace.exists(at)).unwrap_or_else(|| normal(&root.join(rest))))
}

/// What stands at a path.
fn linked(workspace: &Workspace, at: &Path) -> Linked {
    if !workspace.exists(at) {
        return Linked::Missing;
    }
    let markdown = at.extension().is_some_and(|end| end == "md" || end == "markdown");
    if Linked::may_be_template(at) {
        return workspace.text(at).map_or(Linked::There, |text| Linked::Template(text.into()));
    }
    match workspace.book(at).filter(|_| markdown) {
        Some(book) => Linked::Markdown(book.runbook.anchors.clone()),
        None => Linked::There,
    }
}

/// The runbooks that a check of this file would read and that have not been read, at most so many.
pub(super) fn unread(workspace: &Workspace, path: &Path, most: usize) -> Vec<PathBuf> {
    if kind(workspace, path) != Kind::Runbook {
        return Vec::new();
    }
    let Some(home) = workspace.home(path) else { return Vec::new() };
    let (mut seen, mut todo, mut unread) = (BTreeSet::new(), vec![path.to_path_buf()], Vec::new());
    while let Some(path) = todo.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        if !workspace.is_read(&path) {
            unread.push(path);
            if unread.len() == most {
                break;
            }
        } else if let Some(book) = workspace.book(&path) {
            todo.extend(named_by(&book.runbook, &home));
        }
    }
    unread
}

/// The files of the runbooks that a runbook names.
fn named_by(runbook: &Runbook, home: &Home) -> Vec<PathBuf> {
    let names = runbook.steps.iter().flat_map(|step| {
        let owed = step.block.options.obligation.as_ref().and_then(|owed| owed.runbook.as_ref());
        let run = match &step.block.body {
            Body::Action { with, .. } => with
                .iter()
                .find(|(name, _)| name.value == "runbook")
                .and_then(|(_, node)| match &node.kind {
                    NodeKind::Text(text) => Some(text.value.as_str()),
                    _ => None,
                }),
            Body::Script { .. } => None,
        };
        run.into_iter().chain(owed.map(|name| name.value.as_str()))
    });
    names.map(|name| home.path_of(name)).collect()
}
