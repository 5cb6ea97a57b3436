//! Values as they are written in a runbook, with the place of every key and every scalar.

use crate::source::{Span, Spanned};
use std::ops::Range;

/// A typed value at run time. The order of a mapping's keys is the order they were written in.
pub type Value = serde_json::Value;

/// A mapping of names to values at run time.
pub type Values = serde_json::Map<String, Value>;

/// One node of the YAML that an author wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands in the Markdown file.
    pub span: Span,
}

/// The kinds of node.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A text, which may hold `{{ expressions }}`.
    Text(Text),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order it was written. Keys are unique.
    Mapping(Vec<(Spanned<String>, Node)>),
}

impl NodeKind {
    /// What the node is, in the words of the manual.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

/// A text that knows where each of its bytes was written.
///
/// YAML and Markdown both change a text while decoding it: quotes go, lines fold, indentation is
/// taken off. `pieces` undoes that for error messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The decoded text.
    pub value: String,
    /// Where the whole text stands, quotes and all.
    pub span: Span,
    pieces: Vec<Piece>,
}

/// From `decoded` on, the decoded text was written at `written` on, byte for byte, until the next piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Offset in the decoded text.
    pub decoded: usize,
    /// Offset in the source.
    pub written: usize,
    /// How many bytes its first character was written as. More than one for an escape such as `\"`, which
    /// is a piece of its own.
    pub width: usize,
}

impl Text {
    /// A text, its place, and the pieces that map it there (in order; empty when unknown).
    #[must_use]
    pub const fn new(value: String, span: Span, pieces: Vec<Piece>) -> Self {
        Self { value, span, pieces }
    }

    /// The place of a part of the decoded text. Without pieces, the place of the whole.
    #[must_use]
    pub fn locate(&self, part: Range<usize>) -> Span {
        if self.pieces.is_empty() {
            return self.span;
        }
        let start = self.written(part.start);
        let end = if part.end > part.start { self.written_end(part.end - 1) } else { start };
        Span::new(start, end.max(start))
    }

    /// Where a part begins in the source, when it was written byte for byte as it is.
    #[must_use]
    pub fn contiguous(&self, part: Range<usize>) -> Option<usize> {
        let index =
            self.pieces.partition_point(|piece| piece.decoded <= part.start).checked_sub(1)?;
        let ends = self.pieces.get(index + 1).map_or(usize::MAX, |next| next.decoded);
        (part.end <= ends && self.pieces[index].width == 1).then(|| self.written(part.start))
    }

    fn piece(&self, decoded: usize) -> Piece {
        let index = self.pieces.partition_point(|piece| piece.decoded <= decoded).saturating_sub(1);
        self.pieces[index]
    }

    fn written(&self, decoded: usize) -> usize {
        let piece = self.piece(decoded);
        (piece.written + decoded.saturating_sub(piece.decoded)).min(self.span.end)
    }

    /// Where what was written for a byte of the decoded text ends.
    fn written_end(&self, decoded: usize) -> usize {
        let piece = self.piece(decoded);
        let width = if piece.decoded == decoded { piece.width } else { 1 };
        (self.written(decoded) + width).min(self.span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_decoded_text_is_found_where_it_was_written() {
        // Two lines of a block scalar: `ab\ncd` written with four spaces before `cd`.
        let piece = |decoded, written, width| Piece { decoded, written, width };
        let text = Text::new(
            "ab\ncd".to_owned(),
            Span::new(8, 19),
            vec![piece(0, 10, 1), piece(3, 17, 1)],
        );
        assert_eq!(text.locate(0..2), Span::new(10, 12));
        assert_eq!(text.locate(3..5), Span::new(17, 19));
        assert_eq!(text.locate(4..4), Span::new(18, 18));
        // `a"` written as `a\"`.
        let text =
            Text::new("a\"".to_owned(), Span::new(0, 5), vec![piece(0, 1, 1), piece(1, 2, 2)]);
        assert_eq!(text.locate(0..2), Span::new(1, 4));
        assert_eq!(text.contiguous(1..2), None);
    }
}
