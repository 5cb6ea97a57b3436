//! Folders, files and locks of the sandbox. Everything is private to the user: state may hold their secrets.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::SandboxError;

const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// How often a held lock is tried again.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// Makes a folder and its parents. The folder itself becomes private also when it existed.
pub(super) fn private(path: &Path) -> Result<(), SandboxError> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_FOLDER)
        .create(path)
        .map_err(SandboxError::io("create", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE_FOLDER))
        .map_err(SandboxError::io("make private", path))
}

/// Removes a folder with all its contents, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), SandboxError> {
    ignore_missing(fs::remove_dir_all(path)).map_err(SandboxError::io("remove", path))
}

pub(super) fn remove_file(path: &Path) -> Result<(), SandboxError> {
    ignore_missing(fs::remove_file(path)).map_err(SandboxError::io("remove", path))
}

/// An empty private folder.
pub(super) fn empty(path: &Path) -> Result<(), SandboxError> {
    remove(path)?;
    private(path)
}

fn ignore_missing(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A file of the user's own, for appending (a log).
pub(super) fn append(path: &Path) -> Result<File, SandboxError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(PRIVATE_FILE)
        .open(path)
        .map_err(SandboxError::io("open", path))
}

/// Replaces a file in one step: a reader sees the old text or the new one, never half of it.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), SandboxError> {
    let fresh = path.with_extension("new");
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(PRIVATE_FILE)
        .open(&fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.and_then(|()| fs::rename(&fresh, path)).map_err(SandboxError::io("write", path))
}

/// A lock between commands. It ends with `unlock`, or with the process that holds it.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Waits for the lock, but not for ever: a hung command must not hang all others.
    pub(super) async fn take(path: PathBuf, patience: Duration) -> Result<Self, SandboxError> {
        let file = append(&path)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::Error(source)) => {
                    return Err(SandboxError::io("lock", &path)(source));
                }
                Err(TryLockError::WouldBlock) if started.elapsed() >= patience => {
                    return Err(SandboxError::Locked { path, seconds: patience.as_secs() });
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_POLL).await,
            }
        }
    }

    /// Explicit, because closing the file unlocks only once no copy of its descriptor is left.
    pub(super) fn unlock(self) {
        // A lock that cannot be released ends with this process, which is at most a wait for others.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_held_lock_is_waited_for_and_then_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let held = Lock::take(path.clone(), Duration::ZERO).await.expect("the first lock");
        let refused = Lock::take(path.clone(), Duration::from_millis(150)).await;
        assert!(matches!(refused, Err(SandboxError::Locked { .. })));
        held.unlock();
        Lock::take(path, Duration::ZERO).await.expect("free again").unlock();
    }

    #[test]
    fn an_existing_folder_becomes_private() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = parent.path().join("open");
        fs::create_dir(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("opened");
        private(&path).expect("private");
        assert_eq!(
            fs::metadata(&path).expect("there").permissions().mode() & 0o777,
            PRIVATE_FOLDER
        );
    }
}
