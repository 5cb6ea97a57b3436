//! `runbook drill run`: begins a drill and drives it.

use crate::cli::drive::{First, Output, Session, drive};
use crate::cli::error::{CliError, NOTHING_BEGUN};
use crate::cli::exit::Exit;
use crate::cli::project::Home;
use crate::cli::{Global, params, world};
use crate::model::mode::EnvironmentKind;
use crate::model::value::Values;
use crate::run::Begin;
use crate::run::world::Wishes;
use std::collections::BTreeMap;

/// What `drill run` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::cli) struct Args {
    /// A drill: the stem of a file under drills/
    #[arg(value_name = "NAME")]
    name: String,
    /// The environment. Default: the one that the drill names. The sandbox makes it a rehearsal
    #[arg(long, short, value_name = "ENV")]
    env: Option<String>,
    /// Agree to every `confirm`. Never to a guard
    #[arg(long, short)]
    yes: bool,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT", value_parser = params::reason)]
    reason: Option<String>,
    /// How the run is shown.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    output: Output,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook drill run key-replacement --env sandbox
  runbook drill run quarterly-teardown --reason 'Q4, the customer drives'

A drill is a run: `status`, `log`, `resume`, `undo` and `abort` know it by its run. What it broke is mended
when it has recovered, when it stops for whatever reason, and after a kill by the next `resume` or `undo`;
until then `status` and `obligations` list it.

Exits 0 when it passed, 8 when the objective was missed, 9 when health did not come back, 1 when a step
failed, 11 when nothing could be judged.";

/// Runs it.
pub(in crate::cli) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let name = home.drill_named(&args.name);
    let plan = home.plan(&name)?;
    let own = plan.root.book.drill.as_ref().and_then(|drill| drill.environment.clone());
    let named = args.env.clone().or_else(|| own.map(|name| name.value)).unwrap_or_default();
    let environment = home.environment(&named)?.clone();
    if environment.kind == EnvironmentKind::Production {
        return Err(CliError::new(
            Exit::Refused,
            format!("`{}` is a drill, and environment `{named}` is one of production", args.name),
        )
        .certain(NOTHING_BEGUN)
        .hint("Drills are for environments of kind `drill`, and rehearsals for the sandbox."));
    }
    let wishes = Wishes { yes: args.yes, reason: args.reason.clone(), ..Wishes::default() };
    world::block_on(async {
        let (world, run) = world::build(&home, &environment, &plan, None).await?;
        let begin =
            Begin { plan, params: Values::new(), secret_params: BTreeMap::new(), expected: None };
        let session = Session { world, secrets: BTreeMap::new(), wishes, output: args.output };
        drive(session, First::Start(Box::new(begin), run)).await
    })
}
