//! The keys and values of YAML that may be half typed, with the mappings they stand in.
//!
//! It goes by indentation and brackets and never fails. What the YAML means is for the parser; this
//! only tells what surrounds the cursor.

mod flow;
mod read;
#[cfg(test)]
mod tests;

use super::place::Line;
use crate::source::{Span, Spanned};

/// What stands in the path for an element of a list.
pub(super) const ELEMENT: &str = "[]";

/// One key, or one value without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The keys it stands under, from the outside in.
    pub(super) path: Vec<String>,
    /// The mapping it stands in.
    pub(super) mapping: usize,
    /// The key. None for an element of a list, and for what is no key yet.
    pub(super) key: Option<Spanned<String>>,
    /// The value, when it is a single one.
    pub(super) value: Option<Scalar>,
    /// The mapping that is its value.
    child: Option<usize>,
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar {
    /// The value without quotes. Escapes stay.
    pub(super) text: String,
    /// Where it stands, quotes and all.
    pub(super) span: Span,
}

/// What surrounds the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The keys around it, from the outside in.
    pub(super) path: Vec<String>,
    /// The mapping it stands in.
    pub(super) mapping: usize,
    pub(super) slot: Slot,
}

/// What the cursor is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A key, or the place for one.
    Key {
        /// What is there of it.
        span: Span,
        /// Whether it stands in braces.
        flow: bool,
    },
    /// A value, or the place for one.
    Value {
        /// Its key. None for an element of a list.
        key: Option<String>,
        /// What is there of it, quotes and all.
        span: Span,
        /// Whether it stands in braces or brackets.
        flow: bool,
    },
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) entries: Vec<Entry>,
    /// What surrounds the cursor, when one was given that is in these lines.
    pub(super) cursor: Option<Cursor>,
    mappings: usize,
}

impl Outline {
    /// Reads lines of YAML.
    pub(super) fn read(text: &str, lines: &[Line<'_>], cursor: Option<usize>) -> Self {
        read::Reader::new(text, lines, cursor).read()
    }

    /// The single value at a path.
    pub(super) fn value(&self, path: &[&str]) -> Option<&Scalar> {
        let (last, above) = path.split_last()?;
        self.entries
            .iter()
            .filter(|entry| entry.path == above)
            .find(|entry| entry.key.as_ref().is_some_and(|key| key.value == *last))?
            .value
            .as_ref()
    }

    /// The elements of the list at a path.
    pub(super) fn elements<'a>(&'a self, path: &'a [&str]) -> impl Iterator<Item = &'a Scalar> {
        let is_element = move |entry: &&Entry| {
            entry.path.len() == path.len() + 1
                && entry.path.iter().zip(path).all(|(a, b)| a == b)
                && entry.path.last().is_some_and(|last| last == ELEMENT)
        };
        self.entries.iter().filter(is_element).filter_map(|entry| entry.value.as_ref())
    }

    /// Whether there is a key at the top.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| {
            entry.path.is_empty() && entry.key.as_ref().is_some_and(|own| own.value == key)
        })
    }

    /// The keys of a mapping.
    pub(super) fn keys(&self, mapping: usize) -> impl Iterator<Item = &Spanned<String>> {
        self.entries
            .iter()
            .filter(move |entry| entry.mapping == mapping)
            .filter_map(|entry| entry.key.as_ref())
    }
}
