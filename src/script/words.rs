//! Words: quotes, and everything that begins with a dollar sign.

use super::Word;
use super::scanner::{Scanner, Step};
use std::ops::Range;

/// One word as it was written, and what can be told of its value.
#[derive(Clone, Debug, Default)]
pub(super) struct Token {
    pub(super) range: Range<usize>,
    /// The text at its beginning that is written out, quotes taken off.
    pub(super) prefix: String,
    /// Where `prefix` stands, when it was written byte for byte as it is.
    exact: Option<usize>,
    chunks: usize,
    expansions: usize,
    variable: Option<String>,
    /// Every variable whose value is a part of it as it stands, and where.
    pub(super) variables: Vec<(String, Range<usize>)>,
    text_after: bool,
    /// Whether something in it becomes file names, or several words.
    pattern: bool,
    bracket: bool,
    brace: bool,
    /// Whether it may become any number of words.
    pub(super) splits: bool,
    /// Whether it may become any number of words even in quotes.
    pub(super) many: bool,
    /// Whether it is the script's own arguments, or a function's: `"$@"`.
    pub(super) forwards: bool,
}

/// What an expansion gives.
pub(super) enum Expansion {
    /// The value of one variable, whose name stands there.
    Variable(String, Range<usize>),
    /// Any number of words even in quotes. All arguments, or all elements of an array.
    Many { arguments: bool },
    /// Something else.
    Other,
    /// No expansion after all: a dollar sign.
    Dollar,
}

impl Token {
    /// `NAME=(…)`, as the command sees it.
    pub(super) fn assigned(range: Range<usize>, name: &str) -> Self {
        Self { range, prefix: format!("{name}="), expansions: 1, ..Self::default() }
    }

    /// Its value, when it is written out.
    pub(super) fn literal(&self) -> Option<&str> {
        (self.expansions == 0 && !self.pattern).then_some(self.prefix.as_str())
    }

    /// Where its value stands byte for byte, when it is written out like that.
    pub(super) fn verbatim(&self) -> Option<Range<usize>> {
        self.literal()?;
        let start = self.exact?;
        Some(start..start + self.prefix.len())
    }

    pub(super) fn word(&self) -> Word {
        match (self.literal(), &self.variable) {
            (Some(text), _) => Word::Literal(text.to_owned()),
            (None, Some(name))
                if self.expansions == 1
                    && self.prefix.is_empty()
                    && !self.text_after
                    && !self.pattern =>
            {
                Word::Variable(name.clone())
            }
            _ => Word::Other,
        }
    }

    fn text(&mut self, text: &str, at: usize) {
        if self.expansions > 0 {
            self.text_after = true;
            return;
        }
        match self.exact {
            None if self.chunks == 0 => self.exact = Some(at),
            Some(start) if start + self.prefix.len() == at => {}
            _ => self.exact = None,
        }
        self.chunks += 1;
        self.prefix.push_str(text);
    }

    fn expanded(&mut self, expansion: Expansion, quoted: bool, at: usize) {
        match expansion {
            Expansion::Dollar => return self.text("$", at),
            Expansion::Variable(name, range) => {
                self.variables.push((name.clone(), range));
                self.variable = Some(name);
                self.splits |= !quoted;
            }
            Expansion::Many { arguments } => {
                self.variable = None;
                self.many = true;
                self.forwards |= arguments;
            }
            Expansion::Other => {
                self.variable = None;
                self.splits |= !quoted;
            }
        }
        self.expansions += 1;
    }
}

impl Scanner<'_> {
    /// Reads one word. It is empty when there is none here.
    pub(super) fn word(&mut self) -> Step<Token> {
        let mut token = Token { range: self.at..self.at, ..Token::default() };
        while let Some(byte) = self.peek() {
            let start = self.at;
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                b'<' | b'>' if self.byte(start + 1) == Some(b'(') => {
                    self.at += 2;
                    self.nested(|inner| inner.list(true))?;
                    token.expanded(Expansion::Other, true, start);
                }
                b'<' | b'>' => break,
                b'(' => {
                    // After one of these it is a pattern of bash; anywhere else it ends the word.
                    let before = self.text.as_bytes()[..start].last();
                    let pattern = matches!(before, Some(b'@' | b'?' | b'*' | b'+' | b'!'));
                    if !pattern || start == token.range.start {
                        break;
                    }
                    self.balanced(b'(', b')')?;
                    token.expanded(Expansion::Other, true, start);
                    token.pattern = true;
                }
                b'\\' => self.escaped(&mut token),
                b'\'' => self.single(&mut token)?,
                b'"' => self.double(&mut token)?,
                b'$' | b'`' => {
                    let expansion = self.expansion(false, Some(&mut token))?;
                    token.expanded(expansion, false, start);
                }
                _ => self.plain(&mut token, byte),
            }
        }
        token.range.end = self.at;
        Ok(token)
    }

    fn plain(&mut self, token: &mut Token, byte: u8) {
        let start = self.at;
        match byte {
            b'*' | b'?' => token.pattern = true,
            b'~' if start == token.range.start => token.pattern = true,
            b'[' => token.bracket = true,
            b']' => token.pattern |= token.bracket && start > token.range.start + 1,
            b'{' => token.brace = true,
            b',' => token.pattern |= token.brace,
            b'.' if self.byte(start + 1) == Some(b'.') => token.pattern |= token.brace,
            _ => {}
        }
        self.at += 1;
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        token.text(text, start);
    }

    fn escaped(&mut self, token: &mut Token) {
        let start = self.at + 1;
        self.at = start;
        let Some(byte) = self.peek() else { return token.text("\\", start - 1) };
        self.at += 1;
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        if byte != b'\n' {
            let text = &self.text[start..self.at];
            token.text(text, start);
        }
    }

    fn single(&mut self, token: &mut Token) -> Step {
        let start = self.at + 1;
        self.skip_single()?;
        let text = &self.text[start..self.at - 1];
        token.text(text, start);
        Ok(())
    }

    pub(super) fn skip_single(&mut self) -> Step {
        let start = self.at;
        match self.text.as_bytes()[start + 1..self.end].iter().position(|byte| *byte == b'\'') {
            Some(length) => {
                self.at = start + length + 2;
                Ok(())
            }
            None => self.fail("this single quote is never closed", start..start + 1),
        }
    }

    /// `$'…'`, where a backslash protects a quote. Its escapes are not decoded.
    pub(super) fn skip_ansi(&mut self) -> Step {
        let start = self.at;
        self.at += 2;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        self.fail("this quote is never closed", start..start + 2)
    }

    fn double(&mut self, token: &mut Token) -> Step {
        let open = self.at;
        self.at += 1;
        // An empty text is a word as well.
        token.text("", self.at);
        while let Some(byte) = self.peek() {
            let start = self.at;
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    if matches!(self.byte(start + 1), Some(b'$' | b'`' | b'"' | b'\\' | b'\n')) {
                        self.escaped(token);
                    } else {
                        self.at += 1;
                        token.text("\\", start);
                    }
                }
                b'$' | b'`' => {
                    let expansion = self.expansion(true, None)?;
                    token.expanded(expansion, true, start);
                }
                _ => {
                    while self
                        .peek()
                        .is_some_and(|byte| !matches!(byte, b'"' | b'\\' | b'$' | b'`'))
                    {
                        self.at += 1;
                    }
                    let text = &self.text[start..self.at];
                    token.text(text, start);
                }
            }
        }
        self.fail("this double quote is never closed", open..open + 1)
    }

    /// Reads a text in double quotes for what is expanded in it.
    pub(super) fn skip_double(&mut self) -> Step {
        self.nested(|inner| inner.double(&mut Token::default()))
    }

    /// Reads on to the end for what is expanded, as in a here-document: quotes mean nothing.
    pub(super) fn expansions(&mut self) -> Step {
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                b'$' | b'`' => drop(self.expansion(true, None)?),
                _ => self.at += 1,
            }
        }
        self.at = self.end;
        Ok(())
    }

    /// Reads from an opening character to the one that closes it, for what is expanded in between.
    pub(super) fn balanced(&mut self, open: u8, close: u8) -> Step {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                b'\'' => self.skip_single()?,
                b'"' => self.skip_double()?,
                b'$' | b'`' => drop(self.expansion(false, None)?),
                _ => {
                    self.at += 1;
                    if byte == open {
                        depth += 1;
                    } else if byte == close {
                        depth -= 1;
                        if depth == 0 {
                            return Ok(());
                        }
                    }
                }
            }
        }
        self.fail(format!("this `{}` is never closed", char::from(open)), start..start + 1)
    }

    /// Reads what begins with a dollar sign or a backtick.
    pub(super) fn expansion(&mut self, quoted: bool, token: Option<&mut Token>) -> Step<Expansion> {
        let start = self.at;
        if self.peek() == Some(b'`') {
            self.backticks(quoted)?;
            return Ok(Expansion::Other);
        }
        match self.byte(start + 1) {
            Some(b'(') => {
                self.parenthesis()?;
                Ok(Expansion::Other)
            }
            Some(b'{') => self.nested(|inner| inner.parameter(quoted)),
            Some(b'[') => {
                let close = self.closing(start + 1, b'[', b']');
                let Some(close) = close else {
                    return self.fail("this `$[` is never closed", start..start + 2);
                };
                self.arithmetic(start + 2..close)?;
                self.at = close + 1;
                Ok(Expansion::Other)
            }
            Some(b'\'') if !quoted => {
                self.skip_ansi()?;
                Ok(Expansion::Other)
            }
            Some(b'"') if !quoted => {
                self.at += 1;
                match token {
                    Some(token) => self.double(token)?,
                    None => self.skip_double()?,
                }
                Ok(Expansion::Other)
            }
            Some(b'@' | b'*') => {
                self.at += 2;
                Ok(Expansion::Many { arguments: true })
            }
            Some(b'0'..=b'9' | b'?' | b'$' | b'!' | b'#' | b'-') => {
                self.at += 2;
                Ok(Expansion::Other)
            }
            _ => {
                let end = self.name_end(start + 1);
                if end == start + 1 {
                    self.at += 1;
                    return Ok(Expansion::Dollar);
                }
                let name = self.text[start + 1..end].to_owned();
                self.found.reads(&name, start + 1..end);
                self.at = end;
                Ok(Expansion::Variable(name, start + 1..end))
            }
        }
    }

    fn parenthesis(&mut self) -> Step {
        let start = self.at;
        if self.byte(start + 2) == Some(b'(')
            && let Some(close) = self.closing(start + 2, b'(', b')')
            && self.byte(close + 1) == Some(b')')
        {
            self.arithmetic(start + 3..close)?;
            self.at = close + 2;
            return Ok(());
        }
        self.at += 2;
        self.nested(|inner| inner.list(true))
    }

    fn backticks(&mut self, quoted: bool) -> Step {
        let start = self.at + 1;
        let (mut text, mut places) = (Vec::new(), Vec::new());
        let mut escapes = false;
        let mut at = start;
        loop {
            match (self.byte(at), self.byte(at + 1)) {
                (None, _) => return self.fail("this backtick is never closed", start - 1..start),
                (Some(b'`'), _) => break,
                (Some(b'\\'), Some(next))
                    if matches!(next, b'`' | b'\\' | b'$') || (quoted && next == b'"') =>
                {
                    escapes = true;
                    text.push(next);
                    places.push(at + 1);
                    at += 2;
                }
                (Some(byte), _) => {
                    text.push(byte);
                    places.push(at);
                    at += 1;
                }
            }
        }
        if escapes {
            // Only whole ASCII characters were left out, so it is UTF-8 still.
            let text = String::from_utf8_lossy(&text).into_owned();
            self.decoded(&text, &places)?;
        } else {
            self.within(start..at, |inner| inner.list(false))?;
        }
        self.at = at + 1;
        Ok(())
    }
}
