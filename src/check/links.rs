//! Where the links of the prose lead.

use super::facts::Facts;
use crate::source::Span;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// What stands at a path that a link names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// Nothing.
    Missing,
    /// A folder, or a file of which the places are not known.
    There,
    /// A Markdown file, with the names under which links find its places.
    Markdown(BTreeSet<String>),
    /// A file that may be a template of a stack, with its text.
    Template(Arc<str>),
    /// Nobody looked.
    Unknown,
}

impl Linked {
    /// Whether a file of that name may be a template of a stack.
    #[must_use]
    pub fn may_be_template(path: &Path) -> bool {
        let end = path.extension().and_then(|end| end.to_str());
        matches!(end, Some("yaml" | "yml" | "json" | "template"))
    }
}

/// A link that leads to this file or to another one of the project.
pub(super) struct Relative {
    pub(super) target: Target,
    /// Where the target stands.
    pub(super) span: Span,
    /// How many bytes of it are the path, without its anchor.
    pub(super) written_path: usize,
}

pub(super) enum Target {
    /// `#anchor`.
    Here { anchor: String },
    /// `path` or `path#anchor`.
    File { path: String, anchor: Option<String> },
}

/// The scheme of a URL.
pub(super) fn scheme(target: &str) -> Option<&str> {
    let (scheme, _) = target.split_once(':')?;
    let legal = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    legal.then_some(scheme)
}

/// Whether it can be told what is prose. Where a fence or the front matter is not closed, it cannot.
pub(super) fn can_be_followed(facts: &Facts<'_>) -> bool {
    !facts.book.runbook.gaps.torn && !facts.book.runbook.front.misread.is_all()
}

/// The links that lead to files of the project.
pub(super) fn relative(facts: &Facts<'_>) -> Vec<Relative> {
    let runbook = facts.book.runbook;
    if !can_be_followed(facts) {
        return Vec::new();
    }
    let links = runbook.links.iter().filter(|link| link.defined);
    links
        .filter(|link| scheme(&link.target).is_none() && !link.target.starts_with("//"))
        .filter_map(|link| {
            let (path, anchor) = match link.target.split_once('#') {
                Some((path, anchor)) => (path, Some(anchor)),
                None => (link.target.as_str(), None),
            };
            let written = runbook.source.slice(link.span).unwrap_or(path);
            let written_path = match anchor {
                _ if written.starts_with(path) => path.len(),
                // `&#45;` is no anchor.
                Some(_) => written.rfind('#').unwrap_or(written.len()),
                None => written.len(),
            };
            let anchor = anchor.map(decoded);
            let path = decoded(path.split('?').next().unwrap_or_default());
            let target = match (path.is_empty(), anchor) {
                (true, Some(anchor)) => Target::Here { anchor },
                (true, None) => return None,
                (false, anchor) => Target::File { path, anchor },
            };
            Some(Relative { target, span: link.span, written_path })
        })
        .collect()
}

/// Whether a place of a file is found under an anchor.
pub(super) fn finds(anchors: &BTreeSet<String>, anchor: &str) -> bool {
    let plain = anchor.strip_prefix("user-content-").unwrap_or(anchor);
    let of_the_host = plain.is_empty()
        || plain == "top"
        || plain.starts_with("fn")
        || plain
            .strip_prefix('L')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        || plain.starts_with(":~:text=");
    of_the_host || anchors.contains(plain) || anchors.contains(&plain.to_lowercase())
}

/// Takes `%20` and the like back. What is not UTF-8 then stays as it is.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_from_paths() {
        assert_eq!(scheme("https://example.com"), Some("https"));
        assert_eq!(scheme("JavaScript:x"), Some("JavaScript"));
        for path in ["a/b.md", "#a:b", "c:\\x", "a b:c", "./x:y"] {
            assert_eq!(scheme(path), None, "{path}");
        }
    }

    #[test]
    fn percent_signs_are_taken_back() {
        assert_eq!(decoded("a%20b%C3%A9"), "a bé");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
