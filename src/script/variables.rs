//! `${…}`, and the variables that a shell sets by itself.

use super::scanner::{Scanner, Step};
use super::words::Expansion;

/// Whether a shell sets a variable of that name itself. What only bash sets counts for `sh` as well,
/// because `sh` is bash on some systems.
#[must_use]
pub fn shell_sets(name: &str) -> bool {
    const NAMES: [&str; 35] = [
        "_",
        "COLUMNS",
        "COMP_WORDBREAKS",
        "DIRSTACK",
        "EPOCHREALTIME",
        "EPOCHSECONDS",
        "EUID",
        "FUNCNAME",
        "GROUPS",
        "HISTCMD",
        "HOME",
        "HOSTNAME",
        "HOSTTYPE",
        "IFS",
        "LINENO",
        "LINES",
        "MACHTYPE",
        "OLDPWD",
        "OPTARG",
        "OPTERR",
        "OPTIND",
        "OSTYPE",
        "PATH",
        "PIPESTATUS",
        "PPID",
        "PS1",
        "PS2",
        "PS4",
        "PWD",
        "RANDOM",
        "SECONDS",
        "SHELL",
        "SHLVL",
        "SRANDOM",
        "UID",
    ];
    NAMES.contains(&name)
        || name.starts_with("BASH")
        || matches!(name, "SHELLOPTS" | "TERM" | "REPLY" | "MAPFILE")
}

impl Scanner<'_> {
    /// Reads `${…}`.
    pub(super) fn parameter(&mut self, quoted: bool) -> Step<Expansion> {
        let open = self.at;
        self.at += 2;
        let first = self.peek();
        let named = |at: usize| self.name_end(at) > at;
        let length = first == Some(b'#') && named(self.at + 1);
        let indirect = first == Some(b'!') && named(self.at + 1);
        if length || indirect {
            self.at += 1;
        }
        let start = self.at;
        let end = self.name_end(start);
        let Some(name) = (end > start).then(|| self.text[start..end].to_owned()) else {
            return self.special(open, quoted);
        };
        self.at = end;
        let mut all = false;
        if self.peek() == Some(b'[') {
            all =
                matches!(self.byte(end + 1), Some(b'@' | b'*')) && self.byte(end + 2) == Some(b']');
            self.balanced(b'[', b']')?;
        }
        let operator = self.peek();
        let second = self.byte(self.at + 1);
        let test = match (operator, second) {
            (Some(b':'), Some(byte @ (b'-' | b'+' | b'=' | b'?'))) => Some(byte),
            (Some(byte @ (b'-' | b'+' | b'=' | b'?')), _) => Some(byte),
            _ => None,
        };
        let prefix = indirect && matches!(operator, Some(b'*' | b'@')) && second == Some(b'}');
        match test {
            _ if prefix => {}
            Some(b'-' | b'+') => self.found.guards(&name),
            Some(b'=') => {
                self.found.guards(&name);
                self.found.sets(&name);
            }
            // Elements of an array that is not set are none, which is no error; its keys likewise. Their
            // number is.
            _ if all && !length => {}
            _ => self.found.reads(&name, start..end),
        }
        // In quotes, a single quote is a character like any other, but for patterns.
        let plain_quotes = quoted && (test.is_some() || operator == Some(b':'));
        let plain = operator == Some(b'}');
        self.until_brace(open, plain_quotes)?;
        Ok(match (all && !length, indirect, plain) {
            (true, ..) => Expansion::Many { arguments: false },
            (_, false, true) if !length && !self.text[end..].starts_with('[') => {
                Expansion::Variable(name, start..end)
            }
            _ => Expansion::Other,
        })
    }

    /// `${@}`, `${1:-x}`, `${#}` and their like.
    fn special(&mut self, open: usize, quoted: bool) -> Step<Expansion> {
        let first = self.peek();
        let known =
            matches!(first, Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-'));
        if !known {
            return self.fail("this is no name of a variable", open..self.at);
        }
        self.at += 1;
        self.until_brace(open, quoted)?;
        Ok(match first {
            Some(b'@' | b'*') => Expansion::Many { arguments: true },
            _ => Expansion::Other,
        })
    }

    /// Reads on to the brace that closes a parameter, for what is expanded before it.
    fn until_brace(&mut self, open: usize, plain_quotes: bool) -> Step {
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 2,
                b'\'' if !plain_quotes => self.skip_single()?,
                b'"' => self.skip_double()?,
                b'$' | b'`' => drop(self.expansion(plain_quotes, None)?),
                _ => self.at += 1,
            }
        }
        self.fail("this `${` is never closed", open..open + 2)
    }
}
