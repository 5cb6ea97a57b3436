//! `runbook unlock`: takes a run away from a process that is gone, or that must stop.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Global, history, world};
use crate::engine::event::Event;
use crate::model::id::RunId;
use jiff::Timestamp;

/// What `unlock` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A run's id, or the beginning of it. It must be named.
    #[arg(value_name = "RUN")]
    run: String,
    /// Why. It is kept in the journal.
    #[arg(long, value_name = "TEXT", value_parser = super::params::reason)]
    reason: String,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
The old process, should it live, finds out at its next journal write and stops before its next effect.
What it had begun is then unknown until it is looked at. Be sure that it is gone, or must stop.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?;
    let store = home.store()?;
    let named = RunId::from_text(&args.run);
    if store.has_lost_its_journal(&named)? {
        store.give_up_lost(&named)?;
        let out = Out::new();
        out.line(format!(
            "Run {named} has no journal any more: nothing tells what it did. Its locks are given free."
        ))?;
        return Ok(Exit::Done);
    }
    let run = store.find(&args.run)?;
    let state = history::known(&store, &run)?.state;
    let event = Event::RunTakenOver { operator: world::operator(), reason: args.reason.clone() };
    let mut after = state.clone();
    if after.apply(&event).is_err() {
        return Err(CliError::usage(format!(
            "run {run} is {}: it holds nothing",
            state.status.word()
        ))
        .certain("Nothing was changed.")
        .hint(format!("`runbook status {run}` shows what it did.")));
    }
    store.take_over(&run, &event, Timestamp::now())?;
    let out = Out::new();
    out.line(format!("Run {run} is taken over; its locks are given free."))?;
    out.line(format!("next  {}", out.paint().command(&format!("runbook resume {run}"))))?;
    Ok(Exit::Done)
}
