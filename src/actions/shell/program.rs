//! One program with arguments, started without a shell: for actions that are a call of a program.

use super::setting::{PATH, find, in_own_session, private_folder};
use crate::actions::Trouble;
use crate::actions::context::PATH_PREPEND;
use crate::model::secret::Secret;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramEnd {
    /// Its exit code. Nothing when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: String,
}

/// Runs a program to its end, with this environment and nothing else but `PATH` and a private `HOME`.
/// When the caller gives up waiting, the program is killed.
///
/// # Errors
/// When it was never started, or when the system could not tell how it ended.
pub async fn run_program(
    program: &Path,
    args: &[String],
    env: &[(String, Secret)],
    work: &Path,
) -> Result<ProgramEnd, Trouble> {
    let home = work.join(".home");
    private_folder(&home).map_err(|error| {
        Trouble::nothing_happened(format!("cannot write to {}: {error}", work.display()))
    })?;
    let own = std::env::var_os("PATH").unwrap_or_else(|| PATH.into());
    let path = env
        .iter()
        .rev()
        .find(|(name, _)| name == PATH_PREPEND)
        .map_or_else(|| own.clone(), |(_, folder)| before(folder.expose(), &own));
    let found = find(&program.to_string_lossy(), &path, work)?;
    let mut command = in_own_session(&found);
    command
        .args(args)
        .current_dir(work)
        .env_clear()
        .env("LANG", "C.UTF-8")
        .env("TERM", "dumb")
        .envs(
            env.iter()
                .filter(|(name, _)| name != PATH_PREPEND)
                .map(|(name, value)| (name.as_str(), value.expose())),
        )
        .env("PATH", path)
        .env("HOME", &home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let child = command.spawn().map_err(|error| {
        Trouble::nothing_happened(format!("cannot start {}: {error}", found.display()))
    })?;
    let output = child.wait_with_output().await.map_err(|error| {
        Trouble::unknown(format!("cannot tell how {} ended: {error}", found.display()))
    })?;
    Ok(ProgramEnd {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// A search path with a folder in front.
pub(super) fn before(folder: &str, path: &OsString) -> OsString {
    let folders = std::iter::once(folder.into()).chain(std::env::split_paths(path));
    // A folder with a colon in its name cannot stand in a path; the rest still can.
    std::env::join_paths(folders).unwrap_or_else(|_| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn a_program_sees_only_its_environment_and_its_folder_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let tool = bin.join("tool");
        std::fs::write(&tool, "#!/bin/sh\nenv; echo \"$1\" >&2; exit 3\n").unwrap();
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o700)).unwrap();
        let env = [
            (PATH_PREPEND.to_owned(), Secret::new(bin.display().to_string())),
            ("KEY".to_owned(), Secret::new("value")),
        ];
        let args = ["a $(b) c".to_owned()];
        let end = run_program(Path::new("tool"), &args, &env, folder.path()).await.unwrap();
        assert_eq!((end.code, end.stderr.as_str()), (Some(3), "a $(b) c\n"));
        let seen = String::from_utf8(end.stdout).unwrap();
        assert!(seen.contains("KEY=value\n") && seen.contains(&format!("PATH={}:", bin.display())), "{seen}");
        assert!(!seen.contains(PATH_PREPEND) && !seen.contains("CARGO"), "{seen}");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_was_not_started() {
        let folder = tempfile::tempdir().unwrap();
        let error = run_program(Path::new("no-such-tool"), &[], &[], folder.path()).await.unwrap_err();
        assert_eq!(error.certainty, crate::actions::Certainty::NothingHappened);
    }
}
