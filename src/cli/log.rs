//! `runbook log`: what happened in a run, event by event.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::history::{Known, Told};
use super::project::Home;
use super::{Global, history};
use crate::run;
use crate::run::report::plain::Plain;
use crate::run::report::{Reporter as _, View};
use serde_json::{Value, json};

/// What `log` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A run's id, or the beginning of it. Default: the newest run.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Prove that the journal is whole: every line, the chain, and the texts it is pinned to.
    #[arg(long)]
    verify: bool,
    /// As JSON lines.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook log
  runbook log 20261122-161845-k3f9 --verify

`--verify` prints the SHA-256 of the last line. Kept elsewhere, it proves later that no line was cut off.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let store = home.store()?;
    // Reading checks every line, the chain, and that every event can follow the ones before it.
    let Told { known: Known { run, state, .. }, ending, .. } =
        history::pick(&store, args.run.as_deref(), "yet", |_| true)?;
    let plan = run::plan_of(&store, &home.catalog, &state.began)?;
    if args.verify {
        let value = json!({
            "run": run, "whole": true, "events": ending.events, "head": ending.head,
            "torn_bytes": ending.torn.as_ref().map(|torn| torn.bytes),
        });
        if args.json {
            out.json_line(&value)?;
        } else {
            let events = usize::try_from(ending.events).unwrap_or(usize::MAX);
            let many = crate::run::report::text::counted(events, "event");
            out.line(
                out.paint().good(&format!("✓ the journal of {run} is whole: {many}")).to_string(),
            )?;
            out.line(format!("  head  {}", ending.head))?;
            if let Some(torn) = &ending.torn {
                out.line(format!(
                    "  a last line of {} bytes was cut off: it was never written",
                    torn.bytes
                ))?;
            }
        }
        return Ok(Exit::Done);
    }
    let history = store.read(&run)?;
    if args.json {
        for recorded in &history.events {
            let mut line = json!({ "seq": recorded.seq, "at": recorded.at });
            if let (Some(line), Ok(Value::Object(event))) =
                (line.as_object_mut(), serde_json::to_value(&recorded.event))
            {
                line.extend(event);
            }
            out.json_line(&line)?;
        }
        return Ok(Exit::Done);
    }
    let mut reporter = Plain::new(std::io::stdout());
    let mut state: Option<crate::engine::state::RunState> = None;
    for recorded in &history.events {
        match &mut state {
            None => state = crate::engine::state::RunState::begin(&recorded.event).ok(),
            // The history was replayed when it was opened, so every event fits.
            Some(state) => drop(state.apply(&recorded.event)),
        }
        if let Some(state) = &state {
            reporter.event(recorded.at, &recorded.event, &View { plan: &plan, state });
        }
    }
    Ok(Exit::Done)
}
