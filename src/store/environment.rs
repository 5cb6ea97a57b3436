//! One environment, one run at a time; and the freeze that stops them all.

use super::Store;
use super::error::StoreError;
use super::files;
use super::lock::{self, Attempt, Guard, Held, Holder, local_host};
use crate::engine::event::Event;
use crate::model::id::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const LOCK: &str = "lock";
const FROZEN: &str = "frozen.json";

/// Nothing may change in the environment until it is thawed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
}

/// The right of one run to change an environment.
///
/// A run that is refused before it does anything drops it, and leaves the environment as it found it. After
/// `keep`, dropped without `release`, as when the process dies, the environment stays closed to other runs: what
/// the run left behind is not known. The same run takes it again without a word.
#[derive(Debug)]
pub struct EnvironmentLock(Held);

impl EnvironmentLock {
    /// From now on the environment is only given free by `release`. To be called when the run's journal has
    /// its first event of this process.
    pub const fn keep(&mut self) {
        self.0.keep();
    }

    /// Gives the environment free for other runs.
    ///
    /// # Errors
    /// When the lock cannot be written. Other runs are then refused until `runbook unlock`.
    pub fn release(self) -> Result<(), StoreError> {
        self.0.leave()
    }
}

impl Store {
    fn environment(&self, name: &str) -> PathBuf {
        self.root().join("environments").join(files::file_name(name))
    }

    fn made_environment(&self, name: &str) -> Result<PathBuf, StoreError> {
        let all = self.root().join("environments");
        let folder = self.environment(name);
        files::folder(&all)?;
        files::folder(&folder)?;
        // Also when they were there: whoever made them may have died before they were on the disk.
        self.sync_root()?;
        files::sync_folder(&all)?;
        Ok(folder)
    }

    /// Takes the environment for a run.
    ///
    /// A holder that is gone is passed over when it drove the same run, when its run is over, and when its
    /// run never began. One on another machine cannot be judged from here.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another run has it.
    pub fn lock_environment(
        &self,
        environment: &str,
        holder: &Holder,
    ) -> Result<EnvironmentLock, StoreError> {
        let folder = self.made_environment(environment)?;
        let guard = Guard::take(&folder)?;
        let (last, alive) = match lock::take(&guard, &folder, LOCK)? {
            Attempt::Busy(last) => (last, Some(true)),
            Attempt::Free(mut held, last) => {
                let here = last.as_ref().is_none_or(|last| last.host == local_host());
                let left = match &last {
                    Some(last) if here && last.run != holder.run => self.left(&last.run)?,
                    _ => here,
                };
                if left {
                    held.sign(holder)?;
                    files::sync_folder(&folder)?;
                    return Ok(EnvironmentLock(held));
                }
                (last, here.then_some(false))
            }
        };
        Err(StoreError::Locked {
            environment: environment.to_owned(),
            age: last.as_ref().and_then(Holder::age),
            holder: last.map(Box::new),
            alive,
        })
    }

    /// The run that holds an environment against others, and whether its process lives, as far as that
    /// can be told. Only looks: nothing is taken, so that a run that begins in this moment is not in
    /// anybody's way.
    ///
    /// # Errors
    /// When the lock is there and cannot be read.
    pub fn holder(&self, environment: &str) -> Result<Option<(Holder, Option<bool>)>, StoreError> {
        let text = files::read(&self.environment(environment).join(LOCK))?.unwrap_or_default();
        let Some(holder) = lock::last_name(text.as_bytes()) else { return Ok(None) };
        if holder.host != local_host() {
            return Ok(Some((holder, None)));
        }
        let alive = holder.is_alive();
        let over = !alive && self.left(&holder.run)?;
        Ok((!over).then_some((holder, Some(alive))))
    }

    /// Whether a run has nothing more to do: it never began, or it is over.
    fn left(&self, run: &RunId) -> Result<bool, StoreError> {
        if !self.begun(run)? {
            return Ok(!self.has_lost_its_journal(run)?);
        }
        let history = self.read(run)?;
        Ok(matches!(
            history.events.last().map(|last| &last.event),
            None | Some(
                Event::RunSucceeded { .. } | Event::RunAborted { .. } | Event::RunUndone { .. }
            )
        ))
    }

    /// Stops every run of the environment before its next change.
    ///
    /// # Errors
    /// When it cannot be written. Nothing is frozen then.
    pub fn freeze(&self, environment: &str, freeze: &Freeze) -> Result<(), StoreError> {
        let folder = self.made_environment(environment)?;
        let text = serde_json::to_vec(freeze).unwrap_or_default();
        files::replace(&folder.join(FROZEN), &text)
    }

    /// Lets the runs of the environment go on. Gives the freeze that was there.
    ///
    /// # Errors
    /// When the freeze cannot be read or taken away. The environment stays frozen.
    pub fn thaw(&self, environment: &str) -> Result<Option<Freeze>, StoreError> {
        let frozen = self.frozen(environment)?;
        let folder = self.environment(environment);
        if frozen.is_some() && files::remove(&folder.join(FROZEN))? {
            files::sync_folder(&folder)?;
        }
        Ok(frozen)
    }

    /// Whether the environment is frozen, and why.
    ///
    /// # Errors
    /// When there is a freeze that cannot be read. That is to be taken for frozen.
    pub fn frozen(&self, environment: &str) -> Result<Option<Freeze>, StoreError> {
        let path = self.environment(environment).join(FROZEN);
        let Some(text) = files::read(&path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| StoreError::Corrupt {
            path,
            line: 1,
            reason: error.to_string(),
        })
    }

    /// Takes a run away from the process that drives it, or drove it: puts down the event, so that the
    /// process finds out at its next append, and gives free what the run had locked.
    ///
    /// # Errors
    /// When the journal is damaged or cannot be written. Nothing is given free then.
    pub fn take_over(&self, run: &RunId, event: &Event, at: Timestamp) -> Result<(), StoreError> {
        let folder = self.existing(run)?;
        super::local::append_behind(&folder, event, at)?;
        lock::break_lock(&folder, super::local::WRITER, run)?;
        for environment in self.environments()? {
            lock::break_lock(&environment, LOCK, run)?;
        }
        Ok(())
    }

    /// Whether steps of a run have begun of which no journal tells any more.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn has_lost_its_journal(&self, run: &RunId) -> Result<bool, StoreError> {
        // A step's folder is made after the run's first event is on the disk, and before the step begins.
        let begun = !files::names(&self.folder(run).join("work"))?.is_empty();
        Ok(begun && !self.begun(run)?)
    }

    /// Gives free what a run had locked whose journal is lost. What it did is for people to find out.
    ///
    /// # Errors
    /// When a lock cannot be written.
    pub fn give_up_lost(&self, run: &RunId) -> Result<(), StoreError> {
        for environment in self.environments()? {
            lock::break_lock(&environment, LOCK, run)?;
        }
        Ok(())
    }

    fn environments(&self) -> Result<Vec<PathBuf>, StoreError> {
        let all = self.root().join("environments");
        let mut folders = Vec::new();
        for name in files::names(&all)? {
            if files::named(&name).is_some() {
                folders.push(all.join(name));
            }
        }
        Ok(folders)
    }
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
