//! The file that the data is embedded as: how to read it. `scripts/service_data/encode.py` writes it.
//!
//! The file is ours and is tested whole, so reading does not fail. What would be out of its bounds
//! reads as zero, and no data of any kind can make the program panic.

use flate2::read::DeflateDecoder;
use std::io::Read as _;

/// Codes below this are one byte.
const SHORT: usize = 160;

/// Reads variable-length integers, bytes and texts.
#[derive(Clone, Copy, Default)]
pub(super) struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    pub(super) fn byte(&mut self) -> u8 {
        let byte = self.data.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    pub(super) fn number(&mut self) -> usize {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 || shift > 28 {
                return number;
            }
        }
    }

    pub(super) fn bytes(&mut self) -> &'a [u8] {
        let length = self.number();
        self.take(length)
    }

    pub(super) fn take(&mut self, length: usize) -> &'a [u8] {
        let from = self.at.min(self.data.len());
        let to = from.saturating_add(length).min(self.data.len());
        self.at = to;
        &self.data[from..to]
    }

    pub(super) fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.at >= self.data.len()
    }
}

/// Decompresses a part of the file.
pub(super) fn inflate(data: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(data.len() * 5);
    // What cannot be read reads as nothing. A test reads every part.
    let _ = DeflateDecoder::new(data).read_to_end(&mut whole);
    whole
}

/// The words that all texts are made of.
pub(super) struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    pub(super) fn new(lines: &str) -> Self {
        let ends = lines.match_indices('\n').map(|(at, _)| at).chain([lines.len()]).collect();
        Self { text: lines.to_owned(), ends }
    }

    fn get(&self, code: usize) -> &str {
        let from =
            code.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |at| at + 1);
        self.ends.get(code).and_then(|to| self.text.get(from..*to)).unwrap_or_default()
    }
}

/// The texts of one chunk.
#[derive(Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn read(count: usize, column: &[u8], words: &Words) -> Self {
        let mut texts =
            Self { all: String::with_capacity(column.len() * 4), ends: Vec::with_capacity(count) };
        let mut reader = Reader::new(column);
        while texts.ends.len() < count && !reader.is_at_end() {
            let code = usize::from(reader.byte());
            if code == 0 {
                texts.ends.push(texts.all.len());
            } else if code < SHORT {
                texts.all.push_str(words.get(code - 1));
            } else {
                let code = SHORT + (code - SHORT) * 256 + usize::from(reader.byte());
                texts.all.push_str(words.get(code - 1));
            }
        }
        texts
    }

    pub(super) fn get(&self, at: u32) -> &str {
        let at = at as usize;
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(at).and_then(|to| self.all.get(from..*to)).unwrap_or_default()
    }
}

/// Finds the texts of a chunk in the order they were written in: 0 is the next new one.
#[derive(Default)]
pub(super) struct Next(u32);

impl Next {
    pub(super) fn text(&mut self, column: &mut Reader<'_>) -> u32 {
        match u32::try_from(column.number()).unwrap_or_default() {
            0 => {
                self.0 += 1;
                self.0 - 1
            }
            known => known - 1,
        }
    }
}
