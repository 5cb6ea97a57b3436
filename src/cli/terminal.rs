//! Leaves the terminal as it was found, whatever ends a question.
//!
//! A question switches echo, lines and the cursor off while it is open. Whoever ends the program under it
//! must switch them on again: the shell that comes next does not.

use super::signals;
use dialoguer::console::Term;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use std::io::ErrorKind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a question changes.
struct Found {
    /// How the terminal was before the first question that is open.
    settings: Option<Termios>,
    /// How many questions are open.
    open: usize,
}

static FOUND: Mutex<Found> = Mutex::new(Found { settings: None, open: 0 });

/// How long a question that was interrupted waits for whoever listens to signals. Only when nobody listens does it
/// come to the end of it.
const END: Duration = Duration::from_secs(10);

fn found() -> MutexGuard<'static, Found> {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks, and sees to it that the terminal is left well. Nothing when there was no answer.
pub(super) fn question<T>(ask: impl FnOnce() -> dialoguer::Result<T>) -> Option<T> {
    {
        let mut found = found();
        if found.open == 0 {
            // What cannot be read cannot be put back either; the question itself says why.
            found.settings = tcgetattr(std::io::stdin()).ok();
        }
        found.open += 1;
    }
    let before = signals::heard();
    let answer = ask();
    {
        let mut found = found();
        if answer.is_err() {
            put_back(&found);
        }
        found.open = found.open.saturating_sub(1);
    }
    let kind = |dialoguer::Error::IO(error): &dialoguer::Error| error.kind();
    if answer.as_ref().err().map(kind) == Some(ErrorKind::Interrupted) {
        // Ctrl-C: the question has raised the signal. A run must hear of it before it hears that nobody answered.
        // Before any run it is the end of the program, see `signals::end_before_a_run`.
        signals::wait_to_be_heard(before, END);
    }
    answer.ok()
}

/// Puts the terminal back when a question is still open on it, because the program ends now.
pub(super) fn leave() {
    let found = found();
    if found.open > 0 {
        put_back(&found);
        super::console::tell("");
    }
}

fn put_back(found: &Found) {
    // A terminal that is gone needs nothing.
    if let Some(settings) = &found.settings {
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, settings);
    }
    let _ = Term::stderr().show_cursor();
}
