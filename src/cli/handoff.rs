//! `runbook handoff`: the readiness board. Can the customer's own people do this without us?

use super::Global;
use super::console::Out;
use super::docs::gather;
use super::error::CliError;
use super::exit::Exit;
use super::project::{Home, note};
use crate::model::duration::Short;
use crate::run::report::text::{fold, harmless};
use crate::site::{Board, Light, Shown};
use std::time::Duration;

/// What `handoff` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Evidence is the journal of a drill or of a real run: whole, with no step left out, in time, not older than
handoff.cadence, and by one of handoff.operators in runbook.yaml. A rehearsal never counts.

`runbook docs build` shows the same board as a page. `runbook docs build --check` fails when evidence is too old.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?.sound()?;
    let gathered = gather(&home)?;
    gathered.notes.iter().for_each(|text| note(text));
    let board = Board::new(&gathered.input);
    if args.json {
        let value =
            serde_json::to_value(&board).map_err(|error| CliError::usage(error.to_string()))?;
        out.json(&value)?;
        return Ok(Exit::Done);
    }
    for shown in &board.promises {
        human(out, shown)?;
    }
    out.line("")?;
    out.line(format!(
        "{} shown, {} ageing or in doubt, {} not shown",
        board.count(Light::Green),
        board.count(Light::Amber),
        board.count(Light::Red)
    ))?;
    Ok(Exit::Done)
}

fn human(out: Out, shown: &Shown) -> Result<(), CliError> {
    let (paint, columns) = (out.paint(), out.columns().min(100));
    let title = shown.promise.title;
    out.line(match shown.light {
        Light::Green => paint.good(&format!("✓ {title}")).to_string(),
        Light::Amber => paint.warn(&format!("! {title}")).to_string(),
        Light::Red => paint.bad(&format!("✗ {title}")).to_string(),
    })?;
    for line in fold(&harmless(&shown.reason), columns.saturating_sub(2)) {
        out.line(format!("  {line}"))?;
    }
    if let (Some(run), Some(date)) = (&shown.run, &shown.date) {
        let short = |seconds| Short(Duration::from_secs(seconds)).to_string();
        let time = match (shown.seconds, shown.objective_seconds) {
            (Some(took), Some(objective)) => format!(", {} of {}", short(took), short(objective)),
            (Some(took), None) => format!(", {}", short(took)),
            _ => String::new(),
        };
        let by = shown.by.as_deref().map(|by| format!(", by {}", harmless(by))).unwrap_or_default();
        out.line(format!("  {}", paint.dim(&format!("{run}, {date}{time}{by}"))))?;
    }
    if let Some(next) = shown.next.as_ref().filter(|_| shown.light != Light::Green) {
        out.line(format!("  {}", paint.command(next)))?;
    }
    Ok(())
}
