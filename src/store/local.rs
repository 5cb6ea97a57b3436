//! The journal of one run as a local file.
//!
//! What a crash may still lose: nothing that `append` said was written, on file systems that keep
//! their promise about `fsync`. `docs/durability.md` says which do.

use super::Journal;
use super::error::StoreError;
use super::files::{self, How};
use super::lock::{self, Attempt, Guard, Held, Holder, local_host};
use super::record::{self, Encoded, Ending, Recorded, Scan};
use crate::engine::event::Event;
use crate::model::id::RunId;
use crate::model::mode::Mode;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The journal's name in the folder of its run.
pub(super) const JOURNAL: &str = "journal.jsonl";
/// The lock of the process that drives the run.
pub(super) const WRITER: &str = "writer.lock";
/// Names the record right after which a rehearsal kills itself. A seam for `rehearse --kill-each` and for
/// tests of crashes; journals of any other mode ignore it.
pub const KILL_AT_RECORD: &str = "RUNBOOK_KILL_AT_RECORD";

/// The journal of one run, open for writing.
#[derive(Debug)]
pub struct LocalJournal {
    path: PathBuf,
    file: File,
    writer: Held,
    /// The number of the next event.
    next: u64,
    /// How many bytes the file has when nobody else wrote to it.
    length: u64,
    /// How many of them are the last line.
    last: u64,
    head: String,
    mode: Option<Mode>,
    /// A write may or may not be on the disk, so nothing may follow it.
    broken: bool,
    kill_at: Option<u64>,
    system: System,
}

/// What the journal asks of the operating system and tests must be able to refuse.
#[derive(Clone, Copy, Debug)]
struct System {
    write: fn(&mut File, &[u8]) -> io::Result<()>,
    sync: fn(&File) -> io::Result<()>,
    die: fn(),
}

const REAL: System =
    System { write: |file, bytes| file.write_all(bytes), sync: File::sync_data, die };

/// Dies as a crash would: no destructor, no buffer flushed, nobody told.
fn die() {
    let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
}

impl LocalJournal {
    /// Takes the writer's lock of the run and makes its journal.
    pub(super) fn create(run: &RunId, folder: &Path) -> Result<Self, StoreError> {
        let writer = take_writer(run, folder)?;
        let path = folder.join(JOURNAL);
        let file = files::open(&path, How::NewAppend)?;
        file.sync_all().map_err(StoreError::io("bring to the disk", &path))?;
        files::sync_folder(folder)?;
        Ok(Self {
            path,
            file,
            writer,
            next: 1,
            length: 0,
            last: 0,
            head: record::NO_LINE.to_owned(),
            mode: None,
            broken: false,
            kill_at: kill_at(),
            system: REAL,
        })
    }

    /// Takes the writer's lock of the run, checks the journal, and cuts a torn end off.
    pub(super) fn reopen(
        run: &RunId,
        folder: &Path,
        each: &mut dyn FnMut(Recorded),
    ) -> Result<(Self, Ending), StoreError> {
        let writer = take_writer(run, folder)?;
        let path = folder.join(JOURNAL);
        let file = files::open(&path, How::Append)?;
        let Scan { ending, length, last, mode } = {
            let _short = Short::lock(&path, &file)?;
            mend(&path, &file, each)?
        };
        let journal = Self {
            path,
            file,
            writer,
            next: ending.events + 1,
            length,
            last,
            head: ending.head.clone(),
            mode,
            broken: false,
            kill_at: kill_at(),
            system: REAL,
        };
        Ok((journal, ending))
    }

    /// SHA-256 of the last line: whoever keeps it can tell later whether the journal was altered.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Lets the run go, so that another process may resume it. Dropping does the same, but leaves this
    /// process's name behind if it wrote anything: on another machine it cannot be told that it is gone.
    ///
    /// # Errors
    /// When the lock cannot be written. It is free all the same once this process ends.
    pub fn close(self) -> Result<(), StoreError> {
        self.writer.leave()
    }

    fn encode(&self, at: Timestamp, events: &[Event]) -> Result<Vec<Encoded>, StoreError> {
        let unwritable = |reason| StoreError::Unwritable { path: self.path.clone(), reason };
        let mode = match (self.mode, events.first()) {
            (Some(mode), _) => mode,
            (None, Some(Event::RunStarted(started))) => started.mode,
            (None, _) => {
                return Err(unwritable("a journal begins with the start of its run".to_owned()));
            }
        };
        let mut lines = Vec::<Encoded>::with_capacity(events.len());
        for (nth, event) in (0..).zip(events) {
            let prev = lines.last().map_or(self.head.as_str(), |line| &line.hash);
            let place = (self.next + nth, nth);
            lines.push(record::encode(place, prev, at, mode, event).map_err(unwritable)?);
        }
        if mode == Mode::Rehearsal
            && let Some(kill_at) = self.kill_at
            && kill_at >= self.next
        {
            let keep = kill_at - self.next + 1;
            lines.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        }
        Ok(lines)
    }

    /// Whether the file is exactly as this process left it.
    fn check_ours(&self) -> Result<(), StoreError> {
        let taken = |found| Err(StoreError::TakenOver { path: self.path.clone(), found });
        let metadata = self.file.metadata().map_err(StoreError::io("look at", &self.path))?;
        // Our file may have been moved away, and another one may stand where the next reader looks.
        let there = match std::fs::symlink_metadata(&self.path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return taken("is gone"),
            Err(error) => return Err(StoreError::io("look at", &self.path)(error)),
        };
        if (there.dev(), there.ino()) != (metadata.dev(), metadata.ino()) {
            return taken("is another file than the one this process writes to");
        }
        let mut line = vec![0; usize::try_from(self.last).unwrap_or(0)];
        let ours = metadata.len() == self.length
            && (self.last == 0
                || (self.file.read_exact_at(&mut line, self.length - self.last).is_ok()
                    && record::is_line(&line, &self.head)));
        if ours { Ok(()) } else { taken("has changed behind this process: the run was taken over") }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if let Err(error) = (self.system.write)(&mut self.file, bytes) {
            // A part of it may be there. Cut off, it is as if it had never been tried.
            let cut = self.file.set_len(self.length).and_then(|()| (self.system.sync)(&self.file));
            self.broken = cut.is_err();
            return Err(StoreError::io("write to", &self.path)(error));
        }
        if let Err(error) = (self.system.sync)(&self.file) {
            // After a failed fsync the system may have dropped the bytes and call the next one good.
            self.broken = true;
            let _ = self.file.set_len(self.length);
            return Err(StoreError::io("bring to the disk", &self.path)(error));
        }
        Ok(())
    }
}

impl Journal for LocalJournal {
    fn next(&self) -> u64 {
        self.next
    }

    fn append(&mut self, at: Timestamp, events: &[Event]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        if self.broken {
            return Err(StoreError::Broken { path: self.path.clone() });
        }
        let lines = self.encode(at, events)?;
        let lock = self.file.try_clone().map_err(StoreError::io("lock", &self.path))?;
        let _short = Short::lock(&self.path, &lock)?;
        self.check_ours()?;
        let bytes: Vec<u8> = lines.iter().flat_map(|line| &line.bytes).copied().collect();
        self.write(&bytes)?;
        self.writer.keep();
        self.length += bytes.len() as u64;
        self.next += lines.len() as u64;
        if let (None, Some(Event::RunStarted(started))) = (self.mode, events.first()) {
            self.mode = Some(started.mode);
        }
        if let Some(line) = lines.last() {
            self.last = line.bytes.len() as u64;
            self.head.clone_from(&line.hash);
        }
        if self.mode == Some(Mode::Rehearsal) && self.kill_at == Some(self.next - 1) {
            (self.system.die)();
            // Only reached when the system did not let us die: some of the batch is not written.
            self.broken = true;
            return Err(StoreError::Broken { path: self.path.clone() });
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        LocalJournal::close(*self)
    }
}

/// Appends one event to the journal of a run that another process may be driving. That process finds
/// out at its next append.
pub(super) fn append_behind(folder: &Path, event: &Event, at: Timestamp) -> Result<(), StoreError> {
    let path = folder.join(JOURNAL);
    let mut file = files::open(&path, How::Append)?;
    let lock = file.try_clone().map_err(StoreError::io("lock", &path))?;
    let _short = Short::lock(&path, &lock)?;
    let Scan { ending, mode, .. } = mend(&path, &file, &mut drop)?;
    let unwritable = |reason| StoreError::Unwritable { path: path.clone(), reason };
    let Some(mode) = mode else { return Err(unwritable("the run never began".to_owned())) };
    let seq = ending.events + 1;
    let line = record::encode((seq, 0), &ending.head, at, mode, event).map_err(unwritable)?;
    file.write_all(&line.bytes)
        .and_then(|()| file.sync_data())
        .map_err(StoreError::io("write to", &path))
}

/// Reads a journal and cuts a torn end off it.
fn mend(path: &Path, file: &File, each: &mut dyn FnMut(Recorded)) -> Result<Scan, StoreError> {
    let scan = record::scan(path, file, each)?;
    if scan.ending.torn.is_some() {
        file.set_len(scan.length)
            .and_then(|()| file.sync_all())
            .map_err(StoreError::io("cut the torn end off", path))?;
    }
    Ok(scan)
}

fn take_writer(run: &RunId, folder: &Path) -> Result<Held, StoreError> {
    let guard = Guard::take(folder)?;
    match lock::take(&guard, folder, WRITER)? {
        // A lock that nobody holds may only be one that this file system does not carry to other machines.
        Attempt::Free(_, Some(holder)) if holder.host != local_host() => {
            Err(StoreError::Live { run: run.clone(), holder: Some(Box::new(holder)), alive: None })
        }
        Attempt::Free(mut held, _) => {
            held.sign(&Holder::here(run))?;
            Ok(held)
        }
        Attempt::Busy(holder) => Err(StoreError::Live {
            run: run.clone(),
            holder: holder.map(Box::new),
            alive: Some(true),
        }),
    }
}

fn kill_at() -> Option<u64> {
    std::env::var(KILL_AT_RECORD).ok()?.parse().ok().filter(|number| *number > 0)
}

/// The short lock on a journal, so that two writers on one machine never write at once.
struct Short<'a>(&'a File);

impl<'a> Short<'a> {
    fn lock(path: &Path, file: &'a File) -> Result<Self, StoreError> {
        file.lock().map_err(StoreError::io("lock", path))?;
        Ok(Self(file))
    }
}

impl Drop for Short<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
