//! The language server: what an editor asks about a runbook while it is being written.
//!
//! [`Server`] is a function from messages to messages. It reads files through [`Files`] and streams not
//! at all, so that all of it can be tested in memory.

mod analysis;
mod capabilities;
mod client;
mod document;
mod files;
mod outline;
mod place;
mod position;
mod publish;
mod queue;
mod requests;
mod server;
#[cfg(test)]
mod tests;
mod uri;
mod workspace;

pub use files::{Files, Stamp};
pub use queue::Queue;
pub use server::Server;
