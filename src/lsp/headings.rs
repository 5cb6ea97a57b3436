//! The headings of a text with their anchors, and the links that lead to them.

use super::place;
use crate::model::link::Slugs;
use crate::source::Span;

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) title: String,
    /// What a link says behind `#`, the way code hosts make it.
    pub(super) anchor: String,
    pub(super) span: Span,
}

/// The headings of a text, in order.
pub(super) fn headings(text: &str) -> Vec<Heading> {
    let (_, start) = place::front_matter(text);
    let fences = place::fences(text, start);
    let (mut found, mut slugs) = (Vec::new(), Slugs::default());
    for line in place::lines(text, start..text.len()) {
        let title = line.text.trim_start_matches('#');
        let level = line.text.len() - title.len();
        let fenced = |at| fences.iter().any(|fence| fence.span.start <= at && at < fence.span.end);
        if !(1..=6).contains(&level) || !title.starts_with(' ') || fenced(line.start) {
            continue;
        }
        let title = title.trim().trim_end_matches('#').trim_end().to_owned();
        let anchor = slugs.next(&title);
        found.push(Heading { title, anchor, span: Span::new(line.start, line.end()) });
    }
    found
}

/// The target of a link, as far as the place in it, and all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) span: Span,
}

/// The target of the inline link that a place lies in. It may not be closed yet.
pub(super) fn target(text: &str, at: usize) -> Option<Target> {
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = &text[line_start..at];
    let open = before.rfind("](")? + 2;
    if before[open..].contains([')', ' ']) {
        return None;
    }
    let start = line_start + open;
    let rest = text[at..].find([')', ' ', '\n', '\r']).map_or(text.len(), |end| at + end);
    Some(Target { span: Span::new(start, rest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_code_hosts() {
        let text =
            "---\n# no\n---\n# Make it, *now*!\n\n```sh\n# no\n```\n## Same\n## Same ##\n#no\n";
        let all = headings(text);
        let anchors: Vec<&str> = all.iter().map(|one| one.anchor.as_str()).collect();
        assert_eq!(anchors, ["make-it-now", "same", "same-1"]);
        assert_eq!(&text[all[1].span.range()], "## Same");
        assert_eq!(all[2].title, "Same");
    }

    #[test]
    fn a_link_is_found_closed_or_not() {
        let find = |marked: &str| {
            let at = marked.find('¦').expect("a cursor");
            let text = marked.replace('¦', "");
            target(&text, at).map(|target| text[target.span.range()].to_owned())
        };
        assert_eq!(find("see [a](x.m¦d#y) and").as_deref(), Some("x.md#y"));
        assert_eq!(find("see [a](¦").as_deref(), Some(""));
        assert_eq!(find("see [a](x) ¦and"), None);
        assert_eq!(find("see (x¦)"), None);
    }
}
