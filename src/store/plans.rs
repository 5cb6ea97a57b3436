//! What plans found, kept for a while, so that a run that was told to follow a plan can say what has
//! changed since. And a folder for what a look writes while it looks.

use super::Store;
use super::error::StoreError;
use super::files;
use crate::model::id::RunId;
use crate::model::value::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// As many as are kept. A plan is looked at and followed, or forgotten.
const MOST: usize = 50;
/// What a plan found a month ago is of no use.
const OLDEST: Duration = Duration::from_secs(30 * 86_400);
/// No look takes that long: what is left of one is left of a process that was killed.
const LOOK_IS_OVER: Duration = Duration::from_secs(86_400);

const SCRATCH: &str = "look-";

/// A state folder for the time of one look. It goes when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    store: Store,
}

impl Scratch {
    /// The state folder. It holds one run without events.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store.clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is removed by a later look.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Store {
    fn plans(&self) -> PathBuf {
        self.root().join("plans")
    }

    /// Keeps what a plan found under its digest, and lets go of the oldest ones.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_plan(&self, digest: &str, found: &Value) -> Result<(), StoreError> {
        let folder = self.plans();
        files::folder(&folder)?;
        files::replace(&folder.join(format!("{digest}.json")), found.to_string().as_bytes())?;
        self.forget_old_plans()
    }

    /// What the plans found whose digest begins so, by digest. One that cannot be read is left out:
    /// it can only explain, and decides nothing.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn kept_plans(&self, prefix: &str) -> Result<BTreeMap<String, Value>, StoreError> {
        let mut found = BTreeMap::new();
        for (digest, path) in self.plan_files()? {
            if digest.starts_with(prefix)
                && let Some(text) = files::read(&path)?
                && let Ok(value) = serde_json::from_str(&text)
            {
                found.insert(digest, value);
            }
        }
        Ok(found)
    }

    fn plan_files(&self) -> Result<Vec<(String, PathBuf)>, StoreError> {
        let folder = self.plans();
        let names = files::names(&folder)?.into_iter();
        Ok(names
            .filter_map(|name| {
                let digest = name.strip_suffix(".json")?.to_owned();
                Some((digest, folder.join(name)))
            })
            .collect())
    }

    fn forget_old_plans(&self) -> Result<(), StoreError> {
        let mut aged: Vec<(Duration, PathBuf)> =
            self.plan_files()?.into_iter().map(|(_, path)| (age(&path), path)).collect();
        aged.sort();
        for (index, (age, path)) in aged.iter().enumerate() {
            if index >= MOST || *age > OLDEST {
                files::remove(path)?;
            }
        }
        Ok(())
    }

    /// A state folder for one look, in which that run has a place.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self, run: &RunId) -> Result<Scratch, StoreError> {
        let folder = self.plans();
        files::folder(&folder)?;
        for name in files::names(&folder)? {
            let path = folder.join(&name);
            if name.starts_with(SCRATCH) && age(&path) > LOOK_IS_OVER {
                let _ = std::fs::remove_dir_all(&path);
            }
        }
        let own = format!("{SCRATCH}{}-{:08x}", std::process::id(), rand::random::<u32>());
        let folder = folder.join(own);
        files::folder(&folder)?;
        let scratch = Scratch { store: Store::open(&folder)?, folder };
        scratch.store.create(run, &BTreeMap::new())?;
        Ok(scratch)
    }
}

/// How long ago a file was written. One that does not say counts as new.
fn age(path: &Path) -> Duration {
    let written = std::fs::symlink_metadata(path).and_then(|about| about.modified());
    written.ok().and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn plans_are_found_by_the_beginning_of_their_digest_and_are_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(store.kept_plans("ab").unwrap().is_empty());
        store.keep_plan("abcd", &json!({"a": 1})).unwrap();
        store.keep_plan("abff", &json!({"a": 2})).unwrap();
        std::fs::write(folder.path().join("plans/abee.json"), "{").unwrap();
        assert_eq!(store.kept_plans("abc").unwrap()["abcd"]["a"], 1);
        assert_eq!(store.kept_plans("ab").unwrap().len(), 2);
        let about = std::fs::metadata(folder.path().join("plans/abcd.json")).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn only_the_newest_plans_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let old = SystemTime::now() - Duration::from_secs(3_600);
        for index in 0..MOST {
            store.keep_plan(&format!("{index:04}"), &json!({})).unwrap();
            let file = std::fs::File::options()
                .append(true)
                .open(folder.path().join(format!("plans/{index:04}.json")))
                .unwrap();
            file.set_modified(old + Duration::from_secs(index as u64)).unwrap();
        }
        store.keep_plan("ffff", &json!({})).unwrap();
        let kept = store.kept_plans("").unwrap();
        assert_eq!(kept.len(), MOST);
        assert!(kept.contains_key("ffff") && !kept.contains_key("0000"), "the oldest goes first");
    }

    #[test]
    fn what_a_look_wrote_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let run = RunId::from_text("plan");
        let scratch = store.scratch(&run).unwrap();
        let work = scratch.store().work(&run, &crate::model::id::StepKey::from_text("a")).unwrap();
        std::fs::write(work.join("secret"), "x").unwrap();
        assert!(store.runs().unwrap().is_empty(), "a look is no run");
        drop(scratch);
        assert!(!work.exists());
        assert_eq!(std::fs::read_dir(folder.path().join("plans")).unwrap().count(), 0);
    }
}
