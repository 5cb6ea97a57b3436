//! The language server: what an editor asks about a runbook while it is being written.
//!
//! [`Server`] is a function from messages to messages. It reads files through [`Files`] and streams not
//! at all, so that all of it can be tested in memory.

mod analysis;
mod capabilities;
mod chain;
mod client;
mod complete;
mod document;
mod files;
mod headings;
mod level;
mod outline;
mod outputs;
mod place;
mod position;
mod publish;
mod queue;
mod requests;
mod server;
#[cfg(test)]
mod tests;
mod uri;
mod view;
mod words;
mod workspace;

pub use files::{Files, Stamp};
pub use queue::Queue;
pub use server::Server;
