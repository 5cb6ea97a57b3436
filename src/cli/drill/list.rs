//! `runbook drill list`: the drills of the project.

use super::runs::Runs;
use crate::cli::Global;
use crate::cli::console::Out;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history;
use crate::cli::project::Home;
use crate::drill::evidence::Evidence;
use crate::drill::report::Report;
use crate::model::drill::DRILLS;
use crate::model::duration::Short;
use crate::model::runbook::Runbook;
use crate::run::report::text::{cut, fit, harmless, width};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// What `drill list` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::cli) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(in crate::cli) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let runs = Runs::read(&home)?;
    let mut drills = Vec::new();
    for name in home.drills()? {
        let book = home.book(&format!("{DRILLS}{name}"))?;
        drills.push((name, book.runbook, book.diagnostics.len()));
    }
    if args.json {
        let value = |(name, book, found): &(String, Arc<Runbook>, usize)| {
            json!({
                "name": name, "title": text(book.front.title.as_ref()),
                "summary": text(book.front.summary.as_ref()), "owner": text(book.front.owner.as_ref()),
                "environment": book.drill.as_ref().and_then(|drill| drill.environment.as_ref()).map(|e| &e.value),
                "cadence": cadence(book), "rto_seconds": book.front.rto.as_ref().map(|rto| rto.value.as_secs()),
                "findings": found,
                "last": runs.of(name).next().map(|last| json!({
                    "run": last.run, "at": last.ended, "mode": last.mode,
                    "verdict": last.judgement.verdict, "counts_as_evidence": Evidence::of(last).counts(),
                })),
            })
        };
        out.json(&Value::Array(drills.iter().map(value).collect()))?;
        return Ok(Exit::Done);
    }
    runs.tell_unread();
    if drills.is_empty() {
        out.line("There are no drills yet. docs/drills.md says how to write one.")?;
        return Ok(Exit::Done);
    }
    let (now, columns) = (Timestamp::now(), out.columns());
    let widest = drills.iter().map(|(name, ..)| width(name)).max().unwrap_or(0).clamp(5, 32);
    let row = |cells: [&str; 5]| {
        let [name, title, rto, every, last] = cells;
        let beside = widest + 5 + 10 + 36 + 8;
        let title = fit(title, columns.saturating_sub(beside).max(16));
        cut(
            &format!("{}  {title}  {}  {}  {last}", fit(name, widest), fit(rto, 5), fit(every, 10)),
            columns,
        )
    };
    out.line(out.paint().dim(&row(["DRILL", "TITLE", "RTO", "EVERY", "LAST"])).to_string())?;
    for (name, book, _) in &drills {
        let rto = book
            .front
            .rto
            .as_ref()
            .map_or_else(|| "-".to_owned(), |rto| Short(rto.value).to_string());
        let every = cadence(book).unwrap_or_else(|| "-".to_owned());
        let title = harmless(text(book.front.title.as_ref()).unwrap_or_default());
        let last =
            runs.of(name).next().map_or_else(|| "never".to_owned(), |last| in_short(last, now));
        out.line(row([name, &title, &rto, &every, &last]))?;
    }
    Ok(Exit::Done)
}

fn text(text: Option<&crate::model::value::Text>) -> Option<&str> {
    text.map(|text| text.value.as_str())
}

fn cadence(book: &Runbook) -> Option<String> {
    let cadence = book.drill.as_ref()?.cadence.as_ref()?;
    Some(cadence.value.every.to_string())
}

/// The last drill in a few words.
pub(super) fn in_short(report: &Report, now: Timestamp) -> String {
    let verdict = report
        .judgement
        .verdict
        .map_or_else(|| "goes on".to_owned(), |verdict| verdict.to_string());
    format!("{} {}: {verdict}", history::age(report.ended, now), report.mode)
}
