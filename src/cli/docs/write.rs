//! Writes a site into a folder: only what changed, and removing only what an earlier build wrote.
//!
//! The folder holds a list of what was written, with the hash of each file. A file that is on the list and no
//! longer part of the site is removed when it is still as it was written. Nothing else is ever removed, and a folder
//! with other things in it is not written to.

use crate::cli::error::CliError;
use crate::cli::project::shown;
use crate::plan::digest_of_bytes;
use crate::site::Files;
use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The list of what was written.
const LIST: &str = ".runbook-site.json";

/// What a build did.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) written: usize,
    pub(super) unchanged: usize,
    pub(super) removed: usize,
    /// What would have been removed, had nobody changed it.
    pub(super) kept: Vec<PathBuf>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    version: u32,
    files: BTreeMap<String, String>,
}

/// Writes the files.
///
/// # Errors
/// When the folder is not one that a build made, or cannot be written.
pub(super) fn write(out: &Path, files: &Files) -> Result<Written, CliError> {
    let list = begin(out)?;
    let mut done = Written::default();
    let mut now = List { version: 1, files: BTreeMap::new() };
    let hashes: Vec<(&String, String, bool)> = files
        .par_iter()
        .map(|(name, bytes)| {
            let hash = digest_of_bytes(bytes);
            let path = place(out, name)?;
            // What is on the disk decides, not what the list says of it.
            let is_new = list.files.get(name) != Some(&hash)
                || !fs::read(&path).is_ok_and(|there| there == *bytes);
            if is_new {
                put(&path, bytes)?;
            }
            Ok((name, hash, is_new))
        })
        .collect::<Result<_, CliError>>()?;
    for (name, hash, is_new) in hashes {
        *if is_new { &mut done.written } else { &mut done.unchanged } += 1;
        now.files.insert(name.clone(), hash);
    }
    for (name, hash) in list.files.iter().filter(|(name, _)| !files.contains_key(*name)) {
        remove(out, name, hash, &mut done)?;
    }
    let text =
        serde_json::to_string_pretty(&now).map_err(|error| CliError::usage(error.to_string()))?;
    let path = out.join(LIST);
    if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
        put(&path, text.as_bytes())?;
    }
    Ok(done)
}

/// Makes the folder, or reads the list of the one that is there.
fn begin(out: &Path) -> Result<List, CliError> {
    fs::create_dir_all(out).map_err(|error| failed("make", out, &error))?;
    match fs::read_to_string(out.join(LIST)) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| {
            CliError::usage(format!("{} cannot be read: {error}", shown(&out.join(LIST))))
                .certain("Nothing was written.")
                .hint("Remove the folder, or name another one with --out.")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut entries = fs::read_dir(out).map_err(|error| failed("read", out, &error))?;
            if entries.next().is_some() {
                return Err(CliError::usage(format!("{} holds files that are no site of runbook", shown(out)))
                    .certain("Nothing was written.")
                    .hint("Name an empty folder with --out: a build removes nothing that it did not write."));
            }
            Ok(List::default())
        }
        Err(error) => Err(failed("read", &out.join(LIST), &error)),
    }
}

/// Where a file of the site lies. Its folders are made, and none of them may be a link that leads elsewhere.
fn place(out: &Path, name: &str) -> Result<PathBuf, CliError> {
    let mut path = out.to_owned();
    let parts: Vec<Component<'_>> = Path::new(name).components().collect();
    for (at, part) in parts.iter().enumerate() {
        let Component::Normal(part) = part else {
            return Err(CliError::usage(format!("`{name}` is no path inside the site")));
        };
        path.push(part);
        let Ok(there) = path.symlink_metadata() else {
            if at + 1 < parts.len() {
                make(&path)?;
            }
            continue;
        };
        if there.file_type().is_symlink() || there.is_dir() != (at + 1 < parts.len()) {
            return Err(CliError::usage(format!("{} stands in the way of the site", shown(&path)))
                .hint("A build writes through no link and replaces no folder. Move it away."));
        }
    }
    Ok(path)
}

/// Makes a folder that was not there just now. Another file of it may have made it since.
fn make(folder: &Path) -> Result<(), CliError> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        done => done.map_err(|error| failed("make", folder, &error)),
    }
}

/// Puts a file in place as a whole, so that nobody reads half of it.
fn put(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    let _ = fs::remove_file(&new);
    fs::write(&new, bytes).map_err(|error| failed("write", &new, &error))?;
    fs::rename(&new, path).map_err(|error| failed("write", path, &error))
}

/// Removes a file that an earlier build wrote, and the folders that are empty then.
fn remove(out: &Path, name: &str, hash: &str, done: &mut Written) -> Result<(), CliError> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let path = out.join(name);
    let through_a_link = path
        .ancestors()
        .take_while(|folder| *folder != out)
        .any(|folder| folder.symlink_metadata().is_ok_and(|there| there.file_type().is_symlink()));
    if !inside || through_a_link || !path.is_file() {
        return Ok(());
    }
    let there = fs::read(&path).map_err(|error| failed("read", &path, &error))?;
    if digest_of_bytes(&there) != hash {
        done.kept.push(path);
        return Ok(());
    }
    fs::remove_file(&path).map_err(|error| failed("remove", &path, &error))?;
    done.removed += 1;
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != out) {
        // A folder that is not empty stays, which is what this call is for.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("cannot {what} {}: {error}", shown(path)))
        .hint("What was written is whole. The next build goes on from there.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, &str)]) -> Files {
        of.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn only_what_changed_is_written_and_only_what_was_written_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("site");
        let first = files(&[("index.html", "1"), ("runs/a.html", "a"), ("runs/b.html", "b")]);
        assert_eq!(write(&out, &first).unwrap().written, 3);
        let again = write(&out, &first).unwrap();
        assert_eq!((again.written, again.unchanged), (0, 3));
        // Somebody else's file and a changed one both stay.
        fs::write(out.join("runs/theirs.txt"), "x").unwrap();
        fs::write(out.join("runs/b.html"), "changed").unwrap();
        let done = write(&out, &files(&[("index.html", "2")])).unwrap();
        assert_eq!((done.written, done.removed), (1, 1));
        assert_eq!(done.kept, [out.join("runs/b.html")]);
        assert!(out.join("runs/theirs.txt").exists() && !out.join("runs/a.html").exists());
        // What a person changed is written anew when it is still part of the site.
        fs::write(out.join("index.html"), "edited").unwrap();
        assert_eq!(write(&out, &files(&[("index.html", "2")])).unwrap().written, 1);
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        let error = write(dir.path(), &files(&[("index.html", "1")])).unwrap_err();
        assert!(error.message.contains("holds files"), "{error:?}");
        assert!(!dir.path().join("index.html").exists());
    }

    #[test]
    fn nothing_is_written_or_removed_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (out, elsewhere) = (dir.path().join("site"), dir.path().join("elsewhere"));
        fs::create_dir(&elsewhere).unwrap();
        write(&out, &files(&[("index.html", "1"), ("runs/a.html", "a")])).unwrap();
        fs::rename(out.join("runs"), dir.path().join("old")).unwrap();
        std::os::unix::fs::symlink(&elsewhere, out.join("runs")).unwrap();
        fs::write(elsewhere.join("a.html"), "a").unwrap();
        assert!(write(&out, &files(&[("runs/a.html", "2")])).is_err());
        assert_eq!(write(&out, &files(&[("index.html", "1")])).unwrap().removed, 0);
        assert!(elsewhere.join("a.html").exists());
    }
}
