//! Where drills and faults are, and what they are called beside runbooks.

use crate::cli::error::CliError;
use crate::cli::project::{Home, stem, stems};
use crate::model::drill::{DRILLS, FAULTS};
use std::path::{Path, PathBuf};

/// The ending of the file of a drill.
const YAML: &str = "yaml";

impl Home {
    fn drill_folder(&self) -> PathBuf {
        self.root.join("drills")
    }

    fn fault_folder(&self) -> PathBuf {
        self.root.join("drills/faults")
    }

    /// The names of all drills, sorted, each the stem of its file.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(in crate::cli) fn drills(&self) -> Result<Vec<String>, CliError> {
        stems(&self.drill_folder(), YAML)
    }

    /// The names of all runbooks, faults and drills, as they stand beside each other.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub(in crate::cli) fn everything(&self) -> Result<Vec<String>, CliError> {
        let mut all = self.names()?;
        let faults = stems(&self.fault_folder(), "md")?;
        all.extend(faults.iter().map(|name| format!("{FAULTS}{name}")));
        all.extend(self.drills()?.iter().map(|name| format!("{DRILLS}{name}")));
        Ok(all)
    }

    /// The file of a drill or of a fault, when that is what a name means.
    pub(in crate::cli) fn path_of_drill(&self, name: &str) -> Option<PathBuf> {
        let plain = |name: &str| !name.contains('/') && Path::new(name).extension().is_none();
        if let Some(name) = name.strip_prefix(DRILLS).filter(|name| plain(name)) {
            return Some(self.drill_folder().join(format!("{name}.{YAML}")));
        }
        let fault = name.strip_prefix(FAULTS).filter(|name| plain(name))?;
        Some(self.fault_folder().join(format!("{fault}.md")))
    }

    /// What the book of a file is called beside others.
    pub(in crate::cli) fn known_as(&self, path: &Path, stem: &str) -> String {
        let folder = path.parent().unwrap_or(Path::new(""));
        let yaml = path.extension().is_some_and(|ending| ending == YAML);
        if yaml {
            format!("{DRILLS}{stem}")
        } else if folder == self.fault_folder() {
            format!("{FAULTS}{stem}")
        } else {
            stem.to_owned()
        }
    }

    /// What there is of the kind that a name means, and what that kind is called.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(in crate::cli) fn known_beside(
        &self,
        name: &str,
    ) -> Result<(Vec<String>, &'static str), CliError> {
        if name.starts_with(DRILLS) {
            return Ok((self.drills()?, "drills"));
        }
        if name.starts_with(FAULTS) {
            return Ok((stems(&self.fault_folder(), "md")?, "faults"));
        }
        Ok((self.names()?, "runbooks"))
    }

    /// The drill of that name: the stem of its file, or its path, as it is called beside runbooks.
    #[must_use]
    pub(in crate::cli) fn drill_named(&self, name: &str) -> String {
        let path = Path::new(name);
        if path.extension().is_some_and(|ending| ending == YAML) {
            return format!("{DRILLS}{}", stem(path, name));
        }
        format!("{DRILLS}{}", name.trim_start_matches(DRILLS))
    }
}
