//! `runbook lsp`: the language server on standard input and output.

use super::Global;
use super::error::CliError;
use super::exit::Exit;
use crate::actions::catalog::catalog;
use crate::lsp::{Files, Queue, Server, Stamp};
use lsp_server::{Connection, Message};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// What `lsp` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// Speak on standard input and output. It always does; editors say so.
    #[arg(long)]
    stdio: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
An editor starts it and speaks to it. docs/editors.md tells how to set up VS Code, Neovim and Helix.

It shows what `runbook check` would find, completes, explains, and goes to what is meant. It reads the
files of the project that a document belongs to, starts no program, and needs no network.";

/// The files of this machine.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Option<String> {
        String::from_utf8(std::fs::read(path).ok()?).ok()
    }

    fn stamp(&self, path: &Path) -> Option<Stamp> {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(Stamp { modified: metadata.modified().ok(), length: metadata.len() })
    }

    fn list(&self, folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| {
                let folder = entry.path().is_dir();
                let name = entry.file_name().into_string().ok()?;
                Some(if folder { format!("{name}/") } else { name })
            })
            .collect();
        names.sort();
        names
    }
}

/// Runs it.
pub(super) fn run(_global: &Global, _args: &Args) -> Result<Exit, CliError> {
    let (connection, threads) = Connection::stdio();
    let Connection { sender, receiver } = connection;
    // The library hands over one message at a time. What waits has to be seen to be taken back.
    let (to, from) = channel();
    let reader = std::thread::spawn(move || receiver.into_iter().all(|it| to.send(it).is_ok()));
    let mut server = Server::new(Box::new(Disk), Arc::new(catalog()));
    if !converse(&mut server, &from, |message| sender.send(message).is_ok()) {
        // Nobody reads the answers any more. The threads end with the program.
        return Ok(Exit::Done);
    }
    drop((from, sender));
    // It has ended with the stream. Whether every message was taken does not matter now.
    drop(reader.join());
    threads.join().map_err(|error| {
        CliError::new(Exit::Failed, format!("the conversation broke off: {error}"))
    })?;
    match server.ended() {
        Some(false) => Err(CliError::new(Exit::Failed, "the client ended without `shutdown`")),
        Some(true) | None => Ok(Exit::Done),
    }
}

/// Answers until the client ends the conversation, or sends no more. False when it reads no more.
fn converse(
    server: &mut Server,
    from: &Receiver<Message>,
    mut send: impl FnMut(Message) -> bool,
) -> bool {
    let mut queue = Queue::default();
    while server.ended().is_none() {
        while let Ok(message) = from.try_recv() {
            if !queue.push(message).into_iter().all(&mut send) {
                return false;
            }
        }
        let out = match queue.pop() {
            Some(message) => server.receive(message),
            None => match server.idle() {
                Some(out) => out,
                None => match from.recv() {
                    Ok(message) => queue.push(message).into_iter().collect(),
                    Err(_) => return true,
                },
            },
        };
        if !out.into_iter().all(&mut send) {
            return false;
        }
    }
    true
}
