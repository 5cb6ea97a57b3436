//! An emulated AWS on this computer: for newcomers, for tests and for rehearsals. One server per project.

mod error;
mod folder;
mod install;
pub mod ourselves;
pub mod proxy;
mod python;
mod seed;
mod server;
mod shim;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use error::SandboxError;
use folder::Lock;

/// Longer than an installation and a start together: whoever waits for the lock waits for both.
const LOCK_PATIENCE: Duration = Duration::from_secs(20 * 60);

/// The secret key of the root of every account. The key itself is the account's id.
pub const ROOT_SECRET: &str = "sandbox";

/// One emulator per project. `state` is the project's `.runbook` folder; data lives in `state/sandbox/` (0700).
#[derive(Clone, Debug)]
pub struct Sandbox {
    folder: PathBuf,
    ends_with_us: bool,
}

/// Told while `up` works, so that the terminal can show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    FindingPython,
    CreatingEnvironment,
    Installing { line: String },
    Starting,
    Ready,
}

/// A server that was started, and what proves that it is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// `http://127.0.0.1:PORT`
    pub endpoint: String,
    pub pid: u32,
    /// Given to the server at its start; only our server answers with it.
    pub token: String,
    /// The `aws` command of the sandbox's own environment.
    pub cli: PathBuf,
    /// RFC 3339, in UTC.
    pub started_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    NotInstalled,
    Stopped {
        state_kept: bool,
    },
    Running(Server),
    /// It ended without saving its state: it was killed, or the computer was switched off.
    Died(Server),
}

impl Sandbox {
    pub fn new(state: &Path) -> Self {
        Self { folder: state.join("sandbox"), ends_with_us: false }
    }

    /// A server that it starts ends with this process, however that ends, and with its terminal.
    #[must_use]
    pub fn ends_with_us(self) -> Self {
        Self { ends_with_us: true, ..self }
    }

    /// Installs what is missing, and finds the running server or starts one.
    pub async fn up(
        &self,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Server, SandboxError> {
        let lock = self.lock().await?;
        let result = self.up_locked(tell).await;
        lock.unlock();
        result
    }

    /// The sandbox's own `aws` command, installed if it is missing. For an emulator that someone else
    /// started: the `aws` in `PATH` may ignore the endpoint and go to the real AWS.
    pub async fn cli(tell: &(dyn Fn(Progress) + Send + Sync)) -> Result<PathBuf, SandboxError> {
        Ok(install::ensure(tell).await?.cli())
    }

    /// The sandbox's own `aws` command, if it is installed. Installs nothing.
    #[must_use]
    pub fn installed_cli() -> Option<PathBuf> {
        install::existing().map(|installation| installation.cli())
    }

    async fn up_locked(
        &self,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Server, SandboxError> {
        if let Some(server) = server::read(&self.folder) {
            if server::is_ours(&server).await && server.cli.exists() {
                tell(Progress::Ready);
                return Ok(server);
            }
            // What it had in memory is lost, and the files it left do not fit together.
            server::stop(&self.folder, &server).await?;
            self.forget_state()?;
        }
        let installation = install::ensure(tell).await?;
        tell(Progress::Starting);
        let server = server::start(&self.folder, &installation, self.ends_with_us).await?;
        tell(Progress::Ready);
        Ok(server)
    }

    pub async fn status(&self) -> Result<Status, SandboxError> {
        Ok(match server::read(&self.folder) {
            Some(server) if server::is_ours(&server).await => Status::Running(server),
            Some(server) => Status::Died(server),
            None if !install::exists() => Status::NotInstalled,
            None => Status::Stopped { state_kept: server::keeps_state(&self.folder) },
        })
    }

    /// Empties the emulator and forgets the seeds. A running server keeps running.
    pub async fn reset(&self) -> Result<(), SandboxError> {
        let lock = self.lock().await?;
        let result = self.reset_locked().await;
        lock.unlock();
        result
    }

    async fn reset_locked(&self) -> Result<(), SandboxError> {
        // The marker goes first: after a crash in between, a seed is planted twice rather than not at all.
        seed::forget(&self.folder)?;
        match server::read(&self.folder) {
            Some(server) if server::is_ours(&server).await => server::empty(&server).await,
            Some(server) => {
                server::stop(&self.folder, &server).await?;
                self.forget_state()
            }
            None => self.forget_state(),
        }
    }

    /// Stops the server, which saves its state first. Says whether one was running.
    pub async fn down(&self) -> Result<bool, SandboxError> {
        let lock = self.lock().await?;
        let result = self.down_locked().await;
        lock.unlock();
        result
    }

    async fn down_locked(&self) -> Result<bool, SandboxError> {
        let Some(server) = server::read(&self.folder) else {
            return Ok(false);
        };
        if !server::is_ours(&server).await {
            // A process of that number may be anything by now: only one that says so or works in our folder is signalled.
            server::stop(&self.folder, &server).await?;
            self.forget_state()?;
            return Ok(false);
        }
        server::terminate(&server).await?;
        server::forget(&self.folder)?;
        Ok(true)
    }

    /// Whether a seed was planted into this server's state. A killed server and a reset lose it.
    pub fn is_seeded(&self, server: &Server, seed: &str) -> bool {
        seed::is_planted(&self.folder, server::generation(server), seed)
    }

    pub fn mark_seeded(&self, server: &Server, seed: &str) -> Result<(), SandboxError> {
        seed::mark(&self.folder, server::generation(server), seed)
    }

    /// What a child process needs so that its `aws` and its SDKs talk to this server and never to the real AWS.
    ///
    /// The caller removes every inherited `AWS_*` variable first, and adds the account's dummy keys and the
    /// Region, both as `AWS_REGION` and as `AWS_DEFAULT_REGION`: the sandbox's CLI reads only the latter.
    pub fn environment(server: &Server) -> Vec<(String, String)> {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL".to_owned(), server.endpoint.clone()),
            // Set to true by the user, it would cancel the endpoint above.
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS".to_owned(), "false".to_owned()),
            // A profile could bring a role, and its AssumeRole would go to the real AWS.
            ("AWS_CONFIG_FILE".to_owned(), "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), "/dev/null".to_owned()),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
            ("AWS_PAGER".to_owned(), String::new()),
            // A proxy must not see calls to this computer.
            ("NO_PROXY".to_owned(), "127.0.0.1,localhost".to_owned()),
            ("no_proxy".to_owned(), "127.0.0.1,localhost".to_owned()),
        ];
        let folder = server.cli.parent().map(Path::to_path_buf).into_iter();
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        // Scripts say `aws`: that must be the sandbox's, because older ones ignore AWS_ENDPOINT_URL.
        if let Ok(path) = std::env::join_paths(folder.chain(std::env::split_paths(&inherited))) {
            variables.push(("PATH".to_owned(), path.to_string_lossy().into_owned()));
        }
        variables
    }

    async fn lock(&self) -> Result<Lock, SandboxError> {
        folder::private(&self.folder)?;
        Lock::take(self.folder.join("lock"), LOCK_PATIENCE).await
    }

    fn forget_state(&self) -> Result<(), SandboxError> {
        seed::forget(&self.folder)?;
        server::forget_state(&self.folder)?;
        server::forget(&self.folder)
    }
}

#[cfg(test)]
mod tests;
