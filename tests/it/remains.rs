//! What a run may leave behind: its folder, and nothing else. No process, no temporary file, no lock.

use crate::env::Project;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The folder for temporary files that a test gives the program. It must stay empty.
pub(crate) const TEMPORARY: &str = "temporary";

/// Every process that belongs to a project: it says so in its environment, its arguments, or by where it is.
pub(crate) fn processes(project: &Project) -> Vec<String> {
    let path = project.path().canonicalize().expect("the project's folder");
    let text = path.to_str().expect("a path that is text");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let folder = entry.path();
        let is_process = entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok());
        if !is_process || entry.file_name() == std::process::id().to_string().as_str() {
            continue;
        }
        // Our own child that waits to be collected has neither.
        let read = |name: &str| {
            String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap_or_default()).into_owned()
        };
        let inside = fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&path));
        if inside || read("environ").contains(text) || read("cmdline").contains(text) {
            found.push(format!("{}: {}", folder.display(), read("cmdline").replace('\0', " ")));
        }
    }
    found
}

/// Panics when a run that has ended left more than its folder.
#[track_caller]
pub(crate) fn assert_nothing_remains(project: &Project) {
    // A process that was killed may take a moment to be gone. The bound is generous, and only that.
    let deadline = Instant::now() + Duration::from_secs(10);
    while !processes(project).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(processes(project), [""; 0], "processes were left behind");
    let temporary = project.path().join(TEMPORARY);
    if temporary.exists() {
        let left: Vec<PathBuf> = files(&temporary);
        assert!(left.is_empty(), "temporary files were left behind: {left:?}");
    }
    let state = project.path().join(".runbook");
    for file in files(&state) {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let from_the_state = file.strip_prefix(&state).expect("below");
        match name.as_str() {
            "lock" | "writer.lock" | "guard" => {
                let free = File::open(&file).expect("a lock").try_lock().is_ok();
                assert!(free, "{} is still held", from_the_state.display());
                // The run's own lock says who drove it last. The environment's says who is in the way.
                let holder = fs::read_to_string(&file).expect("a lock");
                let free = holder.is_empty() || name != "lock";
                assert!(free, "{} names a holder: {holder}", from_the_state.display());
            }
            _ => assert!(
                is_kept(from_the_state),
                "{} was left behind, and is no part of a run's folder",
                from_the_state.display()
            ),
        }
    }
}

/// Whether a file is one that a run keeps.
fn is_kept(path: &Path) -> bool {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    match &parts[..] {
        [runs, _, file] if runs == "runs" => {
            ["journal.jsonl", "parameters.json"].contains(&&**file)
        }
        [runs, _, kind, ..] if runs == "runs" && (kind == "texts" || kind == "output") => true,
        // What is left of a step: the script as it was run. Its outputs and requests may be secret.
        [runs, _, work, .., file] if runs == "runs" && work == "work" => file == ".script",
        [ignore] => ignore == ".gitignore",
        [plans, ..] => plans == "plans",
        [] => false,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found.into_iter().collect()
}
