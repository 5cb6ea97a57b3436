//! `runbook freeze`: stops every run of an environment before its next change.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Global, world};
use crate::store::Freeze;
use jiff::Timestamp;

/// What `freeze` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    /// Why. Everybody who is refused reads it.
    #[arg(long, value_name = "TEXT", value_parser = super::params::reason)]
    reason: String,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
A run that is under way ends its current step and stops before its next change.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?;
    let environment = &home.environment(&args.environment)?.name;
    let by = world::operator();
    let by = format!("{}@{}", by.user, by.host);
    let freeze = Freeze { reason: args.reason.clone(), by, at: Timestamp::now() };
    home.store()?.freeze(environment, &freeze)?;
    let out = Out::new();
    out.line(format!("Environment {environment} is frozen: no run changes anything in it."))?;
    out.line(format!("next  {}", out.paint().command(&format!("runbook thaw {environment}"))))?;
    Ok(Exit::Done)
}
