//! Every AWS action against the emulator: run, look, take back, repeat, and go on after a crash.

mod bench;
mod cloudformation;
mod data;
mod keys;
mod objects;
mod sessions;
mod undo;
