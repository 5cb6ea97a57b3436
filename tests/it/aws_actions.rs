//! Every AWS action against the emulator: run, look, take back, repeat, and go on after a crash.

mod bedrock;
mod bench;
mod cloudformation;
mod copies;
mod data;
mod keys;
mod objects;
mod opensearch;
mod pointers;
mod sessions;
mod trust;
mod undo;

pub(crate) use copies::{contents, old_corpus};
pub(crate) use data::archive;
