//! `drills/*.yaml`: a drill, read into the runbook that it stands for.
//!
//! Each entry of the scenario is one step. Three more stand where nobody wrote them: the steady state before
//! anything is touched, and the mending of what was broken after it is recovered or at the end.

use super::decode::{Decode, Entries, get};
use super::{mapping, scenario, table, yaml};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::WRONG_TYPE;
use crate::model::cadence::{Cadence, Every};
use crate::model::drill::Drill;
use crate::model::misread::{Gaps, Misread};
use crate::model::runbook::{FrontMatter, Runbook};
use crate::model::value::{Node, NodeKind};
use crate::source::{Source, Span, Spanned};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a drill is called in findings.
const WHOSE: &str = "a drill";

/// Reads a drill. `name` is what it is called beside runbooks (`drills/NAME`), `path` how the user would type
/// its file. It never fails: what cannot be understood is reported and left out.
#[must_use]
pub fn drill(name: &str, path: &str, text: &str) -> (Runbook, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut book = Runbook {
        name: name.to_owned(),
        source: Arc::new(Source::new(path, text)),
        front: FrontMatter { misread: Misread::all(), ..FrontMatter::default() },
        phases: Vec::new(),
        steps: Vec::new(),
        health: Vec::new(),
        links: Vec::new(),
        anchors: BTreeSet::new(),
        gaps: Gaps::default(),
        drill: Some(Drill::default()),
    };
    match yaml::read(&mapping::verbatim(&text[start..], start), &mut found) {
        Some(root) => {
            let mut decode = Decode { found: &mut found };
            match &root.kind {
                NodeKind::Mapping(entries) => read(&mut book, entries, text, &mut decode),
                NodeKind::Null => read(&mut book, &[], text, &mut decode),
                other => {
                    let message = format!("{WHOSE} is a mapping, but this is {}", other.name());
                    decode.found.push(WRONG_TYPE.error(root.span, message));
                    book.gaps.nameless = true;
                }
            }
        }
        None => book.gaps.nameless = true,
    }
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end, diagnostic.code));
    (book, found)
}

fn read(book: &mut Runbook, entries: &Entries, text: &str, decode: &mut Decode<'_>) {
    let known = table::names(&table::DRILL);
    decode.unknown_keys(WHOSE, entries, &known);
    let first = Span::new(0, text.lines().next().map_or(0, str::len));
    let must = |key: &str, decode: &mut Decode<'_>| {
        let node = get(entries, key);
        if node.is_none() {
            decode.lacks(WHOSE, entries, &known, key, first);
        }
        node
    };
    let title = must("title", decode).and_then(|node| decode.text("title", node));
    let summary = must("summary", decode).and_then(|node| decode.text("summary", node));
    let owner = must("owner", decode).and_then(|node| decode.text("owner", node));
    let environment =
        must("environment", decode).and_then(|node| decode.plain("environment", node));
    book.front = FrontMatter { span: first, title, summary, owner, ..FrontMatter::default() };
    if let Some(node) = get(entries, "objective") {
        book.front.rto = objective(node, decode);
        if book.front.rto.is_none() {
            book.front.misread.add("objective");
        }
    }
    let cadence = get(entries, "cadence").and_then(|node| cadence(node, decode));
    book.drill = Some(Drill { cadence, environment });
    match must("scenario", decode) {
        Some(node) => scenario::read(book, node, text, decode),
        None => book.gaps.nameless = true,
    }
}

fn objective(node: &Node, decode: &mut Decode<'_>) -> Option<Spanned<std::time::Duration>> {
    const WHOSE: &str = "`objective` of a drill";
    let entries = decode.mapping("objective", node)?;
    let known = table::names(&table::DRILL_OBJECTIVE);
    decode.unknown_keys(WHOSE, entries, &known);
    match get(entries, "rto") {
        Some(node) => decode.duration("rto", node),
        None => {
            decode.lacks(WHOSE, entries, &known, "rto", node.span);
            None
        }
    }
}

fn cadence(node: &Node, decode: &mut Decode<'_>) -> Option<Spanned<Cadence>> {
    const WHOSE: &str = "`cadence`";
    let entries = decode.mapping("cadence", node)?;
    let known = table::names(&table::DRILL_CADENCE);
    decode.unknown_keys(WHOSE, entries, &known);
    let mut must = |key: &str| {
        let there = get(entries, key);
        if there.is_none() {
            decode.lacks(WHOSE, entries, &known, key, node.span);
        }
        there.and_then(|node| decode.plain(key, node))
    };
    let (every, from) = (must("every"), must("from"));
    let every = every.and_then(|text| {
        Every::parse(&text.value).map_err(|error| decode.bad(text.span, error.to_string())).ok()
    });
    let from = from.and_then(|text| {
        text.value
            .parse()
            .map_err(|_| {
                let message = format!("`{}` is not a day such as `2026-01-15`", text.value);
                decode.bad(text.span, message);
            })
            .ok()
    });
    Some(Spanned::new(Cadence { every: every?, from: from? }, node.span))
}
