//! Redirections, and here-documents, whose bodies come after the end of the line.

use super::scanner::{Heredoc, Scanner, Step};

impl Scanner<'_> {
    /// Goes on to the next line, past the here-documents that begin there.
    pub(super) fn line_end(&mut self) -> Step {
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

    /// Reads one redirection.
    pub(super) fn redirection(&mut self) -> Step {
        const OPERATORS: [&str; 12] =
            ["&>>", "<<<", "<<-", "&>", "<<", "<>", "<&", ">>", ">|", ">&", "<", ">"];
        let start = self.at;
        self.number();
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

    /// The file that is redirected, behind a command that has no words: `} 3> file`, `done {lock}> file`.
    fn number(&mut self) {
        if self.peek() == Some(b'{') {
            let (start, end) = (self.at + 1, self.name_end(self.at + 1));
            let name = self.text[start..end].to_owned();
            self.found.sets(&name);
            self.at = end + 1;
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
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
