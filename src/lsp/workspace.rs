//! What the server knows: the open documents, and the files around them, each read once.

use super::document::Document;
use super::files::{Files, Stamp};
use crate::diagnostic::Diagnostic;
use crate::model::action::Catalog;
use crate::model::project::Project;
use crate::model::runbook::Runbook;
use crate::parse;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file that makes a folder a project.
pub(super) const PROJECT: &str = "runbook.yaml";
/// The folder of a project's runbooks.
pub(super) const RUNBOOKS: &str = "runbooks";

/// A runbook, and what the parser has to say about it.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) runbook: Arc<Runbook>,
    pub(super) found: Vec<Diagnostic>,
}

/// A project's file, read.
#[derive(Debug)]
pub(super) struct Home {
    /// The project's folder.
    pub(super) root: PathBuf,
    pub(super) project: Project,
    pub(super) found: Vec<Diagnostic>,
}

impl Home {
    /// Where a runbook is kept that is named like this.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        if name.contains('/') || name.ends_with(".md") {
            return self.root.join(name);
        }
        let [file, manifest] =
            crate::parse::places(name).map(|at| self.root.join(RUNBOOKS).join(at));
        if !file.is_file() && manifest.is_file() { manifest } else { file }
    }
}

/// Which content something was read from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Origin {
    /// The client's, in this version.
    Open(i32),
    /// The disk's.
    Disk(Stamp),
    /// There is none.
    Missing,
}

/// Something that was read, and from what.
struct Kept<T> {
    origin: Origin,
    /// The moment at which it was last looked whether that is still so.
    seen: u64,
    value: Option<Arc<T>>,
}

pub(super) struct Workspace {
    files: Box<dyn Files>,
    pub(super) catalog: Arc<Catalog>,
    open: BTreeMap<PathBuf, Document>,
    books: RefCell<HashMap<PathBuf, Kept<Book>>>,
    homes: RefCell<HashMap<PathBuf, Kept<Home>>>,
    /// The project's folder of a folder.
    above: RefCell<HashMap<PathBuf, Option<PathBuf>>>,
    /// Counts the messages. Within one, the disk is asked about a file once.
    moment: Cell<u64>,
}

impl Workspace {
    pub(super) fn new(files: Box<dyn Files>, catalog: Arc<Catalog>) -> Self {
        Self {
            files,
            catalog,
            open: BTreeMap::new(),
            books: RefCell::default(),
            homes: RefCell::default(),
            above: RefCell::default(),
            moment: Cell::new(0),
        }
    }

    /// Lets the disk be asked again.
    pub(super) fn next_moment(&self) {
        self.moment.set(self.moment.get() + 1);
        self.above.borrow_mut().clear();
    }

    pub(super) fn files(&self) -> &dyn Files {
        &*self.files
    }

    pub(super) fn document(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    pub(super) fn document_mut(&mut self, path: &Path) -> Option<&mut Document> {
        self.open.get_mut(path)
    }

    pub(super) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.open.values()
    }

    pub(super) fn open(&mut self, document: Document) {
        self.forget(&document.path);
        self.open.insert(document.path.clone(), document);
    }

    pub(super) fn close(&mut self, path: &Path) -> Option<Document> {
        self.forget(path);
        self.open.remove(path)
    }

    /// A version number says nothing about another document of the same path.
    fn forget(&self, path: &Path) {
        self.books.borrow_mut().remove(path);
        self.homes.borrow_mut().remove(path);
    }

    /// The text of a file: the client's while it is open.
    pub(super) fn text(&self, path: &Path) -> Option<String> {
        match self.open.get(path) {
            Some(document) => Some(document.text.clone()),
            None => self.files.read(path),
        }
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        self.open.contains_key(path) || self.files.exists(path)
    }

    fn origin(&self, path: &Path) -> Origin {
        match self.open.get(path) {
            Some(document) => Origin::Open(document.version),
            None => self.files.stamp(path).map_or(Origin::Missing, Origin::Disk),
        }
    }

    fn kept<T>(
        &self,
        cache: &RefCell<HashMap<PathBuf, Kept<T>>>,
        path: &Path,
        read: impl FnOnce(&str) -> T,
    ) -> Option<Arc<T>> {
        let moment = self.moment.get();
        if let Some(kept) = cache.borrow().get(path).filter(|kept| kept.seen == moment) {
            return kept.value.clone();
        }
        let origin = self.origin(path);
        if let Some(kept) = cache.borrow_mut().get_mut(path).filter(|kept| kept.origin == origin) {
            kept.seen = moment;
            return kept.value.clone();
        }
        let value = match self.open.get(path) {
            Some(document) => Some(Arc::new(read(&document.text))),
            None => self.files.read(path).map(|text| Arc::new(read(&text))),
        };
        let kept = Kept { origin, seen: moment, value: value.clone() };
        cache.borrow_mut().insert(path.to_path_buf(), kept);
        value
    }

    /// The runbook in a file.
    pub(super) fn book(&self, path: &Path) -> Option<Arc<Book>> {
        self.kept(&self.books, path, |text| {
            let name = parse::name_of(path);
            let (runbook, found) = parse::runbook(name, &path.to_string_lossy(), text);
            Book { runbook: Arc::new(runbook), found }
        })
    }

    /// Whether a file has been read already, so that asking for it costs nothing.
    pub(super) fn is_read(&self, path: &Path) -> bool {
        self.books.borrow().contains_key(path)
    }

    /// The project that a file belongs to: the nearest folder upward that holds `runbook.yaml`.
    pub(super) fn home(&self, path: &Path) -> Option<Arc<Home>> {
        let folder = path.parent().filter(|_| path.is_absolute())?;
        let known = self.above.borrow().get(folder).cloned();
        let root = known.unwrap_or_else(|| {
            let root = folder.ancestors().find(|folder| self.exists(&folder.join(PROJECT)));
            let root = root.map(Path::to_path_buf);
            self.above.borrow_mut().insert(folder.to_path_buf(), root.clone());
            root
        })?;
        let file = root.join(PROJECT);
        self.kept(&self.homes, &file, |text| {
            let (project, _, found) = parse::project(&file.to_string_lossy(), text);
            Home { root, project, found }
        })
    }

    /// The runbook of a project that has this name.
    pub(super) fn named(&self, home: &Home, name: &str) -> Option<Arc<Book>> {
        self.book(&home.path_of(name))
    }

    /// The names of a project's runbooks, sorted.
    pub(super) fn names(&self, home: &Home) -> Vec<String> {
        let folder = home.root.join(RUNBOOKS);
        let mut names: Vec<String> = self
            .files
            .list(&folder)
            .iter()
            .filter_map(|name| name.strip_suffix(".md"))
            .map(str::to_owned)
            .collect();
        let open = self.open.keys().filter(|path| path.parent() == Some(&folder));
        names.extend(
            open.filter(|path| path.extension().is_some_and(|extension| extension == "md"))
                .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())),
        );
        names.retain(|name| !name.eq_ignore_ascii_case("readme"));
        names.sort();
        names.dedup();
        names
    }
}
