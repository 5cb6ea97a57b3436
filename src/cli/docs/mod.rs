//! `runbook docs`: the handoff site, from the runbooks and the evidence of their runs.

mod attach;
mod gather;
mod write;

use super::Global;
use super::console::{self, Out};
use super::error::CliError;
use super::exit::Exit;
use super::project::{Home, note, shown};
use crate::run::report::text::counted;
use crate::site::view::Input;
use crate::site::{self, Templates};
use std::path::PathBuf;

pub(super) use gather::gather;

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
}

/// What `docs build` can be told.
#[derive(clap::Args, Clone, Debug)]
struct Build {
    /// Where to write it. Default: site/ beside runbook.yaml
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
The site holds the runbooks, the runs and what they prove. It needs no server and loads nothing from the network.";

/// What follows the options of `docs build`.
const BUILD: &str = "\
Examples:
  runbook docs build --out site

Only what changed is written, and only what an earlier build wrote is removed. A file in templates/ of the project
takes the place of the built-in template of that name. SOURCE_DATE_EPOCH sets the day that ages are counted from.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Build(build) => self::build(global, build),
    }
}

fn build(global: &Global, args: &Build) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let out = args.out.clone().unwrap_or_else(|| home.root.join("site"));
    let files = files(&home)?;
    let written = write::write(&out, &files)?;
    for kept in &written.kept {
        note(&format!("{} was changed since it was written, so it stays", shown(kept)));
    }
    let index = out.join("index.html");
    Out::new().line(format!(
        "{}: {} written, {} unchanged, {} removed",
        shown(&index),
        counted(written.written, "file"),
        written.unchanged,
        written.removed
    ))?;
    Ok(Exit::Done)
}

/// The files of the site.
fn files(home: &Home) -> Result<site::Files, CliError> {
    let gathered = gather(home)?;
    gathered.notes.iter().for_each(|text| note(text));
    let templates = templates(home)?;
    let mut files = make(&gathered.input, &templates)?;
    for (path, from) in &gathered.attachments {
        match attach::read(from) {
            Ok(bytes) => drop(files.insert(path.clone(), bytes)),
            Err(error) => console::tell(format!("cannot copy {}: {error}", shown(from))),
        }
    }
    Ok(files)
}

fn make(input: &Input<'_>, templates: &Templates) -> Result<site::Files, CliError> {
    site::build(input, templates).map_err(|error| {
        CliError::usage(error.to_string())
            .certain("Nothing was written.")
            .hint("A template in templates/ of the project takes the place of a built-in one. Compare the two, or take yours away.")
    })
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
