//! What is in the file, and the chunks that have been read so far.

use super::chunk::Chunk;
use super::format::{Reader, Words, inflate};
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

static DATA: &[u8] = include_bytes!("data.bin");
static INDEX: LazyLock<Index> = LazyLock::new(Index::read);

/// The head of the file. A chunk is read when it is first asked for, and kept.
pub(super) struct Index {
    pub(super) versions: Versions,
    words: Words,
    services: BTreeMap<String, usize>,
    prefixes: BTreeMap<String, usize>,
    chunks: Vec<(&'static [u8], OnceLock<Chunk>)>,
}

/// What the data was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The version of the AWS CLI.
    pub cli: String,
    /// The version of botocore in it.
    pub botocore: String,
    /// The version of the IAM data.
    pub iam: String,
}

pub(super) fn index() -> &'static Index {
    &INDEX
}

impl Index {
    fn read() -> Self {
        let mut file = Reader::new(DATA);
        // Four letters and the version of the format. The builder and this file change together.
        file.take(5);
        let length = file.take(4).iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let head = inflate(file.take(length));
        let mut head = Reader::new(&head);
        let mut next = || head.text().to_owned();
        let versions = Versions { cli: next(), botocore: next(), iam: next() };
        let words = Words::new(head.text());
        let mut chunks = Vec::new();
        let mut group = |head: &mut Reader<'_>| {
            let mut names = BTreeMap::new();
            for _ in 0..head.number() {
                names.insert(head.text().to_owned(), chunks.len());
                chunks.push((file.take(head.number()), OnceLock::new()));
            }
            names
        };
        let services = group(&mut head);
        let mut prefixes = group(&mut head);
        for _ in 0..head.number() {
            prefixes.insert(head.text().to_owned(), head.number());
        }
        Self { versions, words, services, prefixes, chunks }
    }

    pub(super) fn services(&'static self) -> impl Iterator<Item = &'static str> {
        self.services.keys().map(String::as_str)
    }

    pub(super) fn service(&'static self, name: &str) -> Option<(&'static str, &'static Chunk)> {
        let (name, at) = self.services.get_key_value(name)?;
        Some((name, self.chunk(*at)?))
    }

    pub(super) fn prefix(&'static self, name: &str) -> Option<(&'static str, &'static Chunk)> {
        let (name, at) = self.prefixes.get_key_value(name)?;
        Some((name, self.chunk(*at)?))
    }

    #[cfg(test)]
    pub(super) fn prefixes(&'static self) -> impl Iterator<Item = &'static str> {
        self.prefixes.keys().map(String::as_str)
    }

    fn chunk(&'static self, at: usize) -> Option<&'static Chunk> {
        let (data, chunk) = self.chunks.get(at)?;
        Some(
            chunk
                .get_or_init(|| Chunk::read(&inflate(data), at < self.services.len(), &self.words)),
        )
    }
}
