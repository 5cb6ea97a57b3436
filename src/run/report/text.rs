//! Text on its way to a terminal: made harmless, measured by what it takes up, cut and folded to fit.

use anstyle::{AnsiColor, Style};
use std::borrow::Cow;
use std::fmt;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One line made harmless: no escape sequence, no control character, no character that turns the
/// direction of writing. A runbook's text or a service's answer must not be able to repaint the terminal.
#[must_use]
pub fn harmless(text: &str) -> String {
    anstream::adapter::strip_str(text)
        .to_string()
        .chars()
        .filter_map(|c| match c {
            '\t' | '\n' => Some(' '),
            '\r' => None,
            c if c.is_control() || turns_direction(c) => Some('\u{fffd}'),
            c => Some(c),
        })
        .collect()
}

/// Several lines made harmless, each on its own.
#[must_use]
pub fn harmless_lines(text: &str) -> Vec<String> {
    text.lines().map(harmless).collect()
}

/// JSON with an escape in place of every character that could steer a terminal. It says the same: JSON
/// itself escapes only the oldest of them.
#[must_use]
pub fn harmless_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // A line break stands between values only. In a text it is escaped already.
        if (c.is_control() && c != '\n') || turns_direction(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Text on its way out, whoever made it: our own colours stay when there are colours, and nothing else that
/// could steer a terminal does.
#[must_use]
pub fn only_painted(text: &str, paint: Paint) -> Cow<'_, str> {
    let steers = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || turns_direction(c);
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = if paint == Paint::Colour { colour(rest) } else { 0 };
        if colour > 0 {
            out.push_str(&rest[..colour]);
            rest = &rest[colour..];
        } else {
            out.push(if steers(c) { '\u{fffd}' } else { c });
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// How long the colour is that a text begins with.
fn colour(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let numbers = rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b';')).count();
    if rest[numbers..].starts_with('m') { numbers + 3 } else { 0 }
}

/// Whether a character that is no ASCII steers a terminal: a control of eight bits, or one that turns the
/// direction of writing.
#[must_use]
pub const fn steers_unseen(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}') || turns_direction(c)
}

const fn turns_direction(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// How many columns a text takes up.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to that many columns, with `…` where something is missing.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > columns {
            break;
        }
        used += wide;
        kept.push(c);
    }
    if columns > 0 {
        kept.truncate(kept.trim_end().len());
        kept.push('…');
    }
    kept
}

/// The text cut or filled up to exactly that many columns.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    let mut text = cut(text, columns);
    text.push_str(&" ".repeat(columns.saturating_sub(width(&text))));
    text
}

/// Folds a text into lines of at most that many columns. A word that is longer than a line stays
/// whole: it is likely to be something to copy.
#[must_use]
pub fn fold(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for word in harmless(line).split(' ').filter(|word| !word.is_empty()) {
            if !current.is_empty() && width(&current) + 1 + width(word) > columns {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// A number with its thousands set apart: `12,345`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A text as one word of a shell command: as it is when that is safe, quoted otherwise.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:@+,[]".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.contains(['[', ']']) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether to colour, decided once for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// With colours.
    Colour,
    /// Without any escape sequence.
    Plain,
}

/// A text and how to show it.
pub struct Painted<'a>(&'a str, Option<Style>);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(style) => write!(f, "{style}{}{style:#}", self.0),
            None => f.write_str(self.0),
        }
    }
}

impl Paint {
    fn with(self, text: &str, style: Style) -> Painted<'_> {
        Painted(text, (self == Self::Colour).then_some(style))
    }

    /// For what a line is about.
    #[must_use]
    pub fn strong(self, text: &str) -> Painted<'_> {
        self.with(text, Style::new().bold())
    }

    /// For what is there if one looks for it.
    #[must_use]
    pub fn dim(self, text: &str) -> Painted<'_> {
        self.with(text, Style::new().dimmed())
    }

    /// For what ended well.
    #[must_use]
    pub fn good(self, text: &str) -> Painted<'_> {
        self.with(text, AnsiColor::Green.on_default())
    }

    /// For what ended badly.
    #[must_use]
    pub fn bad(self, text: &str) -> Painted<'_> {
        self.with(text, AnsiColor::Red.on_default().bold())
    }

    /// For what wants a person.
    #[must_use]
    pub fn warn(self, text: &str) -> Painted<'_> {
        self.with(text, AnsiColor::Yellow.on_default())
    }

    /// For what can be typed.
    #[must_use]
    pub fn command(self, text: &str) -> Painted<'_> {
        self.with(text, AnsiColor::Cyan.on_default())
    }

    /// For a heading.
    #[must_use]
    pub fn heading(self, text: &str) -> Painted<'_> {
        self.with(text, Style::new().bold().underline())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_can_repaint_the_terminal() {
        let evil = "a\u{1b}[2J\u{1b}]0;title\u{7}b\rc\u{9b}31m\u{202e}d\u{8}\te";
        let shown = harmless(evil);
        assert!(!shown.chars().any(|c| c.is_control() || turns_direction(c)), "{shown:?}");
        assert!(shown.starts_with("ab"), "{shown:?}");
    }

    #[test]
    fn of_what_steers_a_terminal_only_our_colours_go_out() {
        let red = Paint::Colour.bad("x").to_string();
        let evil = format!("{red}\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}1m\u{202e}\u{1b}[");
        let shown = only_painted(&evil, Paint::Colour);
        assert_eq!(
            shown,
            format!("{red}\u{fffd}[2J\u{fffd}]0;t\u{fffd}\u{fffd}1m\u{fffd}\u{fffd}[")
        );
        assert!(!only_painted(&evil, Paint::Plain).contains('\u{1b}'));
        assert!(matches!(only_painted("a\tb\né🔑", Paint::Plain), Cow::Borrowed(_)));
    }

    #[test]
    fn json_stays_the_same_value_and_steers_no_terminal() {
        let value =
            serde_json::json!({ "a\u{9b}2J": ["\u{1b}]0;x\u{7}", "\u{202e}evil\u{7f}", "é\n🔑"] });
        for json in [value.to_string(), format!("{value:#}")] {
            let shown = harmless_json(&json);
            let steers = |c: char| (c.is_control() && c != '\n') || turns_direction(c);
            assert!(!shown.contains(steers), "{shown:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn texts_are_cut_by_what_they_take_up() {
        assert_eq!(cut("日本語テキスト", 7), "日本語…");
        assert_eq!(width(&cut("日本語テキスト", 8)), 7);
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("short", 4), "sho…");
        assert_eq!(cut("short", 0), "");
        assert_eq!(fit("é", 3), "é  ");
    }

    #[test]
    fn folding_keeps_words_and_what_must_be_copied() {
        assert_eq!(fold("one two three", 8), ["one two", "three"]);
        assert_eq!(fold("x https://example.com/long y", 6), ["x", "https://example.com/long", "y"]);
        assert_eq!(fold("a\n\nb\n", 10), ["a", "", "b"]);
    }

    #[test]
    fn shell_words_cannot_become_more_than_a_word() {
        assert_eq!(shell_word("alias=alias/corpus"), "alias=alias/corpus");
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(shell_word("loop[0]=retry"), "'loop[0]=retry'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234), "1,234");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
