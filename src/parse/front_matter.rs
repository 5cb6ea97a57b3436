//! The YAML between two `---` lines at the top of a runbook.

use super::decode::{Decode, get};
use super::{mapping, param, table, yaml};
use crate::diagnostic::syntax::{MISSING_FIELD, WRONG_TYPE, YAML_SYNTAX};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::id::AccountName;
use crate::model::misread::Misread;
use crate::model::runbook::FrontMatter;
use crate::model::value::NodeKind;
use crate::source::Span;
use std::ops::Range;

const WHOSE: &str = "the front matter";

/// Reads the front matter. Also gives the offset at which the Markdown begins.
pub(super) fn read(text: &str, found: &mut Vec<Diagnostic>) -> (FrontMatter, usize) {
    // A byte order mark is no part of the text.
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let Some((body, end)) = frame(text, start) else {
        let span = first_line(text, start);
        if text[span.range()].trim_end() == "---" {
            found.push(
                YAML_SYNTAX
                    .error(span, "the front matter is never closed")
                    .help("close it with a line `---`"),
            );
            return (unread(span), text.len());
        }
        let diagnostic =
            MISSING_FIELD.error(Span::new(start, start), "this runbook has no front matter");
        found.push(diagnostic.help(
            "begin with a line `---`, then `title`, `summary` and `owner`, then a line `---`",
        ));
        return (unread(Span::default()), start);
    };
    let span = Span::new(start, end);
    let yaml = mapping::verbatim(&text[body.clone()], body.start);
    // Without a mapping nothing is known of what the author meant to say.
    let mut front = unread(span);
    if let Some(root) = yaml::read(&yaml, found) {
        let mut decode = Decode { found };
        match &root.kind {
            NodeKind::Mapping(entries) => {
                fill(&mut front, WHOSE, entries, first_line(text, start), &mut decode)
            }
            NodeKind::Null => fill(&mut front, WHOSE, &[], first_line(text, start), &mut decode),
            other => {
                let message =
                    format!("the front matter is a mapping, but this is {}", other.name());
                decode.found.push(WRONG_TYPE.error(root.span, message));
            }
        }
    }
    (front, end)
}

/// The bytes between the two lines, and the offset after the second.
fn frame(text: &str, start: usize) -> Option<(Range<usize>, usize)> {
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---" && line.ends_with('\n'))?;
    let (body, mut at) = (start + first.len(), start + first.len());
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((body..at, at + line.len()));
        }
        at += line.len();
    }
    None
}

fn first_line(text: &str, start: usize) -> Span {
    let line = text[start..].lines().next().unwrap_or_default();
    Span::new(start, start + line.len())
}

/// Reads what a file says about itself.
pub(super) fn fill(
    front: &mut FrontMatter,
    whose: &str,
    entries: &super::decode::Entries,
    opening: Span,
    decode: &mut Decode<'_>,
) {
    front.misread = misspelt(entries);
    decode.unknown_keys(whose, entries, &table::names(&table::FRONT_MATTER));
    let mut required = |key: &str| match get(entries, key) {
        Some(node) => decode.text(key, node),
        // A misspelt key has been reported as such.
        None if front.misread.has(key) => None,
        None => {
            decode.missing(whose, key, opening);
            None
        }
    };
    let (title, summary, owner) = (required("title"), required("summary"), required("owner"));
    (front.title, front.summary, front.owner) = (title, summary, owner);
    if let Some(node) = get(entries, "tags") {
        front.tags =
            decode.names("tags", node, Ok::<String, std::convert::Infallible>).unwrap_or_default();
    }
    let before = decode.found.len();
    if let Some(entries) =
        get(entries, "objective").and_then(|node| decode.mapping("objective", node))
    {
        decode.unknown_keys("`objective`", entries, &table::names(&table::OBJECTIVE));
        front.rto = get(entries, "rto").and_then(|node| decode.duration("rto", node));
        front.rpo = get(entries, "rpo").and_then(|node| decode.duration("rpo", node));
    }
    if decode.found.len() > before {
        front.misread.add("objective");
    }
    let before = decode.found.len();
    front.account =
        get(entries, "account").and_then(|node| decode.name("account", node, AccountName::new));
    if decode.found.len() > before {
        front.misread.add("account");
    }
    if let Some(node) = get(entries, "params") {
        front.params = param::definitions(node, decode);
        if !matches!(node.kind, NodeKind::Mapping(_)) || param::has_twice(node, decode) {
            front.misread.add("params");
        }
    }
}

fn unread(span: Span) -> FrontMatter {
    FrontMatter { span, misread: Misread::all(), ..FrontMatter::default() }
}

/// The keys that misspelt ones were meant to be.
fn misspelt(entries: &super::decode::Entries) -> Misread {
    let known = table::names(&table::FRONT_MATTER);
    let mut misread = Misread::default();
    for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.value.as_str())) {
        if let Some(near) = nearest(&key.value, known.iter().copied()) {
            misread.add(near);
        }
    }
    misread
}
