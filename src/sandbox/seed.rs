//! Which seeds a server's state already holds, so that `up` plants each only once.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::SandboxError;
use super::folder;

/// The seeds of one generation of state. State that was lost begins a new generation, so its seeds are void.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Seeds {
    generation: String,
    planted: Vec<String>,
}

pub(super) fn is_planted(sandbox: &Path, generation: &str, seed: &str) -> bool {
    let seeds = read(sandbox);
    seeds.generation == generation && seeds.planted.iter().any(|planted| planted == seed)
}

pub(super) fn mark(sandbox: &Path, generation: &str, seed: &str) -> Result<(), SandboxError> {
    let mut seeds = read(sandbox);
    if seeds.generation != generation {
        seeds = Seeds { generation: generation.to_owned(), planted: Vec::new() };
    }
    if !seeds.planted.iter().any(|planted| planted == seed) {
        seeds.planted.push(seed.to_owned());
    }
    let path = file(sandbox);
    let text = serde_json::to_string(&seeds)
        .map_err(|error| SandboxError::io("write", &path)(std::io::Error::other(error)))?;
    folder::replace(&path, &text)
}

pub(super) fn forget(sandbox: &Path) -> Result<(), SandboxError> {
    folder::remove_file(&file(sandbox))
}

/// A marker that cannot be read counts as none: the seed is planted again.
fn read(sandbox: &Path) -> Seeds {
    let text = std::fs::read_to_string(file(sandbox)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn file(sandbox: &Path) -> PathBuf {
    sandbox.join("seeds.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_belongs_to_its_generation() {
        let folder = tempfile::tempdir().expect("a folder");
        mark(folder.path(), "g1", "demo").expect("marked");
        mark(folder.path(), "g1", "other").expect("marked");
        assert!(is_planted(folder.path(), "g1", "demo"));
        assert!(is_planted(folder.path(), "g1", "other"));
        assert!(!is_planted(folder.path(), "g1", "unknown"));
        assert!(!is_planted(folder.path(), "g2", "demo"));
        mark(folder.path(), "g2", "other").expect("marked");
        assert!(!is_planted(folder.path(), "g2", "demo"), "the seeds of lost state are void");
    }

    #[test]
    fn a_broken_or_forgotten_marker_is_no_marker() {
        let folder = tempfile::tempdir().expect("a folder");
        mark(folder.path(), "g1", "demo").expect("marked");
        forget(folder.path()).expect("forgotten");
        assert!(!is_planted(folder.path(), "g1", "demo"));
        std::fs::write(file(folder.path()), "{").expect("broken");
        assert!(!is_planted(folder.path(), "g1", "demo"));
    }
}
