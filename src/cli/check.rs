//! `runbook check`: every finding in every runbook, at once.

mod formats;
mod watch;

pub(super) use watch::signal;

use super::Global;
use super::console::{self, Out};
use super::error::CliError;
use super::exit::Exit;
use super::explain;
use super::project::{Book, Home};
use crate::actions::shell::Ask;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Source;
use clap::ValueEnum;
use std::io::Read as _;
use std::sync::Arc;

/// The name that stands for standard input.
const STDIN: &str = "-";

/// The largest runbook that is read from standard input, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What `check` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// Runbooks to check: file stems under runbooks/, or paths; `-` reads one from standard input.
    /// Default: all, and runbook.yaml
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How the findings are shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// The name of what comes from standard input, for messages
    #[arg(long, value_name = "PATH", default_value = "stdin.md")]
    stdin_name: String,
    /// Exit with 3 when there is a warning, too
    #[arg(long)]
    deny_warnings: bool,
    /// Which programs are asked about scripts
    #[arg(long, value_enum, value_name = "WHICH", default_value = "auto")]
    lint: Lint,
    /// Check again whenever a runbook or runbook.yaml changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["format", "explain"])]
    watch: bool,
    /// Tell what a rule wants, and why. Without a code: list the rules
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", conflicts_with = "names")]
    explain: Option<String>,
}

/// How findings are shown.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// For people.
    Human,
    /// For programs: one object.
    Json,
    /// For code scanners: SARIF 2.1.0.
    Sarif,
    /// For GitHub Actions: workflow commands, which become annotations.
    Github,
}

/// Which programs are asked about scripts.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Lint {
    /// The shells, Python and ShellCheck, where they are installed and there are not too many scripts.
    Auto,
    /// The same for every script, however long it takes.
    All,
    /// None.
    None,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook check
  runbook check account-redeploy --watch
  runbook check --format github --deny-warnings
  runbook check --format sarif > runbook.sarif
  runbook check - --stdin-name runbooks/draft.md < draft.md
  runbook check --explain RB0201

Exits 3 when there is an error, or with --deny-warnings a warning.

No script is run. `bash -n`, `sh -n` and Python's compiler say whether they would take it, and ShellCheck
warns, where they are installed.";

/// Everything that was found.
#[derive(Default)]
struct Checked {
    files: Vec<(Arc<Source>, Vec<Diagnostic>)>,
    /// Files that could not be read.
    unreadable: Vec<CliError>,
    /// What could not be checked, as whole sentences.
    notes: Vec<String>,
}

impl Checked {
    fn count(&self, severity: Severity) -> usize {
        let all = self.files.iter().flat_map(|(_, found)| found);
        all.filter(|found| found.severity == severity).count()
    }
}

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    if let Some(code) = &args.explain {
        return explain::run(out, code);
    }
    if args.watch {
        return watch::watch(global, args);
    }
    let checked = check(&Home::find(global)?, args)?;
    match args.format {
        Format::Human => formats::human(out, &checked)?,
        Format::Json => out.json(&formats::json(&checked))?,
        Format::Sarif => out.json(&formats::sarif(&checked))?,
        Format::Github => formats::github(out, &checked)?,
    }
    let exit = exit(&checked, args);
    match checked.unreadable.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(exit),
    }
}

fn exit(checked: &Checked, args: &Args) -> Exit {
    let refused = checked.count(Severity::Error) > 0
        || (args.deny_warnings && checked.count(Severity::Warning) > 0);
    if refused { Exit::Invalid } else { Exit::Done }
}

fn check(home: &Home, args: &Args) -> Result<Checked, CliError> {
    let names = if args.names.is_empty() { home.everything()? } else { args.names.clone() };
    let mut checked = Checked::default();
    if args.names.is_empty() || !home.diagnostics.is_empty() {
        checked.files.push((Arc::new(home.source.clone()), home.diagnostics.clone()));
    }
    let stdin = names.iter().any(|name| name == STDIN).then(|| from_stdin(home, &args.stdin_name));
    let (mut books, mut files) = (Vec::new(), names);
    files.retain(|name| name != STDIN);
    for book in stdin.into_iter().chain(home.books(&files)) {
        // One file that cannot be read must not hide what is wrong with the others.
        match book {
            Ok(book) => books.push(book),
            Err(error) => checked.unreadable.push(error),
        }
    }
    let ask = match args.lint {
        Lint::Auto => Some(Ask::Auto),
        Lint::All => Some(Ask::All),
        Lint::None => None,
    };
    let (found, notes) = home.check_all(&books, ask);
    let sources = books.iter().map(|book| Arc::clone(&book.runbook.source));
    checked.files.extend(sources.zip(found));
    checked.notes = notes;
    Ok(checked)
}

fn from_stdin(home: &Home, name: &str) -> Result<Book, CliError> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(LARGEST)
        .read_to_end(&mut bytes)
        .map_err(|error| CliError::usage(format!("cannot read standard input: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CliError::usage("what came from standard input is not UTF-8"))?;
    Ok(home.book_of(name, &text))
}

/// Tells what could not be checked.
fn tell(notes: &[String]) {
    for note in notes {
        console::tell(format!("note: {note}"));
    }
}
