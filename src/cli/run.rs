//! `runbook run`: begins a run and drives it.

use super::drive::{First, Output, Session, drive};
use super::error::{CliError, NOTHING_BEGUN};
use super::exit::Exit;
use super::params::{self, Given};
use super::project::{Home, suggestion};
use super::{Global, world};
use crate::model::id::StepKey;
use crate::plan::Plan;
use crate::run::Begin;
use crate::run::foresight::Expected;
use crate::run::world::Wishes;
use std::collections::BTreeMap;

/// What `run` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A runbook: a file's stem under runbooks/, or a path.
    #[arg(value_name = "NAME")]
    name: String,
    /// The environment, as runbook.yaml names it.
    #[arg(long, short, value_name = "ENV")]
    env: String,
    #[command(flatten)]
    given: Given,
    /// Agree to every `confirm`. Never to a guard
    #[arg(long, short)]
    yes: bool,
    /// Look again, and refuse when the plan with this digest does not hold any more (`runbook plan` prints
    /// it; its first 8 digits or more)
    #[arg(long, value_name = "DIGEST", value_parser = Expected::new)]
    plan: Option<Expected>,
    /// Why, for the journal, and for guards that want a reason
    #[arg(long, value_name = "TEXT", value_parser = params::reason)]
    reason: Option<String>,
    /// Ask before every step: run, skip with a reason, undo, quit
    #[arg(long)]
    step: bool,
    /// Pause before this step
    #[arg(long, value_name = "STEP")]
    until: Option<String>,
    /// How the run is shown.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    output: Output,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook run account-redeploy --env sandbox
  runbook run kms-key-replacement --env production -p alias=alias/corpus --reason 'INC-1234'
  RUNBOOK_PARAM_TOKEN=… runbook run rotate-token --env drill
  runbook run account-redeploy --env sandbox --output json 2>/dev/null | jq .event

A secret parameter is never taken from the command line: use `-p name=@FILE`, RUNBOOK_PARAM_NAME, or the
prompt. Without a terminal nothing ever waits for an answer: the run pauses and exits 10.
Ctrl-C ends the current step and pauses. A second one stops the step; its outcome is then unknown.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let environment = home.environment(&args.env)?.clone();
    let plan = home.plan(&args.name)?;
    let until = args.until.as_deref().map(|step| step_of(&plan, step)).transpose()?;
    let gathered = params::gather(&plan.root.book, &args.given, &world::scope(&environment))?;
    let wishes =
        Wishes { yes: args.yes, ask_every_step: args.step, until, reason: args.reason.clone() };
    if args.step && !super::console::attended() {
        return Err(CliError::usage(
            "`--step` asks before every step, and nobody is there to be asked",
        )
        .certain(NOTHING_BEGUN)
        .hint("Use it at a terminal, or `--until STEP`."));
    }
    world::block_on(async {
        let (world, run) = world::build(&home, &environment, &plan, None).await?;
        let name = plan.root.book.name.clone();
        let (params, secret_params) = (gathered.values, gathered.secrets.clone());
        let begin = Begin { plan, params, secret_params, expected: args.plan.clone() };
        let secrets: BTreeMap<_, _> = gathered.secrets;
        let session = Session { world, secrets, wishes, output: args.output };
        let exit = drive(session, First::Start(Box::new(begin), run)).await?;
        if exit == Exit::Done {
            world::note_seed(&home, &environment, &name).await?;
        }
        Ok(exit)
    })
}

/// The step of that id.
///
/// # Errors
/// When there is none.
pub(super) fn step_of(plan: &Plan, text: &str) -> Result<StepKey, CliError> {
    let key = StepKey::from_text(text);
    if plan.find(&key).is_some() {
        return Ok(key);
    }
    let keys: Vec<String> = plan.walk().into_iter().map(|(key, _, _)| key.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Err(CliError::usage(format!("`{}` has no step `{text}`", plan.root.book.name))
        .certain("Nothing was changed.")
        .hint(suggestion(text, &keys, "steps")))
}
