//! `runbook docs build --check`: what would make the site lie, for a pipeline that must not publish it then.

use super::gather::Gathered;
use crate::cli::console::{self, Out};
use crate::cli::diagnostics;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::project::{Home, note};
use crate::diagnostic::Diagnostic;
use crate::run::report::text::counted;
use crate::site::view::Book;
use crate::site::{Board, Light};
use crate::source::Source;

/// The rules about links: RB0601 to RB0603 and their like.
const LINKS: &str = "RB06";

/// Tells every finding. Errors in the runbooks themselves are for `runbook check` to tell.
pub(super) fn check(home: &Home, gathered: &Gathered<'_>) -> Result<Exit, CliError> {
    let input = &gathered.input;
    let mut found: Vec<(&Source, Diagnostic)> = Vec::new();
    let mut nobody = Vec::new();
    for book in &input.books {
        let read = home.book(&book.runbook.name)?;
        let links = home.check(&read).into_iter().filter(|one| one.code.starts_with(LINKS));
        found.extend(links.map(|one| (&*book.runbook.source, one)));
        if is_without_owner(book) {
            nobody.push(book);
        }
    }
    let dead: Vec<(&Source, &Diagnostic)> =
        found.iter().map(|(source, one)| (*source, one)).collect();
    diagnostics::tell(&dead);
    for book in &nobody {
        console::tell(format!(
            "error: {} names no owner, so nobody keeps it true",
            book.runbook.source.path
        ));
    }
    let board = Board::new(input);
    let stale: Vec<_> = board.promises.iter().filter(|shown| shown.stale).collect();
    for shown in &stale {
        console::tell(format!("error: {}: {}", shown.promise.title, shown.reason));
        if let Some(next) = &shown.next {
            console::tell(format!("  next  {next}"));
        }
    }
    let missing = board.promises.iter().filter(|shown| shown.run.is_none()).count();
    if missing > 0 {
        note(&format!(
            "{} without evidence: red on the front page, and no error, for it cannot be too old",
            counted(missing, "promise")
        ));
    }
    Out::new().line(format!(
        "{}: {}, {} without owner, {} too old; {} of {} promises shown",
        counted(input.books.len(), "runbook"),
        counted(found.len(), "dead link"),
        nobody.len(),
        stale.len(),
        board.count(Light::Green),
        board.promises.len()
    ))?;
    Ok(match (found.is_empty() && nobody.is_empty(), stale.is_empty()) {
        (false, _) => Exit::Invalid,
        (true, false) => Exit::ObjectiveMissed,
        (true, true) => Exit::Done,
    })
}

fn is_without_owner(book: &Book) -> bool {
    book.runbook.front.owner.as_ref().is_none_or(|owner| owner.value.trim().is_empty())
}
