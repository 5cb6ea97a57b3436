//! `runbook thaw`: lets the runs of a frozen environment go on.

use super::Global;
use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use crate::run::report::text::harmless;

/// What `thaw` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
}

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?;
    let environment = &home.environment(&args.environment)?.name;
    let out = Out::new();
    match home.store()?.thaw(environment)? {
        Some(freeze) => {
            let reason = harmless(&freeze.reason);
            let text = format!("it was frozen by {} at {}: {reason}", freeze.by, freeze.at);
            out.line(format!("Environment {environment} is free again; {text}"))?;
            out.line(format!("next  {}", out.paint().command("runbook resume")))?;
        }
        None => out.line(format!("Environment {environment} was not frozen."))?,
    }
    Ok(Exit::Done)
}
