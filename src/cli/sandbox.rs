//! `runbook sandbox`: the emulated AWS on this machine.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Global, world};
use crate::sandbox::{Sandbox, Status};

/// What `sandbox` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Clone, Copy, Debug)]
enum Verb {
    /// Start it. The first time it is installed, which takes about a minute
    Up,
    /// Stop it. What is in it is kept
    Down,
    /// Empty it: every account in it is new again
    Reset,
    /// Whether it runs, and where
    Status,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
`runbook run NAME --env sandbox` starts and seeds it by itself. Nothing in it is real, and it costs nothing.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?;
    let sandbox = Sandbox::new(&home.state);
    let runtime = world::runtime()?;
    let out = Out::new();
    match args.verb {
        Verb::Up => {
            // The state folder is closed to others before anything is put into it.
            home.store()?;
            let server = runtime.block_on(sandbox.up(&world::progress))?;
            out.line(format!(
                "The sandbox is up at {} (process {}).",
                server.endpoint, server.pid
            ))?;
            out.line(format!("next  {}", out.paint().command("runbook run NAME --env sandbox")))?;
        }
        Verb::Down => {
            let was_up = runtime.block_on(sandbox.down())?;
            out.line(if was_up {
                "The sandbox is stopped; what is in it is kept."
            } else {
                "The sandbox was not running."
            })?;
        }
        Verb::Reset => {
            home.store()?;
            runtime.block_on(sandbox.reset())?;
            out.line("The sandbox is empty. The next run seeds it again.")?;
        }
        Verb::Status => {
            let line = match runtime.block_on(sandbox.status())? {
                Status::NotInstalled => {
                    "not installed: `runbook sandbox up` installs it".to_owned()
                }
                Status::Stopped { state_kept: true } => "stopped; what is in it is kept".to_owned(),
                Status::Stopped { state_kept: false } => "stopped; it is empty".to_owned(),
                Status::Running(server) => format!(
                    "running at {} (process {}, since {})",
                    server.endpoint, server.pid, server.started_at
                ),
                Status::Died(server) => format!(
                    "died without saving (process {}): what was in it is lost; `runbook sandbox up` starts it again",
                    server.pid
                ),
            };
            out.line(line)?;
        }
    }
    Ok(Exit::Done)
}
