//! Changes to an expression before Tera sees it, and the way back for the places in its errors.

use std::ops::Range;

/// Replacements of parts of a text, in order.
#[derive(Debug, Default)]
pub(super) struct Rewrite {
    /// Bytes of the original, and what stands there instead.
    edits: Vec<(Range<usize>, &'static str)>,
}

impl Rewrite {
    /// Adds a replacement. They must not overlap.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &'static str) {
        let at = self.edits.partition_point(|(before, _)| before.start <= range.start);
        self.edits.insert(at, (range, with));
    }

    pub(super) fn apply(&self, text: &str, before: &str, after: &str) -> String {
        let (mut out, mut at) = (String::from(before), 0);
        for (range, with) in &self.edits {
            out.push_str(&text[at..range.start]);
            out.push_str(with);
            at = range.end;
        }
        out.push_str(&text[at..]);
        out.push_str(after);
        out
    }

    /// Where a range of the rewritten text was in the original, which has `length` bytes.
    pub(super) fn back(&self, range: Range<usize>, before: usize, length: usize) -> Range<usize> {
        let start = self.place(range.start.saturating_sub(before), false).min(length);
        let end = self.place(range.end.saturating_sub(before), true).min(length);
        start..end.max(start)
    }

    fn place(&self, offset: usize, is_end: bool) -> usize {
        let (mut original, mut rewritten) = (0, 0);
        for (range, with) in &self.edits {
            let edit_start = rewritten + (range.start - original);
            if offset < edit_start || offset == edit_start && is_end {
                break;
            }
            if offset < edit_start + with.len() {
                return if is_end { range.end } else { range.start };
            }
            rewritten = edit_start + with.len();
            original = range.end;
        }
        original + (offset - rewritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let mut rewrite = Rewrite::default();
        rewrite.replace(2..5, "long_name");
        assert_eq!(rewrite.apply("a bcd e", "(", ")"), "(a long_name e)");
        assert_eq!(rewrite.back(1..2, 1, 7), 0..1);
        assert_eq!(rewrite.back(3..12, 1, 7), 2..5);
        assert_eq!(rewrite.back(13..14, 1, 7), 6..7);
        assert_eq!(rewrite.back(90..95, 1, 7), 7..7);
    }
}
