//! What a step printed: its beginning and its end, and never more.
//!
//! It is for reading, not for deciding: lines go to the system at once and to the disk when it likes.

use super::error::StoreError;
use super::files::{self, How};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How many bytes of the beginning are kept: what the step was about to do.
const FIRST: u64 = 256 * 1024;
/// How many bytes of the end are kept: why it ended. Up to twice as many while it runs.
const LAST: u64 = 768 * 1024;
/// How the line begins that stands for what was left out.
const GAP: &str = "[runbook: ";

/// The kept output of one step. Write whole lines to it.
#[derive(Debug)]
pub struct OutputLog {
    file: File,
    length: u64,
    first: u64,
    last: u64,
}

impl OutputLog {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::bounded(path, FIRST, LAST)
    }

    fn bounded(path: &Path, first: u64, last: u64) -> Result<Self, StoreError> {
        let file = files::open(path, How::Write)?;
        let length = file.metadata().map_err(StoreError::io("look at", path))?.len();
        Ok(Self { file, length, first, last })
    }

    /// Leaves out what is between the beginning and the end.
    fn shorten(&mut self) -> io::Result<()> {
        let mut bytes = vec![0; usize::try_from(self.length).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, 0)?;
        let first = line_end(&bytes, self.first);
        let first = gap_within(&bytes[..first]).unwrap_or(first);
        let keep = self.length.saturating_sub(self.last).max(first as u64);
        let last = line_start(&bytes, keep);
        let (gone, gap_end) = earlier_gap(&bytes[first..last]);
        let gone = gone + (last - first - gap_end) as u64;
        let mut rest = format!("{GAP}{gone} bytes of output are left out here]\n").into_bytes();
        rest.extend_from_slice(&bytes[last..]);
        self.file.write_all_at(&rest, first as u64)?;
        self.length = (first + rest.len()) as u64;
        self.file.set_len(self.length)
    }
}

impl Write for OutputLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // In pieces, so that one huge write does not pass the bound either.
        let piece = usize::try_from(self.last).unwrap_or(usize::MAX).min(bytes.len());
        self.file.write_all_at(&bytes[..piece], self.length)?;
        self.length += piece as u64;
        if self.length > self.first + 2 * self.last {
            self.shorten()?;
        }
        Ok(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OutputLog {
    fn drop(&mut self) {
        if self.length > self.first + self.last {
            // A log that is a little too long is no reason to fail.
            let _ = self.shorten();
        }
    }
}

/// The end of the last whole line within the first so many bytes.
fn line_end(bytes: &[u8], within: u64) -> usize {
    let within = usize::try_from(within).unwrap_or(usize::MAX).min(bytes.len());
    bytes[..within].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// The start of the first whole line at or after that place.
fn line_start(bytes: &[u8], from: u64) -> usize {
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
    if from == 0 || bytes[from - 1] == b'\n' {
        return from;
    }
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| from + at + 1)
}

/// Where an earlier shortening left its line, if it is among these lines.
fn gap_within(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(GAP.as_bytes()) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// How many bytes an earlier shortening left out, and where its line ends.
fn earlier_gap(bytes: &[u8]) -> (u64, usize) {
    let Some(rest) = bytes.strip_prefix(GAP.as_bytes()) else { return (0, 0) };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|text| text.parse().ok());
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    number.map_or((0, 0), |number| (number, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_stay_and_the_gap_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("step.log");
        let mut whole = 0;
        for attempt in 0..3 {
            let mut log = OutputLog::bounded(&path, 100, 200).unwrap();
            for number in 0..500 {
                let line = format!("attempt {attempt} line {number}\n");
                whole += line.len() as u64;
                log.write_all(line.as_bytes()).unwrap();
                assert!(std::fs::metadata(&path).unwrap().len() <= 600);
            }
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("attempt 0 line 0\n"), "{text}");
        assert!(text.ends_with("attempt 2 line 499\n"), "{text}");
        let gaps: Vec<&str> = text.lines().filter(|line| line.starts_with(GAP)).collect();
        assert_eq!(gaps.len(), 1, "{text}");
        let gone: u64 = gaps[0][GAP.len()..].split(' ').next().unwrap().parse().unwrap();
        let kept = text.len() as u64 - gaps[0].len() as u64 - 1;
        assert_eq!(gone + kept, whole);
        assert!(kept <= 300);
    }

    #[test]
    fn what_is_short_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("step.log");
        OutputLog::open(&path).unwrap().write_all(b"one\n").unwrap();
        OutputLog::open(&path).unwrap().write_all(b"two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn one_line_without_an_end_is_bounded_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("step.log");
        let mut log = OutputLog::bounded(&path, 100, 200).unwrap();
        log.write_all(&[b'x'; 100_000]).unwrap();
        drop(log);
        assert!(std::fs::metadata(&path).unwrap().len() < 400);
    }
}
