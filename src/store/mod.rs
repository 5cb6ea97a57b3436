//! What outlives the process: journals, locks, and what steps printed.
//!
//! A journal is one append-only file per run. An event is on the disk before anything depends on it.
//! [`Journal`] is small on purpose: append at an expected number, and nothing else. An append at a number that
//! exists fails, and that is what stops a process that has lost its run. Local files come first;
//! a remote store (one object per event, conditional writes) has to fit the same trait.
//!
//! ```text
//! .runbook/
//!   runs/RUN/  journal.jsonl writer.lock guard texts/NAME.md output/STEP.log work/STEP/
//!   environments/ENV/  lock guard frozen.json
//!   plans/  DIGEST.json
//! ```
//!
//! Folders are 0700 and files 0600, whatever the umask.

mod environment;
mod error;
mod files;
mod local;
mod lock;
mod output;
mod plans;
mod record;

pub use environment::{EnvironmentLock, Freeze};
pub use error::StoreError;
pub use local::{KILL_AT_RECORD, LocalJournal};
pub use lock::{Holder, local_host, local_user};
pub use output::OutputLog;
pub use plans::Scratch;
pub use record::{Ending, History, Recorded, Torn};

use crate::engine::event::Event;
use crate::model::id::{RunId, StepKey};
use files::How;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// How many runs are named when the one asked for does not exist.
const CANDIDATES: usize = 5;

/// Where the events of one run are put down.
pub trait Journal: Send {
    /// The number that the next event will get. The first is one.
    fn next(&self) -> u64;

    /// Puts events down, in one write, and returns when they are on the disk.
    ///
    /// # Errors
    /// [`StoreError::TakenOver`] when the journal is no longer as this process left it: whoever wrote
    /// there drives the run now. After any error none of the events is to be told as done.
    fn append(&mut self, at: Timestamp, events: &[Event]) -> Result<(), StoreError>;

    /// Lets the run go, so that another process may take it up, on any machine.
    ///
    /// # Errors
    /// When the lock cannot be written. Another machine is then refused until `runbook unlock`.
    fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// The state folder of a project.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens a state folder. Makes it when it is not there, and closes it to other people.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to somebody else.
    pub fn open(state: &Path) -> Result<Self, StoreError> {
        let root = std::path::absolute(state).map_err(StoreError::io("find", state))?;
        // The folder itself may be a link that its owner made, to a bigger disk. Nothing below it may.
        if !root.is_dir() && files::folder(&root)? {
            root.parent().map_or(Ok(()), files::sync_folder)?;
        }
        files::close_to_others(&root)?;
        Ok(Self { root })
    }

    /// Brings the names of the state folder and of what is in it to the disk. Not only when they were just
    /// made: whoever made them may have died before it got so far.
    fn sync_root(&self) -> Result<(), StoreError> {
        match self.root.parent().map_or(Ok(()), files::sync_folder) {
            // A folder that we may not even read is not one in which we made anything.
            Err(StoreError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::PermissionDenied => {}
            done => done?,
        }
        files::sync_folder(&self.root)
    }

    /// The state folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a run.
    #[must_use]
    pub fn folder(&self, run: &RunId) -> PathBuf {
        self.root.join("runs").join(files::file_name(run.as_str()))
    }

    /// Makes the folder of a new run, keeps the texts it was begun with, and opens its journal. The journal
    /// is empty; a run without a first event never began.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub fn create(
        &self,
        run: &RunId,
        texts: &BTreeMap<String, String>,
    ) -> Result<LocalJournal, StoreError> {
        let runs = self.root.join("runs");
        files::folder(&runs)?;
        self.sync_root()?;
        let folder = self.folder(run);
        if !files::folder(&folder)? {
            return Err(StoreError::Exists(run.clone()));
        }
        let kept = folder.join("texts");
        for made in [&kept, &folder.join("output"), &folder.join("work")] {
            files::folder(made)?;
        }
        for (name, text) in texts {
            files::replace(&text_path(&folder, name), text.as_bytes())?;
        }
        files::sync_folder(&folder)?;
        files::sync_folder(&runs)?;
        LocalJournal::create(run, &folder)
    }

    /// Keeps more texts of a run, durably. What it began with stays as it is.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep_texts(
        &self,
        run: &RunId,
        texts: &BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        let folder = self.existing(run)?;
        for (name, text) in texts {
            files::replace(&text_path(&folder, name), text.as_bytes())?;
        }
        Ok(())
    }

    /// Opens the journal of a run to go on with it, and hands each event on. A torn end is cut off, and the
    /// ending says so.
    ///
    /// # Errors
    /// [`StoreError::Live`] when another process drives the run, [`StoreError::Corrupt`] when the journal
    /// was altered, [`StoreError::Newer`] when a newer runbook wrote it.
    pub fn reopen(
        &self,
        run: &RunId,
        each: &mut dyn FnMut(Recorded),
    ) -> Result<(LocalJournal, Ending), StoreError> {
        LocalJournal::reopen(run, &self.existing(run)?, each)
    }

    /// Reads the journal of a run, and changes nothing. Works while the run is live.
    ///
    /// # Errors
    /// As [`Store::reopen`], without `Live`.
    pub fn read(&self, run: &RunId) -> Result<History, StoreError> {
        let mut events = Vec::new();
        let ending = self.read_each(run, &mut |recorded| events.push(recorded))?;
        Ok(ending.after(events))
    }

    /// Reads the journal of a run event by event, and changes nothing. Keeps none of them: this is for whoever
    /// wants their sum. Works while the run is live.
    ///
    /// # Errors
    /// As [`Store::read`]. Events that came before the damage have been handed on by then.
    pub fn read_each(
        &self,
        run: &RunId,
        each: &mut dyn FnMut(Recorded),
    ) -> Result<Ending, StoreError> {
        let path = self.existing(run)?.join(local::JOURNAL);
        let file = files::open(&path, How::Read)?;
        Ok(record::scan(&path, file, each)?.ending)
    }

    /// The runs that began, newest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        let mut runs = Vec::new();
        for name in files::names(&self.root.join("runs"))? {
            if let Some(run) = files::named(&name).map(RunId::from_text)
                && self.begun(&run)?
            {
                runs.push(run);
            }
        }
        runs.sort_by(|a, b| b.cmp(a));
        Ok(runs)
    }

    /// Whether the first event of a run is on the disk.
    fn begun(&self, run: &RunId) -> Result<bool, StoreError> {
        let path = self.folder(run).join(local::JOURNAL);
        let file = match files::open(&path, How::Read) {
            Err(StoreError::Io { source, .. })
                if matches!(
                    source.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(false);
            }
            file => file?,
        };
        let (mut file, mut line) = (BufReader::new(file), Vec::new());
        file.read_until(b'\n', &mut line).map_err(StoreError::io("read", &path))?;
        let torn = !line.ends_with(b"\n")
            || (serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_err()
                && file.fill_buf().map_err(StoreError::io("read", &path))?.is_empty());
        Ok(!torn)
    }

    /// The run whose id begins so. A whole id is found even when another begins with it.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`] and [`StoreError::AmbiguousRun`], with the runs that could be meant.
    pub fn find(&self, prefix: &str) -> Result<RunId, StoreError> {
        let runs = self.runs()?;
        if let Some(run) = runs.iter().find(|run| run.as_str() == prefix) {
            return Ok(run.clone());
        }
        let fitting: Vec<&RunId> =
            runs.iter().filter(|run| run.as_str().starts_with(prefix)).collect();
        match fitting.as_slice() {
            [run] if !prefix.is_empty() => Ok((*run).clone()),
            [_, _, ..] if !prefix.is_empty() => Err(StoreError::AmbiguousRun {
                prefix: prefix.to_owned(),
                candidates: fitting.into_iter().cloned().collect(),
            }),
            _ => Err(StoreError::UnknownRun {
                prefix: prefix.to_owned(),
                candidates: runs.into_iter().take(CANDIDATES).collect(),
            }),
        }
    }

    /// A runbook's text as the run was begun with it. Whether it is still the same is for the caller to
    /// check against the digest in the first event.
    ///
    /// # Errors
    /// When the run did not keep a text of that name.
    pub fn text(&self, run: &RunId, name: &str) -> Result<String, StoreError> {
        let path = text_path(&self.existing(run)?, name);
        files::read(&path)?.ok_or_else(|| {
            StoreError::io("read", &path)(std::io::Error::from(std::io::ErrorKind::NotFound))
        })
    }

    /// The folder that a step works in. Made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn work(&self, run: &RunId, step: &StepKey) -> Result<PathBuf, StoreError> {
        let all = self.existing(run)?.join("work");
        files::folder(&all)?;
        let folder = all.join(files::file_name(step.as_str()));
        files::folder(&folder)?;
        Ok(folder)
    }

    /// What a step printed, bounded. Goes on where an earlier attempt ended.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn output(&self, run: &RunId, step: &StepKey) -> Result<OutputLog, StoreError> {
        let all = self.existing(run)?.join("output");
        files::folder(&all)?;
        OutputLog::open(&all.join(format!("{}.log", files::file_name(step.as_str()))))
    }

    /// What the steps of a run printed, by the step's key. Bytes that are no text are shown as such.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn outputs(&self, run: &RunId) -> Result<BTreeMap<String, String>, StoreError> {
        let all = self.existing(run)?.join("output");
        let mut found = BTreeMap::new();
        for name in files::names(&all)? {
            let Some(step) = name.strip_suffix(".log").and_then(files::named) else { continue };
            let path = all.join(&name);
            let mut bytes = Vec::new();
            files::open(&path, How::Read)?
                .read_to_end(&mut bytes)
                .map_err(StoreError::io("read", &path))?;
            found.insert(step, String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(found)
    }

    fn existing(&self, run: &RunId) -> Result<PathBuf, StoreError> {
        let folder = self.folder(run);
        if folder.join(local::JOURNAL).symlink_metadata().is_ok() {
            return Ok(folder);
        }
        let candidates = self.runs()?.into_iter().take(CANDIDATES).collect();
        Err(StoreError::UnknownRun { prefix: run.to_string(), candidates })
    }
}

fn text_path(folder: &Path, name: &str) -> PathBuf {
    folder.join("texts").join(text_file(name))
}

/// The name of the file that keeps a text of that name.
#[must_use]
pub fn text_file(name: &str) -> String {
    format!("{}.md", files::file_name(name))
}

/// Reads a journal from its bytes, as an archive of evidence holds it, and checks every line and the chain.
///
/// # Errors
/// As [`Store::read`].
pub fn history_of(bytes: &[u8]) -> Result<History, StoreError> {
    let mut events = Vec::new();
    let scan =
        record::scan(Path::new(local::JOURNAL), bytes, &mut |recorded| events.push(recorded))?;
    Ok(scan.ending.after(events))
}

#[cfg(test)]
impl Store {
    /// Opens a journal to go on with it, and keeps what it says.
    fn reopen_whole(&self, run: &RunId) -> Result<(LocalJournal, History), StoreError> {
        let mut events = Vec::new();
        let (journal, ending) = self.reopen(run, &mut |recorded| events.push(recorded))?;
        Ok((journal, ending.after(events)))
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
