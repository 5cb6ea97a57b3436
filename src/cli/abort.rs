//! `runbook abort`: gives a run up as it stands.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Global, history, world};
use crate::engine::state::RunState;
use crate::run;
use jiff::Timestamp;

/// What `abort` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A run's id, or the beginning of it. Default: the newest run that is not over.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Why. It is kept in the journal.
    #[arg(long, value_name = "TEXT", value_parser = super::params::reason)]
    reason: String,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
What the run did stays, and what it owes stays owed. To take it back instead: `runbook undo`. A drill is not
given up while something stands that it broke on purpose: `runbook undo` mends it and ends the drill.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?;
    let store = home.store()?;
    let fits = |state: &RunState| !state.status.is_over();
    let run = history::pick(&store, args.run.as_deref(), "that could be given up", fits)?.known.run;
    run::abort(&store, &home.catalog, &run, (&args.reason, &world::operator()), Timestamp::now())?;
    let out = Out::new();
    out.line(format!("Gave up run {run}. What it did stays; nothing was taken back."))?;
    out.line(format!("next  {}", out.paint().command(&format!("runbook status {run}"))))?;
    Ok(Exit::Done)
}
