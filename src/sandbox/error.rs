//! Why the sandbox could not be installed, started or stopped, and what to do about it.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error(
        "the sandbox needs Python 3.10 or later, and `{looked_for}` was not found: install it with `{install}`"
    )]
    PythonMissing { looked_for: String, install: String },

    #[error(
        "the sandbox needs Python 3.10 or later, and `{python}` is {found}: install a newer one with `{install}`, or name one in RUNBOOK_PYTHON"
    )]
    PythonTooOld { python: String, found: String, install: String },

    #[error(
        "the sandbox needs the Python module `{module}`, which `{python}` lacks: install it with `{install}`"
    )]
    ModuleMissing { python: String, module: String, install: String },

    #[error("installing the sandbox failed at `{command}`:\n{output}")]
    Install { command: String, output: String },

    #[error(
        "no home folder is known: set RUNBOOK_SANDBOX_CACHE to a folder for the sandbox's installation"
    )]
    NoCacheFolder,

    #[error("another command has held {} for {seconds} seconds: wait for it, or end it", .path.display())]
    Locked { path: PathBuf, seconds: u64 },

    #[error("the sandbox ended while it started ({status}); its log {} ends with:\n{tail}", .log.display())]
    Exited { status: String, log: PathBuf, tail: String },

    #[error("the sandbox did not answer within {seconds} seconds: read its log {}", .log.display())]
    NotReady { seconds: u64, log: PathBuf },

    #[error("no free port was found for the sandbox on 127.0.0.1 in {attempts} attempts")]
    NoFreePort { attempts: u32 },

    #[error(
        "the sandbox (process {pid}) did not stop within {seconds} seconds: end it with `kill -9 {pid}`, which loses its state"
    )]
    DidNotStop { pid: u32, seconds: u64 },

    #[error("the sandbox at {endpoint} refused to {action}: {reason}")]
    Refused { endpoint: String, action: &'static str, reason: String },

    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl SandboxError {
    /// Names the file and what was tried, for `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
