//! The state of one reading of a shell script: where it is, how deep, and what it has found.

use super::{Argument, AwsCall, Reading, SyntaxError, aws};
use std::collections::BTreeSet;
use std::ops::Range;

/// How deep substitutions may be nested. People stop at three; beyond this a text is hostile, and each
/// level takes some of our own stack.
pub(super) const DEEPEST: usize = 48;

/// How often the whole text may be looked at ahead of its turn.
const AHEAD: usize = 32;

/// The largest script that is read, in bytes.
pub(super) const LARGEST: usize = 1024 * 1024;

pub(super) type Step<T = ()> = Result<T, SyntaxError>;

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) calls: Vec<AwsCall>,
    pub(super) unreadable: Vec<Range<usize>>,
    pub(super) unknown: Vec<Range<usize>>,
    /// Every read that fails under `set -u` when the variable is not set.
    pub(super) reads: Vec<(String, Range<usize>)>,
    /// What the script gives a value.
    pub(super) sets: BTreeSet<String>,
    /// What the script asks about before it reads it: `${X:-}`, `[[ -v X ]]`.
    pub(super) guarded: BTreeSet<String>,
    /// Whether variables may be set whose names cannot be read.
    pub(super) sets_anything: bool,
    /// The programs it runs. None is one whose name is not written out.
    pub(super) programs: BTreeSet<Option<String>>,
    /// The variables among their arguments.
    pub(super) arguments: Vec<Argument>,
    /// The functions it defines.
    pub(super) functions: BTreeSet<String>,
    /// Commands with a word `aws` in them, which are calls if the command is a function.
    pub(super) passed: Vec<(String, aws::Command)>,
    /// `aws … "$@"`: a call unless it is the body of a function `aws`.
    pub(super) forwarded: Vec<Range<usize>>,
}

/// A here-document whose body comes after the end of the line.
#[derive(Debug)]
pub(super) struct Heredoc {
    pub(super) end: Vec<u8>,
    pub(super) quoted: bool,
    pub(super) tabs: bool,
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The end of what is read at present.
    pub(super) end: usize,
    pub(super) heredocs: Vec<Heredoc>,
    pub(super) found: Found,
    /// The first thing that no shell would take, though what comes after it can be read.
    pub(super) wrong: Option<SyntaxError>,
    depth: usize,
    /// How many more bytes may be looked at ahead of their turn.
    pub(super) ahead: usize,
}

/// Reads a whole script.
pub(super) fn read(text: &str) -> Step<Reading> {
    whole(text).map(|scanner| scanner.found.reading())
}

/// Where a script is wrong, as far as can be told.
pub(super) fn syntax(text: &str) -> Option<SyntaxError> {
    match whole(text) {
        Ok(scanner) => scanner.wrong,
        Err(error) => Some(error),
    }
}

fn whole(text: &str) -> Step<Scanner<'_>> {
    if text.len() > LARGEST {
        return Err(SyntaxError {
            message: "the script is too long to be read".to_owned(),
            range: 0..0,
        });
    }
    let mut scanner = Scanner::new(text, 0);
    scanner.list(false)?;
    Ok(scanner)
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, depth: usize) -> Self {
        let (at, end) = (0, text.len());
        let ahead = text.len().saturating_mul(AHEAD);
        Self {
            text,
            at,
            end,
            heredocs: Vec::new(),
            found: Found::default(),
            wrong: None,
            depth,
            ahead,
        }
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        if at < self.end { self.text.as_bytes().get(at).copied() } else { None }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    pub(super) fn starts_with(&self, what: &str) -> bool {
        self.text.as_bytes()[..self.end]
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(what.as_bytes()))
    }

    /// The identifier at a place, or its end at that place when there is none.
    pub(super) fn name_end(&self, at: usize) -> usize {
        if !self.byte(at).is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return at;
        }
        let mut end = at;
        while self.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            end += 1;
        }
        end
    }

    /// Skips blanks and joined lines, but no line end.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.byte(self.at + 1) == Some(b'\n') => self.at += 2,
                _ => return,
            }
        }
    }

    pub(super) fn comment(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>, range: Range<usize>) -> Step<T> {
        // A place in the middle of a character would be none.
        let mut range = range.start.min(self.text.len())..range.end.min(self.text.len());
        while !self.text.is_char_boundary(range.start) {
            range.start -= 1;
        }
        while !self.text.is_char_boundary(range.end) {
            range.end += 1;
        }
        Err(SyntaxError { message: message.into(), range })
    }

    /// Reads something nested.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Step<T>) -> Step<T> {
        if self.depth >= DEEPEST {
            return self.fail("this is nested too deeply to be read", self.at..self.at + 1);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Reads a part of the text by itself, and stays where it was.
    pub(super) fn within<T>(
        &mut self,
        part: Range<usize>,
        inner: impl FnOnce(&mut Self) -> Step<T>,
    ) -> Step<T> {
        let before = (self.at, self.end, std::mem::take(&mut self.heredocs));
        (self.at, self.end) = (part.start, part.end);
        let result = self.nested(inner);
        (self.at, self.end, self.heredocs) = before;
        result
    }

    /// Reads a text that was written otherwise, each byte of it at a place of this text.
    pub(super) fn decoded(&mut self, text: &str, places: &[usize]) -> Step {
        let mut inner = Scanner::new(text, self.depth);
        let result = inner.nested(|inner| inner.list(false));
        let place = |at: usize| places.get(at).or(places.last()).copied().unwrap_or_default();
        let range = |range: &Range<usize>| {
            let last = range.end.checked_sub(1).map_or(range.start, |last| last.max(range.start));
            place(range.start)..place(last) + 1
        };
        if let Err(error) = result {
            return self.fail(error.message, range(&error.range));
        }
        if let (None, Some(wrong)) = (&self.wrong, &inner.wrong) {
            self.wrong = self.fail::<()>(wrong.message.clone(), range(&wrong.range)).err();
        }
        self.found.merge(inner.found, range);
        Ok(())
    }
}

impl Found {
    fn merge(&mut self, other: Self, place: impl Fn(&Range<usize>) -> Range<usize>) {
        let moved = |call: AwsCall| AwsCall { range: place(&call.range), ..call };
        self.calls.extend(other.calls.into_iter().map(moved));
        self.unreadable.extend(other.unreadable.iter().map(&place));
        self.unknown.extend(other.unknown.iter().map(&place));
        self.forwarded.extend(other.forwarded.iter().map(&place));
        self.reads.extend(other.reads.into_iter().map(|(name, at)| (name, place(&at))));
        self.sets.extend(other.sets);
        self.guarded.extend(other.guarded);
        self.functions.extend(other.functions);
        self.programs.extend(other.programs);
        let moved = |one: Argument| Argument { range: place(&one.range), ..one };
        self.arguments.extend(other.arguments.into_iter().map(moved));
        self.sets_anything |= other.sets_anything;
        self.passed
            .extend(other.passed.into_iter().map(|(name, command)| (name, command.moved(&place))));
    }

    /// Notes a read that fails when the variable is not set.
    pub(super) fn reads(&mut self, name: &str, range: Range<usize>) {
        self.reads.push((name.to_owned(), range));
    }

    /// Notes that a variable gets a value.
    pub(super) fn sets(&mut self, name: &str) {
        self.sets.insert(name.to_owned());
    }

    /// Notes that the script asks whether a variable is set.
    pub(super) fn guards(&mut self, name: &str) {
        self.guarded.insert(name.to_owned());
    }

    fn reading(mut self) -> Reading {
        for (name, command) in std::mem::take(&mut self.passed) {
            if self.functions.contains(&name) {
                self.aws(command);
            }
        }
        if !self.functions.contains("aws") {
            self.unreadable.append(&mut self.forwarded);
        }
        if self.sets_anything {
            self.reads.clear();
        }
        self.reads.retain(|(name, _)| !self.sets.contains(name) && !self.guarded.contains(name));
        self.reads.sort_by_key(|(_, range)| range.start);
        self.programs
            .retain(|name| !name.as_ref().is_some_and(|name| self.functions.contains(name)));
        self.arguments.retain(|argument| !self.functions.contains(&argument.program));
        let certain = self.unknown.is_empty() && !self.programs.contains(&None);
        let programs = certain.then(|| self.programs.into_iter().flatten().collect());
        self.calls.sort_by_key(|call| call.range.start);
        self.unreadable.sort_by_key(|range| range.start);
        Reading {
            calls: self.calls,
            unreadable_aws: self.unreadable,
            unknown: self.unknown,
            reads: self.reads,
            programs,
            arguments: self.arguments,
        }
    }
}
