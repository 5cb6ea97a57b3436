//! Texts that remember where each byte was written.

use crate::model::value::{Piece, Text};
use crate::source::{Span, Spanned};
use std::ops::Range;

/// Puts a decoded text together, byte by byte if need be, with its way back to the source.
#[derive(Debug, Default)]
pub(super) struct Builder {
    value: String,
    pieces: Vec<Piece>,
}

impl Builder {
    /// Adds text that was written exactly so at `written`.
    pub(super) fn exact(&mut self, text: &str, written: usize) {
        if !text.is_empty() {
            self.piece(written);
            self.value.push_str(text);
        }
    }

    /// Adds text that was written in another way, somewhere in `written`, such as an escape.
    pub(super) fn other(&mut self, text: &str, written: Range<usize>) {
        let last = text.len().saturating_sub(1);
        for (index, _) in text.bytes().enumerate() {
            // The first byte points to the start and the last one to the end, so that the place
            // of the whole covers all that was written.
            let at = if index == last && index > 0 {
                written.end.saturating_sub(1).max(written.start)
            } else {
                written.start
            };
            let width = if last == 0 { written.len().max(1) } else { 1 };
            self.pieces.push(Piece { decoded: self.value.len() + index, written: at, width });
        }
        self.value.push_str(text);
    }

    /// Adds a part of another text, keeping its way to the source.
    pub(super) fn part(&mut self, of: &Text, part: Range<usize>) {
        if let Some(written) = of.contiguous(part.clone()) {
            return self.exact(&of.value[part], written);
        }
        for (offset, c) in of.value[part.clone()].char_indices() {
            let place = of.locate(part.start + offset..part.start + offset + c.len_utf8());
            let mut bytes = [0; 4];
            let encoded: &str = c.encode_utf8(&mut bytes);
            if place.end - place.start == c.len_utf8() {
                self.exact(encoded, place.start);
            } else {
                self.other(encoded, place.range());
            }
        }
    }

    fn piece(&mut self, written: usize) {
        let decoded = self.value.len();
        let follows = self.pieces.last().is_some_and(|last| {
            last.width == 1 && decoded - last.decoded + last.written == written
        });
        if !follows {
            self.pieces.push(Piece { decoded, written, width: 1 });
        }
    }

    pub(super) fn text(self, span: Span) -> Text {
        Text::new(self.value, span, self.pieces)
    }

    /// The text as it is so far.
    pub(super) fn text_at(&self, span: Span) -> Text {
        Text::new(self.value.clone(), span, self.pieces.clone())
    }

    pub(super) fn value(&self) -> &str {
        &self.value
    }
}

/// A text that stands in the source as it is.
pub(super) fn verbatim(text: &str, start: usize) -> Text {
    let mut builder = Builder::default();
    builder.exact(text, start);
    builder.text(Span::new(start, start + text.len()))
}

/// The part of a text that a piece of decoded YAML was read from.
pub(super) fn spanned<T>(value: T, text: &Text, part: Range<usize>) -> Spanned<T> {
    Spanned::new(value, text.locate(part))
}
