//! The archive: files by their paths, as a tar file that is the same for the same files.

use super::pack::{PROJECT, ROOT, RUNS};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

/// More than an archive of evidence ever holds, in bytes.
const LARGEST: u64 = 1 << 30;

/// The time of every file in it. Nothing about the evidence depends on when it was packed.
const TIME: u64 = 0;

/// The files of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// By path, with `/`.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no tar file, or is cut off.
    #[error("it is no whole tar archive")]
    Tar(#[from] std::io::Error),
    /// A name that leads elsewhere, or stands twice, or something that is no file.
    #[error("`{0}` has no place in it")]
    Name(String),
    /// Something stands after its end.
    #[error("something stands after its end, which no program would look at")]
    After,
    /// It holds too much.
    #[error("it holds more than {} MiB", LARGEST >> 20)]
    TooLarge,
}

impl Archive {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// The runs in it, by their ids.
    #[must_use]
    pub fn runs(&self) -> BTreeSet<&str> {
        let paths = self.files.keys();
        paths.filter_map(|path| path.strip_prefix(RUNS)?.split('/').next()).collect()
    }

    /// A file of a run.
    #[must_use]
    pub fn of_run(&self, run: &str, path: &str) -> Option<&[u8]> {
        self.files.get(&format!("{RUNS}{run}/{path}")).map(Vec::as_slice)
    }

    /// What `runbook.yaml` said when it was packed. Empty when it is not in it.
    #[must_use]
    pub fn project(&self) -> String {
        let bytes = self.files.get(PROJECT).map(Vec::as_slice).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// The archive as bytes.
    ///
    /// # Errors
    /// When a path is longer than a tar file can hold.
    pub fn write(&self) -> Result<Vec<u8>, std::io::Error> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, bytes) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(TIME);
            header.set_uid(0);
            header.set_gid(0);
            tar.append_data(&mut header, path, bytes.as_slice())?;
        }
        tar.into_inner()
    }

    /// Reads one. Nothing is written anywhere.
    ///
    /// # Errors
    /// When it is no whole tar file of plain files.
    pub fn read(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let (mut archive, mut whole, mut end) = (Self::default(), 0, 0);
        for entry in tar::Archive::new(bytes).entries()? {
            let entry = entry?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if !entry.header().entry_type().is_file() || !has_place(&path) {
                return Err(ArchiveError::Name(path));
            }
            end = entry.raw_file_position() + entry.size();
            let mut content = Vec::new();
            entry.take(LARGEST + 1 - whole).read_to_end(&mut content)?;
            whole += content.len() as u64;
            if whole > LARGEST {
                return Err(ArchiveError::TooLarge);
            }
            if archive.files.insert(path.clone(), content).is_some() {
                return Err(ArchiveError::Name(path));
            }
        }
        let rest = usize::try_from(end).ok().and_then(|end| bytes.get(end..)).unwrap_or_default();
        if rest.iter().any(|byte| *byte != 0) {
            return Err(ArchiveError::After);
        }
        Ok(archive)
    }
}

/// Whether a path is one that sums can name: within the one folder, without detours, in one line. A file beside the
/// folder would be seen by the sums and by nothing else.
fn has_place(path: &str) -> bool {
    let within = path.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/'));
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    within.is_some_and(|rest| rest.split('/').all(plain))
        && !path.contains(|sign: char| sign.is_control() || sign == char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes_and_come_back() {
        let mut archive = Archive::default();
        let long = format!("evidence/runs/{}/journal.jsonl", "x".repeat(150));
        archive.add(long, "a\n");
        archive.add("evidence/README.txt", "b\n");
        let bytes = archive.write().expect("bytes");
        assert_eq!(bytes, archive.clone().write().expect("bytes"));
        assert_eq!(Archive::read(&bytes).expect("an archive"), archive);
        assert!(Archive::read(&bytes[..bytes.len() / 2]).is_err() || bytes.len() < 2_048);
    }

    #[test]
    fn nothing_leads_out_of_it() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.set_mode(0o644);
        // The crate refuses to write such a name, so it is put where the name stands.
        header.as_mut_bytes()[..8].copy_from_slice(b"../other");
        header.set_cksum();
        tar.append(&header, &b"x"[..]).expect("bytes");
        let bytes = tar.into_inner().expect("bytes");
        assert!(matches!(Archive::read(&bytes), Err(ArchiveError::Name(_))));
    }

    /// What lies beside the folder, or has two lines for a name, would have a sum and be seen by nothing else.
    #[test]
    fn everything_has_its_place_in_the_one_folder() {
        assert!(has_place("evidence/runs/r/journal.jsonl"));
        for path in [
            "runs/r/journal.jsonl",
            "evidence",
            "evidence/",
            "evidence//runs/r",
            "evidence/./runs",
            "evidence/../evidence/runs",
            "/evidence/runs",
            "evidence2/runs",
            "evidence/a\nb",
        ] {
            assert!(!has_place(path), "{path}");
            let mut archive = Archive::default();
            archive.add(path, "x");
            let Ok(bytes) = archive.write() else { continue };
            // The crate writes some of them as another path, which has its place.
            let read = Archive::read(&bytes);
            assert!(
                read.is_err() || read.is_ok_and(|it| it.files.keys().all(|one| has_place(one)))
            );
        }
    }

    #[test]
    fn nothing_stands_after_its_end() {
        let mut archive = Archive::default();
        archive.add("evidence/README.txt", "b\n");
        let mut bytes = archive.write().expect("bytes");
        bytes.extend([0; 512]);
        assert_eq!(Archive::read(&bytes).expect("zeros are no content"), archive);
        bytes.extend(b"more");
        assert!(matches!(Archive::read(&bytes), Err(ArchiveError::After)));
        assert!(matches!(Archive::read(b"# runbook\n"), Err(ArchiveError::Tar(_))));
    }
}
