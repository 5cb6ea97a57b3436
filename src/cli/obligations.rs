//! `runbook obligations`: what is still owed after runs, by due date.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::history::Known;
use super::project::Home;
use super::{Global, history};
use crate::engine::event::Obligation;
use crate::engine::faults::Faults;
use crate::engine::settled::{has_values, settled_within};
use crate::engine::state::RunStatus;
use crate::model::drill::DRILLS;
use crate::model::id::{RunId, StepKey};
use crate::model::value::{Value, Values};
use crate::run;
use crate::run::report::summary::settle;
use crate::run::report::text::{counted, fold};
use crate::site::view as site;
use crate::store::Store;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

/// What `obligations` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// Those that were settled too.
    #[arg(long)]
    all: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
An obligation is settled by a later successful run of the runbook that it names, in the same
environment and with the same parameter values, or by the same drill when it runs that runbook
later on. One that names no runbook stays listed. What a drill broke is listed until it is seen
mended.";

/// Something owed, and whether it still is.
#[derive(Clone, Debug)]
struct Owed {
    obligation: Obligation,
    run: RunId,
    runbook: String,
    environment: String,
    settled_by: Option<RunId>,
    /// What settles it, when no runbook does.
    command: Option<String>,
}

impl Owed {
    /// What to type to settle it.
    fn settle(&self) -> Option<String> {
        self.command.clone().or_else(|| settle(&self.obligation, &self.environment))
    }
}

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let mut runs = Vec::new();
    let mut unread = Vec::new();
    if let Some(store) = history::store_if_any(&home)? {
        for run in store.runs()? {
            match history::known(&store, &run) {
                Ok(known) => runs.push(known),
                // What is owed by the other runs must still be told.
                Err(error) => unread.push((run, error)),
            }
        }
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let standing = runs.iter().flat_map(|known| standing(&home, known));
    let owed: Vec<Owed> = standing
        .chain(all(&runs).into_iter().filter(|owed| args.all || owed.settled_by.is_none()))
        .collect();
    if args.json {
        let value = |owed: &Owed| {
            json!({
                "run": owed.run, "runbook": owed.runbook, "environment": owed.environment,
                "step": owed.obligation.step, "text": owed.obligation.text, "due": owed.obligation.due,
                "overdue": owed.settled_by.is_none() && is_overdue(owed, today),
                "settled_by": owed.settled_by,
                "settle": owed.settle(),
            })
        };
        out.json(&Value::Array(owed.iter().map(value).collect()))?;
    } else {
        human(out, &owed, today)?;
    }
    match unread.into_iter().next() {
        Some((_, error)) => Err(error),
        None => Ok(Exit::Done),
    }
}

/// What a drill has broken and nobody has seen mended. It is owed until it is.
fn standing(home: &Home, known: &Known) -> Vec<Owed> {
    let began = &known.state.began;
    if !began.runbook.starts_with(DRILLS) || known.state.status.is_over() {
        return Vec::new();
    }
    // A run that cannot be opened is told by `status`; that it may have broken something is told here.
    let opened = home.store().and_then(|store| Ok(run::open(&store, &home.catalog, &known.run)?));
    let keys: Vec<StepKey> = match &opened {
        Ok(opened) => {
            let faults = Faults::of(&opened.plan, &opened.state);
            faults.standing().map(|fault| fault.key.clone()).collect()
        }
        Err(_) => known.state.steps.keys().filter(|key| key.depth() == 0).cloned().collect(),
    };
    let due = known.began.to_zoned(TimeZone::UTC).date().to_string();
    let owed = |step: StepKey| Owed {
        obligation: Obligation {
            text: format!("Mend what the drill {} broke: {step}.", began.runbook),
            step,
            due: due.clone(),
            runbook: None,
            params: Values::new(),
        },
        run: known.run.clone(),
        runbook: began.runbook.clone(),
        environment: began.environment.clone(),
        settled_by: None,
        command: Some(format!("runbook resume {}", known.run)),
    };
    keys.into_iter().map(owed).collect()
}

/// What the runs of those ids still owe, and what they owed, for the site.
pub(super) fn for_site(home: &Home, store: &Store, ids: &[RunId]) -> Vec<site::Owed> {
    // A run that cannot be read is told on the site as such.
    let runs: Vec<Known> = ids.iter().filter_map(|run| history::known(store, run).ok()).collect();
    let standing = runs.iter().flat_map(|known| standing(home, known)).map(shown);
    standing.chain(of_runs(&runs)).collect()
}

/// What finished steps of these runs owe, and what they owed, for the site.
pub(super) fn of_runs(runs: &[Known]) -> Vec<site::Owed> {
    all(runs).into_iter().map(shown).collect()
}

fn shown(owed: Owed) -> site::Owed {
    site::Owed {
        command: owed.settle(),
        obligation: owed.obligation,
        run: owed.run,
        runbook: owed.runbook,
        environment: owed.environment,
        settled_by: owed.settled_by,
    }
}

/// Every obligation of every run, by due date.
fn all(runs: &[Known]) -> Vec<Owed> {
    let mut found: Vec<Owed> = runs
        .iter()
        .flat_map(|known| {
            known.state.obligations.iter().map(|obligation| Owed {
                obligation: obligation.clone(),
                run: known.run.clone(),
                runbook: known.state.began.runbook.clone(),
                environment: known.state.began.environment.clone(),
                settled_by: settled_by(obligation, known, runs),
                command: None,
            })
        })
        .collect();
    found.sort_by(|a, b| (&a.obligation.due, &a.run).cmp(&(&b.obligation.due, &b.run)));
    found
}

/// The run that settled it: later, successful, of the runbook it names, with the values it names.
fn settled_by(obligation: &Obligation, of: &Known, runs: &[Known]) -> Option<RunId> {
    let book = obligation.runbook.as_ref()?;
    if settled_within(obligation, &of.state) {
        return Some(of.run.clone());
    }
    runs.iter()
        .find(|other| {
            let began = &other.state.began;
            other.run != of.run
                && other.began > of.began
                && began.runbook == *book
                && began.environment == of.state.began.environment
                && matches!(other.state.status, RunStatus::Succeeded { .. })
                && has_values(obligation, &began.params)
        })
        .map(|other| other.run.clone())
}

fn is_overdue(owed: &Owed, today: Date) -> bool {
    // A date that cannot be read is one that nobody can wait for.
    owed.obligation.due.parse::<Date>().map_or(true, |due| due < today)
}

fn human(out: Out, owed: &[Owed], today: Date) -> Result<(), CliError> {
    let (paint, columns) = (out.paint(), out.columns().min(110));
    if owed.is_empty() {
        return out.line(paint.good("✓ nothing is owed").to_string());
    }
    for one in owed {
        let due = &one.obligation.due;
        let head = match &one.settled_by {
            Some(run) => paint.good(&format!("✓ settled by {run}, was due {due}")).to_string(),
            None if is_overdue(one, today) => {
                paint.bad(&format!("✗ OVERDUE since {due}")).to_string()
            }
            None => paint.warn(&format!("• due {due}")).to_string(),
        };
        out.line(head)?;
        for line in fold(&one.obligation.text, columns.saturating_sub(2)) {
            out.line(format!("  {line}"))?;
        }
        let from = format!(
            "  since {} ({}, {}), step {}",
            one.run, one.runbook, one.environment, one.obligation.step
        );
        out.line(paint.dim(&from).to_string())?;
        if one.settled_by.is_none() {
            match one.settle() {
                Some(command) => out.line(format!("  {}", paint.command(&command)))?,
                None => {
                    out.line(paint.dim("  no runbook settles it: it is done by hand").to_string())?
                }
            }
        }
        out.line("")?;
    }
    let open = owed.iter().filter(|owed| owed.settled_by.is_none()).count();
    out.line(format!("{} open", counted(open, "obligation")))
}

#[cfg(test)]
#[path = "obligations_tests.rs"]
mod tests;
