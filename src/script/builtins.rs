//! What the commands of the shell itself do to variables.

use super::Argument;
use super::scanner::{Scanner, Step};
use super::words::Token;

/// The commands that a shell has itself: they are no programs, so nobody sees their arguments.
const BUILTINS: [&str; 54] = [
    ".",
    ":",
    "[",
    "alias",
    "bg",
    "break",
    "builtin",
    "caller",
    "cd",
    "command",
    "continue",
    "declare",
    "dirs",
    "disown",
    "echo",
    "enable",
    "eval",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unset",
    "wait",
];

impl Scanner<'_> {
    /// Notes a program that is run, and the variables among its arguments.
    fn runs(&mut self, words: &[Token]) {
        let [first, arguments @ ..] = words else { return };
        let Some(name) = first.literal() else {
            self.found.programs.insert(None);
            return;
        };
        if BUILTINS.contains(&name) {
            return;
        }
        self.found.programs.insert(Some(name.to_owned()));
        for (variable, range) in arguments.iter().flat_map(|argument| &argument.variables) {
            self.found.arguments.push(Argument {
                program: name.to_owned(),
                variable: variable.clone(),
                range: range.clone(),
            });
        }
    }

    /// Finds out what one command means.
    pub(super) fn meaning(&mut self, words: &[Token]) -> Step {
        // `command read x` and `builtin read x` are `read x`.
        let mut words = words;
        while let [first, rest @ ..] = words
            && matches!(first.literal(), Some("command" | "builtin"))
            && !rest.is_empty()
        {
            words = rest;
        }
        self.runs(words);
        let [first, arguments @ ..] = words else { return Ok(()) };
        let Some(name) = first.literal() else {
            self.aws_command(words);
            return Ok(());
        };
        match name {
            "read" => self.sets_named(arguments, "adeinNptu", "REPLY"),
            "mapfile" | "readarray" => self.sets_named(arguments, "dnOsuCc", "MAPFILE"),
            "printf" => self.sets_option(arguments, "-v"),
            "wait" => self.sets_option(arguments, "-p"),
            "getopts" => {
                self.found.sets("OPTARG");
                if let Some(variable) = arguments.get(1) {
                    self.sets_word(variable);
                }
            }
            "declare" | "typeset" | "local" | "readonly" | "export" => {
                self.declares(name, arguments);
            }
            // Each of its arguments is arithmetic. What it reads in them is not looked for.
            "let" => arguments.iter().for_each(|word| self.sets_word(word)),
            "unset" => arguments.iter().for_each(|word| self.asks(word)),
            "test" | "[" => {
                for pair in arguments.windows(2) {
                    if pair[0].literal() == Some("-v") {
                        self.asks(&pair[1]);
                    }
                }
            }
            "set" => self.sets_options(arguments),
            "eval" | "source" | "." => {
                self.found.sets_anything = true;
                let end = arguments.last().map_or(first.range.end, |word| word.range.end);
                self.found.unknown.push(first.range.start..end);
            }
            "trap" => {
                if let Some(code) = arguments.first().and_then(Token::verbatim) {
                    let wrong = self.wrong.take();
                    // It is no text of commands when it cannot be read as one: `trap - EXIT`.
                    let _ = self.within(code, |inner| inner.list(false));
                    self.wrong = wrong;
                }
            }
            "bash" | "sh" | "dash" => self.shell(arguments)?,
            _ => {}
        }
        self.aws_command(words);
        Ok(())
    }

    fn sets_word(&mut self, word: &Token) {
        let end = word
            .prefix
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(word.prefix.len());
        if end == 0 || (word.literal().is_none() && end == word.prefix.len()) {
            self.found.sets_anything = true;
        } else {
            let name = word.prefix[..end].to_owned();
            self.found.sets(&name);
        }
    }

    /// A command that ends with the names of what it sets. `valued` are its options that take a value.
    fn sets_named(&mut self, arguments: &[Token], valued: &str, default: &str) {
        let mut names = 0;
        let mut at = 0;
        while let Some(word) = arguments.get(at) {
            at += 1;
            match word.literal().and_then(|text| text.strip_prefix('-')) {
                Some(letters) if names == 0 && !letters.is_empty() => {
                    // `-ra list`: the last letter has the value. `-n1`: it is in the word already.
                    let place = letters.find(|letter| valued.contains(letter));
                    let array = place.is_some_and(|place| letters[place..].starts_with('a'));
                    if place.is_some_and(|place| place + 1 == letters.len()) {
                        if let Some(value) =
                            arguments.get(at).filter(|_| array && valued.contains('p'))
                        {
                            self.sets_word(value);
                            names += 1;
                            at += 1;
                            continue;
                        }
                        at += 1;
                    }
                }
                _ => {
                    self.sets_word(word);
                    names += 1;
                }
            }
        }
        if names == 0 {
            self.found.sets(default);
        }
    }

    fn sets_option(&mut self, arguments: &[Token], option: &str) {
        for pair in arguments.windows(2) {
            if pair[0].literal() == Some(option) {
                self.sets_word(&pair[1]);
            }
        }
    }

    fn declares(&mut self, command: &str, arguments: &[Token]) {
        let mut asks = false;
        for word in arguments {
            if let Some(options) = word.literal().and_then(|text| text.strip_prefix('-')) {
                asks |= options.contains('p');
                // A name for another variable, which may then be set by it.
                self.found.sets_anything |= options.contains('n') && command != "export";
                continue;
            }
            let assigned = word.prefix.contains('=');
            let plain = matches!(command, "export" | "readonly");
            match word.literal() {
                Some(_) if asks => self.asks(word),
                // `export NAME` gives it no value.
                Some(_) if plain && !assigned => {}
                _ => self.sets_word(word),
            }
        }
    }

    fn sets_options(&mut self, arguments: &[Token]) {
        let mut named = false;
        for word in arguments {
            let Some(text) = word.literal() else { return };
            let off = text.strip_prefix('+');
            // Without `-u` a variable that is not set is an empty text.
            let forgives = off.is_some_and(|letters| letters.contains('u'));
            self.found.sets_anything |= forgives || (named && text == "nounset");
            named = off.is_some_and(|letters| letters.ends_with('o'));
        }
    }

    /// `bash -c TEXT`: its commands are ours to know, its variables are its own.
    fn shell(&mut self, arguments: &[Token]) -> Step {
        let mut at = 0;
        while let Some(word) = arguments.get(at) {
            at += 1;
            let Some(text) = word.literal() else { break };
            if !text.starts_with('-') {
                return Ok(());
            }
            if text.starts_with("--") || !text.ends_with('c') {
                // `-o pipefail` has a value.
                at += usize::from(text.ends_with('o') && !text.starts_with("--"));
                continue;
            }
            let Some(code) = arguments.get(at) else { return Ok(()) };
            let Some(part) = code.verbatim() else {
                self.found.unknown.push(code.range.clone());
                return Ok(());
            };
            let before = std::mem::take(&mut self.found);
            let wrong = self.wrong.take();
            let read = self.within(part, |inner| inner.list(false));
            let inner = std::mem::replace(&mut self.found, before);
            // It is a text to this shell. What is wrong in it is no error of the script's syntax.
            self.wrong = wrong;
            if read.is_err() {
                self.found.unknown.push(code.range.clone());
                return Ok(());
            }
            self.found.calls.extend(inner.calls);
            self.found.unreadable.extend(inner.unreadable);
            self.found.unreadable.extend(inner.forwarded);
            self.found.unknown.extend(inner.unknown);
            self.found.programs.extend(inner.programs);
            return Ok(());
        }
        Ok(())
    }
}
