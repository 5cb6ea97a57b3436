//! Why the store could not do what it was asked.

use super::lock::Holder;
use crate::model::duration::Short;
use crate::model::id::RunId;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that can go wrong with the state folder.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    Io {
        /// What was tried: a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something stands there that we did not put there.
    #[error("{path} is {found}: it is not ours, and is left alone", path = path.display())]
    Foreign {
        /// Where.
        path: PathBuf,
        /// What it is, with its article.
        found: &'static str,
    },
    /// The file was altered or damaged.
    #[error("{path}, line {line}: {reason}", path = path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The line, from one.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A later version of this program wrote the file.
    #[error(
        "{path} was written in journal format {version}, and this version of runbook knows formats up to {known}: use a newer runbook",
        path = path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version found.
        version: u64,
        /// The newest version known here.
        known: u64,
    },
    /// The journal is no longer as this process left it. Nothing was written.
    #[error("{path} {found}, so this process stops here", path = path.display())]
    TakenOver {
        /// The journal.
        path: PathBuf,
        /// What became of it.
        found: &'static str,
    },
    /// An earlier write could not be made durable, so nothing can be appended any more.
    #[error(
        "{path} could not be brought to the disk, so nothing more is written to it: free the disk, then resume the run",
        path = path.display()
    )]
    Broken {
        /// The journal.
        path: PathBuf,
    },
    /// An event that could not be read again, and so is not written.
    #[error("{path}: this event cannot be written: {reason}", path = path.display())]
    Unwritable {
        /// The journal.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another process drives the run.
    #[error(
        "run {run} is being driven by {}{}",
        Who(holder.as_deref()),
        Liveness { holder: holder.as_deref(), alive: *alive, age: holder.as_deref().and_then(Holder::age) }
    )]
    Live {
        /// The run.
        run: RunId,
        /// The process, when its lock says.
        holder: Option<Box<Holder>>,
        /// Whether that process lives. Nothing when it ran on another machine.
        alive: Option<bool>,
    },
    /// Another run works in the environment.
    #[error(
        "environment `{environment}` is locked by {}{}",
        Who(holder.as_deref()),
        Liveness { holder: holder.as_deref(), alive: *alive, age: *age }
    )]
    Locked {
        /// The environment.
        environment: String,
        /// Who holds the lock, when it says.
        holder: Option<Box<Holder>>,
        /// Whether that process lives. Nothing when it ran on another machine.
        alive: Option<bool>,
        /// For how long.
        age: Option<Duration>,
    },
    /// A run of that name exists already.
    #[error("run {0} exists already")]
    Exists(RunId),
    /// No run has such a name.
    #[error("there is no run `{prefix}`{}", Candidates("; the newest runs are", candidates))]
    UnknownRun {
        /// What was asked for.
        prefix: String,
        /// The newest runs.
        candidates: Vec<RunId>,
    },
    /// More than one run begins so.
    #[error("`{prefix}` fits more than one run{}", Candidates(":", candidates))]
    AmbiguousRun {
        /// What was asked for.
        prefix: String,
        /// Those that fit, newest first.
        candidates: Vec<RunId>,
    },
}

impl StoreError {
    /// What to do next, when it is for the person at the machine to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let Self::Io { source, .. } = self else { return None };
        Some(match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => {
                "Make room, then try again. `runbook resume` goes on with a run that had begun."
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                "Make it writable, then try again. `runbook resume` goes on with a run that had begun."
            }
            _ => return None,
        })
    }

    /// Wraps what the system said about a file, for `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

struct Who<'a>(Option<&'a Holder>);

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(h) => write!(f, "run {} of {} on {} (process {})", h.run, h.user, h.host, h.pid),
            None => f.write_str("a process that has not said its name"),
        }
    }
}

struct Liveness<'a> {
    holder: Option<&'a Holder>,
    alive: Option<bool>,
    age: Option<Duration>,
}

impl fmt::Display for Liveness<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(age) = self.age {
            write!(f, ", for {}", Short(Duration::from_secs(age.as_secs())))?;
        }
        let Some(Holder { run, .. }) = self.holder else { return Ok(()) };
        match self.alive {
            Some(true) => {
                write!(
                    f,
                    "; that process is alive: wait for it, or `runbook unlock {run} --reason TEXT`"
                )
            }
            Some(false) => write!(
                f,
                "; that process is gone: `runbook resume {run}` goes on with it, `runbook unlock {run} --reason TEXT` gives the environment free"
            ),
            None => write!(
                f,
                "; whether it is alive cannot be told from this machine: ask {}, then `runbook unlock {run} --reason TEXT`",
                self.holder.map_or("them", |h| h.user.as_str())
            ),
        }
    }
}

struct Candidates<'a>(&'static str, &'a [RunId]);

impl fmt::Display for Candidates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, run) in self.1.iter().enumerate() {
            f.write_str(if index == 0 { self.0 } else { "," })?;
            write!(f, " {run}")?;
        }
        Ok(())
    }
}
