//! Where the copies of a rehearsal are made: a folder that nobody else has, and that does not stay.

use super::RehearseError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The file in a place whose lock says that a living rehearsal has it.
const LOCK: &str = "lock";

/// A folder of one rehearsal's own. Dropped, it is removed with everything in it.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    within: PathBuf,
    /// Held for as long as the place is taken. The system gives it back when the process dies.
    _taken: File,
}

impl Place {
    /// Takes a new one in a folder, and removes those that rehearsals have left that were killed.
    ///
    /// # Errors
    /// When the system does not let files be made there.
    pub fn take(within: &Path) -> Result<Self, RehearseError> {
        let failed = |source| RehearseError::Copy { path: within.to_owned(), source };
        // While a place is looked at or made, nobody else looks: a new one is not locked at once.
        let _turn = turn(within).map_err(failed)?;
        let mut number = 1;
        for entry in fs::read_dir(within).map_err(failed)? {
            let place = entry.map_err(failed)?.path();
            if place.is_dir() && !is_taken(&place).map_err(failed)? {
                fs::remove_dir_all(&place).map_err(failed)?;
            }
        }
        let folder = loop {
            let folder = within.join(number.to_string());
            match fs::create_dir(&folder) {
                Ok(()) => break folder,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(failed(error)),
            }
        };
        let taken = open(&folder.join(LOCK)).map_err(failed)?;
        taken.lock().map_err(failed)?;
        Ok(Self { folder, within: within.to_owned(), _taken: taken })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What stays is removed by the next rehearsal.
        drop(fs::remove_dir_all(&self.folder));
        let Ok(turn) = open(&self.within.join(LOCK)) else { return };
        // The last one to leave takes the folder of all places with it, unless somebody is just coming.
        if turn.try_lock().is_ok() && fs::read_dir(&self.within).is_ok_and(|all| all.count() == 1) {
            drop(fs::remove_dir_all(&self.within));
        }
    }
}

/// Waits until nobody else looks at the places in a folder, which is made when it is not there.
fn turn(within: &Path) -> io::Result<File> {
    loop {
        fs::create_dir_all(within)?;
        let turn = open(&within.join(LOCK));
        // Whoever left last may have removed the folder in between. Then it is another turn that was waited for.
        let turn = match turn {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        turn.lock()?;
        let ours = turn.metadata()?;
        if fs::metadata(within.join(LOCK)).is_ok_and(|there| there.ino() == ours.ino()) {
            return Ok(turn);
        }
    }
}

fn open(lock: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(lock)
}

/// Whether a living rehearsal has that place.
fn is_taken(place: &Path) -> io::Result<bool> {
    match open(&place.join(LOCK))?.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rehearsals_have_two_places_and_leave_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let within = folder.path().join("rehearse");
        let one = Place::take(&within).expect("a place");
        fs::write(one.folder().join("file"), "one").expect("a file");
        let other = Place::take(&within).expect("another place");
        assert_ne!(one.folder(), other.folder());
        drop(other);
        let kept = fs::read_to_string(one.folder().join("file")).expect("still there");
        assert_eq!(kept, "one");
        drop(one);
        assert!(!within.exists());
    }

    #[test]
    fn what_a_killed_rehearsal_left_is_removed_by_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = folder.path().join("7");
        fs::create_dir_all(left.join("case-1")).expect("a folder");
        fs::write(left.join(LOCK), "").expect("a file");
        let place = Place::take(folder.path()).expect("a place");
        assert!(!left.exists() && place.folder().exists());
    }
}
