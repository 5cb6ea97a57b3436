//! The files of a project, as the server sees them. Who runs the server says how they are read.

use std::path::Path;
use std::time::SystemTime;

/// Reads files. Nothing else of the server touches the disk.
pub trait Files {
    /// The text of a file. None when it is not there, cannot be read, or is not UTF-8.
    fn read(&self, path: &Path) -> Option<String>;

    /// What tells one content of a file from the next. None when there is no such file.
    fn stamp(&self, path: &Path) -> Option<Stamp>;

    /// Whether there is a file or a folder of that path.
    fn exists(&self, path: &Path) -> bool;

    /// The names in a folder, sorted. Those of folders end with `/`. Empty when there is no such folder.
    fn list(&self, folder: &Path) -> Vec<String>;
}

/// What tells one content of a file from the next, as far as the file system knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When it was last written.
    pub modified: Option<SystemTime>,
    /// Its length in bytes.
    pub length: u64,
}
