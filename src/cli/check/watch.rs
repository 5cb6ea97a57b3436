//! `runbook check --watch`: checks again whenever a runbook or `runbook.yaml` changes.

use super::super::console::{self, Out};
use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::project::{Home, shown};
use super::super::{Global, console::can_move};
use super::{Args, check, formats};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long it must be quiet before a change counts. Editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(80);

/// Checks until a signal comes. Being ended is how it ends, so that is no failure.
pub(super) fn watch(global: &Global, args: &Args) -> Result<Exit, CliError> {
    if args.names.iter().any(|name| name == super::STDIN) {
        return Err(CliError::usage("standard input cannot be watched"));
    }
    let root = Home::find(global)?.root;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::usage(format!("cannot wait for changes: {error}")))?;
    runtime.block_on(until_ended(global, args, &root))
}

async fn until_ended(global: &Global, args: &Args, root: &Path) -> Result<Exit, CliError> {
    let failed = |error: notify::Error| {
        CliError::usage(format!("cannot watch {}: {error}", shown(root)))
            .hint("On Linux, `fs.inotify.max_user_watches` may be too small.")
    };
    let (to, mut changes) = mpsc::unbounded_channel();
    let watched = Watched { root: root.to_owned(), extra: paths(args) };
    let filter = watched.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let Ok(event) = event else { return };
        for path in filter.changed(event) {
            // When nobody listens any more, the program is about to end.
            let _ = to.send(path);
        }
    })
    .map_err(failed)?;
    let mut ended = Box::pin(signal()?);
    watched.begin(&mut watcher).map_err(failed)?;
    once(global, args, &BTreeSet::new())?;
    loop {
        let mut changed = BTreeSet::new();
        tokio::select! {
            () = &mut ended => return Ok(Exit::Done),
            path = changes.recv() => changed.extend(path),
        }
        // The folder may have come into being only now.
        let _ = watched.begin(&mut watcher);
        while let Ok(Some(path)) = tokio::time::timeout(QUIET, changes.recv()).await {
            changed.insert(path);
        }
        once(global, args, &changed)?;
    }
}

/// Runbooks that were named by their paths.
fn paths(args: &Args) -> Vec<PathBuf> {
    let named = args.names.iter().filter(|name| name.contains('/') || name.ends_with(".md"));
    named.filter_map(|name| std::path::absolute(name).ok()).collect()
}

/// Ends when the person at the terminal, or anybody else, wants this to end.
pub(in crate::cli) fn signal() -> Result<impl Future<Output = ()>, CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|error| CliError::usage(format!("cannot listen for signals: {error}")))
    };
    let (mut interrupt, mut terminate) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Checks once and shows the result. What is wrong with the project itself is shown, and waited out.
fn once(global: &Global, args: &Args, changed: &BTreeSet<PathBuf>) -> Result<(), CliError> {
    let out = Out::new();
    if std::io::stdout().is_terminal() && can_move() {
        out.clear()?;
    }
    for path in changed {
        out.line(format!("{} changed", shown(path)))?;
    }
    match Home::find(global).and_then(|home| check(&home, args)) {
        Ok(checked) => {
            formats::human(out, &checked)?;
            checked.unreadable.iter().for_each(console::show);
        }
        Err(error) => console::show(&error),
    }
    console::tell("watching for changes; Ctrl-C ends it");
    Ok(())
}

/// What is looked at.
#[derive(Clone)]
struct Watched {
    root: PathBuf,
    extra: Vec<PathBuf>,
}

impl Watched {
    fn begin(&self, watcher: &mut RecommendedWatcher) -> notify::Result<()> {
        // The folder, not the file: editors replace files, and a watch would stay with the old one.
        watcher.watch(&self.root, RecursiveMode::NonRecursive)?;
        let runbooks = self.root.join("runbooks");
        if runbooks.is_dir() {
            watcher.watch(&runbooks, RecursiveMode::NonRecursive)?;
        }
        for path in &self.extra {
            if let Some(folder) = path.parent() {
                watcher.watch(folder, RecursiveMode::NonRecursive)?;
            }
        }
        Ok(())
    }

    /// The files of an event that a check reads.
    fn changed(&self, event: Event) -> Vec<PathBuf> {
        // Reading a file is an event as well, and checking reads them.
        if matches!(event.kind, EventKind::Access(_)) {
            return Vec::new();
        }
        let counts = |path: &PathBuf| {
            let runbook = path.extension().is_some_and(|extension| extension == "md")
                && path.parent() == Some(&self.root.join("runbooks"));
            runbook
                || *path == self.root.join("runbook.yaml")
                || *path == self.root.join("runbooks")
                || self.extra.contains(path)
        };
        event.paths.into_iter().filter(counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, CreateKind};

    #[test]
    fn only_what_a_check_reads_is_a_change() {
        let watched = Watched { root: "/p".into(), extra: vec!["/q/x.md".into()] };
        let changed =
            |kind, path: &str| !watched.changed(Event::new(kind).add_path(path.into())).is_empty();
        let create = EventKind::Create(CreateKind::File);
        for path in ["/p/runbooks/a.md", "/p/runbook.yaml", "/p/runbooks", "/q/x.md"] {
            assert!(changed(create, path), "{path}");
            assert!(!changed(EventKind::Access(AccessKind::Read), path), "{path}");
        }
        for path in ["/p/runbooks/a.md~", "/p/.runbook/x", "/p/a.md", "/q/y.md"] {
            assert!(!changed(create, path), "{path}");
        }
    }
}
