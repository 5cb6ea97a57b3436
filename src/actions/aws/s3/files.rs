//! What a long job writes down in its own folder: how far it is, and what it has moved.
//!
//! Neither is trusted as a proof. The checkpoint only saves work, and the list only says which
//! versions an undo may touch.

use crate::actions::Trouble;
use crate::actions::aws::s3::listing::{Marker, Version};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const CHECKPOINT: &str = "reencrypt.checkpoint.json";

/// How far the first pass is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// The page to go on with.
    pub(super) after: Marker,
    /// How many versions were looked at before that page, for the display.
    pub(super) seen: u64,
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> Trouble {
    Trouble::nothing_happened(format!("{}: {error}", path.display()))
}

fn unwritable(path: &Path, error: impl std::fmt::Display) -> Trouble {
    Trouble::failed(format!("{}: {error}", path.display()))
        .hint("Make room or mend the disk, then run the step again: it goes on where it stopped.")
}

impl Checkpoint {
    /// What an earlier attempt saved, or the beginning.
    pub(super) fn load(folder: &Path) -> Result<Self, Trouble> {
        let path = folder.join(CHECKPOINT);
        match std::fs::read(&path) {
            // Unreadable content only costs time: everything is looked at again.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(unreadable(&path, error)),
        }
    }

    /// Replaces what was saved, whole or not at all.
    pub(super) fn save(&self, folder: &Path) -> Result<(), Trouble> {
        let path = folder.join(CHECKPOINT);
        let new = folder.join(format!("{CHECKPOINT}.new"));
        let write = || {
            let mut file = private().truncate(true).write(true).open(&new)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|error: std::io::Error| unwritable(&path, error))
    }
}

/// Versions that a step writes down: those it has changed, or was about to change when it stopped.
pub(super) struct Listed {
    path: PathBuf,
    file: Option<File>,
    /// Hashes, because a bucket may have millions: they only serve to count.
    known: HashSet<u64>,
}

impl Listed {
    /// Reads the list of earlier attempts. A torn last line was written before anything was done
    /// about it, so it says nothing.
    pub(super) fn open(folder: &Path, name: &str) -> Result<Self, Trouble> {
        let mut listed = Self { path: folder.join(name), file: None, known: HashSet::new() };
        for version in listed.all()? {
            listed.known.insert(hash(&version));
        }
        Ok(listed)
    }

    /// The whole list, each version once, in the order they were written down.
    pub(super) fn all(&mut self) -> Result<Vec<Version>, Trouble> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&self.path, error)),
        };
        let (mut all, mut once) = (Vec::new(), HashSet::new());
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| unreadable(&self.path, error))?;
            if let Ok(version) = serde_json::from_slice::<Version>(&line)
                && once.insert(hash(&version))
            {
                all.push(version);
            }
        }
        Ok(all)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(super) fn contains(&self, version: &Version) -> bool {
        self.known.contains(&hash(version))
    }

    /// Adds versions. The list is durable when this returns.
    pub(super) fn add(&mut self, versions: &[Version]) -> Result<(), Trouble> {
        let mut text = Vec::new();
        for version in versions.iter().filter(|version| !self.contains(version)) {
            let line = serde_json::to_vec(version).map_err(|e| unwritable(&self.path, e))?;
            // A line of its own: an earlier attempt may have left a torn one without its end.
            text.push(b'\n');
            text.extend(line);
        }
        if text.is_empty() {
            return Ok(());
        }
        text.push(b'\n');
        let write = |file: &mut Option<File>| {
            let file = match file {
                Some(file) => file,
                None => {
                    let opened = private().append(true).open(&self.path)?;
                    if let Some(folder) = self.path.parent() {
                        File::open(folder)?.sync_all()?;
                    }
                    file.insert(opened)
                }
            };
            file.write_all(&text)?;
            file.sync_data()
        };
        write(&mut self.file).map_err(|error: std::io::Error| unwritable(&self.path, error))?;
        self.known.extend(versions.iter().map(hash));
        Ok(())
    }
}

/// Names of objects are nobody else's business.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

fn hash(version: &Version) -> u64 {
    let mut hasher = DefaultHasher::new();
    version.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(key: &str) -> Version {
        Version { key: key.to_owned(), id: "null".to_owned() }
    }

    #[test]
    fn a_checkpoint_is_found_again_and_a_broken_one_means_the_beginning() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Checkpoint::load(folder.path()), Ok(Checkpoint::default()));
        let far = Checkpoint { seen: 2_000, ..Checkpoint::default() };
        far.save(folder.path()).expect("saved");
        assert_eq!(Checkpoint::load(folder.path()), Ok(far));
        std::fs::write(folder.path().join(CHECKPOINT), b"{\"seen\":").expect("written");
        assert_eq!(Checkpoint::load(folder.path()), Ok(Checkpoint::default()));
    }

    #[test]
    fn the_list_survives_a_torn_line_and_holds_each_version_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut moved = Listed::open(folder.path(), "list").expect("a list");
        moved.add(&[version("a"), version("b\nc")]).expect("added");
        let path = folder.path().join("list");
        let mut file = OpenOptions::new().append(true).open(&path).expect("the list");
        file.write_all(b"{\"k\":\"torn").expect("torn");

        let mut again = Listed::open(folder.path(), "list").expect("a list");
        assert!(again.contains(&version("b\nc")) && !again.contains(&version("torn")));
        again.add(&[version("b\nc"), version("d")]).expect("added");
        let keys: Vec<_> = again.all().expect("all").into_iter().map(|v| v.key).collect();
        assert_eq!(keys, ["a", "b\nc", "d"]);
    }
}
