//! Scripts: `bash`, `sh` and `python` blocks.
//!
//! A script is a file, never an argument, and values reach it through its environment only. It runs in a
//! folder of its own, away from the terminal, with nothing of our environment; and nothing it started
//! outlives it.

mod lines;
mod lint;
mod outputs;
mod processes;
mod program;
mod setting;
mod spawn;
mod speech;
mod table;

pub use lint::{Ask, Linted, MANY, lint};
pub use outputs::OutputsWanted;
pub use processes::{adopt_orphans, end_orphans};
pub use program::{Printed, Program};

use super::Trouble;
use super::context::{Context, Stop};
use crate::engine::outcome::Observation;
use crate::mask::Masker;
use crate::model::duration::Short;
use crate::model::secret::Secret;
use crate::model::step::Interpreter;
use crate::model::value::{Value, Values};
use outputs::Collected;
use processes::{Family, GRACE};
use setting::Setting;
use spawn::Child;
use speech::{LARGEST_JSON, Speech};
use std::fmt;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// How long the output of a script is still read once all its processes are gone. What remains in
/// the pipes then is there at once; only a process we may not kill could still hold them open.
const DRAIN: Duration = Duration::from_secs(2);

/// One attempt of one script.
pub struct ShellRun {
    /// What runs it.
    pub interpreter: Interpreter,
    /// The script.
    pub text: String,
    /// Its inputs, evaluated. See [`environment_text`].
    pub env: Vec<(String, String)>,
    /// What it has to give back.
    pub outputs: OutputsWanted,
    /// The outputs that are secret.
    pub secrets: Vec<String>,
    /// The project's folder, absolute.
    pub project: PathBuf,
    /// How long it may take.
    pub limit: Option<Duration>,
    /// Where its output is kept. Gets whole lines, masked.
    pub log: Box<dyn Write + Send + Sync>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ShellEnd {
    /// With status zero, and with every output it promised.
    Succeeded(Values),
    /// It was never started.
    NotStarted(Trouble),
    /// It said itself that it failed, or was killed by somebody else.
    Exit {
        /// How.
        died: Died,
        /// The last it said.
        last_lines: Vec<String>,
    },
    /// With status zero, but what it gave back is not what it promised.
    BadOutputs {
        /// Everything that is wrong.
        problems: Vec<String>,
        /// What it gave all the same.
        outputs: Values,
    },
    /// It took too long and was killed.
    TimedOut {
        /// How long it had.
        limit: Duration,
        /// The last it said.
        last_lines: Vec<String>,
    },
    /// It was killed because the operator wanted to stop at once.
    Stopped,
    /// The system could not tell how it ended.
    Lost(String),
}

/// How a process ended that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Died {
    /// With this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for Died {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(number) => match nix::sys::signal::Signal::try_from(*number) {
                Ok(signal) => write!(f, "signal {signal}"),
                Err(_) => write!(f, "signal {number}"),
            },
        }
    }
}

impl fmt::Display for ShellEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded(_) => f.write_str("the script ended well"),
            Self::NotStarted(trouble) => write!(f, "the script was not started: {trouble}"),
            Self::Exit { died, last_lines } => {
                write!(f, "the script ended with {died}{}", Last(last_lines))
            }
            Self::BadOutputs { problems, .. } => f.write_str(&problems.join("; ")),
            Self::TimedOut { limit, last_lines } => {
                let limit = Short(*limit);
                write!(f, "the script took longer than {limit} and was killed{}", Last(last_lines))
            }
            Self::Stopped => {
                f.write_str("the script was killed because the operator stopped the run")
            }
            Self::Lost(why) => write!(f, "how the script ended cannot be told: {why}"),
        }
    }
}

struct Last<'a>(&'a [String]);

impl fmt::Display for Last<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .rfind(|line| !line.trim().is_empty())
            .map_or(Ok(()), |line| write!(f, ": {line}"))
    }
}

/// A value as a script finds it in its environment: a text as it is, anything else as JSON, null as nothing.
#[must_use]
pub fn environment_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Why the script is no longer waited for.
enum Ended {
    ByItself(io::Result<ExitStatus>),
    TimedOut(Duration),
    Stopped,
}

impl ShellRun {
    /// Runs the script to its end. A script cannot be parked; only [`Stop::Now`] ends it early.
    ///
    /// Dropping the future kills everything the script started.
    pub async fn run(self, cx: &Context, masker: &Masker) -> ShellEnd {
        if cx.stop.wanted() == Stop::Now {
            return ShellEnd::NotStarted(Trouble::nothing_happened("the run is being stopped"));
        }
        let (setting, start) = match Setting::new(&self, cx, masker).await {
            Ok(ready) => ready,
            Err(trouble) => return ShellEnd::NotStarted(trouble),
        };
        let (mut child, family) = match Family::start(start, &setting.tag) {
            Ok(started) => started,
            Err(error) => return ShellEnd::NotStarted(not_started(&error)),
        };
        let hold = !self.secrets.is_empty();
        let json = self.outputs == OutputsWanted::Json;
        let mut speech = Speech::new(masker, cx.tell.clone(), self.log, hold, json);
        let ended = attend(&mut child, family, self.limit, cx, &mut speech).await;
        speech.finish().await;

        let mut collected = collect(&self.outputs, &setting, &mut speech);
        // Before anything of it is told. What was given before a failure is just as secret.
        let known = register(&self.secrets, &mut collected, masker);
        let succeeded = matches!(&ended, Ended::ByItself(Ok(status)) if status.success());
        speech.release(!known).await;
        match ended {
            Ended::ByItself(Ok(_)) if succeeded && collected.problems.is_empty() => {
                ShellEnd::Succeeded(collected.outputs)
            }
            Ended::ByItself(Ok(_)) if succeeded => {
                let Collected { outputs, problems, .. } = collected;
                ShellEnd::BadOutputs { problems, outputs }
            }
            Ended::ByItself(Ok(status)) => {
                ShellEnd::Exit { died: died(status), last_lines: speech.last_lines() }
            }
            Ended::ByItself(Err(error)) => ShellEnd::Lost(error.to_string()),
            Ended::TimedOut(limit) => ShellEnd::TimedOut { limit, last_lines: speech.last_lines() },
            Ended::Stopped => ShellEnd::Stopped,
        }
    }

    /// Asks a script that only reads whether an effect is in place: status 0 says yes, 1 says no, and
    /// everything else that it cannot tell.
    pub async fn observe(self, cx: &Context, masker: &Masker) -> Observation {
        match self.run(cx, masker).await {
            ShellEnd::Succeeded(outputs) => Observation::InPlace(outputs),
            ShellEnd::Exit { died: Died::Code(1), .. } => Observation::Absent,
            other => Observation::CannotTell(other.to_string()),
        }
    }
}

fn not_started(error: &io::Error) -> Trouble {
    let trouble = Trouble::nothing_happened(format!("the system cannot start it: {error}"));
    if error.raw_os_error() == Some(nix::errno::Errno::E2BIG as i32) {
        return trouble.hint("the values in `env` are too large: hand them over in a file");
    }
    trouble
}

fn died(status: ExitStatus) -> Died {
    match (status.code(), status.signal()) {
        (Some(code), _) => Died::Code(code),
        (None, signal) => Died::Signal(signal.unwrap_or(0)),
    }
}

/// Listens to the script until it ends, then ends whatever it left running.
async fn attend(
    child: &mut Child,
    mut family: Family,
    limit: Option<Duration>,
    cx: &Context,
    speech: &mut Speech,
) -> Ended {
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Ended::ByItself(Err(io::Error::other("it has no output to read")));
    };
    let listening = speech.listen(out, err);
    tokio::pin!(listening);
    let mut heard = false;
    let ended = {
        let end = end(child, limit, cx);
        tokio::pin!(end);
        loop {
            tokio::select! {
                ended = &mut end => break ended,
                () = &mut listening, if !heard => heard = true,
            }
        }
    };
    let grace = if matches!(ended, Ended::Stopped) { Duration::ZERO } else { GRACE };
    {
        let ending = family.end(grace, &cx.stop);
        tokio::pin!(ending);
        loop {
            tokio::select! {
                () = &mut ending => break,
                () = &mut listening, if !heard => heard = true,
            }
        }
    }
    if !heard {
        let _ = tokio::time::timeout(DRAIN, listening).await;
    }
    if !matches!(ended, Ended::ByItself(_)) {
        // It was killed; this only takes its entry out of the system's table.
        let _ = tokio::time::timeout(DRAIN, child.wait()).await;
    }
    ended
}

async fn end(child: &mut Child, limit: Option<Duration>, cx: &Context) -> Ended {
    let late = async {
        match limit {
            Some(limit) => {
                tokio::time::sleep(limit).await;
                limit
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        status = child.wait() => Ended::ByItself(status),
        () = cx.stop.reached(Stop::Now) => Ended::Stopped,
        limit = late => Ended::TimedOut(limit),
    }
}

fn collect(wanted: &OutputsWanted, setting: &Setting, speech: &mut Speech) -> Collected {
    let mut collected = match setting.written() {
        Ok(bytes) => outputs::from_file(&bytes, wanted.names()),
        Err(problem) => Collected::problem(problem),
    };
    if *wanted == OutputsWanted::Json {
        let json = speech.json();
        let found = if json.len() > LARGEST_JSON {
            Collected::problem(format!("standard output is larger than {LARGEST_JSON} bytes"))
        } else {
            outputs::from_json(&json)
        };
        collected.outputs.extend(found.outputs);
        collected.problems.extend(found.problems);
        collected.unclear |= found.unclear;
    }
    collected
}

/// Makes the secret outputs known to the masker. Says whether all that the script gave are known now.
fn register(secrets: &[String], collected: &mut Collected, masker: &Masker) -> bool {
    if secrets.is_empty() {
        return true;
    }
    let mut refused = Vec::new();
    for name in secrets {
        let Some(value) = collected.outputs.get(name) else { continue };
        let mut texts = Vec::new();
        outputs::texts(value, &mut texts);
        for text in texts {
            // Inside a secret mapping a short text (a user, a port) is not what makes it secret.
            if let Err(error) = masker.add(&Secret::new(text))
                && !(value.is_array() || value.is_object())
            {
                refused.push(name);
                collected.problems.push(format!("the output `{name}`: {error}"));
            }
        }
    }
    // What cannot be masked must not reach the journal.
    collected.outputs.retain(|name, _| !refused.contains(&name));
    refused.is_empty() && !collected.unclear
}

#[cfg(test)]
#[path = "shell_tests.rs"]
mod tests;
