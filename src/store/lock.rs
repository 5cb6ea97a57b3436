//! Locks that say who holds them.
//!
//! A lock is a file with the holder's name in it, held by an advisory lock of the operating system
//! (`flock`). The system lets go when the process dies, so a name in a file that nobody holds is the
//! name of a process that is gone. A holder that ends well takes its name out.
//!
//! A short lock on a second file, the guard, makes taking, leaving and breaking a lock one step each.

use super::error::StoreError;
use super::files::{self, How};
use crate::model::id::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The process that drives a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// The local user.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    pub started_at: Timestamp,
}

impl Holder {
    /// This process, from now on.
    #[must_use]
    pub fn here(run: &RunId) -> Self {
        Self {
            run: run.clone(),
            user: local_user(),
            host: local_host(),
            pid: std::process::id(),
            started_at: Timestamp::now(),
        }
    }

    /// Whether a process of that number lives on this machine. It may be another one by now.
    pub(super) fn is_alive(&self) -> bool {
        let Ok(pid) = i32::try_from(self.pid) else { return false };
        let answer = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
        // A process of another user may not be signalled, and lives.
        matches!(answer, Ok(()) | Err(nix::errno::Errno::EPERM))
    }

    /// For how long it has held. Nothing when its clock was ahead of ours.
    pub(super) fn age(&self) -> Option<Duration> {
        Duration::try_from(Timestamp::now().duration_since(self.started_at)).ok()
    }
}

/// The name of the local user, or their number when they have no name.
#[must_use]
pub fn local_user() -> String {
    let id = nix::unistd::getuid();
    match nix::unistd::User::from_uid(id) {
        Ok(Some(user)) => user.name,
        _ => id.to_string(),
    }
}

/// The name of this machine.
#[must_use]
pub fn local_host() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// A held lock. Dropped without `leave`, it keeps the holder's name in the file.
#[derive(Debug)]
pub(super) struct Held {
    folder: PathBuf,
    path: PathBuf,
    file: File,
}

/// What came of trying to take a lock.
pub(super) enum Attempt {
    /// Nobody holds it now. The name is that of the last holder that did not leave well.
    Free(Held, Option<Holder>),
    /// Somebody holds it.
    Busy(Option<Holder>),
}

/// Tries to take a lock. The file keeps the last holder's name until `Held::sign`.
/// The caller holds the guard.
pub(super) fn take(_guard: &Guard, folder: &Path, name: &str) -> Result<Attempt, StoreError> {
    let path = folder.join(name);
    let mut file = files::open(&path, How::Write)?;
    let free = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
    };
    let mut text = String::new();
    // Bytes that are no holder are those of a process that died while it signed: it never held.
    let _ = file.read_to_string(&mut text).map_err(StoreError::io("read", &path))?;
    let holder = serde_json::from_str(&text).ok();
    Ok(if free {
        Attempt::Free(Held { folder: folder.to_owned(), path, file }, holder)
    } else {
        Attempt::Busy(holder)
    })
}

impl Held {
    /// Puts a name into the lock, durably.
    pub(super) fn sign(&mut self, holder: &Holder) -> Result<(), StoreError> {
        let text = serde_json::to_vec(holder).unwrap_or_default();
        self.write(&text)
    }

    fn write(&mut self, text: &[u8]) -> Result<(), StoreError> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(text))
            .and_then(|()| self.file.sync_data())
            .map_err(StoreError::io("sign", &self.path))
    }

    /// Takes the name out and lets go.
    pub(super) fn leave(mut self) -> Result<(), StoreError> {
        let _guard = Guard::take(&self.folder)?;
        self.write(b"")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A child that was just forked may still have the descriptor, so closing it is not enough.
        let _ = self.file.unlock();
    }
}

/// Breaks a lock, if that run holds it or held it last. A process that still holds the old file
/// keeps a lock that nobody looks at any more; its next append to the journal tells it.
pub(super) fn break_lock(folder: &Path, name: &str, of: &RunId) -> Result<bool, StoreError> {
    let guard = Guard::take(folder)?;
    let path = folder.join(name);
    let holder = match take(&guard, folder, name)? {
        Attempt::Free(_, holder) | Attempt::Busy(holder) => holder,
    };
    if holder.is_none_or(|holder| holder.run != *of) {
        return Ok(false);
    }
    files::remove(&path)?;
    files::sync_folder(folder)?;
    Ok(true)
}

/// The short lock around every change of who holds a lock in a folder.
pub(super) struct Guard(File);

impl Guard {
    /// Waits for it. Nobody keeps it for longer than a few writes.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("guard");
        let file = files::open(&path, How::Write)?;
        file.lock().map_err(StoreError::io("lock", &path))?;
        Ok(Self(file))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
