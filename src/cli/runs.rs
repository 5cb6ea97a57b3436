//! `runbook runs`: all runs, the newest first.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Global, history};
use crate::engine::settled::still_owed;
use crate::run::report::text::{cut, fit};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What `runs` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let runs = match history::store_if_any(&home)? {
        Some(store) => {
            let ids = store.runs()?;
            ids.into_iter().map(|run| (history::known(&store, &run), run)).collect()
        }
        None => Vec::new(),
    };
    if args.json {
        let value = |(known, run): &(Result<history::Known, CliError>, _)| match known {
            Ok(known) => json!({
                "run": run, "runbook": known.state.began.runbook, "mode": known.state.began.mode,
                "environment": known.state.began.environment, "status": known.state.status.word(),
                "began_at": known.began, "last_at": known.last,
                "obligations": still_owed(&known.state).len(),
            }),
            Err(error) => json!({ "run": run, "error": error.message }),
        };
        out.json(&Value::Array(runs.iter().map(value).collect()))?;
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        out.line("There are no runs yet.")?;
        return Ok(Exit::Done);
    }
    let now = Timestamp::now();
    let columns = out.columns();
    let row = |cells: [&str; 5]| {
        let [run, book, environment, began, stands] = cells;
        let line = format!(
            "{}  {}  {}  {}  {stands}",
            fit(run, 20),
            fit(book, 24),
            fit(environment, 10),
            fit(began, 8)
        );
        cut(&line, columns)
    };
    let head = row(["RUN", "RUNBOOK", "WHERE", "BEGAN", "STANDS"]);
    out.line(out.paint().dim(&head).to_string())?;
    for (known, run) in &runs {
        let line = match known {
            Ok(known) => row([
                run.as_str(),
                &known.state.began.runbook,
                &known.state.began.environment,
                &history::age(known.began, now),
                known.state.status.word(),
            ]),
            Err(error) => {
                row([run.as_str(), "?", "?", "?", &format!("cannot be read: {}", error.message)])
            }
        };
        out.line(line)?;
    }
    Ok(Exit::Done)
}
