//! `runbook check`: every finding in every runbook, at once.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Format, Global, diagnostics, explain};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Source;
use serde_json::{Value, json};

/// What `check` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// Runbooks to check: file stems under runbooks/, or paths. Default: all, and runbook.yaml.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How the findings are shown.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Tell what a rule wants, and why. Without a code: list the rules.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", conflicts_with = "names")]
    explain: Option<String>,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook check
  runbook check account-redeploy --format json
  runbook check --explain RB0201

Exits 3 when there is an error. Warnings do not matter to the exit code.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    if let Some(code) = &args.explain {
        return explain::run(out, code);
    }
    let home = Home::find(global)?;
    let names = if args.names.is_empty() { home.names()? } else { args.names.clone() };
    let mut all: Vec<(Source, Vec<Diagnostic>)> = Vec::new();
    if args.names.is_empty() || !home.diagnostics.is_empty() {
        all.push((home.source.clone(), home.diagnostics.clone()));
    }
    let mut unreadable = Vec::new();
    for name in &names {
        // One file that cannot be read must not hide what is wrong with the others.
        match home.book(name) {
            Ok(book) => all.push(((*book.runbook.source).clone(), home.check(&book))),
            Err(error) => unreadable.push(error),
        }
    }
    let count = |severity| {
        all.iter().flat_map(|(_, found)| found).filter(|found| found.severity == severity).count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match args.format {
        Format::Json => {
            let found: Vec<Value> = all
                .iter()
                .flat_map(|(source, found)| found.iter().map(|one| diagnostics::value(source, one)))
                .collect();
            let files: Vec<&str> = all.iter().map(|(source, _)| source.path.as_str()).collect();
            out.json(&json!({
                "files": files, "errors": errors, "warnings": warnings, "diagnostics": found,
                "unreadable": unreadable.iter().map(|e| &e.message).collect::<Vec<_>>(),
            }))?;
        }
        Format::Human => human(out, &all, errors, warnings)?,
    }
    if let Some(error) = unreadable.into_iter().next() {
        return Err(error);
    }
    Ok(if errors > 0 { Exit::Invalid } else { Exit::Done })
}

fn human(
    out: Out,
    all: &[(Source, Vec<Diagnostic>)],
    errors: usize,
    warnings: usize,
) -> Result<(), CliError> {
    for (source, found) in all {
        for one in found {
            out.line(diagnostics::render(source, one, out.paint(), out.columns()))?;
            out.line("")?;
        }
    }
    let total = diagnostics::total(all.len(), errors, warnings);
    let paint = out.paint();
    let line = if errors > 0 {
        paint.bad(&format!("✗ {total}")).to_string()
    } else {
        paint.good(&format!("✓ {total}")).to_string()
    };
    out.line(line)
}
