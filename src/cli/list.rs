//! `runbook list`: the runbooks of the project.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Global, history};
use crate::engine::state::RunStatus;
use crate::model::duration::Short;
use crate::model::id::RunId;
use crate::model::runbook::FrontMatter;
use crate::run::report::text::{cut, fit, harmless, width};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What `list` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "Example:\n  runbook list --json | jq -r '.[].name'";

struct Entry {
    name: String,
    front: FrontMatter,
    /// The errors in the front matter. Those in the steps are for `check` to tell.
    errors: usize,
    last: Option<(RunId, Timestamp, RunStatus, String)>,
}

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let mut newest: BTreeMap<String, RunId> = BTreeMap::new();
    let store = history::store_if_any(&home)?;
    if let Some(store) = &store {
        for run in store.runs()? {
            if let Some(first) = history::first(store, &run) {
                newest.entry(first.runbook().to_owned()).or_insert(run);
            }
        }
    }
    let mut entries = Vec::new();
    let names = home.names()?;
    let fronts = home.fronts(&names)?;
    for (name, (front, errors)) in names.into_iter().zip(fronts) {
        let last = store.as_ref().zip(newest.get(&name)).and_then(|(store, run)| {
            // A journal that cannot be read is told by `status`, not by a list.
            let known = history::known(store, run).ok()?;
            let environment = known.state.began.environment.clone();
            Some((run.clone(), known.last, known.state.status, environment))
        });
        entries.push(Entry { name, front, errors, last });
    }
    if args.json {
        out.json(&Value::Array(entries.iter().map(value).collect()))?;
    } else {
        human(out, &entries)?;
    }
    Ok(Exit::Done)
}

/// A title cut shorter than this says nothing.
const LEGIBLE: usize = 24;

fn human(out: Out, entries: &[Entry]) -> Result<(), CliError> {
    if entries.is_empty() {
        out.line("There are no runbooks yet.")?;
        return out.line(format!("next  {}", out.paint().command("runbook new NAME")));
    }
    let now = Timestamp::now();
    let columns = out.columns();
    let name = entries.iter().map(|entry| width(&entry.name)).max().unwrap_or(0).clamp(7, 32);
    let lasts: Vec<String> = entries.iter().map(|entry| last(entry, now)).collect();
    let after = lasts.iter().map(|last| width(last)).max().unwrap_or(0).clamp(8, 36);
    let wide = entries.iter().map(|entry| width(&owner(entry))).max().unwrap_or(0).clamp(5, 18);
    // On a narrow terminal the title is worth more than the owner, whom `--json` and the file name too.
    let with_owner = columns >= name + LEGIBLE + wide + 5 + after + 8;
    let beside = name + 5 + after + 6 + if with_owner { wide + 2 } else { 0 };
    let title = columns.saturating_sub(beside).max(12);
    let row = |cells: [&str; 5]| {
        let owner = if with_owner { format!("{}  ", fit(cells[2], wide)) } else { String::new() };
        let (name, title, rto) = (fit(cells[0], name), fit(cells[1], title), fit(cells[3], 5));
        format!("{name}  {title}  {owner}{rto}  {}", cells[4])
    };
    let head = row(["RUNBOOK", "TITLE", "OWNER", "RTO", "LAST RUN"]);
    out.line(out.paint().dim(&head).to_string())?;
    for (entry, last) in entries.iter().zip(&lasts) {
        let front = &entry.front;
        let what = front.title.as_ref().map_or("", |title| &title.value);
        let rto =
            front.rto.as_ref().map_or_else(|| "-".to_owned(), |rto| Short(rto.value).to_string());
        let what =
            if entry.errors > 0 { format!("✗ has errors: {what}") } else { what.to_owned() };
        let line = row([&entry.name, &harmless(&what), &owner(entry), &rto, last]);
        out.line(cut(&line, columns))?;
    }
    Ok(())
}

/// The last run: its age, where it was, and how it stands.
fn last(entry: &Entry, now: Timestamp) -> String {
    match &entry.last {
        Some((_, at, status, environment)) => {
            format!("{} {environment}: {}", history::age(*at, now), status.word())
        }
        None => "never".to_owned(),
    }
}

fn owner(entry: &Entry) -> String {
    entry.front.owner.as_ref().map_or_else(|| "-".to_owned(), |owner| harmless(&owner.value))
}

fn value(entry: &Entry) -> Value {
    let front = &entry.front;
    json!({
        "name": entry.name,
        "title": front.title.as_ref().map(|title| &title.value),
        "summary": front.summary.as_ref().map(|summary| &summary.value),
        "owner": front.owner.as_ref().map(|owner| &owner.value),
        "tags": front.tags.iter().map(|tag| &tag.value).collect::<Vec<_>>(),
        "rto_seconds": front.rto.as_ref().map(|rto| rto.value.as_secs()),
        "rpo_seconds": front.rpo.as_ref().map(|rpo| rpo.value.as_secs()),
        "front_matter_errors": entry.errors,
        "last_run": entry.last.as_ref().map(|(run, at, status, environment)| json!({
            "run": run, "at": at, "status": status.word(), "environment": environment,
        })),
    })
}
