//! The test harness: a project in a temporary folder, the program, and one emulator for all tests of a process.
//!
//! Tests share the emulator and keep out of each other's way by accounts that are made up at random.

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use runbook::sandbox::{Sandbox, Server};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How long one command may take. Nothing that works comes near it, but for a rehearsal with all its cases.
const PATIENCE: Duration = Duration::from_secs(600);

/// The accounts of one test.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(crate) workload: String,
    pub(crate) data: String,
    pub(crate) platform: String,
}

impl Accounts {
    /// Three accounts that no other test uses.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let base = u64::from(std::process::id()) * 100_000 + NEXT.fetch_add(10, Ordering::Relaxed);
        let id =
            |offset: u64| format!("{:012}", 500_000_000_000 + (base + offset) % 400_000_000_000);
        Self { workload: id(1), data: id(2), platform: id(3) }
    }
}

/// The emulator, started once and shared by every test of this process.
pub(crate) fn emulator() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    // A thread of its own: some tests are inside a runtime already, and one cannot wait inside another.
    SERVER.get_or_init(|| std::thread::spawn(start_emulator).join().expect("the emulator starts"))
}

fn start_emulator() -> Server {
    let state = emulator_folder();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let sandbox = Sandbox::new(&state).ends_with_us();
        let server = sandbox.up(&|_| {}).await.expect("the emulator starts");
        sandbox.reset().await.expect("the emulator forgets earlier test runs");
        server
    })
}

/// A folder that no other process of the tests uses as long as this one or its emulator lives: several may run at once.
fn emulator_folder() -> PathBuf {
    static HELD: OnceLock<fs::File> = OnceLock::new();
    let free = (0..).find_map(|number| {
        let name = format!("emulator-{number}");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder for the emulator");
        let file = fs::File::create(folder.join("held")).expect("a file to hold");
        file.try_lock().ok()?;
        // The emulator ends a moment after its process. It inherits the file, so that the folder is held until then.
        fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).expect("it can be inherited");
        Some((folder, file))
    });
    let (folder, file) = free.expect("there is always another");
    HELD.set(file).expect("the emulator is started once");
    folder
}

/// A project in a temporary folder.
pub(crate) struct Project {
    folder: tempfile::TempDir,
    pub(crate) accounts: Accounts,
    environment: BTreeMap<String, String>,
    /// Held by projects that use the shared emulator with the shipped runbooks.
    _turn: Option<MutexGuard<'static, ()>>,
}

/// The emulator keeps a function's processes by the function's name alone, so the shipped functions of
/// two accounts get in each other's way. On AWS they do not. Until then: one at a time.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Project {
    /// A project without a cloud: an environment `local` of kind sandbox whose accounts nobody uses.
    pub(crate) fn local(runbooks: &[(&str, &str)]) -> Self {
        Self::unseeded("http://127.0.0.1:9", runbooks)
    }

    /// The shipped runbooks against the shared emulator, in accounts of their own.
    pub(crate) fn shipped() -> Self {
        let turn = Some(turn());
        let project = Self { _turn: turn, ..Self::empty(&emulator().endpoint) };
        copy(&root().join("runbooks"), &project.path().join("runbooks"));
        project
    }

    /// The shipped runbooks and a sandbox of their own, which does not run yet. The test ends it.
    pub(crate) fn with_its_own_sandbox() -> Self {
        let project = Self::empty("");
        let text = project.read("runbook.yaml").replace("    endpoint: \"\"\n", "");
        project.write("runbook.yaml", &text);
        copy(&root().join("runbooks"), &project.path().join("runbooks"));
        project
    }

    /// The shipped runbooks against an emulator of the test's own, in accounts of their own.
    pub(crate) fn shipped_at(endpoint: &str) -> Self {
        let project = Self::empty(endpoint);
        copy(&root().join("runbooks"), &project.path().join("runbooks"));
        project
    }

    /// A project against the shared emulator, in accounts of its own with nothing in them.
    pub(crate) fn cloud(runbooks: &[(&str, &str)]) -> Self {
        Self::unseeded(&emulator().endpoint, runbooks)
    }

    /// A project that fills nothing before it runs.
    fn unseeded(endpoint: &str, runbooks: &[(&str, &str)]) -> Self {
        let project = Self::empty(endpoint);
        let configuration =
            project.read("runbook.yaml").replace("    seed: [account-redeploy]\n", "");
        project.write("runbook.yaml", &configuration);
        for (name, text) in runbooks {
            project.write(&format!("runbooks/{name}.md"), text);
        }
        project
    }

    fn empty(endpoint: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let accounts = Accounts::new();
        let project = Self { folder, accounts, environment: BTreeMap::new(), _turn: None };
        project.write("runbook.yaml", &project.configuration(endpoint));
        fs::create_dir_all(project.path().join("runbooks")).expect("a folder for runbooks");
        project
    }

    fn configuration(&self, endpoint: &str) -> String {
        let account = |name: &str, id: &str| {
            format!(
                "      {name}: {{ id: \"{id}\", role: \"arn:aws:iam::{id}:role/RunbookOperator\", region: eu-west-1 }}\n"
            )
        };
        format!(
            "version: 1\nenvironments:\n  sandbox:\n    kind: sandbox\n    endpoint: \"{endpoint}\"\n    seed: [account-redeploy]\n    accounts:\n{}{}{}{}",
            account("workload", &self.accounts.workload),
            account("data", &self.accounts.data),
            account("platform", &self.accounts.platform),
            // The data account once more, as the security team enters it.
            account("security", &self.accounts.data)
                .replace("RunbookOperator", "corpus-key-security"),
        )
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// The program in this project, with nothing inherited that could change what it does.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", std::env::var_os("HOME").unwrap_or_default())
            .env("NO_COLOR", "1")
            .envs(&self.environment)
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// Runs the program to its end, and waits longer for it than any other command may take.
    pub(crate) fn run_long(&self, arguments: &[&str], patience: Duration) -> Ran {
        Self::to_its_end_within(self.command(arguments), arguments, patience)
    }

    /// Runs the program to its end with more in its environment.
    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        Self::to_its_end(command, arguments)
    }

    /// Runs another program to its end, as the program would be run.
    pub(crate) fn run_other(&self, program: &str, arguments: &[&str]) -> Ran {
        let ours = self.command(&[]);
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::to_its_end(command, arguments)
    }

    fn to_its_end(command: Command, arguments: &[&str]) -> Ran {
        Self::to_its_end_within(command, arguments, PATIENCE)
    }

    fn to_its_end_within(mut command: Command, arguments: &[&str], patience: Duration) -> Ran {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        let id = child.id().to_string();
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait_with_output()));
        let output = end.recv_timeout(patience).unwrap_or_else(|_| {
            let killed = Command::new("kill").args(["-9", &id]).status();
            panic!("`runbook {}` hangs; killed: {killed:?}", arguments.join(" "));
        });
        Ran::new(arguments, output.expect("its output"))
    }

    /// Keeps the runs of this project for the site that `scripts/test.sh` builds at its end.
    pub(crate) fn keep_runs(&self) {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
        let _ = fs::remove_dir_all(&kept);
        copy(&self.path().join(".runbook/runs"), &kept.join("runs"));
    }

    /// The newest run's folder.
    pub(crate) fn newest_run(&self) -> PathBuf {
        let mut runs: Vec<PathBuf> = fs::read_dir(self.path().join(".runbook/runs"))
            .expect("runs")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        runs.sort();
        runs.pop().expect("a run")
    }

    /// The newest run's journal, a value a line.
    pub(crate) fn journal(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.newest_run().join("journal.jsonl")).expect("a journal");
        text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
    }

    /// The events of the newest run by name, for those about that step.
    pub(crate) fn events_of(&self, step: &str) -> Vec<String> {
        self.journal()
            .iter()
            .filter(|record| record["event"]["step"] == step)
            .map(|record| record["event"]["event"].as_str().expect("a name").to_owned())
            .collect()
    }
}

/// What the program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) arguments: String,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn new(arguments: &[&str], output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        Self {
            arguments: arguments.join(" "),
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Panics with everything that was printed unless the program ended with that code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "`runbook {}` (signal {:?})\n--- stdout\n{}\n--- stderr\n{}",
            self.arguments,
            self.signal,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Panics unless the text was printed somewhere.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "`runbook {}` did not say {text:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.arguments,
            self.stdout,
            self.stderr
        );
        self
    }
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
