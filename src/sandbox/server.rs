//! Starts the emulator, knows it again, and stops it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::Rng;
use serde::Deserialize;

use super::Server;
use super::error::SandboxError;
use super::folder;
use super::install::Installation;
use super::shim;

const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A healthy server answers in milliseconds; a full machine gets some seconds.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// Another program can take the free port before the server does.
const PORT_ATTEMPTS: u32 = 5;

/// How much of the log is shown when the server does not start.
const SHOWN_LINES: usize = 15;

/// What a program needs to run at all. Everything else could change the emulator's settings.
const INHERITED: [&str; 7] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ"];

/// The servers that this very process started: they stay its zombies until it asks for their end.
static STARTED: Mutex<Vec<Child>> = Mutex::new(Vec::new());

#[derive(Debug, Deserialize)]
struct Identity {
    token: String,
    pid: u32,
    started_at: String,
}

/// Starts a server on a free port and waits until it answers.
pub(super) async fn start(
    sandbox: &Path,
    installation: &Installation,
    ends_with_us: bool,
) -> Result<Server, SandboxError> {
    shim::write_below(sandbox)?;
    for name in ["data", "s3", "tmp"] {
        folder::private(&sandbox.join(name))?;
    }
    let token = new_token(sandbox)?;
    for _ in 0..PORT_ATTEMPTS {
        let port = free_port().map_err(SandboxError::io("find a free port for", sandbox))?;
        let log = sandbox.join("server.log");
        // Each start begins its own log, so what is shown of it belongs to this start.
        folder::remove_file(&log)?;
        let mut command = command(sandbox, installation, port, &token)?;
        if ends_with_us {
            // This end of the pipe closes when this process ends, even when it is killed.
            command.stdin(Stdio::piped()).env("RUNBOOK_SANDBOX_ENDS_WITH_STDIN", "1");
        }
        let python = installation.python();
        let child = command.spawn().map_err(SandboxError::io("start", &python))?;
        let mut server = Server {
            endpoint: format!("http://{}:{port}", Ipv4Addr::LOCALHOST),
            pid: child.id(),
            token: token.clone(),
            cli: installation.cli(),
            started_at: String::new(),
        };
        started().push(child);
        // Written before it answers: if this process is killed now, the next `up` still knows of the server.
        write(sandbox, &server)?;
        match wait_until_ready(&server, &log).await {
            Ok(Some(identity)) => {
                server.started_at = identity.started_at;
                write(sandbox, &server)?;
                return Ok(server);
            }
            Ok(None) => forget(sandbox)?,
            Err(error) => {
                abandon(&server).await;
                forget(sandbox)?;
                return Err(error);
            }
        }
    }
    Err(SandboxError::NoFreePort { attempts: PORT_ATTEMPTS })
}

fn command(
    sandbox: &Path,
    installation: &Installation,
    port: u16,
    token: &str,
) -> Result<Command, SandboxError> {
    let log = sandbox.join("server.log");
    let output = folder::append(&log)?;
    let errors = output.try_clone().map_err(SandboxError::io("open", &log))?;
    let mut command = Command::new(installation.python());
    // `-m` looks in the working folder first, which is ours alone.
    command
        .args(["-m", shim::PACKAGE])
        .current_dir(sandbox)
        .env_clear()
        .envs(INHERITED.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))))
        .envs(settings(sandbox, port, token))
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    Ok(command)
}

/// The emulator's settings. By default it listens on every interface and opens more ports: never here.
fn settings(sandbox: &Path, port: u16, token: &str) -> Vec<(String, String)> {
    let folder = |name: &str| sandbox.join(name).display().to_string();
    let mut settings: Vec<(String, String)> = [
        ("BIND_HOST", Ipv4Addr::LOCALHOST.to_string()),
        ("GATEWAY_PORT", port.to_string()),
        ("IOT_MTLS_ENABLED", "0".into()),
        ("SFTP_ENABLED", "0".into()),
        ("CLOUDTRAIL_RECORDING", "1".into()),
        ("PERSIST_STATE", "1".into()),
        ("STATE_DIR", folder("data")),
        // Without these two the objects of S3 are lost at a stop, or land in a folder that all users share.
        ("S3_PERSIST", "1".into()),
        ("S3_DATA_DIR", folder("s3")),
        ("TMPDIR", folder("tmp")),
        ("PYTHONDONTWRITEBYTECODE", "1".into()),
        ("RUNBOOK_SANDBOX_NEW_SESSION", "1".into()),
        ("RUNBOOK_SANDBOX_TOKEN", token.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if let Ok(path) = std::env::var("RUNBOOK_SANDBOX_CALL_LOG") {
        settings.push(("RUNBOOK_SANDBOX_CALL_LOG".into(), path));
    }
    // Tests of least privilege want the emulator to enforce IAM.
    if std::env::var("RUNBOOK_SANDBOX_AUTH").is_ok_and(|value| value == "true") {
        settings.push(("AUTH".into(), "true".into()));
        // Enforcing means that signatures are checked too: this is what the root of an account signs with.
        settings.push(("AWS_SECRET_ACCESS_KEY".into(), super::ROOT_SECRET.into()));
    }
    settings
}

/// The identity once it answers, or `None` if another program has its port.
async fn wait_until_ready(server: &Server, log: &Path) -> Result<Option<Identity>, SandboxError> {
    let started = Instant::now();
    while started.elapsed() < START_PATIENCE {
        if let Some(identity) = identity(server).await
            && is_healthy(server).await
        {
            return Ok(Some(identity));
        }
        if let Some(status) = ended(server.pid) {
            let tail = tail(log);
            let taken = tail.contains("already in use");
            let error = SandboxError::Exited { status, log: log.to_path_buf(), tail };
            return if taken { Ok(None) } else { Err(error) };
        }
        tokio::time::sleep(POLL).await;
    }
    Err(SandboxError::NotReady { seconds: START_PATIENCE.as_secs(), log: log.to_path_buf() })
}

/// A found server must live, answer health, and answer with our token: anything may have its port or number now.
pub(super) async fn is_ours(server: &Server) -> bool {
    ended(server.pid).is_none() && identity(server).await.is_some() && is_healthy(server).await
}

async fn identity(server: &Server) -> Option<Identity> {
    let text = get(server, "/_runbook/identity").await?;
    let identity: Identity = serde_json::from_str(&text).ok()?;
    (identity.token == server.token && identity.pid == server.pid).then_some(identity)
}

async fn is_healthy(server: &Server) -> bool {
    get(server, "/_ministack/health").await.is_some()
}

async fn get(server: &Server, path: &str) -> Option<String> {
    let response = client().ok()?.get(format!("{}{path}", server.endpoint)).send().await.ok()?;
    response.error_for_status().ok()?.text().await.ok()
}

/// Empties a running server.
pub(super) async fn empty(server: &Server) -> Result<(), SandboxError> {
    let refused = |error: reqwest::Error| SandboxError::Refused {
        endpoint: server.endpoint.clone(),
        action: "empty itself",
        reason: error.to_string(),
    };
    let url = format!("{}/_ministack/reset", server.endpoint);
    let response = client().map_err(refused)?.post(url).send().await.map_err(refused)?;
    response.error_for_status().map(|_| ()).map_err(refused)
}

/// A proxy of the environment would not reach this computer's loopback.
fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().timeout(ANSWER_PATIENCE).build()
}

/// Ends our server and waits for it: it saves its state on SIGTERM, and on nothing else.
pub(super) async fn terminate(server: &Server) -> Result<(), SandboxError> {
    signal(server.pid, Signal::SIGTERM);
    let asked = Instant::now();
    while ended(server.pid).is_none() {
        if asked.elapsed() >= STOP_PATIENCE {
            return Err(SandboxError::DidNotStop {
                pid: server.pid,
                seconds: STOP_PATIENCE.as_secs(),
            });
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Ends a recorded server that is not healthy, but only if it is ours: it says so, or it works in our folder. One that is
/// about to end says nothing any more, and still writes down what is in it: its files are its own until it is gone.
pub(super) async fn stop(sandbox: &Path, server: &Server) -> Result<(), SandboxError> {
    if ended(server.pid).is_none()
        && (works_in(server.pid, sandbox) || identity(server).await.is_some())
    {
        terminate(server).await?;
    }
    Ok(())
}

/// Whether that folder is the working folder of a process. Only Linux says so.
fn works_in(pid: u32, folder: &Path) -> bool {
    let theirs = std::fs::read_link(format!("/proc/{pid}/cwd"));
    theirs.is_ok_and(|theirs| folder.canonicalize().is_ok_and(|folder| folder == theirs))
}

/// Ends a server that this process started and that never answered. Its state is empty, so nothing is lost.
async fn abandon(server: &Server) {
    if started().iter().any(|child| child.id() == server.pid) {
        signal(server.pid, Signal::SIGKILL);
        let asked = Instant::now();
        while ended(server.pid).is_none() && asked.elapsed() < STOP_PATIENCE {
            tokio::time::sleep(POLL).await;
        }
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // It can have ended by itself in between, which is what the signal asks for.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// How a process ended, or `None` while it lives.
fn ended(pid: u32) -> Option<String> {
    let mut children = started();
    if let Some(index) = children.iter().position(|child| child.id() == pid) {
        return match children[index].try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => {
                // Its number can be given to another process from now on.
                children.retain(|child| child.id() != pid);
                Some(status.to_string())
            }
            Err(error) => Some(error.to_string()),
        };
    }
    let Ok(raw) = i32::try_from(pid) else {
        return Some("it has no process number".to_owned());
    };
    match kill(Pid::from_raw(raw), None) {
        // A process of another user has the number now.
        Ok(()) | Err(nix::errno::Errno::EPERM) => None,
        Err(error) => Some(error.to_string()),
    }
}

fn started() -> std::sync::MutexGuard<'static, Vec<Child>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn free_port() -> std::io::Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port())
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

// What is remembered between commands

/// The generation of the state, and a number of this start: `<generation>.<start>`.
fn new_token(sandbox: &Path) -> Result<String, SandboxError> {
    let path = sandbox.join("generation");
    let generation = match std::fs::read_to_string(&path) {
        Ok(generation) if !generation.is_empty() => generation,
        _ => {
            let generation = random();
            folder::replace(&path, &generation)?;
            generation
        }
    };
    Ok(format!("{generation}.{}", random()))
}

fn random() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// State keeps its generation over a stop and a start. Lost state begins a new one.
pub(super) fn generation(server: &Server) -> &str {
    server.token.split('.').next().unwrap_or_default()
}

/// The server that was started last and not stopped. A record that cannot be read is none.
pub(super) fn read(sandbox: &Path) -> Option<Server> {
    serde_json::from_str(&std::fs::read_to_string(record(sandbox)).ok()?).ok()
}

fn write(sandbox: &Path, server: &Server) -> Result<(), SandboxError> {
    let path = record(sandbox);
    let text = serde_json::to_string(server)
        .map_err(|error| SandboxError::io("write", &path)(std::io::Error::other(error)))?;
    folder::replace(&path, &text)
}

pub(super) fn forget(sandbox: &Path) -> Result<(), SandboxError> {
    folder::remove_file(&record(sandbox))
}

/// Removes everything the emulator saved. The next server starts empty, with a new generation.
pub(super) fn forget_state(sandbox: &Path) -> Result<(), SandboxError> {
    for name in ["data", "s3", "tmp"] {
        folder::remove(&sandbox.join(name))?;
    }
    folder::remove_file(&sandbox.join("generation"))
}

pub(super) fn keeps_state(sandbox: &Path) -> bool {
    std::fs::read_dir(sandbox.join("data")).is_ok_and(|mut entries| entries.next().is_some())
}

fn record(sandbox: &Path) -> PathBuf {
    sandbox.join("server.json")
}
