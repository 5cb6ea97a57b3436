//! What the programs that would run a script say about it, without running it: `bash -n`, `sh -n`, Python's
//! compiler, and ShellCheck.
//!
//! A script goes to them on standard input. They get no environment of ours, and not much time.

mod answers;
mod ask;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::scripts::{SHELLCHECK, SYNTAX};
use crate::model::step::Interpreter;
use crate::model::value::Text;
use crate::script::{self, SyntaxError};
use ask::{Program, in_parallel};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Up to so many scripts, the programs are asked about each of them. Starting one takes a millisecond or more,
/// so above that the shells are asked about what our own reader refuses only, and ShellCheck not at all.
pub const MANY: usize = 200;

/// The most answers that are kept. Above that all are forgotten: an editor that has been open for days.
const KEPT: usize = 20_000;

/// Whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// What is needed to refuse a run: syntax only.
    Syntax,
    /// Everybody, unless there are too many scripts.
    Auto,
    /// Everybody about everything, however long it takes.
    All,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linted {
    /// The findings, a list for each script.
    pub found: Vec<Vec<Diagnostic>>,
    /// What could not be asked, and why, as whole sentences.
    pub notes: Vec<String>,
}

/// What one program said about one script.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Fine,
    Wrong(Finding),
    /// It is wrong, but where was not said.
    Refused,
    Findings(Vec<Finding>),
    /// It is not there, took too long, or said something else.
    Nothing,
}

/// A finding in a script, in bytes of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    range: Range<usize>,
    message: String,
    label: String,
}

/// Answers by what was asked. A script is the same whatever file it stands in.
static ANSWERS: LazyLock<Mutex<HashMap<(Program, String), Answer>>> = LazyLock::new(Mutex::default);

/// Asks about scripts.
#[must_use]
pub fn lint(scripts: &[(Interpreter, &Text)], ask: Ask) -> Linted {
    let few = scripts.len() <= MANY || ask == Ask::All;
    let refused: Vec<Option<SyntaxError>> = scripts
        .iter()
        .map(|(interpreter, text)| script::syntax(*interpreter, &text.value))
        .collect();
    let asked: Vec<(Program, &str)> = scripts
        .iter()
        .zip(&refused)
        .filter(|((interpreter, _), refused)| {
            few || refused.is_some() || *interpreter == Interpreter::Python
        })
        .map(|((interpreter, text), _)| (Program::of(*interpreter), text.value.as_str()))
        .collect();
    let mut absent = ask_all(&asked);

    let mut found: Vec<Vec<Diagnostic>> = scripts
        .iter()
        .zip(&refused)
        .map(|((interpreter, text), refused)| {
            let answer = known(Program::of(*interpreter), &text.value);
            syntax_errors(*interpreter, text, refused.as_ref(), answer)
        })
        .collect();

    if few && ask != Ask::Syntax {
        let shell = |at: usize| scripts[at].0 != Interpreter::Python && found[at].is_empty();
        let sound: Vec<usize> = (0..scripts.len()).filter(|at| shell(*at)).collect();
        let asked: Vec<(Program, &str)> = sound
            .iter()
            .map(|at| (Program::shellcheck(scripts[*at].0), scripts[*at].1.value.as_str()))
            .collect();
        absent.extend(ask_all(&asked));
        for (at, (program, script)) in sound.into_iter().zip(asked) {
            if let Some(Answer::Findings(findings)) = known(program, script) {
                found[at]
                    .extend(findings.into_iter().map(|finding| warning(scripts[at].1, finding)));
            }
        }
    }
    Linted { found, notes: notes(&absent, few, ask) }
}

fn known(program: Program, script: &str) -> Option<Answer> {
    let answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    answers.get(&(program, script.to_owned())).cloned()
}

/// Makes sure that the answers are known. Says which programs are not there.
fn ask_all(asked: &[(Program, &str)]) -> Vec<Program> {
    let mut new: Vec<(Program, &str)> = {
        let answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |(program, script): &&(Program, &str)| {
            answers.contains_key(&(*program, (*script).to_owned()))
        };
        asked.iter().filter(|one| !is_known(one)).copied().collect()
    };
    new.sort_unstable();
    new.dedup();
    let (python, shells): (Vec<_>, Vec<_>) =
        new.into_iter().partition(|(program, _)| *program == Program::Python);
    let python: Vec<&str> = python.into_iter().map(|(_, script)| script).collect();
    let mut absent = Vec::new();
    let mut told: Vec<(Program, &str, Option<Answer>)> = Vec::new();
    let answers = in_parallel(&shells, |(program, script)| ask::one(*program, script));
    told.extend(
        shells.iter().zip(answers).map(|((program, script), answer)| (*program, *script, answer)),
    );
    if !python.is_empty() {
        let answers = ask::python(&python);
        told.extend(python.iter().enumerate().map(|(at, script)| {
            (Program::Python, *script, answers.as_ref().map(|all| all[at].clone()))
        }));
    }
    let mut kept = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() + told.len() > KEPT {
        kept.clear();
    }
    for (program, script, answer) in told {
        match answer {
            Some(answer) => drop(kept.insert((program, script.to_owned()), answer)),
            // It may be installed a moment later: that it is not there is not kept.
            None => absent.push(program),
        }
    }
    absent
}

fn syntax_errors(
    interpreter: Interpreter,
    text: &Text,
    refused: Option<&SyntaxError>,
    answer: Option<Answer>,
) -> Vec<Diagnostic> {
    let program = Program::of(interpreter).name();
    match (answer, refused) {
        // Our reader knows the place better, because it knows what was opened and never closed.
        (Some(Answer::Wrong(said)), Some(refused)) => {
            let diagnostic = SYNTAX
                .error(text.locate(refused.range.clone()), refused.message.clone())
                .label("here");
            vec![diagnostic.help(format!("{program} says: {}", said.message))]
        }
        (Some(Answer::Refused), Some(refused)) => {
            let span = text.locate(refused.range.clone());
            vec![SYNTAX.error(span, refused.message.clone()).label("here")]
        }
        (Some(Answer::Refused), None) => {
            let message = format!("{program} refuses this script");
            vec![SYNTAX.error(text.locate(0..text.value.trim_end().len()), message)]
        }
        (Some(Answer::Wrong(said)), None) => {
            let message = format!("{program} refuses this script: {}", said.message);
            vec![SYNTAX.error(text.locate(said.range), message).label(said.label)]
        }
        // Nobody has the last word.
        (None, Some(refused)) => {
            let span = text.locate(refused.range.clone());
            let warning = SYNTAX.warning(span, refused.message.clone()).label("here");
            vec![warning.help(format!("`{program}` is not installed here, so this is not certain"))]
        }
        _ => Vec::new(),
    }
}

fn warning(text: &Text, finding: Finding) -> Diagnostic {
    let help = format!(
        "see https://www.shellcheck.net/wiki/{0}; `# shellcheck disable={0}` above the line silences it",
        finding.label
    );
    let message = format!("{} ({})", finding.message.trim_end_matches('.'), finding.label);
    SHELLCHECK.warning(text.locate(finding.range), message).label(finding.label).help(help)
}

fn notes(absent: &[Program], few: bool, ask: Ask) -> Vec<String> {
    let mut notes = Vec::new();
    for program in [Program::Bash, Program::Sh, Program::Python] {
        if absent.contains(&program) {
            let name = program.name();
            notes.push(format!(
                "{name} did not answer, so the syntax of {name} scripts is not certain."
            ));
        }
    }
    if !few && ask == Ask::Auto {
        notes.push(format!(
            "There are more than {MANY} scripts, so ShellCheck was not asked. `runbook check NAME` asks it, and `--lint all` asks about all."
        ));
    }
    notes
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
