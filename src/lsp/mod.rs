//! The language server: what an editor asks about a runbook while it is being written.
//!
//! [`Server`] is a function from messages to messages. It reads files through [`Files`] and streams not
//! at all, so that all of it can be tested in memory.

mod actions;
mod analysis;
mod capabilities;
mod chain;
mod client;
mod complete;
mod definition;
mod document;
mod files;
mod headings;
mod hover;
mod level;
mod occurrences;
mod outline;
mod outputs;
mod place;
mod position;
mod publish;
mod queue;
mod rename;
mod requests;
mod scripts;
mod server;
mod symbols;
#[cfg(test)]
mod tests;
mod thing;
mod uri;
mod view;
mod words;
mod workspace;

pub use files::{Files, Stamp};
pub use queue::Queue;
pub use scripts::Scripts;
pub use server::Server;
