//! The project: the folder with `runbook.yaml`, its runbooks, and the state beside it.

use super::diagnostics;
use super::error::{CliError, NOTHING_BEGUN};
use super::exit::Exit;
use super::{Global, console};
use crate::actions::catalog::catalog;
use crate::actions::shell::{Ask, lint};
use crate::check::Linked;
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::model::action::Catalog;
use crate::model::drill::DRILLS;
use crate::model::project::{Environment, Project};
use crate::model::runbook::{FrontMatter, Runbook};
use crate::source::Source;
use crate::store::Store;
use crate::{check, parse};
use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The file that makes a folder a project.
const FILE: &str = "runbook.yaml";

/// The largest text that is read, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A project, found and read.
pub(super) struct Home {
    /// Its folder, absolute.
    pub(super) root: PathBuf,
    /// Where its runs are kept.
    pub(super) state: PathBuf,
    /// What `runbook.yaml` says.
    pub(super) project: Project,
    /// The text of `runbook.yaml`.
    pub(super) source: Source,
    /// What is wrong with it.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What steps can do.
    pub(super) catalog: Arc<Catalog>,
    /// What was read so far. Runbooks are read and checked side by side.
    books: Mutex<BTreeMap<PathBuf, Book>>,
}

/// A runbook and what the parser has to say about it.
#[derive(Clone, Debug)]
pub(super) struct Book {
    /// The runbook.
    pub(super) runbook: Arc<Runbook>,
    /// What the parser found.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Home {
    /// Finds the project and reads `runbook.yaml`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(super) fn find(global: &Global) -> Result<Self, CliError> {
        let here = std::env::current_dir()
            .map_err(|error| CliError::usage(format!("cannot tell the current folder: {error}")))?;
        let root = match &global.project {
            Some(folder) => named(folder)?,
            None => above(&here)?,
        };
        let path = root.join(FILE);
        let text = read(&path)?;
        let (project, source, found) = parse::project(&shown(&path), &text);
        let state =
            global.state.as_ref().map_or_else(|| root.join(".runbook"), |state| here.join(state));
        let catalog = Arc::new(catalog());
        let (books, diagnostics) = (Mutex::default(), Vec::new());
        let mut home = Self { root, state, project, source, diagnostics, catalog, books };
        home.diagnostics = home.found(found);
        Ok(home)
    }

    /// What is wrong with `runbook.yaml`, beyond what its parser found.
    fn found(&self, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let exists = |name: &str| self.path(name).is_ok_and(|path| path.is_file());
        // A folder that cannot be read is told by whoever needs what is in it.
        let names = || self.names().unwrap_or_default();
        found.extend(check::project(&self.project, &exists, &names));
        found
    }

    /// Refuses a project whose `runbook.yaml` has errors, and shows them.
    ///
    /// # Errors
    /// Exit code 2, when there is one.
    pub(super) fn sound(self) -> Result<Self, CliError> {
        if diagnostics::errors(&self.diagnostics) == 0 {
            return Ok(self);
        }
        let found: Vec<(&Source, &Diagnostic)> =
            self.diagnostics.iter().map(|diagnostic| (&self.source, diagnostic)).collect();
        diagnostics::tell(&found);
        let count = diagnostics::errors(&self.diagnostics);
        let what = format!("{FILE} has {}", crate::run::report::text::counted(count, "error"));
        Err(CliError::usage(what).certain(NOTHING_BEGUN))
    }

    /// The runs of this project. Makes the state folder.
    ///
    /// # Errors
    /// When it cannot be made or is not ours.
    pub(super) fn store(&self) -> Result<Store, CliError> {
        Ok(Store::open(&self.state)?)
    }

    /// The environment of that name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn environment(&self, name: &str) -> Result<&Environment, CliError> {
        self.project.environments.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.project.environments.keys().map(String::as_str).collect();
            CliError::usage(format!("{} has no environment `{name}`", shown(&self.root.join(FILE))))
                .certain(NOTHING_BEGUN)
                .hint(suggestion(name, &names, "environments"))
        })
    }

    /// The names of all runbooks, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) fn names(&self) -> Result<Vec<String>, CliError> {
        let folder = self.root.join("runbooks");
        let mut names = stems(&folder, "md")?;
        // A manifest of stacks is a runbook that is named after its folder.
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !is_file(&entry) && folder.join(&parse::places(&name)[1]).is_file() {
                names.push(name);
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The runbook of that name: a file's stem, or a path.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(super) fn book(&self, name: &str) -> Result<Book, CliError> {
        let path = self.path(name)?;
        if let Some(book) = self.known().get(&path) {
            return Ok(book.clone());
        }
        let text = self.text(name, &path)?;
        let known_as = self.known_as(&path, parse::name_of(&path));
        let book = Book::read(&known_as, &shown(&path), &text);
        self.known().insert(path, book.clone());
        Ok(book)
    }

    /// The runbooks of those names, in that order, each as [`Home::book`] gives it.
    pub(super) fn books(&self, names: &[String]) -> Vec<Result<Book, CliError>> {
        names.par_iter().map(|name| self.book(name)).collect()
    }

    /// What the front matters of some runbooks say, and how many errors are in each. The rest of the files
    /// is not looked at, which takes a small part of the time.
    ///
    /// # Errors
    /// When there is no such runbook, or it cannot be read.
    pub(super) fn fronts(&self, names: &[String]) -> Result<Vec<(FrontMatter, usize)>, CliError> {
        let front = |name: &String| {
            let text = self.text(name, &self.path(name)?)?;
            let (front, found) = parse::front_matter(&text);
            Ok((front, diagnostics::errors(&found)))
        };
        names.par_iter().map(front).collect()
    }

    /// What was read so far. A thread that panicked has left nothing half done in it.
    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a runbook is: named by its file's stem, or by a path.
    fn path(&self, name: &str) -> Result<PathBuf, CliError> {
        if let Some(path) = self.path_of_drill(name) {
            return Ok(path);
        }
        if name.contains('/') || Path::new(name).extension().is_some_and(|e| e == "md") {
            return std::path::absolute(name).map_err(|error| unreadable(Path::new(name), &error));
        }
        let [file, manifest] = parse::places(name).map(|at| self.root.join("runbooks").join(at));
        Ok(if !file.is_file() && manifest.is_file() { manifest } else { file })
    }

    /// The text of a runbook.
    fn text(&self, name: &str, path: &Path) -> Result<String, CliError> {
        if path.is_file() {
            return read(path);
        }
        let (known, things) = self.known_beside(name)?;
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let thing = things.trim_end_matches('s');
        let short = stem(Path::new(name), name);
        Err(CliError::usage(format!("there is no {thing} `{short}` ({})", shown(path)))
            .certain(NOTHING_BEGUN)
            .hint(suggestion(short, &known, things)))
    }

    /// A runbook that is in no file: what an editor or standard input has.
    #[must_use]
    pub(super) fn book_of(&self, path: &str, text: &str) -> Book {
        let (runbook, diagnostics) = parse::runbook(stem(Path::new(path), path), path, text);
        Book { runbook: Arc::new(runbook), diagnostics }
    }

    /// Everything that is wrong with a runbook, without asking other programs, sorted by place.
    #[must_use]
    pub(super) fn check(&self, book: &Book) -> Vec<Diagnostic> {
        let others = |name: &str| self.book(name).ok().map(|book| book.runbook);
        let files = |path: &str| self.linked(book, path);
        let mut found = book.diagnostics.clone();
        found.extend(check::check(&check::Book {
            runbook: &book.runbook,
            others: &others,
            catalog: &self.catalog,
            project: Some(&self.project),
            files: &files,
        }));
        sorted(found)
    }

    /// Everything that is wrong with each of some runbooks, what other programs say about their scripts
    /// included. And what those could not be asked.
    #[must_use]
    pub(super) fn check_all(
        &self,
        books: &[Book],
        ask: Option<Ask>,
    ) -> (Vec<Vec<Diagnostic>>, Vec<String>) {
        let mut found: Vec<Vec<Diagnostic>> =
            books.par_iter().map(|book| self.check(book)).collect();
        let Some(ask) = ask else { return (found, Vec::new()) };
        let mut scripts = Vec::new();
        let mut owners = Vec::new();
        for (index, book) in books.iter().enumerate() {
            let own = check::scripts_of(&book.runbook, &found[index]);
            owners.extend(own.iter().map(|_| index));
            scripts.extend(own);
        }
        // All at once, so that programs are asked side by side and their number is known.
        let linted = lint(&scripts, ask);
        for (index, more) in owners.into_iter().zip(linted.found) {
            if !more.is_empty() {
                found[index].extend(more);
                found[index] = sorted(std::mem::take(&mut found[index]));
            }
        }
        (found, linted.notes)
    }

    /// Where a path that begins with `/` leads: from the project, or from the repository it is in.
    fn absolute(&self, path: &str) -> PathBuf {
        let repository = self.root.ancestors().find(|folder| folder.join(".git").exists());
        [Some(self.root.as_path()), repository]
            .into_iter()
            .flatten()
            .map(|folder| folder.join(path))
            .find(|at| at.exists())
            .unwrap_or_else(|| self.root.join(path))
    }

    /// What stands at a path that a runbook links to.
    fn linked(&self, book: &Book, path: &str) -> Linked {
        let folder = Path::new(&book.runbook.source.path).parent().unwrap_or(Path::new(""));
        let at = match path.strip_prefix('/') {
            Some(path) => self.absolute(path),
            None => match std::path::absolute(folder) {
                Ok(folder) => folder.join(path),
                Err(_) => return Linked::Unknown,
            },
        };
        // The answer is about names that are there, so a path is not followed beyond what it says.
        let there = at.try_exists().unwrap_or(true);
        if !there {
            return Linked::Missing;
        }
        let markdown = at.extension().is_some_and(|end| end == "md" || end == "markdown");
        if !at.is_file() {
            return Linked::There;
        }
        if !markdown {
            let text = Linked::may_be_template(&at).then(|| std::fs::read_to_string(&at).ok());
            return text.flatten().map_or(Linked::There, |text| Linked::Template(text.into()));
        }
        match self.book(&at.to_string_lossy()) {
            Ok(book) => Linked::Markdown(book.runbook.anchors.clone()),
            Err(_) => Linked::There,
        }
    }

    /// A runbook that may be run: it and the runbooks it runs have no errors.
    ///
    /// # Errors
    /// Exit code 3, with every error shown.
    pub(super) fn sound_book(&self, name: &str) -> Result<Arc<Runbook>, CliError> {
        let book = self.book(name)?;
        let (found, _) = self.check_all(std::slice::from_ref(&book), Some(Ask::Syntax));
        let found = found.concat();
        let errors: Vec<(&Source, &Diagnostic)> = found
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| (&*book.runbook.source, diagnostic))
            .collect();
        if errors.is_empty() {
            return Ok(book.runbook);
        }
        diagnostics::tell(&errors);
        let many = crate::run::report::text::counted(errors.len(), "error");
        Err(CliError::new(Exit::Invalid, format!("`{name}` has {many}"))
            .certain(NOTHING_BEGUN)
            .hint(format!("`runbook check {name}` shows warnings too.")))
    }

    /// The plan of a runbook.
    ///
    /// # Errors
    /// When it, or one that it runs, has errors.
    pub(super) fn plan(&self, name: &str) -> Result<crate::plan::Plan, CliError> {
        let book = self.sound_book(name)?;
        let load = |name: &str| self.book(name).ok().map(|book| book.runbook);
        let plan = crate::plan::build(&book, &self.catalog, &load)?;
        for inner in plan.books().into_iter().skip(1) {
            self.sound_book(&inner.name)?;
        }
        Ok(plan)
    }
}

impl Book {
    /// Reads a text: a drill, or a runbook.
    pub(super) fn read(name: &str, path: &str, text: &str) -> Self {
        let (runbook, diagnostics) = if name.starts_with(DRILLS) {
            parse::drill(name, path, text)
        } else {
            parse::runbook(name, path, text)
        };
        Self { runbook: Arc::new(runbook), diagnostics }
    }
}

/// The stems of the files with that ending in a folder, sorted. None when there is no such folder.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn stems(folder: &Path, ending: &str) -> Result<Vec<String>, CliError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| unreadable(folder, &error))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let path = entry.path();
        let readme = path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
        let fits = path.extension().is_some_and(|extension| extension == ending);
        if fits && !readme && is_file(&entry) {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| {
                CliError::usage(format!("the file name {} is not UTF-8", path.display()))
            })?;
            names.push(stem.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Whether it is a file, or leads to one. What the folder says of its entries is enough for all but links.
fn is_file(entry: &std::fs::DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_file() => true,
        Ok(kind) if kind.is_dir() => false,
        _ => entry.path().is_file(),
    }
}

/// The name of a file without its ending, which is the name of its runbook.
pub(super) fn stem<'a>(path: &'a Path, otherwise: &'a str) -> &'a str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(otherwise)
}

fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.code));
    found.dedup();
    found
}

/// "Did you mean …", and what there is.
#[must_use]
pub(super) fn suggestion(unknown: &str, known: &[&str], things: &str) -> String {
    let near = nearest(unknown, known.iter().copied());
    match (near, known) {
        (Some(near), _) => format!("Did you mean `{near}`?"),
        (None, []) => format!("There are no {things} yet."),
        (None, known) => format!("There are the {things} {}.", known.join(", ")),
    }
}

/// The path as the user would type it from where they are.
#[must_use]
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

fn named(folder: &Path) -> Result<PathBuf, CliError> {
    let root = folder.canonicalize().map_err(|error| unreadable(folder, &error))?;
    if root.join(FILE).is_file() {
        return Ok(root);
    }
    Err(CliError::usage(format!("{} is no project: it has no {FILE}", folder.display()))
        .certain(NOTHING_BEGUN))
}

fn above(here: &Path) -> Result<PathBuf, CliError> {
    here.ancestors().find(|folder| folder.join(FILE).is_file()).map(Path::to_path_buf).ok_or_else(
        || {
            CliError::usage(format!(
                "neither {} nor a folder above it holds a {FILE}",
                here.display()
            ))
            .certain(NOTHING_BEGUN)
            .hint("Go to the project's folder, or name it: `runbook --project DIR …`.")
        },
    )
}

/// Reads a text. Bytes that are no UTF-8 are named by their place.
///
/// # Errors
/// When it cannot be read or is no text.
pub(super) fn read(path: &Path) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    // A link to a device never ends, and a text of that size is none that a person wrote.
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LARGEST {
        let much = LARGEST / 1024 / 1024;
        return Err(CliError::usage(format!("{} is larger than {much} MiB", shown(path)))
            .certain(NOTHING_BEGUN));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        CliError::new(
            Exit::Invalid,
            format!("{}:{line}: byte {at} is not UTF-8, so the file is not text", shown(path)),
        )
        .certain(NOTHING_BEGUN)
        .hint("Save the file as UTF-8.")
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::usage(format!("cannot read {}: {error}", shown(path))).certain(NOTHING_BEGUN)
}

/// A note for people, on standard error.
pub(super) fn note(text: &str) {
    console::tell(format!("{} {text}", console::error_paint().dim("note:")));
}

#[cfg(test)]
mod tests {
    use super::Home;
    use crate::cli::Global;
    use std::fs;

    #[test]
    fn links_are_looked_up_beside_the_runbook_and_in_the_project() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        };
        write("runbook.yaml", "version: 1\nenvironments: {}\n");
        write("docs/on call.md", "# On call\n\n## The list\n");
        write(
            "runbooks/a.md",
            "---\ntitle: A\nsummary: S\nowner: o\n---\n\n# A\n\n```sh step=look\n#| effect: read\ntrue\n```\n",
        );
        write(
            "runbooks/b.md",
            "---\ntitle: B\nsummary: S\nowner: o\n---\n\n# B\n\n\
            [fine](a.md#look) [fine](../docs/on%20call.md#the-list) [fine](/docs/on%20call.md) [fine](/docs/)\n\
            [no step](a.md#lok) [no heading](../docs/on%20call.md#list) [no file](docs/gone.md) [above](../runbook.yaml#x)\n\n\
            ```sh step=look\n#| effect: read\ntrue\n```\n",
        );
        let global = Global { project: Some(folder.path().to_owned()), ..Global::default() };
        let home = Home::find(&global).expect("a project");
        let book = home.book("b").expect("a runbook");
        let found: Vec<_> = home
            .check(&book)
            .into_iter()
            .map(|one| {
                (one.code, book.runbook.source.slice(one.span).unwrap_or_default().to_owned())
            })
            .collect();
        let expected = [("RB0602", "#lok"), ("RB0602", "#list"), ("RB0601", "docs/gone.md")]
            .map(|(code, text)| (code, text.to_owned()));
        assert_eq!(found, expected);
    }
}
