//! Byte offsets to the positions of the protocol and back.
//!
//! A client counts a line's columns in bytes when it can, else in units of UTF-16. A line ends at
//! `\n`, at `\r\n` and at a lone `\r`.

use crate::source::Span;
use lsp_types::{Position, PositionEncodingKind, Range};

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of two bytes in UTF-16. What every client can.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best of those that a client offers.
    #[must_use]
    pub(super) fn best(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offers = |kind| offered.is_some_and(|all| all.contains(&kind));
        if offers(PositionEncodingKind::UTF8) {
            Self::Utf8
        } else if offers(PositionEncodingKind::UTF16) || !offers(PositionEncodingKind::UTF32) {
            Self::Utf16
        } else {
            Self::Utf32
        }
    }

    /// Its name in the protocol.
    #[must_use]
    pub(super) const fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    const fn width(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// The lines of a text.
    #[must_use]
    pub(super) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| {
            **byte == b'\n' || **byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')
        });
        Self { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// The position of a byte. One past the end counts as the end, one inside a character as its start.
    #[must_use]
    pub(super) fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = &text[self.starts[line]..offset];
        let column = match encoding {
            Encoding::Utf8 => before.len(),
            _ => before.chars().map(|c| encoding.width(c)).sum(),
        };
        Position::new(number(line), number(column))
    }

    /// The byte of a position. One past the end of its line counts as that end, as the protocol has it.
    #[must_use]
    pub(super) fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line).copied() else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let content = text[start..end].trim_end_matches(['\r', '\n']);
        let (mut left, mut at) = (usize::try_from(position.character).unwrap_or(usize::MAX), start);
        for c in content.chars() {
            let width = encoding.width(c);
            if left < width {
                break;
            }
            left -= width;
            at += c.len_utf8();
        }
        at
    }

    /// The range of a span.
    #[must_use]
    pub(super) fn range(&self, text: &str, span: Span, encoding: Encoding) -> Range {
        let at = |offset| self.position(text, offset, encoding);
        Range::new(at(span.start), at(span.end.max(span.start)))
    }
}

/// Lines and columns are 32 bits wide in the protocol. No text that an editor holds comes near it.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str, offset: usize, encoding: Encoding) -> (u32, u32) {
        let position = Lines::new(text).position(text, offset, encoding);
        (position.line, position.character)
    }

    #[test]
    fn columns_count_what_was_agreed_on() {
        let text = "é🔑\tx";
        assert_eq!(at(text, 7, Encoding::Utf8), (0, 7));
        assert_eq!(at(text, 7, Encoding::Utf16), (0, 4));
        assert_eq!(at(text, 7, Encoding::Utf32), (0, 3));
        let offset =
            |column, encoding| Lines::new(text).offset(text, Position::new(0, column), encoding);
        assert_eq!(offset(4, Encoding::Utf16), 7);
        assert_eq!(offset(2, Encoding::Utf16), 2, "half of a character is its start");
        assert_eq!(offset(99, Encoding::Utf16), text.len());
    }

    #[test]
    fn a_line_ends_at_any_line_end() {
        let text = "a\r\nb\rc\nd";
        assert_eq!(at(text, 3, Encoding::Utf16), (1, 0));
        assert_eq!(at(text, 5, Encoding::Utf16), (2, 0));
        assert_eq!(at(text, 7, Encoding::Utf16), (3, 0));
        let offset = |line, column| {
            Lines::new(text).offset(text, Position::new(line, column), Encoding::Utf8)
        };
        assert_eq!(offset(0, 9), 1, "past the end of a line is its end, before `\\r\\n`");
        assert_eq!(offset(9, 0), text.len());
    }

    #[test]
    fn the_best_encoding_is_chosen() {
        let kinds = [PositionEncodingKind::UTF16, PositionEncodingKind::UTF8];
        assert_eq!(Encoding::best(Some(&kinds)), Encoding::Utf8);
        assert_eq!(Encoding::best(Some(&kinds[..1])), Encoding::Utf16);
        assert_eq!(Encoding::best(None), Encoding::Utf16);
        assert_eq!(Encoding::best(Some(&[PositionEncodingKind::UTF32])), Encoding::Utf32);
    }

    proptest! {
        #[test]
        fn every_character_is_found_again(text in "[aé🔑\t\r\n ]{0,40}") {
            let lines = Lines::new(&text);
            for (offset, _) in text.char_indices() {
                // Between `\r` and `\n` there is no position.
                if text[..offset].ends_with('\r') && text[offset..].starts_with('\n') { continue; }
                for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                    let position = lines.position(&text, offset, encoding);
                    prop_assert_eq!(lines.offset(&text, position, encoding), offset);
                }
            }
        }
    }
}
