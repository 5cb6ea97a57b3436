//! Fences as text: where they open and close, and what they swallow.

use super::info;
use super::mapping::Builder;
use crate::source::Span;
use std::ops::Range;

/// The lines of a text that look like the opening of an executable fence: their place, and their
/// offset in the text, which itself stands at `start`.
pub(super) fn openings(text: &str, start: usize) -> Vec<(Span, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let info = content.trim_start_matches(['`', '~']);
        if content.len() >= info.len() + 3 && info::looks_executable(info) {
            let offset = at + line.find(content).unwrap_or_default();
            found.push((Span::new(start + offset, start + offset + content.len()), offset));
        }
        at += line.len();
    }
    found
}

/// Adds one event of text to a block. Markdown may have changed it: tabs are expanded, `\r` goes.
pub(super) fn add(body: &mut Builder, source: &str, text: &str, range: Range<usize>) {
    if source.get(range.clone()) == Some(text) {
        body.exact(text, range.start);
        return;
    }
    let mut at = range.start;
    for c in text.chars() {
        let mut bytes = [0; 4];
        let encoded: &str = c.encode_utf8(&mut bytes);
        if c == '\n' && source[at..range.end].starts_with("\r\n") {
            at += 1;
        }
        if source[at..range.end].starts_with(c) {
            body.exact(encoded, at);
            at += c.len_utf8();
        } else {
            let width = source[at..].chars().next().map_or(0, char::len_utf8);
            body.other(encoded, at..at + width);
        }
    }
}

pub(super) fn is_closing(line: &str, mark: char, width: usize) -> bool {
    let line = line.trim().trim_start_matches(['>', ' ', '\t']);
    line.len() >= width && line.chars().all(|c| c == mark)
}

/// Where the first line in a fence begins that looks like the opening of an executable one as wide.
pub(super) fn swallowed(body: &str, mark: char, width: usize) -> Option<usize> {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let content = line.trim_start();
        let info = content.trim_start_matches(mark);
        if content.len() - info.len() >= width && info::looks_executable(info) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// The comments in a piece of HTML.
pub(super) fn comments(html: &str) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = html[at..].find("<!--").map(|offset| at + offset) {
        let end = html[start + 4..].find("-->").map_or(html.len(), |offset| start + 4 + offset + 3);
        found.push(start..end);
        at = end;
    }
    found
}
