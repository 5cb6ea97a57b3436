//! `runbook docs`: the handoff site, from the runbooks and the evidence of their runs.

mod attach;
mod check;
mod drills;
mod gather;
mod serve;
mod write;

use super::Global;
use super::console::{self, Out};
use super::error::CliError;
use super::exit::Exit;
use super::project::{Home, note, shown};
use crate::run::report::text::counted;
use crate::site::view::{Book, Input, Linked};
use crate::site::{self, Templates};
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::path::PathBuf;

pub(super) use drills::{drill_of, judge};
pub(super) use gather::{Gathered, gather, own_people};

/// What `docs` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Clone, Debug)]
enum Verb {
    /// Write the site as a folder of files that opens from a disk, a bucket or a code host's pages
    #[command(after_help = BUILD)]
    Build(Build),
    /// Show it on this machine while runbooks are written: made anew on every change
    #[command(after_help = SERVE)]
    Serve(Serve),
}

/// What `docs serve` can be told.
#[derive(clap::Args, Clone, Debug)]
struct Serve {
    /// The port on 127.0.0.1. 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8484)]
    port: u16,
}

/// What the pages are written as.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Pages for a browser.
    Html,
    /// Plain Markdown, for a wiki.
    Markdown,
}

/// What `docs build` can be told.
#[derive(clap::Args, Clone, Debug)]
struct Build {
    /// Where to write it. Default: site/ beside runbook.yaml
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write nothing. Fail on dead links and anchors, on a runbook without an owner, and on evidence older than the cadence.
    #[arg(long, conflicts_with_all = ["out", "format", "single"])]
    check: bool,
    /// What the pages are written as.
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// One file for each runbook that needs no other file, to be mailed or to be read on a train.
    #[arg(long, conflicts_with = "format")]
    single: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
The site holds the runbooks, the runs and what they prove. It needs no server and loads nothing from the network.";

/// What follows the options of `docs build`.
const BUILD: &str = "\
Examples:
  runbook docs build --out site
  runbook docs build --format markdown --out wiki
  runbook docs build --single --out pocket
  runbook docs build --check

Only what changed is written, and only what an earlier build wrote is removed. A file in templates/ of the project
takes the place of the built-in template of that name. SOURCE_DATE_EPOCH sets the day that ages are counted from.

--check exits 3 for dead links and missing owners, and 8 when only evidence is too old.";

/// What follows the options of `docs serve`.
const SERVE: &str = "\
Examples:
  runbook docs serve
  runbook docs serve --port 0

It answers to this machine only, writes nothing, and reloads the page that is open.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Build(build) => self::build(global, build),
        Verb::Serve(args) => serve::serve(global, args.port),
    }
}

fn build(global: &Global, args: &Build) -> Result<Exit, CliError> {
    // The process ends soon. To take a large project apart piece by piece before that is time for nothing.
    let home = ManuallyDrop::new(Home::find(global)?.sound()?);
    if args.check {
        let gathered = gather(&home)?;
        // A template that cannot be filled must not wait for the day of the handoff.
        make(&gathered.input, &templates(&home)?)?;
        return check::check(&home, &gathered);
    }
    let (files, first) = match (args.single, args.format) {
        (true, _) => (single(&home)?, ""),
        (false, Format::Html) => (html(&home, &ManuallyDrop::new(told(&home)?))?, "index.html"),
        (false, Format::Markdown) => (wiki(&home)?, "README.md"),
    };
    let out = args.out.clone().unwrap_or_else(|| home.root.join("site"));
    let written = write::write(&out, &files)?;
    for kept in &written.kept {
        note(&format!("{} was changed since it was written, so it stays", shown(kept)));
    }
    Out::new().line(format!(
        "{}: {} written, {} unchanged, {} removed",
        shown(&out.join(first)),
        counted(written.written, "file"),
        written.unchanged,
        written.removed
    ))?;
    Ok(Exit::Done)
}

/// The files of the site.
fn files(home: &Home) -> Result<site::Files, CliError> {
    html(home, &told(home)?)
}

fn html(home: &Home, gathered: &Gathered<'_>) -> Result<site::Files, CliError> {
    let mut files = make(&gathered.input, &templates(home)?)?;
    files.extend(copies(gathered));
    Ok(files)
}

/// The pages of a wiki.
fn wiki(home: &Home) -> Result<site::Files, CliError> {
    let mut gathered = told(home)?;
    // A wiki shows Markdown as it is, so these are copied like any other file.
    for document in &gathered.input.documents {
        let file = home.root.join(&document.of);
        gathered.attachments.insert(attach::copy_of(&document.of), file);
    }
    let copies_of: BTreeMap<&str, String> = gathered
        .input
        .documents
        .iter()
        .map(|one| (one.path.as_str(), attach::copy_of(&one.of)))
        .collect();
    for linked in gathered.input.books.iter_mut().flat_map(|book| book.links.values_mut()) {
        if let Linked::Document(page) = linked
            && let Some(copy) = copies_of.get(page.as_str())
        {
            *linked = Linked::File(copy.clone());
        }
    }
    let mut files = site::wiki(&gathered.input);
    files.extend(copies(&gathered));
    Ok(files)
}

/// One file a runbook, its pictures in it.
fn single(home: &Home) -> Result<site::Files, CliError> {
    let mut gathered = told(home)?;
    let pictures: BTreeMap<String, String> = gathered
        .attachments
        .iter()
        .filter_map(|(path, from)| Some((path.clone(), attach::data(from)?)))
        .collect();
    for linked in gathered.input.books.iter_mut().flat_map(|book| book.links.values_mut()) {
        match linked {
            Linked::File(path) => {
                let data = pictures.get(path).cloned();
                *linked = data.map_or(Linked::Nowhere, Linked::Data);
            }
            Linked::Document(_) => *linked = Linked::Nowhere,
            _ => {}
        }
    }
    let templates = templates(home)?;
    let page = |book: &Book| {
        let bytes =
            site::single(&gathered.input, &templates, book).map_err(|error| unfilled(&error))?;
        Ok((format!("{}.html", book.runbook.name), bytes))
    };
    gathered.input.books.iter().map(page).collect()
}

/// What the site is made from, with a word about what could not be read.
fn told(home: &Home) -> Result<Gathered<'_>, CliError> {
    let gathered = gather(home)?;
    gathered.notes.iter().for_each(|text| note(text));
    Ok(gathered)
}

/// The files that runbooks link to.
fn copies(gathered: &Gathered<'_>) -> site::Files {
    let mut files = site::Files::new();
    for (path, from) in &gathered.attachments {
        match attach::read(from) {
            Ok(bytes) => drop(files.insert(path.clone(), bytes)),
            Err(error) => console::tell(format!("cannot copy {}: {error}", shown(from))),
        }
    }
    files
}

fn make(input: &Input<'_>, templates: &Templates) -> Result<site::Files, CliError> {
    site::build(input, templates).map_err(|error| unfilled(&error))
}

fn unfilled(error: &site::SiteError) -> CliError {
    CliError::usage(error.to_string())
        .certain("Nothing was written.")
        .hint("A template in templates/ of the project takes the place of a built-in one. Compare the two, or take yours away.")
}

/// The templates, those of the project in the place of the built-in ones.
fn templates(home: &Home) -> Result<Templates, CliError> {
    let folder = home.root.join("templates");
    let mut own = Vec::new();
    // The program's own sources hold the built-in ones. They are the same unless somebody is at work on them.
    for name in site::NAMES {
        let path = folder.join(name);
        if path.is_file() {
            own.push(((*name).to_owned(), super::project::read(&path)?));
        }
    }
    Templates::new(&own).map_err(|reason| {
        CliError::usage(format!("a template cannot be read: {reason}"))
            .certain("Nothing was written.")
            .hint("Templates are Tera. Take the one in templates/ of the project away to have the built-in one.")
    })
}
