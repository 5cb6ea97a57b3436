//! The lines of block style: indentation, keys, elements of lists, texts of many lines.

use super::{Cursor, ELEMENT, Entry, Outline, Scalar, Slot};
use crate::lsp::place::Line;
use crate::source::{Span, Spanned};

/// A mapping that is open at some line.
struct Frame {
    /// The column of its keys.
    indent: usize,
    path: Vec<String>,
    mapping: usize,
    /// Its last entry with a key.
    last: Option<usize>,
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) lines: &'t [Line<'t>],
    pub(super) cursor: Option<usize>,
    pub(super) outline: Outline,
    frames: Vec<Frame>,
}

/// A key at the beginning of some text: where it ends, what it is, and where its value begins.
pub(super) struct KeyAt {
    pub(super) end: usize,
    pub(super) name: String,
    pub(super) value: usize,
}

/// The key that a text begins with, when a `:` follows it.
pub(super) fn key_at(text: &str) -> Option<KeyAt> {
    let first = text.chars().next()?;
    let (end, name) = if matches!(first, '"' | '\'') {
        let close = text[1..].find(first)? + 1;
        (close + 1, text[1..close].to_owned())
    } else {
        if matches!(first, '{' | '[' | '#' | '|' | '>' | '&' | '*' | '!') {
            return None;
        }
        let colon = text
            .match_indices(':')
            .map(|(at, _)| at)
            .find(|at| text[at + 1..].is_empty() || text[at + 1..].starts_with([' ', '\t']))?;
        let name = text[..colon].trim_end();
        (name.len(), name.to_owned())
    };
    let after = text[end..].trim_start();
    let colon = text.len() - after.len();
    let value = after.strip_prefix(':')?;
    if !value.is_empty() && !value.starts_with([' ', '\t']) || name.contains("{{") {
        return None;
    }
    Some(KeyAt { end, name, value: colon + 1 })
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, lines: &'t [Line<'t>], cursor: Option<usize>) -> Self {
        let root = Frame { indent: 0, path: Vec::new(), mapping: 0, last: None };
        let outline = Outline { mappings: 1, ..Outline::default() };
        Self { text, lines, cursor, outline, frames: vec![root] }
    }

    pub(super) fn read(mut self) -> Outline {
        let mut at = 0;
        while at < self.lines.len() {
            at = self.line(at).max(at + 1);
        }
        self.outline
    }

    pub(super) fn new_mapping(&mut self) -> usize {
        self.outline.mappings += 1;
        self.outline.mappings - 1
    }

    /// The mapping that is the value of an entry.
    pub(super) fn child(&mut self, entry: usize) -> usize {
        if let Some(child) = self.outline.entries[entry].child {
            return child;
        }
        let child = self.new_mapping();
        self.outline.entries[entry].child = Some(child);
        child
    }

    /// The path of what stands under an entry.
    pub(super) fn below(&self, entry: usize) -> Vec<String> {
        let entry = &self.outline.entries[entry];
        let mut path = entry.path.clone();
        path.extend(entry.key.as_ref().map(|key| key.value.clone()));
        path
    }

    pub(super) fn see(&mut self, path: Vec<String>, mapping: usize, slot: Slot) {
        self.outline.cursor.get_or_insert(Cursor { path, mapping, slot });
    }

    pub(super) fn is_at(&self, start: usize, end: usize) -> Option<usize> {
        self.cursor.filter(|cursor| (start..=end).contains(cursor))
    }

    fn top(&self) -> &Frame {
        // The first frame is never taken off.
        &self.frames[self.frames.len() - 1]
    }

    /// Reads a line, and tells which one comes next.
    fn line(&mut self, index: usize) -> usize {
        let line = self.lines[index];
        let content = line.text.trim_start_matches([' ', '\t']);
        let indent = line.text.len() - content.len();
        if content.trim_end().is_empty() || content.starts_with('#') {
            let blank = if content.starts_with('#') { line.start + indent } else { line.end() };
            if let Some(cursor) = self.is_at(line.start, blank) {
                self.blank(cursor, cursor - line.start);
            }
            return index + 1;
        }
        while self.frames.len() > 1 && self.top().indent > indent {
            self.frames.pop();
        }
        let column = self.elements(line, indent);
        let rest = &line.text[column..];
        if rest.is_empty() {
            if let Some(cursor) = self.is_at(line.start + column, line.end()) {
                let (path, mapping) = (self.top().path.clone(), self.top().mapping);
                let slot = Slot::Value { key: None, span: Span::new(cursor, cursor), flow: false };
                self.see(path, mapping, slot);
            }
            return index + 1;
        }
        let element = column > indent;
        match key_at(rest) {
            Some(key) => {
                self.nest(column);
                self.key(index, column, &key)
            }
            None => self.keyless(index, column, element),
        }
    }

    /// Opens a frame for each `- ` of a line, and gives the column behind them.
    fn elements(&mut self, line: Line<'_>, mut column: usize) -> usize {
        loop {
            let rest = &line.text[column..];
            if !(rest == "-" || rest.starts_with("- ")) {
                return column;
            }
            let mut path = match self.top().last {
                Some(last) => self.below(last),
                None => self.top().path.clone(),
            };
            path.push(ELEMENT.to_owned());
            let behind = rest[1..].trim_start_matches(' ');
            let next = line.text.len() - behind.len();
            let mapping = self.new_mapping();
            self.frames.push(Frame { indent: column + 2, path, mapping, last: None });
            if behind.is_empty() {
                return next;
            }
            let top = self.frames.len() - 1;
            self.frames[top].indent = next;
            column = next;
        }
    }

    /// Opens the mapping that a deeper line begins.
    fn nest(&mut self, column: usize) {
        let Some(last) = self.top().last.filter(|_| self.top().indent < column) else { return };
        if self.outline.entries[last].value.is_none() {
            let (path, mapping) = (self.below(last), self.child(last));
            self.frames.push(Frame { indent: column, path, mapping, last: None });
        }
    }

    /// A blank line: a key may be typed there, in the mapping that its column tells.
    fn blank(&mut self, cursor: usize, column: usize) {
        let mut depth = self.frames.len() - 1;
        while depth > 0 && self.frames[depth].indent > column {
            depth -= 1;
        }
        let frame = &self.frames[depth];
        let below = frame
            .last
            .filter(|last| frame.indent < column && self.outline.entries[*last].value.is_none());
        let (path, mapping) = match below {
            Some(last) => (self.below(last), self.child(last)),
            None => (frame.path.clone(), frame.mapping),
        };
        self.see(path, mapping, Slot::Key { span: Span::new(cursor, cursor), flow: false });
    }

    fn key(&mut self, index: usize, column: usize, key: &KeyAt) -> usize {
        let line = self.lines[index];
        let start = line.start + column;
        let span = Span::new(start, start + key.end);
        let (path, mapping) = (self.top().path.clone(), self.top().mapping);
        let entry = self.outline.entries.len();
        let name = key.name.trim_matches(['"', '\'']).to_owned();
        self.outline.entries.push(Entry {
            path: path.clone(),
            mapping,
            key: Some(Spanned::new(name.clone(), span)),
            value: None,
            child: None,
        });
        let top = self.frames.len() - 1;
        self.frames[top].last = Some(entry);
        if self.is_at(span.start, span.end).is_some() {
            self.see(path.clone(), mapping, Slot::Key { span, flow: false });
        }
        let behind = &line.text[column + key.value..];
        let value = behind.trim_start();
        let from = line.text.len() - value.len();
        // The cursor right behind the colon is where a value begins as well.
        let at_value = self.is_at(start + key.value, line.start + from);
        let slot = |span| Slot::Value { key: Some(name.clone()), span, flow: false };
        match value.chars().next() {
            None | Some('#') => {
                if let Some(cursor) = at_value {
                    self.see(path, mapping, slot(Span::new(cursor, cursor)));
                }
                index + 1
            }
            Some('|' | '>') => self.many_lines(index, entry, column),
            Some('{' | '[') if !value.starts_with("{{") => {
                self.flow(index, from, entry, self.top().indent)
            }
            Some(quote) => {
                if let Some(cursor) = at_value.filter(|cursor| *cursor < line.start + from) {
                    self.see(path.clone(), mapping, slot(Span::new(cursor, cursor)));
                }
                let (span, next) = self.scalar(index, from, quote, self.top().indent);
                self.value_of(entry, span);
                // Behind a space a text without quotes goes on.
                let goes_on = !matches!(quote, '"' | '\'')
                    && self.text[span.end..line.end().max(span.end)].trim().is_empty();
                let end = if goes_on { line.end() } else { span.end };
                if let Some(cursor) = self.is_at(span.start, end) {
                    self.see(path, mapping, slot(Span::new(span.start, span.end.max(cursor))));
                }
                next
            }
        }
    }

    pub(super) fn value_of(&mut self, entry: usize, span: Span) {
        let written = self.text.get(span.range()).unwrap_or_default();
        let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
        let text = match quote {
            Some(quote) => {
                let inner = &written[1..];
                inner.strip_suffix(quote).unwrap_or(inner)
            }
            None => written,
        };
        self.outline.entries[entry].value = Some(Scalar { text: text.to_owned(), span });
    }

    /// Where a value ends that begins in a line, and which line comes next. One in quotes may go on
    /// in deeper lines.
    fn scalar(&self, index: usize, from: usize, first: char, indent: usize) -> (Span, usize) {
        let line = self.lines[index];
        let start = line.start + from;
        let rest = &line.text[from..];
        if !matches!(first, '"' | '\'') {
            let end = rest.find(" #").unwrap_or(rest.len());
            return (Span::new(start, start + rest[..end].trim_end().len()), index + 1);
        }
        if let Some(close) = closing(&rest[1..], first) {
            return (Span::new(start, start + 1 + close + 1), index + 1);
        }
        let deeper = |line: &Line<'_>| {
            line.text.trim().is_empty()
                || line.text.len() - line.text.trim_start().len() > indent
                    && key_at(line.text.trim_start()).is_none()
        };
        for (offset, next) in
            self.lines[index + 1..].iter().take_while(|line| deeper(line)).enumerate()
        {
            if let Some(close) = closing(next.text, first) {
                return (Span::new(start, next.start + close + 1), index + offset + 2);
            }
        }
        (Span::new(start, start + rest.trim_end().len()), index + 1)
    }

    /// A text of many lines: those that are deeper than its key.
    fn many_lines(&mut self, index: usize, entry: usize, column: usize) -> usize {
        let deeper = |line: &&Line<'_>| {
            line.text.trim().is_empty() || line.text.len() - line.text.trim_start().len() > column
        };
        let count = self.lines[index + 1..].iter().take_while(deeper).count();
        // Blank lines below it are not its own, unless the cursor is deeper still.
        let mut next = index + 1 + count;
        while next > index + 1 && self.lines[next - 1].text.trim().is_empty() {
            let line = self.lines[next - 1];
            if self.is_at(line.start, line.end()).is_some_and(|cursor| cursor - line.start > column)
            {
                break;
            }
            next -= 1;
        }
        if let Some(first) = self.lines.get(index + 1).filter(|_| next > index + 1) {
            let span = Span::new(first.start, self.lines[next - 1].end());
            self.value_of(entry, span);
            if self.is_at(span.start, span.end).is_some() {
                let Entry { path, mapping, key, .. } = self.outline.entries[entry].clone();
                let key = key.map(|key| key.value);
                self.see(path, mapping, Slot::Value { key, span, flow: false });
            }
        }
        next
    }

    /// What has no key: an element of a list, the rest of a text, or a key that is being typed.
    fn keyless(&mut self, index: usize, column: usize, element: bool) -> usize {
        let line = self.lines[index];
        let rest = &line.text[column..];
        let first = rest.chars().next().unwrap_or_default();
        let goes_on = self.top().last.filter(|last| {
            !element && self.top().indent < column && self.outline.entries[*last].value.is_some()
        });
        if let Some(last) = goes_on {
            if self.is_at(line.start, line.end()).is_some() {
                let Entry { path, mapping, key, value, .. } = self.outline.entries[last].clone();
                let start = value.map_or(line.start, |value| value.span.start);
                let span = Span::new(start, line.end());
                let slot = Slot::Value { key: key.map(|key| key.value), span, flow: false };
                self.see(path, mapping, slot);
            }
            return index + 1;
        }
        if !element {
            self.nest(column);
        }
        let (path, mapping) = (self.top().path.clone(), self.top().mapping);
        let entry = self.outline.entries.len();
        self.outline.entries.push(Entry {
            path: path.clone(),
            mapping,
            key: None,
            value: None,
            child: None,
        });
        if matches!(first, '{' | '[') && !rest.starts_with("{{") {
            return self.flow(index, column, entry, self.top().indent.saturating_sub(1));
        }
        let (span, next) = self.scalar(index, column, first, column);
        self.value_of(entry, span);
        if self.is_at(line.start + column, span.end).is_some() {
            let slot = if element {
                Slot::Value { key: None, span, flow: false }
            } else {
                Slot::Key { span, flow: false }
            };
            self.see(path, mapping, slot);
        }
        next
    }
}

/// Where a quote closes in a text that begins behind the opening one.
pub(super) fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote == '"' {
            escaped = true;
        } else if c == quote {
            return Some(at);
        }
    }
    None
}
