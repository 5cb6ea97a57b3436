//! A document as the client holds it: the truth while it is open, whatever the disk says.

use super::position::{Encoding, Lines};
use crate::source::Span;
use lsp_types::{Range, TextDocumentContentChangeEvent, Uri};
use std::path::PathBuf;

/// An open document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its address, exactly as the client writes it.
    pub(super) uri: Uri,
    /// Its path.
    pub(super) path: PathBuf,
    /// The client's number for this content.
    pub(super) version: i32,
    /// The whole text.
    pub(super) text: String,
    /// Where its lines begin.
    pub(super) lines: Lines,
}

impl Document {
    pub(super) fn new(uri: Uri, version: i32, text: String) -> Self {
        let (path, lines) = (super::uri::path(&uri), Lines::new(&text));
        Self { uri, path, version, text, lines }
    }

    /// Takes over what the client has changed, change by change.
    pub(super) fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        for change in changes {
            match change.range {
                None => self.text = change.text,
                Some(range) => {
                    let start = self.lines.offset(&self.text, range.start, encoding);
                    let end = self.lines.offset(&self.text, range.end, encoding).max(start);
                    self.text.replace_range(start..end, &change.text);
                }
            }
            self.lines = Lines::new(&self.text);
        }
        self.version = version;
    }

    pub(super) fn range(&self, span: Span, encoding: Encoding) -> Range {
        self.lines.range(&self.text, span, encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::Position;
    use std::str::FromStr as _;

    fn change(line: u32, from: u32, to: u32, text: &str) -> TextDocumentContentChangeEvent {
        let range = Range::new(Position::new(line, from), Position::new(line, to));
        TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: text.into() }
    }

    #[test]
    fn changes_follow_each_other() {
        let uri = Uri::from_str("file:///a.md").expect("an address");
        let mut document = Document::new(uri, 1, "a🔑b\r\nsecond\r\n".to_owned());
        let changes =
            vec![change(0, 3, 4, "B\r\nnew"), change(2, 0, 6, "2."), change(1, 99, 99, "!")];
        document.change(2, changes, Encoding::Utf16);
        assert_eq!((document.text.as_str(), document.version), ("a🔑B\r\nnew!\r\n2.\r\n", 2));
    }
}
