//! The streams: results go to standard output, everything else to standard error.

use super::error::CliError;
use crate::run::report::text::{Paint, fold, harmless_json, harmless_lines, only_painted};
use anstream::{AutoStream, ColorChoice};
use dialoguer::console::Term;
use std::io::{IsTerminal as _, Write as _};

/// Assumed when a stream does not say how wide it is.
const COLUMNS: usize = 80;

/// Writes results to standard output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    paint: Paint,
}

impl Out {
    /// Standard output as it is now.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { paint: paint(&std::io::stdout()) }
    }

    /// Whether results are coloured.
    #[must_use]
    pub(super) const fn paint(self) -> Paint {
        self.paint
    }

    /// One line.
    ///
    /// # Errors
    /// When it cannot be written; a reader that has gone ends the program quietly.
    pub(super) fn line(self, line: impl AsRef<str>) -> Result<(), CliError> {
        let mut to = std::io::stdout().lock();
        writeln!(to, "{}", only_painted(line.as_ref().trim_end(), self.paint))?;
        Ok(())
    }

    /// A value as indented JSON.
    ///
    /// # Errors
    /// As `line`.
    pub(super) fn json(self, value: &serde_json::Value) -> Result<(), CliError> {
        self.line(harmless_json(&format!("{value:#}")))
    }

    /// An empty terminal, without what has scrolled out of it.
    ///
    /// # Errors
    /// As `line`.
    pub(super) fn clear(self) -> Result<(), CliError> {
        writeln!(std::io::stdout().lock(), "\x1b[H\x1b[2J\x1b[3J")?;
        Ok(())
    }

    /// A value as JSON on one line.
    ///
    /// # Errors
    /// As `line`.
    pub(super) fn json_line(self, value: &serde_json::Value) -> Result<(), CliError> {
        self.line(harmless_json(&value.to_string()))
    }

    /// How wide standard output is.
    #[must_use]
    pub(super) fn columns(self) -> usize {
        Term::stdout().size_checked().map_or(COLUMNS, |(_, columns)| usize::from(columns)).max(40)
    }
}

impl Default for Out {
    fn default() -> Self {
        Self::new()
    }
}

fn paint(stream: &impl anstream::stream::RawStream) -> Paint {
    match AutoStream::choice(stream) {
        ColorChoice::Never => Paint::Plain,
        _ => Paint::Colour,
    }
}

/// Whether to colour what goes to standard error.
#[must_use]
pub(super) fn error_paint() -> Paint {
    paint(&std::io::stderr())
}

/// How wide standard error is.
#[must_use]
pub(super) fn error_columns() -> usize {
    Term::stderr().size_checked().map_or(COLUMNS, |(_, columns)| usize::from(columns))
}

/// Whether a person can be asked: they see standard error and type on standard input. A pipeline may
/// give its jobs a terminal, and nobody sits at it.
#[must_use]
pub(super) fn attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !in_pipeline()
}

/// Whether this is a pipeline, as pipelines say it.
fn in_pipeline() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Whether progress may move: standard error is a terminal that can, and nobody records it.
#[must_use]
pub(super) fn can_move() -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !dumb && !in_pipeline()
}

/// One line on standard error. When nobody can read it, there is nobody to tell.
pub(super) fn tell(line: impl AsRef<str>) {
    let mut to = std::io::stderr().lock();
    drop(writeln!(to, "{}", only_painted(line.as_ref().trim_end(), error_paint())));
}

/// Shows an error on standard error.
pub(super) fn show(error: &CliError) {
    if error.message.is_empty() {
        return;
    }
    let (paint, columns) = (error_paint(), error_columns().clamp(40, 110));
    let mut first = true;
    for line in harmless_lines(&error.message) {
        let label = if first { format!("{} ", paint.bad("error:")) } else { String::new() };
        first = false;
        tell(format!("{label}{line}"));
    }
    if let Some(certain) = &error.certain {
        for line in fold(certain, columns) {
            tell(line);
        }
    }
    if let Some(hint) = &error.hint {
        for (index, line) in fold(hint, columns.saturating_sub(6)).iter().enumerate() {
            let label = if index == 0 { "hint: " } else { "      " };
            tell(format!("{}{line}", paint.warn(label)));
        }
    }
}
