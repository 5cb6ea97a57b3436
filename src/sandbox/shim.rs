//! The launcher, embedded: it is written out at every start, so it always fits this program.

use std::path::Path;

use super::error::SandboxError;
use super::folder;

/// The name of the package, and of the folder it is written to.
pub(super) const PACKAGE: &str = "shim";

const FILES: [(&str, &str); 16] = [
    ("__init__.py", include_str!("shim/__init__.py")),
    ("__main__.py", include_str!("shim/__main__.py")),
    ("bedrock.py", include_str!("shim/bedrock.py")),
    ("calls.py", include_str!("shim/calls.py")),
    ("cloudformation.py", include_str!("shim/cloudformation.py")),
    ("ec2.py", include_str!("shim/ec2.py")),
    ("functions.py", include_str!("shim/functions.py")),
    ("index.py", include_str!("shim/index.py")),
    ("keys.py", include_str!("shim/keys.py")),
    ("kms.py", include_str!("shim/kms.py")),
    ("logs.py", include_str!("shim/logs.py")),
    ("opensearch.py", include_str!("shim/opensearch.py")),
    ("permissions.py", include_str!("shim/permissions.py")),
    ("s3.py", include_str!("shim/s3.py")),
    ("scheduler.py", include_str!("shim/scheduler.py")),
    ("secretsmanager.py", include_str!("shim/secretsmanager.py")),
];

/// Writes the package below `parent`. An older one is removed, so no file of it survives.
pub(super) fn write_below(parent: &Path) -> Result<(), SandboxError> {
    let package = parent.join(PACKAGE);
    folder::empty(&package)?;
    for (name, text) in FILES {
        let path = package.join(name);
        std::fs::write(&path, text).map_err(SandboxError::io("write", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is not embedded works in a checkout and fails for every user.
    #[test]
    fn every_file_of_the_package_is_embedded() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/shim");
        let mut on_disk: Vec<String> = std::fs::read_dir(source)
            .expect("the package folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".py"))
            .collect();
        on_disk.sort();
        let embedded: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, on_disk);
    }
}
