//! The YAML between two `---` lines at the top of a runbook.

use super::decode::{Decode, get};
use super::{mapping, param, yaml};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::{MISSING_FIELD, WRONG_TYPE, YAML_SYNTAX};
use crate::model::id::AccountName;
use crate::model::runbook::FrontMatter;
use crate::model::value::NodeKind;
use crate::source::Span;
use std::ops::Range;

const KEYS: [&str; 7] = ["title", "summary", "owner", "tags", "objective", "account", "params"];

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
            let front = FrontMatter { span, unreadable: true, ..FrontMatter::default() };
            return (front, text.len());
        }
        let diagnostic =
            MISSING_FIELD.error(Span::new(start, start), "this runbook has no front matter");
        found.push(diagnostic.help(
            "begin with a line `---`, then `title`, `summary` and `owner`, then a line `---`",
        ));
        return (FrontMatter::default(), start);
    };
    let span = Span::new(start, end);
    let yaml = mapping::verbatim(&text[body.clone()], body.start);
    let mut front = FrontMatter { span, ..FrontMatter::default() };
    let Some(root) = yaml::read(&yaml, found) else {
        front.unreadable = true;
        return (front, end);
    };
    let mut decode = Decode { found };
    match &root.kind {
        NodeKind::Mapping(entries) => {
            fill(&mut front, entries, first_line(text, start), &mut decode)
        }
        NodeKind::Null => fill(&mut front, &[], first_line(text, start), &mut decode),
        other => {
            front.unreadable = true;
            let message = format!("the front matter is a mapping, but this is {}", other.name());
            decode.found.push(WRONG_TYPE.error(root.span, message));
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

fn fill(
    front: &mut FrontMatter,
    entries: &super::decode::Entries,
    opening: Span,
    decode: &mut Decode<'_>,
) {
    decode.unknown_keys("the front matter", entries, &KEYS);
    let mut required = |key: &str| match get(entries, key) {
        Some(node) => decode.plain(key, node),
        None => {
            decode.missing("the front matter", key, opening);
            None
        }
    };
    front.title = required("title");
    front.summary = required("summary");
    front.owner = required("owner");
    if let Some(node) = get(entries, "tags") {
        front.tags =
            decode.names("tags", node, Ok::<String, std::convert::Infallible>).unwrap_or_default();
    }
    if let Some(entries) =
        get(entries, "objective").and_then(|node| decode.mapping("objective", node))
    {
        decode.unknown_keys("`objective`", entries, &["rto", "rpo"]);
        front.rto = get(entries, "rto").and_then(|node| decode.duration("rto", node));
        front.rpo = get(entries, "rpo").and_then(|node| decode.duration("rpo", node));
    }
    front.account =
        get(entries, "account").and_then(|node| decode.name("account", node, AccountName::new));
    if let Some(node) = get(entries, "params") {
        front.params = param::definitions(node, decode);
    }
    front.unreadable = get(entries, "account").is_some() && front.account.is_none()
        || get(entries, "params").is_some_and(|node| !matches!(node.kind, NodeKind::Mapping(_)));
}
