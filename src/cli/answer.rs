//! `runbook answer`: answers the question of a waiting step, from any terminal.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::{self, Home};
use super::{Global, history, params, world};
use crate::engine::outcome::Question;
use crate::engine::state::StepStatus;
use crate::mask::Masker;
use crate::model::id::StepKey;
use crate::model::value::Values;
use crate::run;
use jiff::Timestamp;

/// What `answer` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A run's id, or the beginning of it.
    #[arg(value_name = "RUN")]
    run: String,
    /// The step that waits.
    #[arg(value_name = "STEP")]
    step: String,
    /// The values it asks for. `name=@FILE` reads one from a file.
    #[arg(value_name = "NAME=VALUE")]
    values: Vec<String>,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook answer 20261122-1618 declare_incident
  runbook answer 20261122-1618 read_numbers tickets=12 severity=high

`runbook status` shows the question. The run goes on with `runbook resume`.
A destructive step in production asks for a phrase: `phrase='destroy in 111111111111'`.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?;
    let store = home.store()?;
    let run = store.find(&args.run)?;
    let step = StepKey::from_text(args.step.as_str());
    let state = history::known(&store, &run)?.state;
    let values = match state.status_of(&step) {
        // A secret is not even read: the run says where it is asked for.
        StepStatus::Waiting(question) if question.is_secret() => Values::new(),
        StepStatus::Waiting(question) => values(question, &args.values)?,
        // The run says what is wrong with the step, and which one waits.
        _ => Values::new(),
    };
    let by = world::operator();
    let by = format!("{}@{}", by.user, by.host);
    let whom = (&run, &step);
    run::answer(&store, &home.catalog, &Masker::new(), whom, &values, (&by, Timestamp::now()))?;
    let out = Out::new();
    out.line(format!("Answered {step} of run {run}."))?;
    out.line(format!("next  {}", out.paint().command(&format!("runbook resume {run}"))))?;
    Ok(Exit::Done)
}

fn values(question: &Question, given: &[String]) -> Result<Values, CliError> {
    let mut values = Values::new();
    let mut mistakes = Vec::new();
    let nothing: &[crate::engine::outcome::Field] = &[];
    let fields = if let Question::Input { fields, .. } = question { fields } else { nothing };
    for one in given {
        let Some((name, text)) = one.split_once('=') else {
            mistakes.push(format!("`{one}` is not NAME=VALUE"));
            continue;
        };
        let text = match text.strip_prefix('@') {
            Some(path) => params::file_value(std::path::Path::new(path))?,
            None => text.to_owned(),
        };
        // Whether it fits is for the run to judge, all of it at once.
        values.insert(name.to_owned(), text.into());
    }
    if mistakes.is_empty() {
        return Ok(values);
    }
    if !fields.is_empty() {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        project::note(&format!("the step asks for {}", names.join(", ")));
    }
    Err(CliError::usage(mistakes.join("\n")).certain("Nothing was answered."))
}
