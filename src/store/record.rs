//! The lines of a journal as they lie on the disk, and the chain that holds them together.
//!
//! One line is one JSON object and a newline. `prev` is the SHA-256 of the bytes of the line before it,
//! without its newline, so that a line cannot be altered, taken out or put in without every later
//! line telling. What the chain cannot tell is whether the last lines were cut off or the very last one
//! was altered: for that the head must be known from elsewhere, as evidence does.
//!
//! These structs are not the model's. When the format changes, `VERSION` grows, a reader of the old
//! one stays here for ever, and so does its fixture.

use super::error::StoreError;
use crate::engine::event::Event;
use crate::model::drill::DRILLS;
use crate::model::mode::Mode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The newest format that this program knows. A line is written in the oldest one that can say it, so that
/// an older program reads everything that it can understand, and refuses the rest by name.
pub(super) const VERSION: u64 = 3;

/// The format that an event needs. The second one knows runs that go on with changed texts. The third one knows
/// drills: who does not would take one up as a run without steps, and leave standing what it broke.
fn version_of(event: &Event) -> u64 {
    match event {
        Event::RunStarted(began) if began.runbook.starts_with(DRILLS) => 3,
        Event::RunResumed { revised: Some(_), .. } => 2,
        _ => 1,
    }
}

/// What the first line names as the line before it.
pub(super) const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One event with its place and time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its number, from one.
    pub seq: u64,
    /// When, by the clock of the machine that wrote it. For people; nothing is decided by it.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// The end of a journal that was never whole, and so was never written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Its line, from one.
    pub line: u64,
    /// How many bytes of it there are.
    pub bytes: u64,
}

/// Everything that a journal says.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The events in order.
    pub events: Vec<Recorded>,
    /// A last line that was cut short. While the run is live, it may just be in the writing.
    pub torn: Option<Torn>,
    /// SHA-256 of the last whole line: who knows it can tell whether the journal was altered.
    pub head: String,
}

#[derive(Serialize)]
struct Written<'a> {
    v: u64,
    seq: u64,
    #[serde(skip_serializing_if = "is_first")]
    nth: u64,
    prev: &'a str,
    at: String,
    mode: Mode,
    event: &'a Event,
}

#[derive(Deserialize)]
struct Line<'a> {
    v: u64,
    seq: u64,
    /// Its place among the lines that went down in one write, from zero.
    #[serde(default)]
    nth: u64,
    #[serde(borrow)]
    prev: Cow<'a, str>,
    at: Timestamp,
    mode: Mode,
    event: Event,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_first(nth: &u64) -> bool {
    *nth == 0
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

/// A line with its newline, and the SHA-256 of it without.
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) hash: String,
}

/// Writes one line, the `nth` of its write. It is read again at once: a line that could not be would lose the
/// run.
///
/// # Errors
/// Says why the line cannot be read again.
pub(super) fn encode(
    (seq, nth): (u64, u64),
    prev: &str,
    at: Timestamp,
    mode: Mode,
    event: &Event,
) -> Result<Encoded, String> {
    let line =
        Written { v: version_of(event), seq, nth, prev, at: format!("{at:.3}"), mode, event };
    let mut bytes = serde_json::to_vec(&line).map_err(|error| error.to_string())?;
    let again: Line = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if again.event != *event {
        return Err("it would not be the same when it is read again".to_owned());
    }
    let hash = hash(&bytes);
    bytes.push(b'\n');
    Ok(Encoded { bytes, hash })
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether these bytes, with their newline, are the line of that hash.
pub(super) fn is_line(bytes: &[u8], of: &str) -> bool {
    bytes.strip_suffix(b"\n").is_some_and(|line| hash(line) == of)
}

/// How a journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How many events there are.
    pub events: u64,
    /// A last line that was cut short. While the run is live, it may just be in the writing.
    pub torn: Option<Torn>,
    /// SHA-256 of the last whole line: who knows it can tell whether the journal was altered.
    pub head: String,
}

impl Ending {
    /// With the events that were read on the way to it.
    pub(super) fn after(self, events: Vec<Recorded>) -> History {
        History { events, torn: self.torn, head: self.head }
    }
}

/// A whole journal, read and checked.
pub(super) struct Scan {
    pub(super) ending: Ending,
    /// How many bytes are whole lines.
    pub(super) length: u64,
    /// How many of them are the last line.
    pub(super) last: u64,
    /// The mode of the run, when there is a line.
    pub(super) mode: Option<Mode>,
}

/// Reads a journal from its beginning and checks every line and the chain. Each event is handed on as it comes,
/// so that a long journal needs no more memory than a short one.
pub(super) fn scan(
    path: &Path,
    from: impl Read,
    each: &mut dyn FnMut(Recorded),
) -> Result<Scan, StoreError> {
    let mut lines = Lines { from: BufReader::with_capacity(1 << 16, from), path };
    let ending = Ending { events: 0, torn: None, head: NO_LINE.to_owned() };
    let mut scan = Scan { ending, length: 0, last: 0, mode: None };
    let mut bytes = Vec::new();
    while lines.next(&mut bytes)? {
        let number = scan.ending.events + 1;
        let expected = Expected { path, number, prev: &scan.ending.head };
        match expected.read(&bytes) {
            Ok(line) => {
                scan.mode = scan.mode.or(Some(line.mode));
                let event = Recorded { seq: line.seq, at: line.at, event: line.event };
                scan.ending.head = hash(&bytes[..bytes.len() - 1]);
                scan.ending.events = number;
                each(event);
                scan.last = bytes.len() as u64;
                scan.length += scan.last;
            }
            Err(Bad::Refused(error)) => return Err(error),
            Err(Bad::Unlinked) => {
                let mut next = Vec::new();
                lines.next(&mut next)?;
                return Err(expected.unlinked(&bytes, &next));
            }
            Err(Bad::Unreadable(reason)) => {
                let whole = expected.begins_whole(&bytes);
                match expected.rest_of_its_write(&mut lines)? {
                    Some(rest) if !whole => {
                        let bytes = bytes.len() as u64 + rest;
                        scan.ending.torn = Some(Torn { line: number, bytes });
                    }
                    _ => return Err(expected.corrupt(number, reason)),
                }
            }
        }
    }
    Ok(scan)
}

struct Lines<'a, R> {
    from: BufReader<R>,
    path: &'a Path,
}

impl<R: Read> Lines<'_, R> {
    /// The next line with its newline, if it has one. Says whether there was anything.
    fn next(&mut self, into: &mut Vec<u8>) -> Result<bool, StoreError> {
        into.clear();
        let read = self.from.read_until(b'\n', into);
        Ok(read.map_err(StoreError::io("read", self.path))? > 0)
    }
}

enum Bad {
    /// Not a record. As the last line it is torn, anywhere before it is damage.
    Unreadable(String),
    /// A record, but it does not follow the line before it.
    Unlinked,
    /// Wrong wherever it stands.
    Refused(StoreError),
}

/// What the next line has to be.
#[derive(Clone, Copy)]
struct Expected<'a> {
    path: &'a Path,
    number: u64,
    prev: &'a str,
}

impl Expected<'_> {
    fn corrupt(&self, line: u64, reason: impl Into<String>) -> StoreError {
        StoreError::Corrupt { path: self.path.to_owned(), line, reason: reason.into() }
    }

    fn read<'b>(&self, bytes: &'b [u8]) -> Result<Line<'b>, Bad> {
        let Some(text) = bytes.strip_suffix(b"\n") else {
            return Err(Bad::Unreadable("it has no end".to_owned()));
        };
        let line: Line =
            serde_json::from_slice(text).map_err(|error| self.unreadable(text, &error))?;
        if line.v > VERSION {
            return Err(self.newer(line.v));
        }
        if line.v == 0 {
            return Err(Bad::Refused(self.corrupt(self.number, "there is no format 0")));
        }
        if line.seq != self.number {
            let reason = format!("it has the number {}, and {} is due", line.seq, self.number);
            return Err(Bad::Refused(self.corrupt(self.number, reason)));
        }
        if line.prev != self.prev {
            return Err(Bad::Unlinked);
        }
        Ok(line)
    }

    fn unreadable(&self, text: &[u8], error: &serde_json::Error) -> Bad {
        match serde_json::from_slice::<Version>(text) {
            Ok(Version { v }) if v > VERSION => self.newer(v),
            _ => Bad::Unreadable(format!("it is not a record: {error}")),
        }
    }

    fn newer(&self, version: u64) -> Bad {
        Bad::Refused(StoreError::Newer { path: self.path.to_owned(), version, known: VERSION })
    }

    /// Whether a whole record stands at the beginning of a line that goes on after it. No torn write
    /// leaves that behind: what was durable would be thrown away with what was not.
    fn begins_whole(&self, bytes: &[u8]) -> bool {
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Line>();
        let whole = matches!(values.next(), Some(Ok(line)) if line.seq == self.number);
        whole && values.byte_offset() < bytes.len()
    }

    /// How many bytes follow a line that cannot be read, when all of them went down in one write with it: that
    /// write was never brought to the disk as a whole, and what came first on the disk need not come first in
    /// the file. Nothing when a later write follows, for then this one had been whole.
    fn rest_of_its_write<R: Read>(
        &self,
        lines: &mut Lines<'_, R>,
    ) -> Result<Option<u64>, StoreError> {
        let (mut length, mut known) = (0, true);
        let mut bytes = Vec::new();
        while lines.next(&mut bytes)? {
            if length == 0 {
                known = false;
            }
            length += bytes.len() as u64;
            match serde_json::from_slice::<Line>(bytes.strip_suffix(b"\n").unwrap_or(&bytes)) {
                Ok(line) if line.nth > 0 && line.seq <= self.number + line.nth => known = true,
                Ok(_) => return Ok(None),
                Err(_) => {}
            }
        }
        Ok(known.then_some(length))
    }

    /// Whose fault it is that a line does not follow the one before it: the line after it may know.
    fn unlinked(&self, bytes: &[u8], after: &[u8]) -> StoreError {
        if self.number == 1 {
            return self.corrupt(1, "it names a line before it, and is the first");
        }
        let own = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let after = serde_json::from_slice::<Line>(after).ok();
        if after.is_some_and(|after| after.prev != hash(own)) {
            let reason = format!("it does not follow line {}", self.number - 1);
            return self.corrupt(self.number, reason);
        }
        let reason = format!(
            "it was altered, for line {} knows it with another SHA-256 (or that line was)",
            self.number
        );
        self.corrupt(self.number - 1, reason)
    }
}
