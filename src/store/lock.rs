//! Locks that say who holds them.
//!
//! A lock is a file with the holder's name in it, held by an advisory lock of the operating system
//! (`flock`). The system lets go when the process dies, so a name in a file that nobody holds is the
//! name of a process that is gone. A holder that ends well takes its name out.
//!
//! Names are added, a line each, and the last whole line counts: at no moment of signing is there no name. One
//! that is only half written was never held.
//!
//! A short lock on a second file, the guard, makes taking, leaving and breaking a lock one step each.

use super::error::StoreError;
use super::files::{self, How};
use crate::model::id::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
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

/// A held lock. Dropped before `keep`, it is as if it had never been taken. Dropped after it without
/// `leave`, as when the process dies, it keeps the holder's name in the file.
#[derive(Debug)]
pub(super) struct Held {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    /// How many bytes the file had when it was taken.
    found: u64,
    /// Whether our name is to stay.
    kept: bool,
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
    let mut bytes = Vec::new();
    match file.read_to_end(&mut bytes) {
        // Over SMB a lock also keeps others from reading. That somebody holds it is known all the same.
        Err(error) if !free && error.kind() == io::ErrorKind::PermissionDenied => {}
        read => drop(read.map_err(StoreError::io("read", &path))?),
    }
    let holder = last_name(&bytes);
    Ok(if free {
        let found = bytes.len() as u64;
        Attempt::Free(Held { folder: folder.to_owned(), path, file, found, kept: false }, holder)
    } else {
        Attempt::Busy(holder)
    })
}

/// The name in a lock: its last whole line. Bytes that are no name are those of a process that died while
/// it signed.
pub(super) fn last_name(bytes: &[u8]) -> Option<Holder> {
    bytes.rsplit(|byte| *byte == b'\n').find_map(|line| serde_json::from_slice(line).ok())
}

impl Held {
    /// Puts a name into the lock, durably. The one before it stays until then.
    pub(super) fn sign(&mut self, holder: &Holder) -> Result<(), StoreError> {
        // The first newline ends what a process left that died while it signed.
        let mut line = if self.found == 0 { Vec::new() } else { vec![b'\n'] };
        line.extend(serde_json::to_vec(holder).unwrap_or_default());
        line.push(b'\n');
        self.file
            .seek(SeekFrom::Start(self.found))
            .and_then(|_| self.file.write_all(&line))
            .and_then(|()| self.file.sync_data())
            .map_err(StoreError::io("sign", &self.path))
    }

    /// From now on the name stays until `leave`, whatever becomes of this process.
    pub(super) const fn keep(&mut self) {
        self.kept = true;
    }

    /// Takes every name out and lets go.
    pub(super) fn leave(mut self) -> Result<(), StoreError> {
        let _guard = Guard::take(&self.folder)?;
        self.kept = true;
        self.file
            .set_len(0)
            .and_then(|()| self.file.sync_data())
            .map_err(StoreError::io("leave", &self.path))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.kept {
            // Should it fail, a name stays that holds nothing: the next one is refused too often, never too rarely.
            let _ = self.file.set_len(self.found);
        }
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
