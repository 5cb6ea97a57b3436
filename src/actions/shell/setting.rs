//! What a script finds around itself: its files, its environment, its interpreter.

use super::processes::TAG;
use super::spawn::Start;
use super::{OutputsWanted, ShellRun};
use crate::actions::Trouble;
use crate::actions::context::{Context, PATH_PREPEND};
use crate::mask::Masker;
use crate::model::secret::Secret;
use crate::model::step::Interpreter;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where programs are looked for when our own environment does not say.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The most that is read from `$RUNBOOK_OUTPUT`, in bytes. Outputs are values, not data.
pub(super) const LARGEST_OUTPUT: u64 = 1024 * 1024;

/// Credentials of real accounts are longer. Shorter ones are an emulator's (`test`), and hiding those
/// would hide half of the output.
const SHORTEST_CREDENTIAL: usize = 16;

/// What stands ready while a script runs.
pub(super) struct Setting {
    pub(super) tag: String,
    pub(super) output: PathBuf,
}

impl Setting {
    /// Writes the script, makes its folders and works out its environment: how it is to be started.
    pub(super) async fn new(
        run: &ShellRun,
        cx: &Context,
        masker: &Masker,
    ) -> Result<(Self, Start), Trouble> {
        let home = cx.work.join(".home");
        let script = cx.work.join(".script");
        let output = cx.work.join(".output");
        let written = private_folder(&home)
            .and_then(|()| fresh_file(&script, run.text.as_bytes()))
            .and_then(|()| fresh_file(&output, b""));
        if let Err(error) = written {
            let folder = cx.work.display();
            return Err(Trouble::nothing_happened(format!("cannot write to {folder}: {error}")));
        }
        let tag = format!("{}/{}/{:016x}", cx.run, cx.step, rand::random::<u64>());
        let mut environment = environment(run, cx, masker).await?;
        environment.push(("RUNBOOK_OUTPUT".into(), output.clone().into()));
        environment.push((TAG.into(), tag.clone().into()));
        let path = environment.iter().rev().find(|(name, _)| name == "PATH");
        let path = path.map_or_else(|| PATH.into(), |(_, path)| path.clone());
        let interpreter = find(program(run.interpreter), &path, &cx.work)?;
        environment.push(("HOME".into(), home.into()));
        let mut args: Vec<OsString> =
            arguments(run.interpreter).iter().map(OsString::from).collect();
        args.push(script.into());
        let env = environment.into_iter().collect();
        let start = Start { program: interpreter, args, env, folder: cx.work.clone() };
        Ok((Self { tag, output }, start))
    }

    /// What the script wrote to `$RUNBOOK_OUTPUT`. It may have put anything there.
    pub(super) fn written(&self) -> Result<Vec<u8>, String> {
        let failed = |error: io::Error| format!("$RUNBOOK_OUTPUT cannot be read: {error}");
        // NONBLOCK: opening a pipe that nobody writes to would never return.
        let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(&self.output)
            .map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err("$RUNBOOK_OUTPUT is no longer a file".to_owned());
        }
        let mut bytes = Vec::new();
        file.take(LARGEST_OUTPUT + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST_OUTPUT {
            return Err(format!("$RUNBOOK_OUTPUT is larger than {LARGEST_OUTPUT} bytes"));
        }
        Ok(bytes)
    }
}

impl Drop for Setting {
    /// What a script gave back may be secret. Once it is read, or nobody will read it, no file keeps it.
    fn drop(&mut self) {
        // A script may have removed it itself.
        let _ = fs::remove_file(&self.output);
    }
}

/// The environment, later entries before earlier ones. What the tool says about itself cannot be overridden.
async fn environment(
    run: &ShellRun,
    cx: &Context,
    masker: &Masker,
) -> Result<Vec<(OsString, OsString)>, Trouble> {
    let mut all: Vec<(OsString, OsString)> =
        [("LANG", "C.UTF-8"), ("SHELL", "/bin/sh"), ("TERM", "dumb")]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec();
    let mut first = None;
    if let Some(target) = &cx.target {
        for (name, value) in cx.accounts.child_environment(target).await? {
            if name == PATH_PREPEND {
                first = Some(value.expose().into());
                continue;
            }
            if is_credential(&name, &value) {
                // It is too short only when it is no real credential, which was just ruled out.
                let _ = masker.add(&value);
            }
            all.push((name.into(), value.expose().into()));
        }
    }
    all.push(("PATH".into(), search_path(first)));
    all.extend(run.env.iter().map(|(name, value)| (name.into(), value.into())));
    all.extend([
        ("RUNBOOK_RUN".into(), cx.run.as_str().into()),
        ("RUNBOOK_STEP".into(), cx.step.as_str().into()),
        ("RUNBOOK_MODE".into(), cx.mode.to_string().into()),
        ("RUNBOOK_PROJECT".into(), run.project.clone().into()),
    ]);
    Ok(all)
}

/// Where programs are looked for: what the account wants first, then what we have ourselves.
pub(super) fn search_path(first: Option<OsString>) -> OsString {
    let own = std::env::var_os("PATH").unwrap_or_else(|| PATH.into());
    match first {
        None => own,
        Some(mut all) => {
            all.push(":");
            all.push(own);
            all
        }
    }
}

fn is_credential(name: &str, value: &Secret) -> bool {
    const OPEN: [&str; 5] = [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL",
        "AWS_CA_BUNDLE",
    ];
    value.expose().len() >= SHORTEST_CREDENTIAL
        && !OPEN.iter().any(|open| name == *open || name.starts_with("AWS_ENDPOINT_URL_"))
}

const fn program(interpreter: Interpreter) -> &'static str {
    match interpreter {
        Interpreter::Bash => "bash",
        Interpreter::Sh => "sh",
        Interpreter::Python => "python3",
    }
}

const fn arguments(interpreter: Interpreter) -> &'static [&'static str] {
    match interpreter {
        Interpreter::Bash => &["-euo", "pipefail"],
        Interpreter::Sh => &["-eu"],
        // Unbuffered: a line is seen when it is printed, not when the script ends.
        Interpreter::Python => &["-u"],
    }
}

/// The program of that name on the path.
pub(super) fn find(program: &str, path: &OsString, work: &Path) -> Result<PathBuf, Trouble> {
    // Found before, it is only looked whether it is still there: a path can have many folders, and a run many steps.
    static FOUND: Mutex<BTreeMap<(OsString, String), PathBuf>> = Mutex::new(BTreeMap::new());
    let key = (path.clone(), program.to_owned());
    let known = || FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let before = known().get(&key).cloned();
    if let Some(before) = before.filter(|file| is_executable(file)) {
        return Ok(before);
    }
    // An empty entry means the current folder, which will be the step's.
    let mut files = std::env::split_paths(path).map(|folder| work.join(folder).join(program));
    let found = files.find(|file| is_executable(file)).ok_or_else(|| {
        Trouble::nothing_happened(format!("`{program}` is not installed"))
            .hint(format!("install {program}, or put its folder on PATH ({})", path.display()))
    })?;
    // On a path that begins in the step's folder, another step finds something else.
    if std::env::split_paths(path).all(|folder| folder.is_absolute()) {
        known().insert(key, found.clone());
    }
    Ok(found)
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// A file that was not there before and that only we can read. An earlier attempt may have left anything.
fn fresh_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path)?,
        Ok(_) => fs::remove_file(path)?,
        Err(_) => {}
    }
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)
}

fn private_folder(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => fs::remove_file(path)?,
        Err(_) => {}
    }
    DirBuilder::new().mode(0o700).create(path)
}

impl OutputsWanted {
    /// The names that a script may write to `$RUNBOOK_OUTPUT`.
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Names(names) => names,
            Self::None | Self::Json => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &Path) -> PathBuf {
        let file = folder.join("tool");
        fs::write(&file, "").expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("executable");
        file
    }

    #[test]
    fn a_program_that_is_gone_is_looked_for_again() {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("one")];
        let [first, second] = folders.each_ref().map(|folder| place(folder.path()));
        let path = std::env::join_paths(folders.each_ref().map(|one| one.path())).expect("a path");
        let find = || find("tool", &path, Path::new("/")).ok();
        assert_eq!(find(), Some(first.clone()));
        fs::remove_file(&first).expect("gone");
        assert_eq!(find(), Some(second.clone()));
        fs::remove_file(&second).expect("gone");
        assert_eq!(find(), None);
    }

    #[test]
    fn on_a_path_that_begins_in_the_folder_of_a_step_each_step_finds_its_own() {
        let steps = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("one")];
        for work in &steps {
            let file = place(work.path());
            let found = find("tool", &".".into(), work.path()).expect("it is there");
            assert_eq!(found.canonicalize().ok(), file.canonicalize().ok());
        }
    }
}
