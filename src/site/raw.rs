//! Small pieces of HTML, and HTML that an author wrote, as far as it must be understood to be shown as text: its comments, the places that it
//! marks, and its headings.

use super::spoken::escaped;
use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event};
use std::ops::Range;

/// The words of a document in a range, without their marks.
pub(super) fn words_within(events: &[(Event<'_>, Range<usize>)], range: &Range<usize>) -> String {
    let inside =
        events.iter().filter(|(_, inner)| inner.start >= range.start && inner.end <= range.end);
    inside
        .filter_map(|(event, _)| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

/// The beginning of words that lead nowhere.
pub(super) fn dead(address: &str) -> String {
    format!("<span class=\"dead\" title=\"leads nowhere: {}\">", escaped(address))
}

/// The class and the word of an alert.
pub(super) const fn alert(kind: BlockQuoteKind) -> (&'static str, &'static str) {
    match kind {
        BlockQuoteKind::Note => ("note", "Note"),
        BlockQuoteKind::Tip => ("tip", "Tip"),
        BlockQuoteKind::Important => ("important", "Important"),
        BlockQuoteKind::Warning => ("warning", "Warning"),
        BlockQuoteKind::Caution => ("caution", "Caution"),
    }
}

/// HTML without its comments. One that is never closed hides the rest.
pub(super) fn without_comments(html: &str) -> String {
    let (mut out, mut rest) = (String::new(), html);
    while let Some((before, after)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

/// The values of `id` and `name` in a piece of HTML.
pub(super) fn marked(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["id", "name"] {
        for (at, _) in html.match_indices(name) {
            let before = html[..at].chars().next_back();
            let Some(value) = html[at + name.len()..].trim_start().strip_prefix('=') else {
                continue;
            };
            if !before.is_some_and(char::is_whitespace) {
                continue;
            }
            let value = value.trim_start().trim_start_matches(['"', '\'']);
            let end = value.find(['"', '\'', '>', ' ', '\n', '\t']).unwrap_or(value.len());
            if end > 0 {
                found.push(value[..end].to_owned());
            }
        }
    }
    found
}

/// The words of the headings in a piece of HTML.
pub(super) fn headings(html: &str) -> Vec<String> {
    // Only ASCII changes its case here, so that places stay the same.
    let lower = html.to_ascii_lowercase();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = lower[at..].find("<h").map(|start| at + start + 2) {
        at = start;
        let is_heading = lower[start..].starts_with(|c: char| ('1'..='6').contains(&c));
        let Some(open) = lower[start..].find('>').filter(|_| is_heading) else { continue };
        let inner = start + open + 1;
        let Some(end) = lower[inner..].find("</h").map(|end| inner + end) else { break };
        let mut words = String::new();
        let mut inside = false;
        for c in html[inner..end].chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => words.push(c),
                _ => {}
            }
        }
        found.push(words.trim().to_owned());
        at = end;
    }
    found
}

/// Whether a code block is in no language, as a picture made of letters is.
pub(super) fn is_text(kind: &CodeBlockKind<'_>) -> bool {
    match kind {
        CodeBlockKind::Indented => true,
        CodeBlockKind::Fenced(words) => matches!(words.trim(), "" | "text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_read_as_far_as_it_must_be() {
        assert_eq!(without_comments("a <!-- b --> c <!-- d"), "a  c ");
        assert_eq!(marked("<a id=\"x\"> <p name='y' grid=z> <b id=w>"), ["x", "w", "y"]);
        assert_eq!(
            headings("<h2 class=\"a\">One <b>two</b></h2><hr><H3>Three</H3><h1>"),
            ["One two", "Three"]
        );
    }
}
