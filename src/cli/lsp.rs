//! `runbook lsp`: the language server on standard input and output.

use super::Global;
use super::error::CliError;
use super::exit::Exit;
use crate::actions::catalog::catalog;
use crate::actions::shell::{Ask, lint};
use crate::diagnostic::Diagnostic;
use crate::lsp::{Files, Queue, Scripts, Server, Stamp};
use lsp_server::{Connection, Message};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

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

It shows what `runbook check NAME` would find, completes, explains, and goes to what is meant. It
reads the files of the project that a document belongs to and needs no network. No script is run:
the programs that `runbook check` asks about scripts are asked here, too.";

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

    fn exists(&self, path: &Path) -> bool {
        // What may not be looked at is there.
        path.try_exists().unwrap_or(true)
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

/// What the server hears.
enum Event {
    Message(Message),
    /// What other programs said about scripts, a list for each of them.
    Said(Scripts, Vec<Vec<Diagnostic>>),
    /// The client sends no more.
    Gone,
}

/// Runs it.
pub(super) fn run(_global: &Global, _args: &Args) -> Result<Exit, CliError> {
    let (connection, threads) = Connection::stdio();
    let Connection { sender, receiver } = connection;
    // The library hands over one message at a time. What waits has to be seen to be taken back.
    let (to, events) = channel();
    let (asked, questions) = channel();
    let messages = to.clone();
    let reader = std::thread::spawn(move || {
        receiver.into_iter().all(|message| messages.send(Event::Message(message)).is_ok());
        messages.send(Event::Gone).is_ok()
    });
    std::thread::spawn(move || ask_programs(&questions, &to));
    let mut server = Server::new(Box::new(Disk), Arc::new(catalog()));
    let ask = |scripts| drop(asked.send(scripts));
    if !converse(&mut server, &events, |message| sender.send(message).is_ok(), ask) {
        // Nobody reads the answers any more. The threads end with the program.
        return Ok(Exit::Done);
    }
    drop(sender);
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
    events: &Receiver<Event>,
    mut send: impl FnMut(Message) -> bool,
    ask: impl Fn(Scripts),
) -> bool {
    let mut queue = Queue::default();
    while server.ended().is_none() {
        // Everything that waits is seen first: a question may have been taken back already.
        let mut event = events.try_recv().ok();
        let mut out = Vec::new();
        while let Some(one) = event.take() {
            match one {
                Event::Message(message) => out.extend(queue.push(message)),
                Event::Said(scripts, found) => server.said(scripts, found),
                Event::Gone => queue.end(),
            }
            event = events.try_recv().ok();
        }
        match queue.pop() {
            Some(message) => out.extend(server.receive(message)),
            None if queue.has_ended() => return true,
            None => match server.idle() {
                Some(more) => out.extend(more),
                None => {
                    std::iter::from_fn(|| server.unasked()).for_each(&ask);
                    if out.is_empty() {
                        // The only place to wait.
                        match events.recv() {
                            Ok(Event::Message(message)) => out.extend(queue.push(message)),
                            Ok(Event::Said(scripts, found)) => server.said(scripts, found),
                            Ok(Event::Gone) | Err(_) => queue.end(),
                        }
                    }
                }
            },
        }
        if !out.into_iter().all(&mut send) {
            return false;
        }
    }
    true
}

/// Asks other programs about scripts, one document after the other. Only the newest text of each counts.
fn ask_programs(questions: &Receiver<Scripts>, to: &Sender<Event>) {
    while let Ok(first) = questions.recv() {
        let mut newest = BTreeMap::from([(first.path.clone(), first)]);
        while let Ok(next) = questions.try_recv() {
            newest.insert(next.path.clone(), next);
        }
        for (_, scripts) in newest {
            let asked: Vec<_> = scripts.scripts.iter().map(|(by, text)| (*by, text)).collect();
            let found = lint(&asked, Ask::Auto).found;
            if to.send(Event::Said(scripts, found)).is_err() {
                return;
            }
        }
    }
}
