//! `runbook undo`: takes back everything that a run started.

use super::drive::{First, Output, Session, drive};
use super::error::CliError;
use super::exit::Exit;
use super::history::Known;
use super::params::{self, Given};
use super::project::Home;
use super::{Global, history, world};
use crate::run;
use crate::run::world::Wishes;

/// What `undo` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A run's id, or the beginning of it. Default: the newest run that is not over.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT", value_parser = params::reason)]
    reason: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Agree to every `confirm`. Never to a guard
    #[arg(long, short)]
    yes: bool,
    /// How the run is shown.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    output: Output,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Only steps that started are taken back, in the reverse order of their starts. Past a point of no return
(an `irreversible` step that may have had an effect) nothing is taken back: the way is forward.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let store = home.store()?;
    let Known { run, state, .. } =
        history::pick(&store, args.run.as_deref(), "that could be taken back", |state| {
            !state.status.is_over()
        })?
        .known;
    let plan = run::plan_of(&store, &home.catalog, &state.began)?;
    let environment = home.environment(&state.began.environment)?.clone();
    let secrets = params::secrets(&plan.root.book, &state.began.secret_params, &args.given)?;
    let wishes = Wishes { yes: args.yes, reason: args.reason.clone(), ..Wishes::default() };
    world::block_on(async {
        let (world, run) = world::build(&home, &environment, &plan, Some(&run)).await?;
        let session = Session { world, secrets, wishes, output: args.output };
        drive(session, First::Undo(run)).await
    })
}
