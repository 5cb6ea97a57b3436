//! `runbook drill report`: how a drill went. The end of `drill run` says the same.

use super::runs::{Runs, one};
use super::show;
use crate::cli::Global;
use crate::cli::console::Out;
use crate::cli::drive::Output;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history;
use crate::cli::project::{Home, suggestion};
use crate::drill::json::json;
use crate::drill::junit;
use crate::drill::report::Report;
use crate::drill::verdict::{Cause, Verdict};
use crate::engine::state::RunStatus;
use crate::model::drill::DRILLS;
use crate::model::id::RunId;
use crate::run::world::World;
use crate::run::{self, Opened};

/// What `drill report` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::cli) struct Args {
    /// A drill. Default: the one that was run last
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// This run of it, or the beginning of its id. Default: the newest
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// As JSON
    #[arg(long, conflicts_with = "junit")]
    json: bool,
    /// As JUnit XML, for build servers
    #[arg(long)]
    junit: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook drill report
  runbook drill report key-replacement --json | jq .verdict

Its exit code is that of the drill: 0 when it passed, 8 when the objective was missed, 9 when health did not
come back, 1 when a step failed, 11 when nothing could be judged, 10 when it is not over.";

/// Runs it.
pub(in crate::cli) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let runs = Runs::read(&home)?;
    runs.tell_unread();
    let chosen = match &args.run {
        Some(prefix) => {
            let store = home.store()?;
            one(&home.catalog, &store, &store.find(prefix)?)?
        }
        None => {
            let name = args.name.as_deref().map(|name| home.drill_named(name));
            let newest = runs.reports.iter().find(|report| {
                name.as_deref().is_none_or(|name| name.trim_start_matches(DRILLS) == report.drill)
            });
            newest.cloned().ok_or_else(|| never(&home, args.name.as_deref()))?
        }
    };
    let before = runs.before(&chosen);
    if args.json {
        out.json(&json(&chosen, before))?;
    } else if args.junit {
        out.line(junit::drill(&chosen))?;
    } else {
        for line in show::lines(&chosen, before, out.paint(), out.columns().min(110)) {
            out.line(line)?;
        }
    }
    Ok(exit(&chosen).unwrap_or(Exit::Waiting))
}

fn never(home: &Home, name: Option<&str>) -> CliError {
    let known = home.drills().unwrap_or_default();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match name {
        Some(name) if !known.contains(&name.trim_start_matches(DRILLS)) => {
            CliError::usage(format!("there is no drill `{name}`"))
                .hint(suggestion(name, &known, "drills"))
        }
        Some(name) => CliError::usage(format!("`{name}` was never run"))
            .hint(format!("`runbook drill run {name} --env sandbox` rehearses it.")),
        None => {
            CliError::usage("no drill was ever run").hint("`runbook drill list` lists the drills.")
        }
    }
}

/// How the program ends after a drill. Nothing while it is not over.
fn exit(report: &Report) -> Option<Exit> {
    // What stands and could not be mended comes first, whatever else is to be said.
    if report.standing().any(|fault| fault.stuck || report.judgement.verdict.is_some()) {
        return Some(Exit::Stuck);
    }
    Some(match (report.judgement.verdict?, report.judgement.cause) {
        (Verdict::Passed, _) => Exit::Done,
        (Verdict::CouldNotJudge, _) => Exit::NotJudged,
        (Verdict::Failed, Cause::Objective) => Exit::ObjectiveMissed,
        (Verdict::Failed, Cause::Health) => Exit::Unhealthy,
        (Verdict::Failed, _) => Exit::Failed,
    })
}

/// Shows how a drill went once a process has ended its part of it, and says how the program ends. Nothing for
/// a run that is no drill.
///
/// # Errors
/// When the run cannot be read.
pub(in crate::cli) fn conclude(
    world: &World,
    run: &RunId,
    ended: Exit,
    output: Output,
) -> Result<Exit, CliError> {
    if !history::first(&world.store, run).is_some_and(|first| first.runbook().starts_with(DRILLS)) {
        return Ok(ended);
    }
    let Opened { plan, history, state } = run::open(&world.store, &world.catalog, run)?;
    let report = crate::drill::report::report(&plan, &history).map_err(run::RunError::from)?;
    let out = Out::new();
    let runs = Runs::of_store(&world.store, &world.catalog)?;
    let before = runs.before(&report);
    if output == Output::Json {
        out.json_line(&serde_json::json!({ "drill_report": json(&report, before) }))?;
    } else {
        out.line("")?;
        for line in show::lines(&report, before, out.paint(), out.columns().min(110)) {
            out.line(line)?;
        }
    }
    // Who stopped it, and what only a person can settle, come first. A drill that was to be taken back was.
    if matches!(state.status, RunStatus::Undone { .. }) {
        return Ok(ended);
    }
    Ok(match ended {
        Exit::Interrupted | Exit::Waiting | Exit::Unknown | Exit::Refused | Exit::Stuck => ended,
        ended => exit(&report).unwrap_or(ended),
    })
}
