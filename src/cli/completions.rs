//! `runbook completions`: what a shell needs to complete commands.

use super::error::CliError;
use super::exit::Exit;
use super::{Cli, Global};
use clap::CommandFactory as _;
use std::io::Write as _;

/// What `completions` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook completions bash > ~/.local/share/bash-completion/completions/runbook
  runbook completions zsh > ~/.zfunc/_runbook";

/// Runs it.
pub(super) fn run(_global: &Global, args: &Args) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "runbook", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}
