//! Flow style: mappings in braces and lists in brackets, closed or not.

use super::read::{Reader, closing};
use super::{ELEMENT, Entry, Slot};
use crate::lsp::place::Line;
use crate::source::{Span, Spanned};

/// A brace or a bracket that is open.
struct Open {
    list: bool,
    path: Vec<String>,
    mapping: usize,
    /// The entry whose value comes next.
    entry: Option<usize>,
}

impl Reader<'_> {
    /// Reads what begins with a brace or a bracket at a column of a line, the value of an entry.
    /// Lines that are no deeper than `indent` belong to it only when they close it.
    pub(super) fn flow(
        &mut self,
        index: usize,
        column: usize,
        entry: usize,
        indent: usize,
    ) -> usize {
        let (mut open, mut at, mut column) = (Vec::new(), index, column);
        let mut outer = Some(entry);
        while let Some(line) = self.lines.get(at).copied() {
            let content = line.text.trim_start();
            let deep = line.text.len() - content.len() > indent;
            if at > index && !deep && !content.is_empty() && !content.starts_with(['}', ']']) {
                return at;
            }
            column = self.flow_line(line, column, &mut open, &mut outer);
            if open.is_empty() {
                return at + 1;
            }
            debug_assert!(column >= line.text.len(), "a line is read to its end");
            (at, column) = (at + 1, 0);
        }
        at
    }

    /// Reads on in a line until it ends or the last bracket is closed.
    fn flow_line(
        &mut self,
        line: Line<'_>,
        mut column: usize,
        open: &mut Vec<Open>,
        outer: &mut Option<usize>,
    ) -> usize {
        loop {
            let rest = line.text[column..].trim_start();
            let start = line.text.len() - rest.len();
            let length = token(rest);
            self.flow_cursor(line, column, start, start + length, open.last());
            let Some(first) = rest.chars().next() else { return line.text.len() };
            if length > 0 {
                self.flow_token(line, start, start + length, open.last_mut());
                column = start + length;
                continue;
            }
            column = start + first.len_utf8();
            match first {
                '{' | '[' => self.flow_open(first == '[', open, outer),
                '}' | ']' => {
                    open.pop();
                    if open.is_empty() {
                        return column;
                    }
                }
                ',' => open.last_mut().into_iter().for_each(|top| top.entry = None),
                '#' => return line.text.len(),
                _ => {}
            }
        }
    }

    fn flow_open(&mut self, list: bool, open: &mut Vec<Open>, outer: &mut Option<usize>) {
        let entry = match open.last_mut() {
            None => outer.take(),
            Some(top) if top.list => None,
            Some(top) => top.entry,
        };
        let (mut path, mapping) = match (entry, open.last()) {
            (Some(entry), _) => (self.below(entry), self.child(entry)),
            (None, Some(top)) => (top.path.clone(), self.new_mapping()),
            (None, None) => (Vec::new(), self.new_mapping()),
        };
        if list {
            path.push(ELEMENT.to_owned());
        }
        open.push(Open { list, path, mapping, entry: None });
    }

    /// A word: a key when a key is due, else a value.
    fn flow_token(&mut self, line: Line<'_>, start: usize, end: usize, top: Option<&mut Open>) {
        let Some(top) = top else { return };
        let span = Span::new(line.start + start, line.start + end);
        if let Some(entry) = top.entry.filter(|_| !top.list) {
            self.value_of(entry, span);
            return;
        }
        let word = line.text[start..end].trim_matches(['"', '\'']).to_owned();
        let entry = self.outline.entries.len();
        let key = (!top.list).then(|| Spanned::new(word, span));
        let (path, mapping) = (top.path.clone(), top.mapping);
        self.outline.entries.push(Entry { path, mapping, key, value: None, child: None });
        if top.list {
            self.value_of(entry, span);
        }
        // Until its colon comes, a word in braces is a key that is being typed.
        top.entry = (!top.list).then_some(entry);
    }

    /// Looks whether the cursor is in a word, or in the space before it.
    fn flow_cursor(
        &mut self,
        line: Line<'_>,
        from: usize,
        start: usize,
        end: usize,
        top: Option<&Open>,
    ) {
        let Some(top) = top else { return };
        let Some(cursor) = self.is_at(line.start + from, line.start + end) else { return };
        let span = if cursor < line.start + start || start == end {
            Span::new(cursor, cursor)
        } else {
            Span::new(line.start + start, line.start + end)
        };
        let (path, mapping) = (top.path.clone(), top.mapping);
        let before = self.text[..span.start].trim_end();
        // Behind a key there is its colon, or nothing to say.
        let slot = match top.entry {
            Some(entry) if !top.list => {
                if !before.ends_with(':') {
                    return;
                }
                let key = self.outline.entries[entry].key.as_ref().map(|key| key.value.clone());
                Slot::Value { key, span, flow: true }
            }
            _ if top.list => Slot::Value { key: None, span, flow: true },
            _ => Slot::Key { span, flow: true },
        };
        self.see(path, mapping, slot);
    }
}

/// How long the word is that a text begins with. Zero at a sign, and at the end.
fn token(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    if matches!(first, '"' | '\'') {
        return closing(&text[1..], first).map_or(text.trim_end().len(), |close| close + 2);
    }
    if text.starts_with("{{") {
        return text.find("}}").map_or(text.trim_end().len(), |close| close + 2);
    }
    let ends = |(at, c): &(usize, char)| match c {
        ',' | '{' | '}' | '[' | ']' => true,
        ':' => text[at + 1..].is_empty() || text[at + 1..].starts_with([' ', '\t', ',', '}', ']']),
        '#' => text[..*at].is_empty() || text[..*at].ends_with(' '),
        _ => false,
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end().len()
}
