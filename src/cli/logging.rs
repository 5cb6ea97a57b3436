//! What the program says about its own working, on standard error. It is masked like everything else, and
//! cannot steer a terminal: other people's libraries write it, and what they write is not known.

use super::console;
use crate::mask::Masker;
use crate::run::report::text::harmless_lines;
use std::io;
use std::sync::{Mutex, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

/// Who knows secrets.
static MASKERS: Mutex<Vec<Masker>> = Mutex::new(Vec::new());

/// From now on these secrets are left out of the log too.
pub(super) fn mask_with(masker: &Masker) {
    MASKERS.lock().unwrap_or_else(PoisonError::into_inner).push(masker.clone());
}

/// Begins to log, when that is wanted.
pub(super) fn begin(verbose: u8) {
    let filter = match (std::env::var("RUNBOOK_LOG"), verbose) {
        (Ok(filter), _) if !filter.is_empty() => filter,
        (_, 0) => return,
        (_, 1) => "runbook=info".to_owned(),
        (_, 2) => "runbook=debug".to_owned(),
        _ => "debug".to_owned(),
    };
    let filter = tracing_subscriber::EnvFilter::try_new(&filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("runbook=info"));
    // A second subscriber can only come from a test; the first one stays.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(Log)
            .with_ansi(false)
            .try_init(),
    );
}

struct Log;

impl<'a> MakeWriter<'a> for Log {
    type Writer = Entry;

    fn make_writer(&'a self) -> Entry {
        Entry(Vec::new())
    }
}

/// One entry, which is shown once it is whole: a secret is not looked for in pieces.
struct Entry(Vec<u8>);

impl io::Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        for line in lines(&String::from_utf8_lossy(&self.0)) {
            console::tell(line);
        }
    }
}

fn lines(entry: &str) -> Vec<String> {
    let mut text = entry.to_owned();
    for masker in MASKERS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        text = masker.mask(&text).into_owned();
    }
    harmless_lines(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;

    #[test]
    fn an_entry_has_no_secret_and_steers_no_terminal() {
        let masker = Masker::new();
        mask_with(&masker);
        masker.add(&Secret::new("hunter2-log")).unwrap();
        assert_eq!(
            lines("DEBUG sent hunter2-log\n and \u{1b}[2Jmore"),
            ["DEBUG sent ***", " and more"]
        );
    }
}
