//! Files and folders that only their owner can read, and that are on the disk when we say so.
//!
//! Every name inside the state folder is opened without following symbolic links: a link there was
//! not put there by us, and writing through it would write somewhere else.

use super::error::StoreError;
use nix::fcntl::OFlag;
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Longest file name that is written as it is, in bytes. File systems end at 255.
const LONGEST_NAME: usize = 200;

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It must exist, and is only read.
    Read,
    /// It must not exist. Read and written.
    New,
    /// Made when it is not there. Read and written.
    Write,
    /// It must exist. Read anywhere, written only at its end.
    Append,
    /// It must not exist. Read anywhere, written only at its end.
    NewAppend,
}

/// Opens a file of our own. What is made is readable by its owner alone, whatever the umask.
pub(super) fn open(path: &Path, how: How) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).mode(0o600);
    // NONBLOCK only matters when something else than a file stands there: opening a pipe must not hang.
    options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    match how {
        How::Read => &mut options,
        How::New => options.write(true).create_new(true),
        How::Write => options.write(true).create(true).truncate(false),
        How::Append => options.append(true),
        How::NewAppend => options.append(true).create_new(true),
    };
    let file = options.open(path).map_err(|error| refused(path, error))?;
    let metadata = file.metadata().map_err(StoreError::io("look at", path))?;
    if !metadata.is_file() {
        return Err(StoreError::Foreign { path: path.to_owned(), found: "not a file" });
    }
    if how != How::Read && metadata.permissions().mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))
            .map_err(StoreError::io("protect", path))?;
    }
    Ok(file)
}

fn refused(path: &Path, error: io::Error) -> StoreError {
    if error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32) {
        return StoreError::Foreign { path: path.to_owned(), found: "a symbolic link" };
    }
    StoreError::Io { doing: "open", path: path.to_owned(), source: error }
}

/// Reads a whole file, or nothing when there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, StoreError> {
    let mut file = match open(path, How::Read) {
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        file => file?,
    };
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(StoreError::io("read", path))?;
    Ok(Some(text))
}

/// Makes a folder, with mode 0700, when it is not there. What is there must be a folder.
/// Says whether it was made.
pub(super) fn folder(path: &Path) -> Result<bool, StoreError> {
    // Mostly it is there, and to look costs less than to try and to be refused.
    if is_folder(path)? {
        return Ok(false);
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            // The umask may have taken away what the owner needs.
            fs::set_permissions(path, Permissions::from_mode(0o700))
                .map_err(StoreError::io("protect", path))?;
            Ok(true)
        }
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_folder(path)? => Ok(false),
        Err(error) => Err(StoreError::io("make", path)(error)),
    }
}

/// Whether a folder is there. Anything else in its place is an error.
fn is_folder(path: &Path) -> Result<bool, StoreError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => return Ok(true),
        Ok(found) if found.is_symlink() => "a symbolic link",
        Ok(_) => "not a folder",
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(StoreError::io("look at", path)(error)),
    };
    Err(StoreError::Foreign { path: path.to_owned(), found })
}

/// Takes every right of other people from a folder. Never adds one, so a read-only folder stays so.
pub(super) fn close_to_others(path: &Path) -> Result<(), StoreError> {
    let mode = fs::metadata(path).map_err(StoreError::io("look at", path))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(mode & 0o700)) {
        // Evidence may lie on a medium that cannot be written. Reading it is fine.
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => Ok(()),
        done => done.map_err(StoreError::io("protect", path)),
    }
}

/// Brings the names in a folder to the disk. Without this a crash may lose a file whose bytes are safe.
///
/// File systems that cannot do it (some network and FUSE ones) say so; there the name may be lost with
/// a crash of the machine, though never with a crash of this process.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = File::open(path).map_err(StoreError::io("open", path))?;
    match folder.sync_all() {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        done => done.map_err(StoreError::io("bring to the disk", path)),
    }
}

/// Puts a file in place as a whole: after a crash either the old or the new text is there.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    // One of our own name is left from a crashed process that had our number.
    remove(&fresh)?;
    let mut file = open(&fresh, How::New)?;
    file.write_all(text).and_then(|()| file.sync_all()).map_err(StoreError::io("write", &fresh))?;
    fs::rename(&fresh, path).map_err(StoreError::io("replace", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// The names in a folder, in no order. None when there is no such folder.
pub(super) fn names(path: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StoreError::io("list", path))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(StoreError::io("list", path))?.file_name();
        // A name that is not UTF-8 is not one of ours.
        names.extend(name.into_string());
    }
    Ok(names)
}

/// Removes a file. Says whether it was there.
pub(super) fn remove(path: &Path) -> Result<bool, StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("remove", path)(error)),
    }
}

/// A file name for any text. Two texts never share one, not even where case is ignored.
///
/// Lowercase letters, digits, `-`, `_` and inner dots stand for themselves; every other byte is `%` and
/// its two hexadecimal digits. Very long texts end in `~` and a part of their SHA-256.
pub(super) fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            b'.' if index > 0 => name.push('.'),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    if name.is_empty() {
        return "%".to_owned();
    }
    if name.len() > LONGEST_NAME {
        name.truncate(LONGEST_NAME - 33);
        name.push('~');
        name.push_str(&hex::encode(&Sha256::digest(text.as_bytes())[..16]));
    }
    name
}

/// The text that a file name stands for, or nothing when it stands for none.
pub(super) fn named(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    (file_name(&text) == name).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_text_has_its_own_safe_name() {
        let long = |c: &str| c.repeat(300);
        let texts = [
            "",
            ".",
            "..",
            "a",
            "A",
            "a/b",
            "a%2fb",
            "a[0]",
            "a[1]",
            "é",
            "a b",
            "a\0b",
            "%",
            "a.b",
            &long("x"),
            &format!("{}y", long("x")),
        ];
        let names: BTreeSet<String> = texts.iter().map(|text| file_name(text)).collect();
        assert_eq!(names.len(), texts.len(), "{names:?}");
        for name in &names {
            assert!(!name.contains('/') && !name.starts_with('.') && name.len() <= LONGEST_NAME);
            assert_eq!(*name, name.to_lowercase());
        }
    }

    #[test]
    fn names_lead_back_to_their_texts() {
        for text in ["20261103-1200-ab", "Prod 1", "a/b[2]", "ü"] {
            assert_eq!(named(&file_name(text)).as_deref(), Some(text));
        }
        for stray in ["A", ".x", "%", "%zz", "a%2", "%61"] {
            assert_eq!(named(stray), None, "{stray}");
        }
    }

    #[test]
    fn a_link_or_a_pipe_in_place_of_a_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, "theirs").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for how in [How::Read, How::Write, How::Append] {
            assert!(matches!(open(&link, how), Err(StoreError::Foreign { .. })));
        }
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(matches!(open(&pipe, How::Read), Err(StoreError::Foreign { .. })));
        assert!(matches!(folder(&link), Err(StoreError::Foreign { .. })));
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
    }

    #[test]
    fn what_is_made_is_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let made = dir.path().join("folder");
        assert!(folder(&made).unwrap());
        assert!(!folder(&made).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&made), 0o700);
        let file = made.join("file");
        open(&file, How::New).unwrap();
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        open(&file, How::Write).unwrap();
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&made, Permissions::from_mode(0o755)).unwrap();
        close_to_others(&made).unwrap();
        assert_eq!(mode(&made), 0o700);
    }
}
