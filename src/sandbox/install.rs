//! Installs the emulator and its own `aws` CLI into a virtual environment that all projects of a user share.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use super::Progress;
use super::error::SandboxError;
use super::folder::{self, Lock};
use super::python::{self, Python};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Written last: without it the installation was interrupted and is done again.
const COMPLETE: &str = "complete";

/// About 100 MB over a slow line, twice over.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How many lines of a failed command's output are shown.
const SHOWN_LINES: usize = 20;

/// A finished installation.
#[derive(Clone, Debug)]
pub(super) struct Installation {
    root: PathBuf,
}

impl Installation {
    pub(super) fn python(&self) -> PathBuf {
        self.root.join("venv/bin/python")
    }

    /// In a folder of its own, which can go on a PATH without the environment's `python` and `pip`.
    pub(super) fn cli(&self) -> PathBuf {
        self.root.join("cli/aws")
    }

    fn is_complete(&self) -> bool {
        // `exists` follows links: an environment whose Python was uninstalled is not complete.
        self.root.join(COMPLETE).exists() && self.python().exists() && self.cli().exists()
    }
}

/// Finds the installation, or makes it. Two commands at once: one installs, the other waits and finds it.
pub(super) async fn ensure(
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Installation, SandboxError> {
    tell(Progress::FindingPython);
    let python = python::find().await?;
    let cache = cache_folder()?;
    let installation = Installation { root: cache.join(name(REQUIREMENTS, &python.version)) };
    if installation.is_complete() {
        return Ok(installation);
    }
    folder::private(&cache)?;
    let lock = Lock::take(installation.root.with_extension("lock"), PATIENCE).await?;
    let result = if installation.is_complete() {
        Ok(())
    } else {
        install(&installation, &python, tell).await
    };
    lock.unlock();
    result.map(|()| installation)
}

/// Whether some installation of this version is there, whichever Python made it.
pub(super) fn exists() -> bool {
    existing().is_some()
}

/// Some installation of this version, whichever Python made it.
pub(super) fn existing() -> Option<Installation> {
    let entries = std::fs::read_dir(cache_folder().ok()?).ok()?;
    let mut found = entries.flatten().map(|entry| Installation { root: entry.path() });
    found.find(Installation::is_complete)
}

/// A new pin or another Python is another installation, so an old one is never half replaced.
fn name(requirements: &str, python: &str) -> String {
    let digest = Sha256::new().chain_update(requirements).chain_update(python).finalize();
    format!("sandbox-{}", hex::encode(&digest[..8]))
}

fn cache_folder() -> Result<PathBuf, SandboxError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("RUNBOOK_SANDBOX_CACHE")
        .or_else(|| {
            set("XDG_CACHE_HOME").filter(|path| path.is_absolute()).map(|path| path.join("runbook"))
        })
        .or_else(|| set("HOME").map(|home| home.join(".cache/runbook")))
        .ok_or(SandboxError::NoCacheFolder)
}

async fn install(
    installation: &Installation,
    python: &Python,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(), SandboxError> {
    let root = &installation.root;
    folder::empty(root)?;
    let requirements = root.join("requirements.txt");
    std::fs::write(&requirements, REQUIREMENTS)
        .map_err(SandboxError::io("write", &requirements))?;

    tell(Progress::CreatingEnvironment);
    let mut create = Command::new(&python.program);
    create.args(["-I", "-m", "venv"]).arg(root.join("venv"));
    run(create, &|_| {}).await?;

    let mut pip = Command::new(installation.python());
    pip.args(["-I", "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"])
        .args(["--disable-pip-version-check", "--progress-bar", "off", "--requirement"])
        .arg(&requirements);
    run(pip, &|line| tell(Progress::Installing { line })).await?;

    let cli = installation.cli();
    folder::private(&root.join("cli"))?;
    std::os::unix::fs::symlink(root.join("venv/bin/aws"), &cli)
        .map_err(SandboxError::io("link", &cli))?;
    folder::replace(&root.join(COMPLETE), &python.version)
}

/// Runs a command to its end, tells each line, and shows the last lines if it fails.
async fn run(
    mut command: Command,
    tell: &(dyn Fn(String) + Send + Sync),
) -> Result<(), SandboxError> {
    // The user's settings for pip (a proxy, a mirror, a certificate) stay; those for Python could replace modules.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("PYTHON") || name.starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let shown = format!("{:?}", command.as_std());
    let failed = |output: String| SandboxError::Install { command: shown.clone(), output };
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = async {
        let (mut output, errors) = tokio::join!(lines(stdout, tell), lines(stderr, &|_| {}));
        output.extend(errors);
        child.wait().await.map(|status| (status, output))
    };
    let (status, output) = match tokio::time::timeout(PATIENCE, ended).await {
        Ok(ended) => ended.map_err(|error| failed(error.to_string()))?,
        Err(_) => {
            return Err(failed(format!(
                "it did not end within {} minutes",
                PATIENCE.as_secs() / 60
            )));
        }
    };
    if status.success() {
        return Ok(());
    }
    let last = output.len().saturating_sub(SHOWN_LINES);
    Err(failed(output[last..].join("\n")))
}

async fn lines(
    stream: Option<impl AsyncRead + Unpin>,
    tell: &(dyn Fn(String) + Send + Sync),
) -> Vec<String> {
    let mut read = Vec::new();
    let Some(stream) = stream else { return read };
    let mut lines = BufReader::new(stream).lines();
    // A line that is not UTF-8 ends the reading, not the installation.
    while let Ok(Some(line)) = lines.next_line().await {
        tell(line.clone());
        read.push(line);
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_pin_or_python_is_another_folder() {
        let one = name("a==1", "3.11.7");
        assert_eq!(one.len(), "sandbox-".len() + 16);
        assert_ne!(one, name("a==2", "3.11.7"));
        assert_ne!(one, name("a==1", "3.12.0"));
    }

    #[test]
    fn an_interrupted_installation_is_not_complete() {
        let folder = tempfile::tempdir().expect("a folder");
        let installation = Installation { root: folder.path().to_path_buf() };
        for path in [installation.python(), installation.cli()] {
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        assert!(!installation.is_complete());
        std::fs::write(folder.path().join(COMPLETE), "").expect("written");
        assert!(installation.is_complete());
    }

    #[test]
    fn every_requirement_has_a_hash() {
        let packages = REQUIREMENTS.lines().filter(|line| line.contains("==")).count();
        let first_hashes = REQUIREMENTS
            .lines()
            .zip(REQUIREMENTS.lines().skip(1))
            .filter(|(package, hash)| package.contains("==") && hash.contains("--hash=sha256:"))
            .count();
        assert!(packages > 10);
        assert_eq!(packages, first_hashes);
        assert!(REQUIREMENTS.contains("ministack==1.5.33"));
    }
}
