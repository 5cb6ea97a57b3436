//! Questions on the terminal. All of it happens on standard error, so that results stay clean.

use super::console::{error_columns, error_paint, tell};
use super::error::{CliError, NOTHING_BEGUN};
use super::exit::Exit;
use super::signals::end_before_a_run;
use super::terminal::question;
use crate::actions::manual::accept;
use crate::engine::outcome::{Field, Question};
use crate::model::id::StepKey;
use crate::model::runbook::Parameter;
use crate::model::value::{Value, Values};
use crate::parse;
use crate::run::report::text::{fold, harmless};
use crate::run::world::{Choice, Decision, Prompter, Verdict};
use dialoguer::console::Term;
use dialoguer::{Confirm, Input, Password, Select};

/// A person at this terminal.
pub(super) struct Person;

/// What a person wants after a run has paused.
pub(super) enum After {
    /// Decide about steps, and go on.
    Go(Vec<Decision>),
    /// Take everything back.
    Undo,
    /// Give it up, because of this.
    Abort(String),
    /// Leave it as it is.
    Leave,
}

fn say(text: &str) {
    for line in fold(text, error_columns().clamp(40, 100).saturating_sub(2)) {
        tell(format!("  {line}"));
    }
}

fn title(step: &StepKey, word: &str) {
    tell("");
    tell(format!(
        "{} {}",
        error_paint().warn("?"),
        error_paint().strong(&format!("{word} — {step}"))
    ));
}

fn yes(text: &str) -> Option<bool> {
    question(|| Confirm::new().with_prompt(text).default(false).interact_on(&Term::stderr()))
}

/// One of several, or nothing when the person leaves.
fn one_of(select: Select<'_>) -> Option<usize> {
    question(|| select.interact_on_opt(&Term::stderr())).flatten()
}

fn line(prompt: &str) -> Option<String> {
    question(|| typed(prompt))
}

fn typed(prompt: &str) -> dialoguer::Result<String> {
    let text: String =
        Input::new().with_prompt(prompt).allow_empty(true).interact_text_on(&Term::stderr())?;
    Ok(text.trim().to_owned())
}

fn hidden(prompt: &str) -> dialoguer::Result<String> {
    Password::new().with_prompt(prompt).interact_on(&Term::stderr())
}

impl Prompter for Person {
    fn ask(&self, step: &StepKey, question: &Question) -> Option<Values> {
        match question {
            Question::Agree { text } => {
                title(step, "Before this step starts");
                say(text);
                yes("  Go on?")?.then(Values::new)
            }
            Question::Confirm { text } => {
                title(step, "For you to do");
                say(text);
                yes("  Done?")?.then(Values::new)
            }
            Question::Checklist { text, items } => {
                title(step, "For you to do, one by one");
                say(text);
                for (index, item) in items.iter().enumerate() {
                    let prompt = format!("  {}/{} {}", index + 1, items.len(), harmless(item));
                    if !yes(&prompt)? {
                        return None;
                    }
                }
                Some(Values::new())
            }
            Question::Input { text, fields } => {
                title(step, "For you to fill in");
                say(text);
                fields.iter().map(|field| Some((field.name.clone(), fill_in(field)?))).collect()
            }
            Question::Phrase { text, phrase } => {
                title(step, "This destroys");
                say(text);
                say(&format!("To go on, type exactly: {phrase}"));
                let typed = line("  ")?;
                if typed != *phrase {
                    say("That is not the phrase. Nothing was started.");
                    return None;
                }
                Some(Values::from_iter([("phrase".to_owned(), Value::String(typed))]))
            }
        }
    }

    fn before(&self, step: &StepKey, text: &str) -> Choice {
        title(step, &format!("Next: {}", harmless(text)));
        let items = [
            "run it",
            "run it and all that follow",
            "skip it (with a reason)",
            "undo the whole run",
            "quit (pause here)",
        ];
        match one_of(Select::new().items(items).default(0)) {
            Some(0) => Choice::Run,
            Some(1) => Choice::RunAll,
            Some(2) => why("Why is it skipped?").map_or(Choice::Quit, Choice::Skip),
            Some(3) => Choice::Undo,
            _ => Choice::Quit,
        }
    }
}

/// One value, asked for until it fits or the person gives up.
fn fill_in(field: &Field) -> Option<Value> {
    let name = harmless(&field.name);
    if !field.description.is_empty() {
        say(&field.description);
    }
    if !field.choices.is_empty() {
        let items: Vec<String> = field.choices.iter().map(|choice| harmless(choice)).collect();
        let prompt = format!("  {name}");
        let chosen = one_of(Select::new().with_prompt(prompt).items(&items))?;
        let text = &field.choices[chosen];
        return fits(field, text).ok();
    }
    loop {
        let prompt = format!("  {name} ({})", field.kind.word());
        let text = if field.secret { question(|| hidden(&prompt))? } else { line(&prompt)? };
        match fits(field, &text) {
            Ok(value) => return Some(value),
            Err(mistake) => say(&format!("✗ {mistake}")),
        }
    }
}

/// Whether a typed text fits a field.
fn fits(field: &Field, text: &str) -> Result<Value, String> {
    let question = Question::Input { text: String::new(), fields: vec![field.clone()] };
    let given = Values::from_iter([(field.name.clone(), Value::from(text))]);
    let mut values = accept(&question, &given, "").map_err(|mistakes| mistakes.join("; "))?;
    values.remove(&field.name).ok_or_else(|| "it has no value".to_owned())
}

fn why(prompt: &str) -> Option<String> {
    loop {
        let text = line(&format!("  {prompt}"))?;
        if !text.is_empty() {
            return Some(text);
        }
        say("A reason must say something. It is kept in the journal.");
    }
}

/// A parameter that nobody gave. No run has begun, so a signal ends the program.
///
/// # Errors
/// When the person does not want to.
pub(super) fn parameter(param: &Parameter) -> Result<String, CliError> {
    end_before_a_run();
    let name = &param.name.value;
    if let Some(description) = &param.description {
        say(&description.value);
    }
    loop {
        let prompt = format!("  {name} ({})", param.kind.word());
        let text = question(|| if param.secret { hidden(&prompt) } else { typed(&prompt) });
        let text = text.ok_or_else(|| {
            CliError::new(Exit::Interrupted, format!("parameter `{name}` was not given"))
                .certain(NOTHING_BEGUN)
        })?;
        match parse::param(param, &text) {
            Ok(_) => return Ok(text),
            Err(mistake) => say(&format!("✗ {mistake}")),
        }
    }
}

/// After a step has failed, or its outcome is unknown: what now?
#[must_use]
pub(super) fn after_pause(steps: &[StepKey], can_undo: bool) -> After {
    let Some(step) = steps.first() else { return After::Leave };
    tell("");
    tell(format!(
        "{} {}",
        error_paint().warn("?"),
        error_paint().strong(&format!("What about {step}?"))
    ));
    let mut items = vec![
        ("retry: run it again", Some(Verdict::Retry)),
        ("skip: go on without it (with a reason)", Some(Verdict::Skip)),
        ("done: its effect is in place, I saw to it (with a reason)", Some(Verdict::Done)),
        ("undo this step only (with a reason)", Some(Verdict::Undo)),
    ];
    let whole = items.len();
    if can_undo {
        items.push(("undo the whole run", None));
    }
    let abort = items.len();
    items.push(("abort: give the run up as it stands", None));
    items.push(("leave it: decide later", None));
    let labels: Vec<&str> = items.iter().map(|(label, _)| *label).collect();
    let last = items.len() - 1;
    let chosen = one_of(Select::new().items(&labels).default(last)).unwrap_or(last);
    if let Some(verdict) = items[chosen].1 {
        let reason = match verdict {
            Verdict::Retry => Some("retried at the terminal".to_owned()),
            _ => why("Why?"),
        };
        return reason.map_or(After::Leave, |reason| {
            After::Go(vec![Decision { step: step.clone(), verdict, reason }])
        });
    }
    if can_undo && chosen == whole {
        return match yes("  Take back everything that this run started?") {
            Some(true) => After::Undo,
            _ => After::Leave,
        };
    }
    if chosen == abort { why("Why?").map_or(After::Leave, After::Abort) } else { After::Leave }
}

#[cfg(test)]
mod tests {
    use super::fits;
    use crate::engine::outcome::Field;
    use crate::model::runbook::Type;

    #[test]
    fn what_is_typed_must_fit_its_field() {
        let field = |kind, pattern: Option<&str>| Field {
            name: "n".into(),
            kind,
            description: String::new(),
            choices: vec![],
            pattern: pattern.map(str::to_owned),
            secret: false,
        };
        assert_eq!(fits(&field(Type::Integer, None), "12"), Ok(12.into()));
        assert!(fits(&field(Type::Integer, None), "twelve").is_err());
        assert!(fits(&field(Type::String, Some("^i-")), "vol-1").is_err());
        assert_eq!(fits(&field(Type::String, Some("^i-")), "i-1"), Ok("i-1".into()));
    }
}
