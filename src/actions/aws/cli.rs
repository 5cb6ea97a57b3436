//! Calls through the AWS CLI, for services that have no client of the SDK here.
//!
//! Processes are started by another layer, which gives the function that does it.

use super::sessions::AwsSessions;
use super::trouble::hint_for;
use crate::actions::context::{Accounts, Context, Target};
use crate::actions::{Certainty, Trouble};
use crate::model::secret::Secret;
use crate::model::value::Value;
use futures_util::future::BoxFuture;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Starts the AWS CLI and waits for its end. An error means that it was never started, or that it
/// was ended before it was done.
pub type CliRunner =
    Arc<dyn Fn(CliCall) -> BoxFuture<'static, Result<CliOutput, Trouble>> + Send + Sync>;

/// One call of the AWS CLI.
#[derive(Clone, Debug)]
pub struct CliCall {
    /// The program: `aws`, or the emulator's own.
    pub program: PathBuf,
    /// Its arguments. None of them is secret.
    pub args: Vec<String>,
    /// Its whole environment but for `PATH` and `HOME`, with [`crate::actions::context::PATH_PREPEND`].
    pub env: Vec<(String, Secret)>,
    /// The folder it runs in.
    pub work: PathBuf,
}

/// What the AWS CLI left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliOutput {
    /// Its exit code. Nothing when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: String,
}

/// How much of a failed call's words goes into the message.
const SHOWN: usize = 800;

/// The AWS CLI in the accounts of an environment.
#[derive(Clone)]
pub(super) struct Cli {
    sessions: Arc<AwsSessions>,
    run: CliRunner,
}

impl Cli {
    pub(super) const fn new(sessions: Arc<AwsSessions>, run: CliRunner) -> Self {
        Self { sessions, run }
    }

    pub(super) const fn sessions(&self) -> &Arc<AwsSessions> {
        &self.sessions
    }

    /// The calls of one step in one account and Region.
    pub(super) fn calls<'a>(&'a self, cx: &'a Context, target: &'a Target) -> Calls<'a> {
        Calls { cli: self, work: cx.work.as_path(), target }
    }
}

/// The calls of one step in one account and Region.
#[derive(Clone, Copy)]
pub(super) struct Calls<'a> {
    cli: &'a Cli,
    work: &'a Path,
    target: &'a Target,
}

impl Calls<'_> {
    /// A call that only reads: its answer, with every page of it. Null when it has none.
    pub(super) async fn read(
        &self,
        service: &str,
        operation: &str,
        input: Option<&Value>,
    ) -> Result<Value, Trouble> {
        self.call(service, operation, input, false).await
    }

    /// A call that changes something. It is sent once.
    pub(super) async fn change(
        &self,
        service: &str,
        operation: &str,
        input: Option<&Value>,
    ) -> Result<Value, Trouble> {
        self.call(service, operation, input, true).await
    }

    async fn call(
        &self,
        service: &str,
        operation: &str,
        input: Option<&Value>,
        changes: bool,
    ) -> Result<Value, Trouble> {
        let (sessions, target) = (&self.cli.sessions, self.target);
        let mut args = vec![service.to_owned(), operation.to_owned()];
        let file = input.map(|input| Request::write(self.work, input)).transpose()?;
        if let Some(file) = &file {
            args.extend(["--cli-input-json".to_owned(), format!("file://{}", file.0.display())]);
        }
        args.extend(["--output", "json", "--region", &target.region].map(str::to_owned));
        if let Some(endpoint) = sessions.endpoint() {
            // Both this and the variable: each alone was seen to be ignored by some version.
            args.extend(["--endpoint-url".to_owned(), endpoint.to_owned()]);
        }
        let mut env = sessions.child_environment(target).await?;
        // Its own repetition of a call without a token would turn one lost answer into two things.
        let attempts = if changes { "1" } else { "4" };
        env.push(("AWS_MAX_ATTEMPTS".to_owned(), Secret::new(attempts)));
        // The option for this is unknown to version 1, the variable harms neither.
        env.push(("AWS_PAGER".to_owned(), Secret::new("")));
        let work = self.work.to_owned();
        let call = CliCall { program: sessions.cli(), args, env, work };
        let output = (self.cli.run)(call).await?;
        let place = format!("aws {service} {operation} in {target}");
        if output.code == Some(0) {
            return answer(&output.stdout, &place);
        }
        let action = format!("{service}:{operation}");
        Err(trouble(&output, &place, &action, changes, target, sessions.in_sandbox()))
    }
}

/// The file that a request is handed over in. Values on a command line can be seen by all; this file
/// only by its owner, and only while the call lasts.
struct Request(PathBuf);

impl Request {
    fn write(work: &Path, input: &Value) -> Result<Self, Trouble> {
        // A step may make several calls at once.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = work.join(format!("aws-call-{number}.input.json"));
        let write = || {
            let mut options = std::fs::OpenOptions::new();
            let mut file =
                options.create(true).truncate(true).write(true).mode(0o600).open(&path)?;
            file.write_all(&serde_json::to_vec(input)?)
        };
        let written = write().map_err(|error: std::io::Error| {
            Trouble::nothing_happened(format!("{}: {error}", path.display()))
        });
        // From here on it is removed whatever happens.
        let request = Self(path.clone());
        written.map(|()| request)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // It may hold secrets. When it cannot be removed it is still its owner's alone.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What the CLI answered. Nothing is null.
fn answer(stdout: &[u8], place: &str) -> Result<Value, Trouble> {
    if stdout.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(stdout).map_err(|error| {
        Trouble::failed(format!("{place} succeeded, but its answer is not JSON: {error}"))
    })
}

/// What a failed call means. The CLI says it in its exit code and in one line.
fn trouble(
    output: &CliOutput,
    place: &str,
    action: &str,
    changes: bool,
    target: &Target,
    sandbox: bool,
) -> Trouble {
    let said: String = output.stderr.trim().chars().take(SHOWN).collect();
    let verdict = verdict(output, changes);
    let message = if said.is_empty() {
        format!("{place} ended with exit code {:?}", output.code)
    } else {
        format!("{place}: {said}")
    };
    let mut trouble = Trouble { certainty: verdict, message, hint: None };
    trouble.hint = match error_code(&output.stderr) {
        Some(code) => hint_for(code, action),
        None if sandbox && said.contains("Could not connect") => {
            Some("The sandbox does not answer: start it with `runbook sandbox up`.".to_owned())
        }
        None if verdict == Certainty::Unknown => Some(format!(
            "The request was sent and its answer never came. Look at what is in {target} before it is sent again."
        )),
        None => None,
    };
    trouble
}

/// Version 1 ends with 255 for any trouble of a service and 2 for wrong usage, version 2 with 254 and 252.
fn verdict(output: &CliOutput, changes: bool) -> Certainty {
    let unanswered = if changes { Certainty::Unknown } else { Certainty::NothingHappened };
    match output.code {
        Some(2 | 252 | 253) => Certainty::NothingHappened,
        // A signal: nobody knows how far it was.
        None => unanswered,
        Some(_) => match error_code(&output.stderr) {
            Some(code) if is_server_side(code) => unanswered,
            Some(_) => Certainty::NothingHappened,
            None if refused_before_sending(&output.stderr) => Certainty::NothingHappened,
            None => unanswered,
        },
    }
}

fn is_server_side(code: &str) -> bool {
    ["Internal", "ServiceUnavailable", "ServiceFailure", "500", "502", "503", "504"]
        .iter()
        .any(|part| code.contains(part))
}

/// What the CLI says when it did not send anything.
fn refused_before_sending(stderr: &str) -> bool {
    [
        "Unable to locate credentials",
        "You must specify a region",
        "Parameter validation failed",
        "Could not connect to the endpoint URL",
        "Invalid JSON",
        "Error parsing parameter",
        "Unable to load paramfile",
        "usage: ",
    ]
    .iter()
    .any(|words| stderr.contains(words))
}

/// The name in `An error occurred (NotFoundException) when calling the … operation: …`.
fn error_code(stderr: &str) -> Option<&str> {
    let (_, rest) = stderr.split_once("An error occurred (")?;
    rest.split_once(')').map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: Option<i32>, stderr: &str) -> CliOutput {
        CliOutput { code, stdout: Vec::new(), stderr: stderr.to_owned() }
    }

    #[test]
    fn what_a_failed_call_means_depends_on_what_the_cli_says() {
        let denied =
            "\nAn error occurred (AccessDeniedException) when calling the CreateKey operation: no";
        for code in [254, 255] {
            assert_eq!(verdict(&ended(Some(code), denied), true), Certainty::NothingHappened);
        }
        let lost = "Connection was closed before we received a valid response from endpoint URL";
        assert_eq!(verdict(&ended(Some(255), lost), true), Certainty::Unknown);
        assert_eq!(verdict(&ended(Some(255), lost), false), Certainty::NothingHappened);
        let server =
            "An error occurred (KMSInternalException) when calling the CreateKey operation: oh";
        assert_eq!(verdict(&ended(Some(254), server), true), Certainty::Unknown);
        let refused = "Could not connect to the endpoint URL: \"http://127.0.0.1:1/\"";
        assert_eq!(verdict(&ended(Some(255), refused), true), Certainty::NothingHappened);
        assert_eq!(verdict(&ended(Some(252), "usage"), true), Certainty::NothingHappened);
        assert_eq!(verdict(&ended(None, ""), true), Certainty::Unknown);
    }

    #[test]
    fn the_input_file_is_nobody_elses_business() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let request =
            Request::write(folder.path(), &serde_json::json!({ "a": 1 })).expect("written");
        let other = Request::write(folder.path(), &serde_json::json!({ "a": 2 })).expect("too");
        assert_ne!(request.0, other.0, "two calls of a step share a file");
        let path = request.0.clone();
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(request);
        assert!(!path.exists(), "the request is still there");
    }
}
