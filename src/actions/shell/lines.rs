//! From the bytes of a child to lines that are safe to show.
//!
//! Bytes are masked, then stripped of everything that would steer a terminal, then masked once more:
//! a colour in the middle of a secret hides it from the first look.

use crate::mask::{Masker, Stream};

/// The longest line, in bytes. A longer one is shown as several.
pub(super) const LONGEST: usize = 16 * 1024;

/// One line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Whether it was cut here and goes on with the next line.
    pub(super) cut: bool,
}

/// One stream of a child.
pub(super) struct Lane {
    masker: Masker,
    raw: Stream,
    plain: Plain,
    clean: Stream,
    line: Vec<u8>,
}

impl Lane {
    pub(super) fn new(masker: &Masker) -> Self {
        Self {
            masker: masker.clone(),
            raw: masker.stream(),
            plain: Plain::default(),
            clean: masker.stream(),
            line: Vec::new(),
        }
    }

    /// Takes bytes, and gives the lines that are whole by now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        let masked = self.raw.push(bytes);
        let plain = self.plain.push(&masked);
        let clean = self.clean.push(&plain);
        self.split(&clean)
    }

    /// Gives what is left.
    pub(super) fn finish(&mut self) -> Vec<Line> {
        let masked = self.raw.finish();
        let mut plain = self.plain.push(&masked);
        plain.extend(self.plain.finish());
        let mut clean = self.clean.push(&plain);
        clean.extend(self.clean.finish());
        let mut lines = self.split(&clean);
        if !self.line.is_empty() {
            let rest = std::mem::take(&mut self.line);
            lines.push(self.shown(&rest, false));
        }
        lines
    }

    fn split(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            self.line.extend_from_slice(text);
            while self.line.len() > LONGEST {
                let rest = self.line.split_off(boundary(&self.line, LONGEST));
                let cut = std::mem::replace(&mut self.line, rest);
                lines.push(self.shown(&cut, true));
            }
            if ended {
                let line = std::mem::take(&mut self.line);
                lines.push(self.shown(&line, false));
            }
        }
        lines
    }

    fn shown(&self, bytes: &[u8], cut: bool) -> Line {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if !text.is_ascii() && text.contains(hides) {
            text.retain(|c| !hides(c));
            text = self.masker.mask(&text).into_owned();
        }
        Line { text, cut }
    }
}

/// The last place at or before `at` that is not inside a character.
fn boundary(bytes: &[u8], at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|place| bytes[*place] & 0xC0 != 0x80).unwrap_or(at)
}

/// Characters that are not seen and change how others are: controls, line separators, and those that
/// turn the direction of writing.
const fn hides(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x08' | '\x0a'..='\x1f' | '\x7f'..='\u{9f}'
            | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// Takes terminal sequences and controls out. What is left is text, tabs and line ends.
#[derive(Default)]
struct Plain {
    state: State,
    /// A carriage return came. Alone it ends a line too: that is how progress is drawn.
    returned: bool,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte, such as a choice of characters.
    Intermediate,
    /// After ESC `[`.
    Control,
    /// After ESC and `]`, `P`, `X`, `^` or `_`: a string up to BEL or ESC `\`.
    String,
    /// After an ESC in such a string.
    StringEscape,
}

impl Plain {
    fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let plain = |byte: &u8| matches!(byte, b'\n' | b'\t' | 0x20..=0x7e | 0x80..);
        if matches!(self.state, State::Text) && !self.returned && bytes.iter().all(plain) {
            return bytes.to_vec();
        }
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            if byte == b'\n' {
                // Whatever was begun, no sequence may swallow the lines that follow.
                self.state = State::Text;
                self.returned = false;
                out.push(b'\n');
                continue;
            }
            self.state = match (self.state, byte) {
                (State::String, 0x07) | (State::StringEscape, b'\\') => State::Text,
                (State::String, 0x1b) => State::StringEscape,
                (State::String | State::StringEscape, _) => State::String,
                (_, 0x1b) => State::Escape,
                (State::Escape, b'[') => State::Control,
                (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => State::String,
                (State::Escape | State::Intermediate, 0x20..=0x2f) => State::Intermediate,
                (State::Control, 0x20..=0x3f) => State::Control,
                (State::Escape | State::Intermediate | State::Control, 0x20..=0x7e) => State::Text,
                _ => {
                    self.text(byte, &mut out);
                    State::Text
                }
            };
        }
        out
    }

    fn text(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'\r' {
            self.returned = true;
        } else if byte == b'\t' || (byte >= 0x20 && byte != 0x7f) {
            if std::mem::take(&mut self.returned) {
                out.push(b'\n');
            }
            out.push(byte);
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        self.state = State::Text;
        if std::mem::take(&mut self.returned) { vec![b'\n'] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;

    fn lines(masker: &Masker, pieces: &[&[u8]]) -> Vec<String> {
        let mut lane = Lane::new(masker);
        let mut lines: Vec<Line> = pieces.iter().flat_map(|piece| lane.push(piece)).collect();
        lines.extend(lane.finish());
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn colours_titles_and_controls_are_gone_and_text_stays() {
        let bytes =
            b"\x1b[1;31mred\x1b[0m\ta\x07b\n\x1b]0;title\x07c\x1b]8;;x\x1b\\d\r\ne\x1b(Bf\xc2\x9bg";
        for cut in 0..bytes.len() {
            let lines = lines(&Masker::new(), &[&bytes[..cut], &bytes[cut..]]);
            assert_eq!(lines, ["red\tab", "cd", "efg"], "cut at {cut}");
        }
    }

    #[test]
    fn a_sequence_without_an_end_swallows_its_own_line_only() {
        assert_eq!(lines(&Masker::new(), &[b"a\x1b]0;never\nb\x1b[\nc\n"]), ["a", "b", "c"]);
    }

    #[test]
    fn progress_drawn_over_itself_becomes_lines() {
        assert_eq!(lines(&Masker::new(), &[b"1%\r2%\r", b"\n3%\r"]), ["1%", "2%", "3%"]);
    }

    #[test]
    fn a_secret_is_not_hidden_by_a_colour_or_an_invisible_character() {
        let masker = Masker::new();
        masker.add(&Secret::new("hunter2")).unwrap();
        let all = lines(&masker, &[b"hun\x1b[1mter2 hun\xe2\x80\x8bter2 hun", b"ter2\n"]);
        assert_eq!(all, ["*** *** ***"]);
    }

    #[test]
    fn a_line_without_an_end_is_cut_between_characters() {
        let text = "é".repeat(LONGEST);
        let masker = Masker::new();
        let mut lane = Lane::new(&masker);
        let mut lines = lane.push(format!("x{text}").as_bytes());
        lines.extend(lane.finish());
        assert!(lines.len() == 3 && lines.iter().all(|line| line.text.len() <= LONGEST));
        assert_eq!(lines.iter().map(|line| line.cut).collect::<Vec<_>>(), [true, true, false]);
        let again: String = lines.into_iter().map(|line| line.text).collect();
        assert_eq!(again, format!("x{text}"));
    }
}
