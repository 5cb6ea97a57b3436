//! What a script says, read without running it: its syntax, the variables it reads, the AWS calls it makes.
//!
//! Nothing here runs a program or reads a file. The reader knows no order: a variable that is set anywhere
//! in a script counts as set. It says less than it could rather than something wrong.

mod arithmetic;
mod aws;
mod builtins;
mod commands;
mod grammar;
mod python;
mod redirections;
mod scanner;
#[cfg(test)]
mod tests;
mod variables;
mod words;

pub use variables::shell_sets;

use crate::model::step::Interpreter;
use std::collections::BTreeSet;
use std::ops::Range;

/// What a script says. All places are bytes of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The `aws` commands that are written out.
    pub calls: Vec<AwsCall>,
    /// Where it calls AWS in a way that only running it would tell: `aws "$SERVICE" …`, or boto3.
    pub unreadable_aws: Vec<Range<usize>>,
    /// Where it runs something whose text is not here, or not certain: `source`, `eval`, `bash -c "$X"`.
    pub unknown: Vec<Range<usize>>,
    /// The variables it reads that nothing in it sets and nothing in it asks for first, each time it does.
    /// Under `set -u` each of them ends the script unless its environment has it.
    pub reads: Vec<(String, Range<usize>)>,
    /// The programs it runs, by the words it runs them by. None when it may run any.
    pub programs: Option<BTreeSet<String>>,
    /// The variables whose values it passes to programs as arguments, which everybody on the machine can see.
    pub arguments: Vec<Argument>,
}

/// A variable in an argument of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The program, as it is called.
    pub program: String,
    /// The variable.
    pub variable: String,
    /// Its name.
    pub range: Range<usize>,
}

/// One `aws` command, as the AWS CLI would see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsCall {
    /// The service in the words of the CLI, such as `s3api`.
    pub service: String,
    /// The operation in the words of the CLI, such as `get-object`.
    pub operation: String,
    /// The options with their values, such as `--bucket`, the global ones too. An option with several
    /// values has [`Word::Other`].
    pub options: Vec<(String, Option<Word>)>,
    /// What is neither an option nor the value of one, after the operation.
    pub arguments: Vec<Word>,
    /// Whether it may have more options than are written: some of its words may become several.
    pub open: bool,
    /// From `aws` to the operation.
    pub range: Range<usize>,
}

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Written out. Quotes are taken off.
    Literal(String),
    /// Exactly one variable: `"$NAME"`.
    Variable(String),
    /// Anything else.
    Other,
}

/// Why a script cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, without a full stop.
    pub message: String,
    /// Where, in bytes of the script.
    pub range: Range<usize>,
}

/// Reads a script.
///
/// # Errors
/// When it cannot be followed to its end. That alone does not make it wrong.
pub fn read(interpreter: Interpreter, text: &str) -> Result<Reading, SyntaxError> {
    match interpreter {
        Interpreter::Bash | Interpreter::Sh => scanner::read(text),
        Interpreter::Python => Ok(python::read(text)),
    }
}

/// Where a script is wrong, as far as can be told without the shell. None when nothing is known to be
/// wrong with it, and for Python.
///
/// The shell has the last word: it refuses a little that this takes, and takes a little that this refuses.
#[must_use]
pub fn syntax(interpreter: Interpreter, text: &str) -> Option<SyntaxError> {
    match interpreter {
        Interpreter::Bash | Interpreter::Sh => scanner::syntax(text),
        Interpreter::Python => None,
    }
}
