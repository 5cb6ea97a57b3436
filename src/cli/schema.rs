//! `runbook schema`: JSON Schemas for editors and programs.

use super::Global;
use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::shown;
use crate::actions::catalog::catalog;
use crate::schema::Kind;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use std::path::{Path, PathBuf};

/// What `schema` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// Which schema to print.
    #[arg(value_name = "KIND", required_unless_present = "out", value_enum)]
    kind: Option<Kind>,
    /// Write it to a file in this folder. Without a KIND: all of them.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook schema project
  runbook schema --out .schemas

The schemas are made from what this program reads, its actions included. Every key has its meaning as
a description. docs/editors.md tells how an editor uses them. For the Markdown itself: `runbook lsp`.";

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::FrontMatter => "The YAML at the top of a runbook",
            Self::Step => "An executable block: a typed action, or the `#|` lines of a script",
            Self::Project => "runbook.yaml",
            Self::Drill => "A drill, a file in `drills/`",
            Self::Manifest => "A manifest of stacks, `stacks.yaml` in a folder of `runbooks/`",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

/// Runs it.
pub(super) fn run(_global: &Global, args: &Args) -> Result<Exit, CliError> {
    let (out, catalog) = (Out::new(), catalog());
    match (&args.out, args.kind) {
        (None, Some(kind)) => out.json(&kind.schema(&catalog))?,
        (None, None) => return Err(CliError::usage("which schema? Name a KIND, or `--out DIR`")),
        (Some(folder), kind) => {
            let failed = |path: &Path, error: std::io::Error| {
                CliError::usage(format!("cannot write {}: {error}", path.display()))
            };
            std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
            for one in Kind::ALL.into_iter().filter(|one| kind.is_none_or(|kind| kind == *one)) {
                let path = folder.join(one.file());
                let text = format!("{:#}\n", one.schema(&catalog));
                std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
                out.line(shown(&path))?;
            }
        }
    }
    Ok(Exit::Done)
}
