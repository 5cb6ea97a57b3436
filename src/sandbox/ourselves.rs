//! Runs this very program again, on the stage of a rehearsal, with nothing inherited that could change what it does.

use std::io::{Error, ErrorKind};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long one run may take. Nothing that works comes near it.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// How a program ended, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed as its result.
    pub stdout: String,
    /// What it told on the way.
    pub stderr: String,
}

impl Ended {
    /// How it ended, in a word.
    #[must_use]
    pub fn word(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => code.to_string(),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "unknown".to_owned(),
        }
    }

    /// The line that says what went wrong, or the last one.
    #[must_use]
    pub fn end(&self) -> String {
        let mut lines = self.stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let telling = |line: &&str| {
            line.starts_with("error:") || line.contains(" failed ") || line.starts_with("trouble")
        };
        let found = lines.clone().rev().find(telling).or_else(|| lines.next_back());
        found.unwrap_or("it said nothing").to_owned()
    }
}

/// Runs the program in a folder, to its end.
///
/// # Errors
/// When it cannot be started, or does not end.
pub fn ourselves(
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<Ended, Error> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).current_dir(folder).env_clear().env("NO_COLOR", "1");
    for name in ["PATH", "HOME", "XDG_CACHE_HOME", "LANG", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn()?;
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    let (ended, end) = channel();
    std::thread::spawn(move || drop(ended.send(child.wait_with_output())));
    let output = end.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        Err(Error::new(ErrorKind::TimedOut, "it did not end, and was killed"))
    })?;
    Ok(Ended {
        code: output.status.code(),
        signal: output.status.signal(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
