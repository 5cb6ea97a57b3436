//! The links of the prose, each with the place of its target, and the places that HTML marks.

use crate::model::link::Link;
use crate::source::Span;
use pulldown_cmark::{Event, LinkType, Tag, TagEnd};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Collects links while the document is read.
#[derive(Default)]
pub(super) struct Links {
    pub(super) found: Vec<Link>,
    /// The links that are open: the target, where the words of the link end, and whether they stand in it.
    open: Vec<Option<Open>>,
}

struct Open {
    target: String,
    range: Range<usize>,
    words_end: usize,
}

impl Links {
    /// Follows the events of a document.
    pub(super) fn event(&mut self, text: &str, event: &Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(
                Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. },
            ) => {
                let open = Open {
                    target: dest_url.to_string(),
                    range: range.clone(),
                    words_end: range.start,
                };
                let inline = *link_type == LinkType::Inline;
                if *link_type == LinkType::Autolink {
                    self.add(open.target.clone(), Span::new(range.start + 1, range.end - 1));
                }
                // The target of a reference stands in its definition.
                self.open.push(inline.then_some(open));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some(link) = self.open.pop().flatten() {
                    let span = inline(text, &link).unwrap_or(Span::new(range.start, range.end));
                    self.add(link.target, span);
                }
                self.pass(range.end);
            }
            Event::Start(_) => {}
            _ => self.pass(range.end),
        }
    }

    /// The words of every open link reach at least so far.
    fn pass(&mut self, end: usize) {
        for link in self.open.iter_mut().flatten() {
            link.words_end = link.words_end.max(end.min(link.range.end));
        }
    }

    /// `[name]: target`.
    pub(super) fn definition(&mut self, text: &str, range: Range<usize>, target: &str) {
        let whole = Span::new(range.start, range.end);
        let span = text[range.clone()]
            .find("]:")
            .and_then(|at| destination(text, range.start + at + 2, range.end));
        self.add(target.to_owned(), span.unwrap_or(whole));
    }

    /// `[words][name]` whose name nobody defines.
    pub(super) fn undefined(
        &mut self,
        text: &str,
        kind: LinkType,
        range: Range<usize>,
        name: &str,
    ) {
        // `list[0][1]` is no link, and neither is `[words]` alone.
        let is_name = name.chars().any(char::is_alphabetic);
        let before = text[..range.start].chars().next_back();
        let glued =
            before.is_some_and(|c| c.is_alphanumeric() || matches!(c, ']' | '_' | '$' | '`'));
        if !matches!(kind, LinkType::Reference | LinkType::ReferenceUnknown) || !is_name || glued {
            return;
        }
        let start = name_start(text, &range);
        let span = Span::new(start, (range.end - 1).max(start));
        let link = Link { target: name.to_owned(), span, defined: false };
        if !self.found.contains(&link) {
            self.found.push(link);
        }
    }

    fn add(&mut self, target: String, span: Span) {
        self.found.push(Link { target, span, defined: true });
    }
}

/// Where the name of `[words][name]` begins. A bracket in it has a backslash before it.
fn name_start(text: &str, range: &Range<usize>) -> usize {
    let written = &text[range.clone()];
    let mut brackets = written.rmatch_indices('[').map(|(at, _)| at);
    let opens = brackets.find(|at| {
        let before = &written[..*at];
        (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2)
    });
    range.start + opens.map_or(0, |at| at + 1)
}

/// Where the target of `[words](target "title")` stands.
fn inline(text: &str, link: &Open) -> Option<Span> {
    let rest = &text[link.words_end..link.range.end];
    destination(text, link.words_end + rest.find("](")? + 2, link.range.end)
}

/// A link destination at or after `at`: in angle brackets, or up to a space or the closing parenthesis.
fn destination(text: &str, at: usize, end: usize) -> Option<Span> {
    let rest = text.get(at..end)?;
    let start = at + gap(rest);
    let rest = &text[start..end];
    if let Some(inner) = rest.strip_prefix('<') {
        return Some(Span::new(start + 1, start + 1 + inner.find('>')?));
    }
    let (mut depth, mut escaped) = (0_usize, false);
    for (offset, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' if depth == 0 => return Some(Span::new(start, start + offset)),
            ')' => depth -= 1,
            c if c.is_whitespace() => return Some(Span::new(start, start + offset)),
            _ => {}
        }
    }
    Some(Span::new(start, end))
}

/// How much white space comes first. On the next line of a quote its marks come before the target.
fn gap(text: &str) -> usize {
    let space = text.len() - text.trim_start().len();
    let mark = |c: char| c.is_whitespace() || c == '>';
    if text[..space].contains('\n') {
        text.len() - text.trim_start_matches(mark).len()
    } else {
        space
    }
}

fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// The names that a piece of HTML gives to places: `id="…"` and `name="…"`.
pub(super) fn marked_places(html: &str) -> Vec<String> {
    static MARK: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r#"(?i)\s(?:id|name)\s*=\s*["']?([^"'\s>]+)"#));
    let Some(mark) = MARK.as_ref() else { return Vec::new() };
    mark.captures_iter(html).filter_map(|found| Some(found.get(1)?.as_str().to_owned())).collect()
}

/// The texts of the headings in a piece of HTML.
pub(super) fn headings(html: &str) -> Vec<String> {
    static HEADING: LazyLock<Option<Regex>> =
        LazyLock::new(|| regex(r"(?is)<h[1-6](?:\s[^>]*)?>(.*?)</h[1-6]>"));
    static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"(?s)<[^>]*>"));
    let (Some(heading), Some(tag)) = (HEADING.as_ref(), TAG.as_ref()) else { return Vec::new() };
    heading
        .captures_iter(html)
        .filter_map(|found| Some(tag.replace_all(found.get(1)?.as_str(), "").trim().to_owned()))
        .collect()
}
