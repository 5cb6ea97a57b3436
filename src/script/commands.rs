//! Commands: where one begins and ends, its words, its redirections and here-documents.

use super::scanner::{Heredoc, Scanner, Step};
use super::words::Token;

/// What is open around a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    Parenthesis(usize),
    Case,
}

/// Words after which another command begins.
const BETWEEN: [&str; 13] =
    ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "{", "}", "!", "time"];

impl Scanner<'_> {
    /// Reads commands to the end, or through the parenthesis that closes the substitution they stand in.
    pub(super) fn list(&mut self, parenthesis: bool) -> Step {
        let start = self.at;
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            self.blanks();
            let Some(byte) = self.peek() else { break };
            match byte {
                b'\n' => self.line_end()?,
                b'#' => self.comment(),
                b';' if frames.last() == Some(&Frame::Case) && self.starts_with(";;") => {
                    self.at += 2;
                    self.pattern(&mut frames)?;
                }
                b';' if frames.last() == Some(&Frame::Case) && self.starts_with(";&") => {
                    self.at += 2;
                    self.pattern(&mut frames)?;
                }
                b'&' if self.byte(self.at + 1) == Some(b'>') => self.redirection()?,
                b';' | b'&' | b'|' => self.at += 1,
                b')' => match frames.last() {
                    Some(Frame::Parenthesis(_)) => {
                        frames.pop();
                        self.at += 1;
                    }
                    None if parenthesis => {
                        self.at += 1;
                        return Ok(());
                    }
                    _ => {
                        return self.fail("nothing is open that this closes", self.at..self.at + 1);
                    }
                },
                b'(' => self.open(&mut frames)?,
                b'<' | b'>' if self.byte(self.at + 1) != Some(b'(') => self.redirection()?,
                _ => self.command(&mut frames)?,
            }
        }
        if let Some(Frame::Parenthesis(at)) = frames.last() {
            return self.fail("this parenthesis is never closed", *at..*at + 1);
        }
        if parenthesis {
            let open = start.saturating_sub(2);
            return self.fail("this substitution is never closed", open..start);
        }
        Ok(())
    }

    fn open(&mut self, frames: &mut Vec<Frame>) -> Step {
        let start = self.at;
        if self.byte(start + 1) == Some(b'(')
            && let Some(close) = self.closing(start + 1, b'(', b')')
            && self.byte(close + 1) == Some(b')')
        {
            self.arithmetic(start + 2..close)?;
            self.at = close + 2;
            return Ok(());
        }
        frames.push(Frame::Parenthesis(start));
        self.at += 1;
        Ok(())
    }

    fn line_end(&mut self) -> Step {
        self.at += 1;
        for heredoc in std::mem::take(&mut self.heredocs) {
            let start = self.at;
            let mut body_end = self.end;
            while self.at < self.end {
                let line = self.at;
                let rest = &self.text.as_bytes()[line..self.end];
                let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                let content = &rest[..length];
                let tabs = content.iter().take_while(|byte| **byte == b'\t').count();
                let bare = if heredoc.tabs { &content[tabs..] } else { content };
                self.at = (line + length + 1).min(self.end);
                if bare == heredoc.end {
                    body_end = line;
                    break;
                }
            }
            if !heredoc.quoted {
                self.within(start..body_end, Scanner::expansions)?;
            }
        }
        Ok(())
    }

    /// The word of plain characters here, when it stands by itself.
    fn bare(&self) -> &str {
        let mut end = self.at;
        while let Some(byte) = self.byte(end) {
            if matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
            {
                break;
            }
            // No word that means something is longer.
            if end - self.at > 8 || !byte.is_ascii() {
                return "";
            }
            end += 1;
        }
        &self.text[self.at..end]
    }

    fn command(&mut self, frames: &mut Vec<Frame>) -> Step {
        let bare = self.bare();
        if BETWEEN.contains(&bare) {
            let time = bare == "time";
            self.at += bare.len();
            self.blanks();
            if time && self.bare() == "-p" {
                self.at += 2;
            }
            return Ok(());
        }
        match bare {
            "esac" if frames.last() == Some(&Frame::Case) => {
                frames.pop();
                self.at += 4;
                Ok(())
            }
            "case" => self.case(frames),
            "for" | "select" => self.each(bare == "select"),
            "function" => {
                self.at += 8;
                self.blanks();
                let name = self.word()?;
                self.defined(&name)
            }
            "coproc" => {
                self.at += 6;
                // Its name may follow, and it sets variables of that name.
                self.found.sets_anything = true;
                Ok(())
            }
            "[[" => self.test(),
            _ => self.simple(),
        }
    }

    fn gap(&mut self) -> Step {
        loop {
            self.blanks();
            match self.peek() {
                Some(b'\n') => self.line_end()?,
                Some(b'#') => self.comment(),
                _ => return Ok(()),
            }
        }
    }

    fn case(&mut self, frames: &mut Vec<Frame>) -> Step {
        let start = self.at;
        self.at += 4;
        self.blanks();
        self.word()?;
        self.gap()?;
        if self.bare() != "in" {
            return self.fail("this `case` has no `in`", start..start + 4);
        }
        self.at += 2;
        frames.push(Frame::Case);
        self.pattern(frames)
    }

    /// Reads the patterns of one branch of a `case`, or its end.
    fn pattern(&mut self, frames: &mut Vec<Frame>) -> Step {
        while matches!(self.peek(), Some(b'&')) {
            self.at += 1;
        }
        self.gap()?;
        if self.bare() == "esac" {
            frames.pop();
            self.at += 4;
            return Ok(());
        }
        if self.peek() == Some(b'(') {
            self.at += 1;
        }
        loop {
            self.blanks();
            let start = self.at;
            self.word()?;
            self.blanks();
            match self.peek() {
                Some(b'|') => self.at += 1,
                Some(b')') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.fail("this pattern of a `case` has no `)`", start..self.at),
            }
        }
    }

    fn each(&mut self, select: bool) -> Step {
        let start = self.at;
        self.at += if select { 6 } else { 3 };
        self.blanks();
        if self.starts_with("((") {
            let Some(close) = self.closing(self.at + 1, b'(', b')') else {
                return self.fail("this loop is never closed", start..self.at + 2);
            };
            self.arithmetic(self.at + 2..close)?;
            self.at = (close + 2).min(self.end);
            return Ok(());
        }
        let end = self.name_end(self.at);
        let name = self.text[self.at..end].to_owned();
        self.found.sets(&name);
        if select {
            self.found.sets("REPLY");
        }
        self.at = end;
        self.gap()?;
        if self.bare() != "in" {
            return Ok(());
        }
        self.at += 2;
        loop {
            self.blanks();
            let before = self.at;
            self.word()?;
            if self.at == before {
                return Ok(());
            }
        }
    }

    fn defined(&mut self, name: &Token) -> Step {
        if let Some(name) = name.literal() {
            self.found.functions.insert(name.to_owned());
        }
        self.blanks();
        if self.peek() == Some(b'(') {
            self.at += 1;
            self.blanks();
            if self.peek() != Some(b')') {
                return self.fail("a function is defined with `()`", self.at..self.at);
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Reads `[[ … ]]`.
    fn test(&mut self) -> Step {
        let start = self.at;
        self.at += 2;
        let mut asks = false;
        loop {
            self.blanks();
            match self.peek() {
                None => return self.fail("this `[[` is never closed", start..start + 2),
                Some(b'\n') => self.line_end()?,
                Some(b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>') => self.at += 1,
                _ if self.bare() == "]]" => {
                    self.at += 2;
                    return Ok(());
                }
                _ => {
                    let word = self.word()?;
                    if std::mem::take(&mut asks) {
                        self.asks(&word);
                    }
                    asks = matches!(word.literal(), Some("-v" | "-R"));
                }
            }
        }
    }

    /// Notes that a word names a variable which may not be set.
    pub(super) fn asks(&mut self, word: &Token) {
        let name = word.prefix.split('[').next().unwrap_or_default();
        match word.literal() {
            _ if word.prefix.contains('[') => self.found.guards(name),
            Some(name) => self.found.guards(name),
            None => self.found.sets_anything = true,
        }
    }

    fn simple(&mut self) -> Step {
        let start = self.at;
        let mut words: Vec<Token> = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None | Some(b'\n' | b';' | b'|' | b')') => break,
                Some(b'&') if self.byte(self.at + 1) != Some(b'>') => break,
                Some(b'#') => {
                    self.comment();
                    break;
                }
                Some(b'&') => self.redirection()?,
                Some(b'<' | b'>') if self.byte(self.at + 1) != Some(b'(') => self.redirection()?,
                Some(b'(') if words.len() == 1 => {
                    let name = words.remove(0);
                    return self.defined(&name);
                }
                Some(b'(') => {
                    return self.fail("no parenthesis is expected here", self.at..self.at + 1);
                }
                _ => {
                    if let Some(word) = self.assignment(words.is_empty())? {
                        words.extend(word);
                        continue;
                    }
                    let word = self.word()?;
                    if !self.describes(&word) {
                        words.push(word);
                    }
                }
            }
            if self.at == start {
                return self.fail("this cannot be read", start..start + 1);
            }
        }
        self.meaning(&words)
    }

    /// Whether a word is the number, or the `{variable}`, of a redirection right behind it.
    fn describes(&mut self, word: &Token) -> bool {
        if !matches!(self.peek(), Some(b'<' | b'>')) || self.byte(self.at + 1) == Some(b'(') {
            return false;
        }
        let Some(text) = word.literal() else { return false };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return true;
        }
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => {
                let name = name.to_owned();
                self.found.sets(&name);
                true
            }
            None => false,
        }
    }

    /// Reads `NAME=value`. Before a command any; among its words only `NAME=(…)`, which is no plain word.
    /// None when this is no assignment; else the word that a command sees of it, if it does.
    fn assignment(&mut self, before: bool) -> Step<Option<Option<Token>>> {
        let start = self.at;
        let end = self.name_end(start);
        if end == start {
            return Ok(None);
        }
        let mut at = end;
        if self.byte(at) == Some(b'[') {
            match self.closing(at, b'[', b']') {
                Some(close) => at = close + 1,
                None => return Ok(None),
            }
        }
        if self.byte(at) == Some(b'+') {
            at += 1;
        }
        if self.byte(at) != Some(b'=') {
            return Ok(None);
        }
        let list = self.byte(at + 1) == Some(b'(');
        if !before && !list {
            return Ok(None);
        }
        let name = self.text[start..end].to_owned();
        self.found.sets(&name);
        if self.byte(end) == Some(b'[') {
            self.at = end;
            self.balanced(b'[', b']')?;
        }
        self.at = at + 1;
        if list {
            self.nested(Scanner::elements)?;
        } else {
            self.word()?;
        }
        let seen = Token::assigned(start..self.at, &name);
        Ok(Some((!before).then_some(seen)))
    }

    /// Reads the elements of an array, parentheses and all.
    fn elements(&mut self) -> Step {
        let open = self.at;
        self.at += 1;
        loop {
            self.gap()?;
            match self.peek() {
                None => return self.fail("this array is never closed", open..open + 1),
                Some(b')') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => {
                    let before = self.at;
                    self.word()?;
                    if self.at == before {
                        return self.fail("this cannot stand in an array", before..before + 1);
                    }
                }
            }
        }
    }

    fn redirection(&mut self) -> Step {
        const OPERATORS: [&str; 12] =
            ["&>>", "<<<", "<<-", "&>", "<<", "<>", "<&", ">>", ">|", ">&", "<", ">"];
        let start = self.at;
        let found = OPERATORS.iter().find(|operator| self.starts_with(operator));
        let operator = found.copied().unwrap_or("<");
        self.at += operator.len();
        self.blanks();
        if matches!(operator, "<<" | "<<-") {
            let (end, quoted) = self.heredoc_end()?;
            self.heredocs.push(Heredoc { end, quoted, tabs: operator == "<<-" });
            return Ok(());
        }
        let before = self.at;
        self.word()?;
        if self.at == before {
            return self.fail("this redirection goes nowhere", start..self.at);
        }
        Ok(())
    }

    /// The word that ends a here-document. Nothing is expanded in it; any quote in it counts for the body.
    fn heredoc_end(&mut self) -> Step<(Vec<u8>, bool)> {
        let start = self.at;
        let (mut end, mut quoted) = (Vec::new(), false);
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                b'\\' => {
                    quoted = true;
                    end.extend(self.byte(self.at + 1));
                    self.at += 2;
                }
                b'\'' | b'"' => {
                    quoted = true;
                    let open = self.at;
                    self.at += 1;
                    while self.peek().is_some_and(|inner| inner != byte) {
                        end.extend(self.peek());
                        self.at += 1;
                    }
                    if self.peek().is_none() {
                        return self.fail("this quote is never closed", open..open + 1);
                    }
                    self.at += 1;
                }
                _ => {
                    end.push(byte);
                    self.at += 1;
                }
            }
        }
        if self.at == start {
            return self.fail("this here-document has no end", start.saturating_sub(2)..start);
        }
        Ok((end, quoted))
    }
}
