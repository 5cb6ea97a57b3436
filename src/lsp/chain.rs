//! Names in an expression that may be half typed: `steps.create_key.` and what is before the cursor.

use super::level::{Level, Meaning};
use super::outline::{Cursor, Slot};
use super::view::{Root, View, Yaml};
use crate::parse::table::Shape;
use crate::source::{Span, Spanned};

/// The expression that the cursor is in: its bytes, without braces and quotes.
pub(super) fn expression(view: &View<'_>, yaml: &Yaml<'_>, cursor: &Cursor) -> Option<Span> {
    let Slot::Value { key, span, .. } = &cursor.slot else { return None };
    if !matches!(yaml.root, Root::Block(..)) {
        return None;
    }
    let (text, at) = (view.text(), view.offset);
    let level = Level::at(view, yaml, &cursor.path);
    let shape = match (&level, key) {
        (Level::List(shape), None) => Some(*shape),
        (_, Some(key)) => level.meaning(key).as_ref().and_then(Meaning::shape),
        _ => None,
    };
    if matches!(shape, Some(Shape::Expression | Shape::Expressions)) {
        let quotes = usize::from(text[span.start..].starts_with(['"', '\'']));
        let closed =
            quotes > 0 && span.end > span.start + 1 && text[..span.end].ends_with(['"', '\'']);
        let end = span.end - usize::from(closed && at < span.end);
        return (at >= span.start + quotes).then(|| Span::new(span.start + quotes, end));
    }
    let open = text[span.start..at].rfind("{{").map(|open| span.start + open + 2)?;
    if text[open..at].contains("}}") {
        return None;
    }
    let end = text[at..span.end.max(at)].find("}}").map_or(span.end.max(at), |close| at + close);
    Some(Span::new(open, end))
}

/// A dotted name: its parts up to the cursor, the last of them perhaps empty. Indexes are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) parts: Vec<Spanned<String>>,
    /// Whether an index is among them.
    pub(super) indexed: bool,
    /// Where it begins.
    pub(super) start: usize,
}

impl Chain {
    pub(super) fn words(&self) -> Vec<&str> {
        self.parts.iter().map(|part| part.value.as_str()).collect()
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// Whether a place lies in a string of the expression.
fn in_string(expression: &str) -> bool {
    let mut open = None;
    for c in expression.chars() {
        match open {
            Some(quote) if c == quote => open = None,
            None if matches!(c, '"' | '\'' | '`') => open = Some(c),
            _ => {}
        }
    }
    open.is_some()
}

/// The name that ends at a place of an expression. None in a string.
pub(super) fn before(text: &str, expression: Span, at: usize) -> Option<Chain> {
    if in_string(&text[expression.start..at]) {
        return None;
    }
    let own = &text[expression.start..at];
    let mut start = own.len();
    let (mut parts, mut indexed) = (Vec::new(), false);
    let mut end = start;
    loop {
        let word = own[..start].trim_end_matches(is_word);
        let span = Span::new(expression.start + word.len(), expression.start + end);
        parts.push(Spanned::new(text[span.range()].to_owned(), span));
        start = word.len();
        let Some(rest) = own[..start].strip_suffix('.') else { break };
        start = rest.len();
        while let Some(open) = own[..start].strip_suffix(']').and_then(|rest| rest.rfind('[')) {
            indexed = true;
            start = open;
        }
        end = start;
    }
    parts.reverse();
    Some(Chain { parts, indexed, start: expression.start + start })
}

/// The name that a place of an expression lies in, up to the part that it lies in.
pub(super) fn around(text: &str, expression: Span, at: usize) -> Option<Chain> {
    let rest = &text[at..expression.end.max(at)];
    let end = at + (rest.len() - rest.trim_start_matches(is_word).len());
    let chain = before(text, expression, end)?;
    let whole = chain.parts.iter().all(|part| !part.value.is_empty());
    whole.then_some(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(marked: &str) -> String {
        let at = marked.find('¦').expect("a cursor");
        let text = marked.replace('¦', "");
        let whole = Span::new(0, text.len());
        let shown =
            |chain: Option<Chain>| chain.map_or("-".to_owned(), |chain| chain.words().join("."));
        format!("{} | {}", shown(before(&text, whole, at)), shown(around(&text, whole, at)))
    }

    #[test]
    fn names_are_found_before_and_around_the_cursor() {
        assert_eq!(chain("steps.cre¦ate.id"), "steps.cre | steps.create");
        assert_eq!(chain("not steps.¦"), "steps. | -");
        assert_eq!(chain("steps.a[0].¦x"), "steps.a. | steps.a.x");
        assert_eq!(chain("a == par¦ams"), "par | params");
        assert_eq!(chain("a == 'par¦ams'"), "- | -");
        assert_eq!(chain("¦"), " | -");
        assert_eq!(chain("x | upp¦er"), "upp | upper");
    }
}
