//! Which commands are open, and what may come next: what `if` without `fi` is to a shell.
//!
//! It only takes note of what is wrong. The reader goes on, because what comes after can be read still.

use super::SyntaxError;
use std::ops::Range;

/// What can be open around a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Parenthesis,
    Brace,
    Case,
    /// `for` and `select`.
    Each,
    /// `while` and `until`.
    While,
    If,
}

/// How far something that is open has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before `then` or `do`.
    Head,
    /// After it.
    Body,
    /// After `else`.
    Last,
}

#[derive(Clone, Debug)]
struct Open {
    kind: Kind,
    stage: Stage,
    place: Range<usize>,
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    /// A command has to.
    Command,
    /// A command, or the end of the list.
    #[default]
    Any,
    /// A command has ended: an operator, the end of a line, or what closes the list.
    Operator,
}

#[derive(Debug, Default)]
pub(super) struct Grammar {
    open: Vec<Open>,
    next: Next,
    /// The first thing that is wrong.
    pub(super) wrong: Option<SyntaxError>,
}

impl Grammar {
    fn refuse(&mut self, place: Range<usize>, message: impl Into<String>) {
        if self.wrong.is_none() {
            self.wrong = Some(SyntaxError { message: message.into(), range: place });
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether nothing is open.
    pub(super) fn is_closed(&self) -> bool {
        !self.open.iter().any(|open| open.kind == Kind::Parenthesis)
    }

    pub(super) fn command_ended(&self) -> bool {
        self.next == Next::Operator
    }

    pub(super) fn open_parenthesis(&self) -> Option<usize> {
        let open = self.open.iter().rfind(|open| open.kind == Kind::Parenthesis)?;
        Some(open.place.start)
    }

    /// A command begins.
    fn begins(&mut self, place: &Range<usize>) {
        if self.next == Next::Operator {
            self.refuse(place.clone(), "a `;` or the end of a line is missing before this");
        }
        if let Some(Open { kind: Kind::Each, stage: Stage::Head, place: each }) = self.open.last() {
            let each = each.clone();
            self.refuse(each, "this loop has no `do`");
        }
    }

    /// A whole command stands here.
    pub(super) fn command(&mut self, place: Range<usize>) {
        self.begins(&place);
        self.next = Next::Operator;
    }

    /// The beginning of a function stands here.
    pub(super) fn definition(&mut self, place: Range<usize>) {
        self.begins(&place);
        self.next = Next::Command;
    }

    /// Something opens here that is closed later.
    pub(super) fn open(&mut self, kind: Kind, place: Range<usize>) {
        let body_of_loop = kind == Kind::Brace
            && matches!(self.open.last(), Some(Open { kind: Kind::Each, stage: Stage::Head, .. }));
        if body_of_loop {
            // `for x in a; { …; }` has braces in place of `do` and `done`.
            self.open.pop();
        } else {
            self.begins(&place);
        }
        self.open.push(Open { kind, stage: Stage::Head, place });
        self.next = if kind == Kind::Each { Next::Operator } else { Next::Command };
    }

    pub(super) fn line_end(&mut self) {
        if self.next == Next::Operator {
            self.next = Next::Any;
        }
    }

    /// An operator between commands. `binding` when a command has to follow.
    pub(super) fn operator(&mut self, place: Range<usize>, binding: bool) {
        if self.next != Next::Operator {
            self.refuse(place, "a command is missing before this");
        }
        self.next = if binding { Next::Command } else { Next::Any };
    }

    /// A word that may be one of the grammar's. Says whether it was.
    pub(super) fn word(&mut self, word: &str, place: Range<usize>) -> bool {
        match word {
            "!" | "time" => {
                self.begins(&place);
                self.next = Next::Any;
            }
            "if" => self.open(Kind::If, place),
            "while" | "until" => self.open(Kind::While, place),
            "{" => self.open(Kind::Brace, place),
            "then" => self.goes_on(place, word, Kind::If, &[Stage::Head], Stage::Body),
            "elif" => self.goes_on(place, word, Kind::If, &[Stage::Body], Stage::Head),
            "else" => self.goes_on(place, word, Kind::If, &[Stage::Body], Stage::Last),
            "do" => match self.open.last() {
                Some(Open { kind: Kind::Each, .. }) => {
                    self.goes_on(place, word, Kind::Each, &[Stage::Head], Stage::Body);
                }
                _ => self.goes_on(place, word, Kind::While, &[Stage::Head], Stage::Body),
            },
            "fi" => self.closes(place, word, &[Kind::If]),
            "done" => self.closes(place, word, &[Kind::While, Kind::Each]),
            "}" => self.closes(place, word, &[Kind::Brace]),
            "esac" => self.closes(place, word, &[Kind::Case]),
            _ => return false,
        }
        true
    }

    fn goes_on(&mut self, place: Range<usize>, word: &str, kind: Kind, from: &[Stage], to: Stage) {
        let empty = self.next == Next::Command;
        match self.open.last_mut() {
            Some(open) if open.kind == kind && from.contains(&open.stage) => {
                open.stage = to;
                if empty {
                    self.refuse(place, format!("a command is missing before this `{word}`"));
                }
            }
            _ => self.refuse(place, format!("nothing is open that this `{word}` belongs to")),
        }
        self.next = Next::Command;
    }

    fn closes(&mut self, place: Range<usize>, word: &str, kinds: &[Kind]) {
        match self.open.last() {
            Some(open) if kinds.contains(&open.kind) => {
                let begun = matches!(open.kind, Kind::If | Kind::While | Kind::Each);
                if begun && open.stage == Stage::Head {
                    let missing = if open.kind == Kind::If { "then" } else { "do" };
                    self.refuse(place, format!("a `{missing}` is missing before this `{word}`"));
                } else if self.next == Next::Command {
                    self.refuse(place, format!("a command is missing before this `{word}`"));
                }
                self.open.pop();
            }
            _ => self.refuse(place, format!("nothing is open that this `{word}` closes")),
        }
        self.next = Next::Operator;
    }

    /// Closes a parenthesis, and what is open in it. Says whether there was one.
    pub(super) fn close_parenthesis(&mut self, at: usize) -> bool {
        let Some(depth) = self.open.iter().rposition(|open| open.kind == Kind::Parenthesis) else {
            return false;
        };
        if self.next == Next::Command {
            self.refuse(at..at + 1, "a command is missing before this");
        }
        self.left_open(depth + 1);
        self.open.truncate(depth);
        self.next = Next::Operator;
        true
    }

    /// After `)` of a pattern of a `case`.
    pub(super) fn branch(&mut self) {
        self.next = Next::Any;
    }

    /// At `;;`. Says whether there is a `case`.
    pub(super) fn branch_ends(&mut self, place: Range<usize>) -> bool {
        let case = self.open.last().is_some_and(|open| open.kind == Kind::Case);
        if !case {
            self.refuse(place, "this stands only in a `case`");
            self.next = Next::Any;
        } else if self.next == Next::Command {
            self.refuse(place, "a command is missing before this");
        }
        case
    }

    /// At `esac` in place of a pattern.
    pub(super) fn case_ends(&mut self) {
        self.open.pop();
        self.next = Next::Operator;
    }

    /// At the end of the text or of a substitution.
    pub(super) fn list_ends(&mut self, place: Range<usize>) {
        if self.open.is_empty() && self.next == Next::Command {
            self.refuse(place, "a command is missing after this");
        }
        self.left_open(0);
    }

    fn left_open(&mut self, from: usize) {
        let Some(open) = self.open.get(from..).and_then(<[Open]>::last).cloned() else { return };
        let close = match open.kind {
            Kind::Brace => "}",
            Kind::Case => "esac",
            Kind::If => "fi",
            Kind::Parenthesis => ")",
            Kind::While | Kind::Each => "done",
        };
        self.refuse(open.place, format!("no `{close}` closes what begins here"));
    }
}
