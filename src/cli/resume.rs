//! `runbook resume`: goes on with a run, anywhere it stopped.

use super::drive::{First, Output, Session, drive};
use super::error::CliError;
use super::exit::Exit;
use super::history::Known;
use super::params::{self, Given};
use super::project::Home;
use super::run::step_of;
use super::{Global, changes, history, world};
use crate::engine::state::RunStatus;
use crate::plan::Plan;
use crate::run::world::{Decision, Verdict, Wishes};
use crate::run::{self, GoOn};

/// What `resume` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A run's id, or the beginning of it. Default: the newest run that is not over.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// What to do with a step that failed or whose outcome is unknown: retry, skip, done or undo
    #[arg(long = "step", value_name = "STEP=VERDICT")]
    steps: Vec<String>,
    /// Why. Required by every verdict but `retry`
    #[arg(long, value_name = "TEXT", value_parser = params::reason)]
    reason: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Go on with the files as they are now, not with those that the run began with
    #[arg(long)]
    adopt: bool,
    /// Agree to every `confirm`. Never to a guard
    #[arg(long, short)]
    yes: bool,
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
  runbook resume
  runbook resume 20261122-1618 --step move_alias=retry
  runbook resume --step copy=done --reason 'copied by hand, counted 412 objects'
  runbook resume --adopt --step build=retry

A run goes on with the text that it began with, whatever the file says now; what differs is told by
step. Steps that are done are not run again. Secret parameters were not kept: give them again.

With `--adopt` it goes on with the files as they are now. Steps that are the same keep their results.
One that has begun and was changed needs a decision: `--step ID=done` keeps what it did, and
`--step ID=retry` runs it as it is now. A step that has begun cannot be removed or renamed.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let store = home.store()?;
    let Known { run, state, .. } =
        history::pick(&store, args.run.as_deref(), "that could go on", |state| {
            !state.status.is_over() && state.status != RunStatus::Stuck
        })?
        .known;
    let plan = run::plan_of(&store, &home.catalog, &state.began)?;
    let environment = home.environment(&state.began.environment)?.clone();
    let adopt = if args.adopt { Some(home.plan(&state.began.runbook)?) } else { None };
    if adopt.is_none() {
        changes::tell(&home, &plan, &state, &run);
    }
    let target = adopt.as_ref().unwrap_or(&plan);
    // About the steps that have begun, which both texts have.
    let decisions = decisions(&plan, &args.steps, args.reason.as_deref())?;
    let until = args.until.as_deref().map(|step| step_of(target, step)).transpose()?;
    let secrets = params::secrets(&target.root.book, &state.began.secret_params, &args.given)?;
    // It is read again under the lock, and may be large.
    drop(state);
    let wishes =
        Wishes { yes: args.yes, ask_every_step: false, until, reason: args.reason.clone() };
    world::block_on(async {
        let target = adopt.as_ref().unwrap_or(&plan);
        let (world, run) = world::build(&home, &environment, target, Some(&run)).await?;
        let session = Session { world, secrets, wishes, output: args.output };
        let how = Box::new(GoOn { decisions, adopt });
        drive(session, First::Resume(run, how)).await
    })
}

/// What the operator decides, every mistake at once.
fn decisions(
    plan: &Plan,
    steps: &[String],
    reason: Option<&str>,
) -> Result<Vec<Decision>, CliError> {
    let mut decisions = Vec::new();
    let mut mistakes = Vec::new();
    for one in steps {
        let (step, word) = one.rsplit_once('=').unwrap_or((one, ""));
        let verdict = match word {
            "retry" => Verdict::Retry,
            "skip" => Verdict::Skip,
            "done" => Verdict::Done,
            "undo" => Verdict::Undo,
            _ => {
                mistakes
                    .push(format!("`{one}` is not STEP=retry, STEP=skip, STEP=done or STEP=undo"));
                continue;
            }
        };
        let reason = match (verdict, reason) {
            (_, Some(reason)) => reason.to_owned(),
            (Verdict::Retry, None) => "retried".to_owned(),
            (_, None) => {
                mistakes.push(format!("`{word}` wants a reason: add --reason TEXT"));
                continue;
            }
        };
        match step_of(plan, step) {
            Ok(step) => decisions.push(Decision { step, verdict, reason }),
            Err(error) => {
                mistakes.push(format!("{}. {}", error.message, error.hint.unwrap_or_default()));
            }
        }
    }
    if mistakes.is_empty() {
        Ok(decisions)
    } else {
        Err(CliError::usage(mistakes.join("\n")).certain("Nothing was changed by this command."))
    }
}
