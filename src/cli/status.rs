//! `runbook status`: what is done, what is unknown, what is owed, and what to type next.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::history::{Known, Told};
use super::project::Home;
use super::{Global, history};
use crate::engine::state::{RunState, StepStatus};
use crate::model::duration::Short;
use crate::model::id::StepKey;
use crate::plan::{Plan, Reversal};
use crate::run;
use crate::run::report::closing;
use crate::run::report::summary::{Summary, summarize, title};
use crate::run::report::text::{Paint, cut, fit, harmless, width};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// What `status` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A run's id, or the beginning of it. Default: the newest run.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "Examples:\n  runbook status\n  runbook status 20261122-1618 --json";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?;
    let store = home.store()?;
    let Told { known, driver, tally, ending } =
        history::pick(&store, args.run.as_deref(), "yet", |_| true)?;
    let Known { state, began: at, .. } = known;
    let plan = run::plan_of(&store, &home.catalog, &state.began)?;
    let driver = driver.as_ref();
    let alive = driver.and_then(history::is_alive);
    let summary = summarize(&plan, &state);
    if args.json {
        out.json(&value(&plan, &state, &summary, alive))?;
        return Ok(Exit::Done);
    }
    let (paint, columns) = (out.paint(), out.columns().min(110));
    let began = &state.began;
    let name = plan.root.book.front.title.as_ref().map_or(&began.runbook, |title| &title.value);
    out.line(paint.strong(&cut(&harmless(name), columns)).to_string())?;
    let facts = format!(
        "  {} · {} · run {} · {} · began {} by {}@{}",
        began.runbook,
        began.environment,
        began.run,
        began.mode,
        history::age(at, Timestamp::now()),
        began.operator.user,
        began.operator.host
    );
    out.line(paint.dim(&cut(&facts, columns)).to_string())?;
    if let (Some(driver), false) = (driver, state.status.is_over()) {
        let stands = match alive {
            Some(true) if !matches!(state.status, crate::engine::state::RunStatus::Paused(_)) => {
                "is alive"
            }
            Some(true) => "is alive, and does not drive it any more",
            Some(false) => "is gone",
            None => "is on another machine",
        };
        let text = format!("  process {} on {} {stands}", driver.pid, driver.host);
        out.line(paint.dim(&cut(&text, columns)).to_string())?;
    }
    if let Some(torn) = &ending.torn {
        out.line(format!(
            "  the journal's last line was cut off ({} bytes): it was never written",
            torn.bytes
        ))?;
    }
    out.line("")?;
    for line in steps(&plan, &state, paint, columns) {
        out.line(line)?;
    }
    for line in closing::lines(&summary, Some(&tally), &BTreeSet::new(), (paint, columns)) {
        out.line(line)?;
    }
    Ok(Exit::Done)
}

/// Every step that was planned or that anything happened to, in the order of the plan.
fn keys(plan: &Plan, state: &RunState) -> Vec<StepKey> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (written, _, _) in plan.walk() {
        let touched: Vec<&StepKey> =
            state.steps.keys().filter(|key| key.written() == written.as_str()).collect();
        let mut here: Vec<StepKey> = touched.into_iter().cloned().collect();
        // `step[10]` comes after `step[9]`.
        here.sort_by_key(|key| (width(key.as_str()), key.clone()));
        if here.is_empty() {
            here.push(written);
        }
        all.extend(here.into_iter().filter(|key| seen.insert(key.clone())));
    }
    all
}

fn steps(plan: &Plan, state: &RunState, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut phase = None;
    for key in keys(plan, state) {
        if let Some((planned, frame)) = plan.find(&key)
            && key.depth() == 0
            && planned.step(frame).phase != phase
        {
            phase = planned.step(frame).phase;
            if let Some(phase) = phase.and_then(|index| frame.book.phases.get(index)) {
                lines.push(paint.strong(&cut(&harmless(&phase.title), columns)).to_string());
            }
        }
        let status = state.status_of(&key);
        let took = state
            .step(&key)
            .and_then(|step| step.took_ms)
            .map(|ms| Short(Duration::from_millis(ms)));
        let owed = match plan.find(&key).map(|(planned, _)| &planned.reversal) {
            Some(Reversal::Irreversible(_)) if state.starts.contains(&key) => " (no way back)",
            _ => "",
        };
        let word = match (status, took) {
            (StepStatus::Succeeded, Some(took)) => format!("done {took}{owed}"),
            (StepStatus::Succeeded, None) => format!("done{owed}"),
            (status, _) => format!("{}{owed}", status.word()),
        };
        let indent = 2 + 2 * key.depth();
        let room = columns.saturating_sub(indent + 2 + 22);
        let id = key.to_string();
        let title = title(plan, &key);
        let for_title = room.saturating_sub(width(&id) + 2).max(room.min(16));
        let title = cut(&title, for_title);
        let id = cut(&id, room.saturating_sub(width(&title) + 2));
        let fill = room.saturating_sub(width(&title) + 2 + width(&id));
        lines.push(format!(
            "{:indent$}{} {title}  {}{:fill$}  {}",
            "",
            mark(status, paint),
            paint.dim(&id),
            "",
            fit(&word, 20).trim_end()
        ));
    }
    lines
}

fn mark(status: &StepStatus, paint: Paint) -> String {
    match status {
        StepStatus::Succeeded | StepStatus::InPlace | StepStatus::Undone => {
            paint.good("✓").to_string()
        }
        StepStatus::Failed(_) | StepStatus::UndoFailed(_) => paint.bad("✗").to_string(),
        StepStatus::Unknown(_) => paint.bad("?").to_string(),
        StepStatus::Waiting(_) => paint.warn("?").to_string(),
        StepStatus::Skipped(_) => paint.warn("↷").to_string(),
        StepStatus::Pending => paint.dim("·").to_string(),
        _ => "•".to_owned(),
    }
}

fn value(plan: &Plan, state: &RunState, summary: &Summary, alive: Option<bool>) -> Value {
    let began = &state.began;
    let steps: Vec<Value> = keys(plan, state)
        .iter()
        .map(|key| {
            let step = state.step(key);
            json!({
                "step": key, "title": title(plan, key), "status": state.status_of(key).word(),
                "attempts": step.map_or(0, |step| step.attempts),
                "took_ms": step.and_then(|step| step.took_ms),
                "outputs": step.and_then(|step| step.outputs.clone()),
            })
        })
        .collect();
    json!({
        "run": began.run, "runbook": began.runbook, "environment": began.environment,
        "mode": began.mode, "status": state.status.word(), "over": state.status.is_over(),
        "undoing": state.undoing, "process_alive": alive, "headline": summary.headline,
        "steps": steps,
        "troubles": summary.troubles.iter().map(|problem| json!({
            "step": problem.step, "message": problem.message, "certain": problem.certain,
            "hint": problem.hint,
        })).collect::<Vec<_>>(),
        "waiting": summary.questions.iter().map(|(step, question)| json!({
            "step": step, "question": question,
        })).collect::<Vec<_>>(),
        "unhealthy": summary.unhealthy.iter().map(|(probe, detail)| json!({
            "probe": probe, "detail": detail,
        })).collect::<Vec<_>>(),
        "obligations": summary.owed,
        "next": summary.next.iter().map(|next| json!({
            "command": next.command, "why": next.why,
        })).collect::<Vec<_>>(),
    })
}
