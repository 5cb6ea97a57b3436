//! Arithmetic: names in it are variables without a dollar sign.

use super::scanner::{Scanner, Step};
use std::ops::Range;

impl Scanner<'_> {
    /// Where the bracket at a place is closed. Looks ahead only, and no farther than a text of its size
    /// may cost: many brackets that are never closed would each be looked for to the end.
    pub(super) fn closing(&mut self, open_at: usize, open: u8, close: u8) -> Option<usize> {
        let mut depth = 0_usize;
        let mut at = open_at;
        let mut quote = None;
        while let Some(byte) = self.byte(at) {
            match (quote, byte) {
                (Some(b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
                (None, b'\'' | b'"') => quote = Some(byte),
                (None | Some(b'"'), b'\\') => at += 1,
                (None, _) if byte == open => depth += 1,
                (None, _) if byte == close => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
            at += 1;
            self.ahead = self.ahead.checked_sub(1)?;
        }
        None
    }

    /// Reads an arithmetic expression.
    pub(super) fn arithmetic(&mut self, part: Range<usize>) -> Step {
        self.within(part, |inner| {
            let mut brackets = 0_usize;
            while let Some(byte) = inner.peek() {
                let start = inner.at;
                match byte {
                    b'$' if inner.byte(start + 1) == Some(b'\'') => inner.skip_ansi()?,
                    b'$' | b'`' => drop(inner.expansion(false, None)?),
                    b'\\' => inner.at += 2,
                    b'\'' => inner.skip_single()?,
                    b'[' => {
                        brackets += 1;
                        inner.at += 1;
                    }
                    b']' => {
                        brackets = brackets.saturating_sub(1);
                        inner.at += 1;
                    }
                    // A number, perhaps with a base: 0x1f, 16#ff.
                    b'0'..=b'9' => {
                        while inner.peek().is_some_and(|byte| {
                            byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'@' | b'_')
                        }) {
                            inner.at += 1;
                        }
                    }
                    b'a'..=b'z' | b'A'..=b'Z' | b'_' => inner.operand(brackets > 0),
                    _ => inner.at += 1,
                }
            }
            Ok(())
        })
    }

    fn operand(&mut self, index: bool) {
        let start = self.at;
        let end = self.name_end(start);
        self.at = end;
        let name = self.text[start..end].to_owned();
        self.blanks();
        let mut after = self.at;
        if self.byte(after) == Some(b'[')
            && let Some(close) = self.closing(after, b'[', b']')
        {
            after = close + 1;
        }
        while matches!(self.byte(after), Some(b' ' | b'\t')) {
            after += 1;
        }
        let rest = &self.text.as_bytes()[after.min(self.end)..self.end];
        let before = self.text[..start].trim_end();
        let counted = rest.starts_with(b"++")
            || rest.starts_with(b"--")
            || before.ends_with("++")
            || before.ends_with("--");
        if counted || is_assigned(rest) {
            self.found.sets(&name);
        } else if !index {
            // The key of an associative array is a text, and which kind of array it is cannot be told.
            self.found.reads(&name, start..end);
        }
    }
}

fn is_assigned(rest: &[u8]) -> bool {
    const OPERATORS: [&[u8]; 10] =
        [b"+=", b"-=", b"*=", b"/=", b"%=", b"<<=", b">>=", b"&=", b"^=", b"|="];
    let plain = rest.first() == Some(&b'=') && rest.get(1) != Some(&b'=');
    plain || OPERATORS.iter().any(|operator| rest.starts_with(operator))
}
