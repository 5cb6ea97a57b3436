//! What other programs say about scripts. They take long, so they are asked apart from everything
//! else, and what they said about a script is kept for as long as it stays the same.

use crate::diagnostic::Diagnostic;
use crate::model::step::Interpreter;
use crate::model::value::Text;
use crate::source::Span;
use std::collections::HashMap;
use std::path::PathBuf;

/// More answers than this are not kept: an editor that has been open for days.
const KEPT: usize = 5_000;

/// Scripts of a document that somebody has to be asked about.
#[derive(Clone, Debug)]
pub struct Scripts {
    /// The document.
    pub path: PathBuf,
    /// The scripts.
    pub scripts: Vec<(Interpreter, Text)>,
    keys: Vec<Key>,
}

/// What runs a script, and the script as it is written in the document.
type Key = (Interpreter, String);

/// What was said, with the place that the script had then.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: HashMap<Key, (usize, Vec<Diagnostic>)>,
}

impl Answers {
    /// Keeps what was said about some scripts, a list for each of them.
    pub(super) fn keep(&mut self, scripts: Scripts, found: Vec<Vec<Diagnostic>>) {
        if self.known.len() + scripts.keys.len() > KEPT {
            self.known.clear();
        }
        let places = scripts.scripts.iter().map(|(_, text)| text.span.start);
        for ((key, place), found) in scripts.keys.into_iter().zip(places).zip(found) {
            self.known.insert(key, (place, found));
        }
    }

    /// What is known about the scripts of a document, at the places where they stand now, and the
    /// scripts about which nothing is known.
    pub(super) fn about(
        &self,
        path: PathBuf,
        document: &str,
        scripts: Vec<(Interpreter, &Text)>,
    ) -> (Vec<Diagnostic>, Option<Scripts>) {
        let mut found = Vec::new();
        let mut unknown = Scripts { path, scripts: Vec::new(), keys: Vec::new() };
        for (interpreter, text) in scripts {
            let Some(written) = document.get(text.span.range()) else { continue };
            let key = (interpreter, written.to_owned());
            match self.known.get(&key) {
                Some((place, said)) => {
                    found.extend(said.iter().map(|one| moved(one, *place, text.span.start)));
                }
                None => {
                    unknown.scripts.push((interpreter, text.clone()));
                    unknown.keys.push(key);
                }
            }
        }
        (found, (!unknown.keys.is_empty()).then_some(unknown))
    }
}

/// A finding in a script that began at one place, and begins at another one now.
fn moved(one: &Diagnostic, from: usize, to: usize) -> Diagnostic {
    let shift = |span: Span| {
        let at = |offset: usize| (offset + to).saturating_sub(from);
        Span::new(at(span.start), at(span.end))
    };
    let mut one = one.clone();
    one.span = shift(one.span);
    for related in &mut one.related {
        related.span = shift(related.span);
    }
    // What would be written instead is about the same script.
    if let Some(replacement) = &mut one.replacement {
        replacement.span = shift(replacement.span);
    }
    one
}
