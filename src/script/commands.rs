//! Commands: where one begins and ends, and its words.

use super::grammar::{Grammar, Kind};
use super::scanner::{DEEPEST, Scanner, Step};
use super::words::Token;
use std::ops::Range;

impl Scanner<'_> {
    /// Reads commands to the end, or through the parenthesis that closes the substitution they stand in.
    pub(super) fn list(&mut self, parenthesis: bool) -> Step {
        let start = self.at;
        let mut grammar = Grammar::default();
        loop {
            self.blanks();
            let Some(byte) = self.peek() else { break };
            let at = self.at;
            match byte {
                b'\n' => {
                    grammar.line_end();
                    self.line_end()?;
                }
                b'#' => self.comment(),
                b';' if self.starts_with(";;") || self.starts_with(";&") => {
                    self.at += 2;
                    if self.peek() == Some(b'&') {
                        self.at += 1;
                    }
                    if grammar.branch_ends(at..self.at) {
                        self.pattern(&mut grammar)?;
                    }
                }
                b')' if parenthesis && grammar.is_closed() => {
                    grammar.list_ends(at..at + 1);
                    self.at += 1;
                    self.note(grammar);
                    return Ok(());
                }
                b')' => {
                    if !grammar.close_parenthesis(at) {
                        return self.fail("nothing is open that this closes", at..at + 1);
                    }
                    self.at += 1;
                }
                b'(' => self.open(&mut grammar)?,
                _ if grammar.command_ended() && self.redirects() => self.redirection()?,
                b'&' if self.byte(at + 1) == Some(b'>') => self.command(&mut grammar)?,
                b';' | b'&' | b'|' => {
                    let twice = byte != b';' && self.byte(at + 1) == Some(byte);
                    let both = self.starts_with("|&");
                    self.at += if twice || both { 2 } else { 1 };
                    grammar.operator(at..self.at, twice || byte == b'|');
                }
                _ => self.command(&mut grammar)?,
            }
            if grammar.depth() > DEEPEST {
                return self.fail("this is nested too deeply to be read", at..at + 1);
            }
        }
        if let Some(at) = grammar.open_parenthesis() {
            return self.fail("this parenthesis is never closed", at..at + 1);
        }
        if parenthesis {
            let open = start.saturating_sub(2);
            return self.fail("this substitution is never closed", open..start);
        }
        grammar.list_ends(self.last_place(start));
        self.note(grammar);
        Ok(())
    }

    fn note(&mut self, grammar: Grammar) {
        if self.wrong.is_none() {
            self.wrong = grammar.wrong;
        }
    }

    /// The last character that is read, for what is wrong with the end of a text.
    fn last_place(&self, start: usize) -> Range<usize> {
        let read = &self.text[start.min(self.end)..self.end];
        let end = start + read.trim_end().len();
        let last = self.text[..end].char_indices().last().map_or(0, |(at, _)| at);
        last..end
    }

    /// Whether a redirection stands here, perhaps with a number before it.
    fn redirects(&self) -> bool {
        let mut at = self.at;
        if self.byte(at) == Some(b'{') {
            let end = self.name_end(at + 1);
            at = if self.byte(end) == Some(b'}') { end + 1 } else { at };
        }
        while self.byte(at).is_some_and(|byte| byte.is_ascii_digit()) {
            at += 1;
        }
        match self.byte(at) {
            Some(b'<' | b'>') => self.byte(at + 1) != Some(b'('),
            Some(b'&') => at == self.at && self.byte(at + 1) == Some(b'>'),
            _ => false,
        }
    }

    fn open(&mut self, grammar: &mut Grammar) -> Step {
        let start = self.at;
        if self.byte(start + 1) == Some(b'(')
            && let Some(close) = self.closing(start + 1, b'(', b')')
            && self.byte(close + 1) == Some(b')')
        {
            self.arithmetic(start + 2..close)?;
            self.at = close + 2;
            grammar.command(start..self.at);
            return Ok(());
        }
        grammar.open(Kind::Parenthesis, start..start + 1);
        self.at += 1;
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

    fn command(&mut self, grammar: &mut Grammar) -> Step {
        let start = self.at;
        let bare = self.bare();
        let place = start..start + bare.len();
        if grammar.word(bare, place.clone()) {
            let time = bare == "time";
            self.at = place.end;
            self.blanks();
            if time && self.bare() == "-p" {
                self.at += 2;
            }
            return Ok(());
        }
        match bare {
            "case" => {
                grammar.open(Kind::Case, place);
                self.case(grammar)
            }
            "for" | "select" => {
                grammar.open(Kind::Each, place);
                let select = bare == "select";
                self.each(select)
            }
            "function" => {
                self.at += 8;
                self.blanks();
                let name = self.word()?;
                grammar.definition(start..self.at);
                self.defined(&name)
            }
            "coproc" => {
                self.at += 6;
                // Its name may follow, and it sets variables of that name.
                self.found.sets_anything = true;
                grammar.definition(place);
                self.blanks();
                let name = self.name_end(self.at);
                let gap = self.text[name..self.end].trim_start_matches([' ', '\t']);
                if name > self.at && gap.starts_with(['{', '(']) {
                    self.at = name;
                }
                Ok(())
            }
            "[[" => {
                self.test()?;
                grammar.command(place);
                Ok(())
            }
            _ => {
                let defines = self.simple()?;
                if defines {
                    grammar.definition(start..self.at);
                } else {
                    grammar.command(start..self.at);
                }
                Ok(())
            }
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

    fn case(&mut self, grammar: &mut Grammar) -> Step {
        let start = self.at;
        self.at += 4;
        self.blanks();
        self.word()?;
        self.gap()?;
        if self.bare() != "in" {
            return self.fail("this `case` has no `in`", start..start + 4);
        }
        self.at += 2;
        self.pattern(grammar)
    }

    /// Reads the patterns of one branch of a `case`, or its end.
    fn pattern(&mut self, grammar: &mut Grammar) -> Step {
        self.gap()?;
        if self.bare() == "esac" {
            grammar.case_ends();
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
                    grammar.branch();
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
            let open = self.at;
            self.at += 1;
            self.blanks();
            if self.peek() != Some(b')') {
                return self.fail("no parenthesis is expected here", open..open + 1);
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

    /// Reads a command of words. Says whether it was the beginning of a function instead.
    fn simple(&mut self) -> Step<bool> {
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
                    self.defined(&name)?;
                    return Ok(true);
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
        self.meaning(&words)?;
        Ok(false)
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
}
