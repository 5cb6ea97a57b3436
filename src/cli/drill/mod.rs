//! `runbook drill`: breaks something on purpose, recovers, measures, and proves it.

mod books;
mod due;
mod list;
mod report;
mod runs;
mod show;
mod start;

pub(super) use report::conclude;

use super::Global;
use super::error::CliError;
use super::exit::Exit;
use clap::Subcommand;

/// What `drill` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// The drills: title, objective, cadence, and how the last one went
    List(list::Args),
    /// Run a drill, or rehearse it with `--env sandbox`
    #[command(after_help = start::AFTER)]
    Run(start::Args),
    /// What is due, overdue, and was never done. Exits 8 when a drill is overdue
    #[command(after_help = due::AFTER)]
    Due(due::Args),
    /// How a drill went: the verdict, the time against the objective, who, and where the time went
    #[command(after_help = report::AFTER)]
    Report(report::Args),
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook drill list
  runbook drill run key-replacement --env sandbox
  runbook drill due --ics > drills.ics
  runbook drill report key-replacement --junit > drill.xml

A drill is a file in drills/. It never runs in an environment of kind production. In the sandbox it is a
rehearsal, which never counts as evidence.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::List(args) => list::run(global, args),
        Verb::Run(args) => start::run(global, args),
        Verb::Due(args) => due::run(global, args),
        Verb::Report(args) => report::run(global, args),
    }
}
