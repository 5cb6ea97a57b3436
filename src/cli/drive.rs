//! Drives a run from this terminal: reporters, signals, questions, and what the person decides after a pause.

use super::console;
use super::error::CliError;
use super::exit::Exit;
use super::prompt::{self, After, Person};
use super::signals::{Signals, Speak};
use super::world;
use crate::actions::shell::adopt_orphans;
use crate::engine::event::PauseCause;
use crate::engine::faults::Faults;
use crate::engine::outcome::Stage;
use crate::engine::state::{StepState, StepStatus};
use crate::model::id::{RunId, StepKey};
use crate::model::secret::Secret;
use crate::run::report::Reporter;
use crate::run::report::human::{Human, Terminal};
use crate::run::report::json::Json;
use crate::run::report::plain::Plain;
use crate::run::report::summary::summarize;
use crate::run::world::{Ended, Prompter, Wishes, World};
use crate::run::{self, Begin, GoOn, Io, Opened};
use indicatif::{MultiProgress, ProgressDrawTarget};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How a run is shown.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Output {
    /// Progress for people on standard error.
    #[default]
    Human,
    /// Events as JSON lines on standard output as well.
    Json,
}

/// What this process begins with.
pub(super) enum First {
    /// A new run.
    Start(Box<Begin>, RunId),
    /// A run that stands still.
    Resume(RunId, Box<GoOn>),
    /// A run to be taken back.
    Undo(RunId),
    /// A drill that is left: what it broke is mended first.
    Mend(RunId),
}

impl First {
    /// The run.
    #[must_use]
    pub(super) const fn run(&self) -> &RunId {
        match self {
            Self::Start(_, run) | Self::Resume(run, _) | Self::Undo(run) | Self::Mend(run) => run,
        }
    }
}

/// Everything one part of a run needs beside the world.
pub(super) struct Session {
    /// What is driven.
    pub(super) world: World,
    /// The secret parameters, for a run that goes on.
    pub(super) secrets: BTreeMap<String, Secret>,
    /// What the operator wants.
    pub(super) wishes: Wishes,
    /// How it is shown.
    pub(super) output: Output,
}

/// Drives a run until the person leaves it or it is over.
///
/// # Errors
/// When it cannot begin, or cannot go on.
pub(super) async fn drive(session: Session, first: First) -> Result<Exit, CliError> {
    let (world, run, output) = (session.world.clone(), first.run().clone(), session.output);
    let exit = to_rest(session, first).await?;
    super::drill::conclude(&world, &run, exit, output)
}

async fn to_rest(session: Session, first: First) -> Result<Exit, CliError> {
    let run = first.run().clone();
    let mut first = first;
    let attended = console::attended();
    let mut continued = false;
    let screen = Screen::default();
    let at_rest = Arc::new(AtomicBool::new(false));
    let signals = Signals::listen(speaker(&screen, &at_rest))?;
    // Before the first script starts: what it leaves behind must come to us.
    adopt_orphans();
    loop {
        at_rest.store(false, Ordering::Relaxed);
        let prompter: Option<Arc<dyn Prompter>> =
            if attended { Some(Arc::new(Person)) } else { None };
        let io = Io {
            reporters: reporters(session.output, continued, &screen),
            prompter,
            stop: signals.stop(),
        };
        let ended = part(&session, first, io).await?;
        let by_guard =
            ended == Ended::Paused(PauseCause::Failure) && refused(&session.world, &run)?;
        // What a guard stopped on the way back is no question: `undo` goes on when the guard lets it.
        let undecided = matches!(ended, Ended::Paused(PauseCause::Failure | PauseCause::Unknown))
            && !(by_guard && is_undoing(&session.world, &run)?);
        let leave = |by_signal| if by_guard { Exit::Refused } else { exit(ended, by_signal) };
        if !undecided || !attended || signals.came() {
            return Ok(leave(signals.came()));
        }
        continued = true;
        at_rest.store(true, Ordering::Relaxed);
        let after = tokio::select! {
            after = ask(&session.world, &run) => after?,
            // What to type later has been shown. The question cannot be taken back, and is left.
            () = signals.wait() => After::Leave,
        };
        first = match after {
            After::Go(decisions) => {
                First::Resume(run.clone(), Box::new(GoOn { decisions, adopt: None }))
            }
            After::Undo => First::Undo(run.clone()),
            After::Abort(reason) => {
                let mended = mend(&session, &run, &screen, &signals).await?;
                let world = &session.world;
                let by = world::operator();
                // It refuses while something that a drill broke still stands.
                run::abort(&world.store, &world.catalog, &run, (&reason, &by), Timestamp::now())?;
                console::tell(if mended {
                    "Given up. What the drill broke is mended; what else it did stays."
                } else {
                    "Given up as it stands. What it did stays."
                });
                return Ok(leave(false));
            }
            After::Leave => {
                mend(&session, &run, &screen, &signals).await?;
                return Ok(leave(false));
            }
        };
    }
}

/// Mends what a drill has broken before it is left. Whether there was something.
async fn mend(
    session: &Session,
    run: &RunId,
    screen: &Screen,
    signals: &Signals,
) -> Result<bool, CliError> {
    let Opened { plan, state, .. } = run::open(&session.world.store, &session.world.catalog, run)?;
    if Faults::of(&plan, &state).standing().next().is_none() {
        return Ok(false);
    }
    let reporters = reporters(session.output, true, screen);
    let io = Io { reporters, prompter: None, stop: signals.stop() };
    part(session, First::Mend(run.clone()), io).await.map(|_| true)
}

/// Drives a run once, with nobody to ask, in plain lines.
///
/// # Errors
/// When it cannot begin.
pub(super) async fn once_unattended(
    world: World,
    first: First,
    wishes: Wishes,
) -> Result<Ended, CliError> {
    let screen = Screen::default();
    let signals = Signals::listen(speaker(&screen, &Arc::default()))?;
    let io = Io {
        reporters: reporters(Output::Human, false, &screen),
        prompter: None,
        stop: signals.stop(),
    };
    let session = Session { world, secrets: BTreeMap::new(), wishes, output: Output::Human };
    part(&session, first, io).await
}

async fn part(session: &Session, first: First, io: Io) -> Result<Ended, CliError> {
    let (world, wishes) = (session.world.clone(), session.wishes.clone());
    let secrets = session.secrets.clone();
    Ok(match first {
        First::Start(begin, run) => run::start(world, *begin, run, wishes, io).await?,
        First::Resume(run, how) => run::resume(world, &run, *how, secrets, wishes, io).await?,
        First::Undo(run) => run::undo(world, &run, secrets, wishes, io).await?,
        First::Mend(run) => run::mend(world, &run, secrets, wishes, io).await?,
    })
}

/// Whether a run stands still only because guards refused what came next.
///
/// # Errors
/// When the run cannot be read.
fn refused(world: &World, run: &RunId) -> Result<bool, CliError> {
    let Opened { state, .. } = run::open(&world.store, &world.catalog, run)?;
    // Steps that failed on the way there are not what stops the way back.
    let stage = |step: &Arc<StepState>| match &step.status {
        StepStatus::Failed(failure) if !state.undoing => Some(failure.stage),
        StepStatus::UndoFailed(failure) => Some(failure.stage),
        _ => None,
    };
    let stages: Vec<Stage> = state.steps.values().filter_map(stage).collect();
    Ok(!stages.is_empty() && stages.iter().all(|stage| *stage == Stage::Guard))
}

fn is_undoing(world: &World, run: &RunId) -> Result<bool, CliError> {
    Ok(run::open(&world.store, &world.catalog, run)?.state.undoing)
}

async fn ask(world: &World, run: &RunId) -> Result<After, CliError> {
    let Opened { plan, state, .. } = run::open(&world.store, &world.catalog, run)?;
    let steps: Vec<StepKey> =
        summarize(&plan, &state).troubles.into_iter().map(|problem| problem.step).collect();
    let can_undo = crate::engine::decide::points_passed(&plan, &state).is_empty();
    tokio::task::spawn_blocking(move || prompt::after_pause(&steps, can_undo))
        .await
        .map_err(|error| CliError::usage(format!("the question was not answered: {error}")))
}

/// How the program ends after its part of a run.
#[must_use]
pub(super) const fn exit(ended: Ended, by_signal: bool) -> Exit {
    match ended {
        Ended::Succeeded { healthy: true } | Ended::Undone { healthy: true } => Exit::Done,
        Ended::Succeeded { healthy: false } | Ended::Undone { healthy: false } => Exit::Unhealthy,
        Ended::Paused(PauseCause::Failure) => Exit::Failed,
        Ended::Paused(PauseCause::Unknown) => Exit::Unknown,
        Ended::Paused(PauseCause::Operator) if by_signal => Exit::Interrupted,
        Ended::Paused(PauseCause::Operator | PauseCause::Answer) => Exit::Waiting,
        Ended::Stuck => Exit::Stuck,
        Ended::GivenUp => Exit::NotJudged,
    }
}

/// Who is told what happens.
fn reporters(output: Output, continued: bool, screen: &Screen) -> Vec<Box<dyn Reporter>> {
    let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
    if console::can_move() {
        let terminal = Terminal {
            target: Box::new(ProgressDrawTarget::stderr),
            columns: Box::new(console::error_columns),
            paint: console::error_paint(),
        };
        let human = Human::new(terminal);
        *screen.lock().unwrap_or_else(PoisonError::into_inner) = Some(human.screen());
        reporters.push(Box::new(if continued { human.continued() } else { human }));
    } else {
        reporters.push(Box::new(Plain::new(std::io::stderr())));
    }
    if output == Output::Json {
        reporters.push(Box::new(Json::new(std::io::stdout())));
    }
    reporters
}

/// The part of the terminal that moves now, if any.
type Screen = Arc<Mutex<Option<MultiProgress>>>;

/// Says a line above what moves, so that neither is torn. While the run is at rest there is no step that a
/// signal could finish or stop, and nothing to say.
fn speaker(screen: &Screen, at_rest: &Arc<AtomicBool>) -> Speak {
    let (screen, at_rest) = (Arc::clone(screen), Arc::clone(at_rest));
    Arc::new(move |text| {
        if at_rest.load(Ordering::Relaxed) {
            return;
        }
        let line = console::error_paint().warn(text).to_string();
        let screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
        match &*screen {
            Some(bars) if !bars.is_hidden() => drop(bars.println(line)),
            _ => console::tell(line),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_code() {
        let cases = [
            (Ended::Succeeded { healthy: true }, false, 0),
            (Ended::Succeeded { healthy: false }, false, 9),
            (Ended::Undone { healthy: true }, true, 0),
            (Ended::Undone { healthy: false }, false, 9),
            (Ended::Paused(PauseCause::Failure), false, 1),
            (Ended::Paused(PauseCause::Failure), true, 1),
            (Ended::Paused(PauseCause::Unknown), true, 5),
            (Ended::Paused(PauseCause::Operator), true, 130),
            (Ended::Paused(PauseCause::Operator), false, 10),
            (Ended::Paused(PauseCause::Answer), false, 10),
            (Ended::Stuck, false, 6),
        ];
        for (ended, by_signal, code) in cases {
            assert_eq!(exit(ended, by_signal).code(), code, "{ended:?}");
        }
    }
}
