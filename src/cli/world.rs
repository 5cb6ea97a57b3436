//! Puts together what a run works with: the store, the accounts, the actions, and the sandbox.

use super::console;
use super::drive::{self, First};
use super::error::CliError;
use super::exit::Exit;
use super::logging;
use super::params::{self, Given};
use super::project::Home;
use super::terminal;
use crate::actions::context::{Accounts, Caller, Target};
use crate::actions::drill::Mark;
use crate::actions::http::HttpCheck;
use crate::actions::wait::WaitFor;
use crate::actions::{Actions, Trouble, manual};
use crate::engine::event::Operator;
use crate::mask::Masker;
use crate::model::id::{RunId, StepKey};
use crate::model::mode::{EnvironmentKind, Mode};
use crate::model::project::Environment;
use crate::model::secret::Secret;
use crate::model::value::{Value, Values};
use crate::plan::{Plan, digest_of};
use crate::run::world::{Ended, Wishes, World};
use crate::run::{self, Begin};
use crate::sandbox::{Progress, Sandbox, Server, Status};
use crate::store::{Store, local_host, local_user};
use jiff::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The runtime that everything asynchronous runs in.
///
/// # Errors
/// When the system refuses.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::usage(format!("cannot start: {error}")))
}

/// Runs something to its end. A question that is still open on the terminal does not keep the program.
///
/// # Errors
/// What it gives back.
pub(super) fn block_on(
    work: impl Future<Output = Result<Exit, CliError>>,
) -> Result<Exit, CliError> {
    let runtime = runtime()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    terminal::leave();
    result
}

/// Who drives: the local user, this machine, this process.
#[must_use]
pub(super) fn operator() -> Operator {
    Operator { user: local_user(), host: local_host(), pid: std::process::id(), caller: None }
}

/// A new run's id.
///
/// # Errors
/// When the runs that there are cannot be read.
pub(super) fn new_id(store: &Store) -> Result<RunId, CliError> {
    let newest = store.runs()?.into_iter().next();
    Ok(run::new_id(Timestamp::now(), newest.as_ref(), rand::random()))
}

/// What parameters' defaults can see: the accounts and the environment, nothing of a run.
#[must_use]
pub(super) fn scope(environment: &Environment) -> Values {
    let accounts: Values = environment
        .accounts
        .iter()
        .map(|(name, account)| {
            (name.to_string(), json!({ "id": account.id, "region": account.region }))
        })
        .collect();
    let run = json!({ "environment": environment.name, "mode": Mode::from(environment.kind) });
    [("accounts", Value::Object(accounts)), ("run", run)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Shows what the sandbox does while it comes up.
pub(super) fn progress(progress: Progress) {
    let paint = console::error_paint();
    let say = |text: &str| console::tell(paint.dim(&format!("sandbox: {text}")).to_string());
    match progress {
        Progress::FindingPython | Progress::Ready => {}
        Progress::CreatingEnvironment => {
            say("installing it; the first time this takes about a minute")
        }
        Progress::Installing { line } => tracing::debug!(line, "installing the sandbox"),
        Progress::Starting => say("starting the emulated AWS on this machine"),
    }
}

/// The emulator that a sandbox environment is in, and where its seeds are noted.
#[derive(Clone, Debug)]
enum Emulated {
    /// Ours.
    Own { sandbox: Sandbox, server: Server },
    /// Started by someone else.
    Foreign {
        endpoint: String,
        marker: PathBuf,
        #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only AWS actions start it"))]
        cli: PathBuf,
    },
}

impl Emulated {
    async fn find(home: &Home, environment: &Environment) -> Result<Self, CliError> {
        if let Some(endpoint) = &environment.endpoint {
            let marker = Self::marker(home, environment, endpoint);
            // Never the `aws` that happens to be in PATH: some versions ignore the endpoint.
            let cli = Sandbox::cli(&progress).await?;
            return Ok(Self::Foreign { endpoint: endpoint.clone(), marker, cli });
        }
        let sandbox = Sandbox::new(&home.state);
        let server = sandbox.up(&progress).await?;
        Ok(Self::Own { sandbox, server })
    }

    /// The emulator, when it runs already. Installs and starts nothing.
    async fn running(home: &Home, environment: &Environment) -> Option<Self> {
        if let Some(endpoint) = &environment.endpoint {
            let marker = Self::marker(home, environment, endpoint);
            // Where it would be: a call through a CLI that is not there fails, and never goes elsewhere.
            let cli = Sandbox::installed_cli().unwrap_or_else(|| home.state.join("no-aws-cli"));
            return Some(Self::Foreign { endpoint: endpoint.clone(), marker, cli });
        }
        let sandbox = Sandbox::new(&home.state);
        match sandbox.status().await {
            Ok(Status::Running(server)) => Some(Self::Own { sandbox, server }),
            _ => None,
        }
    }

    /// Where the seeds of an emulator are noted that someone else started.
    fn marker(home: &Home, environment: &Environment, endpoint: &str) -> PathBuf {
        let accounts: Vec<&str> =
            environment.accounts.values().map(|account| account.id.as_str()).collect();
        let digest = digest_of(&format!("{endpoint} {}", accounts.join(" ")));
        home.state.join(format!("sandbox-endpoint-{}.json", &digest[..16]))
    }

    fn is_seeded(&self, seed: &str) -> bool {
        match self {
            Self::Own { sandbox, server } => sandbox.is_seeded(server, seed),
            Self::Foreign { marker, .. } => planted(marker).iter().any(|planted| planted == seed),
        }
    }

    fn mark_seeded(&self, seed: &str) -> Result<(), CliError> {
        match self {
            Self::Own { sandbox, server } => Ok(sandbox.mark_seeded(server, seed)?),
            Self::Foreign { marker, endpoint, .. } => {
                let mut seeds = planted(marker);
                seeds.push(seed.to_owned());
                let text = json!({ "endpoint": endpoint, "planted": seeds }).to_string();
                std::fs::write(marker, text).map_err(|error| {
                    CliError::usage(format!("cannot write {}: {error}", marker.display()))
                })
            }
        }
    }
}

/// The seeds that a foreign emulator holds. A marker that cannot be read counts as none.
fn planted(marker: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(marker).unwrap_or_default();
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let planted = value["planted"].as_array().cloned().unwrap_or_default();
    planted.iter().filter_map(|seed| seed.as_str().map(str::to_owned)).collect()
}

/// What a run of that plan in that environment works with. Starts and seeds the sandbox when the plan
/// needs an account of it.
///
/// # Errors
/// When the environment cannot be entered, or a seed failed.
pub(super) async fn build(
    home: &Home,
    environment: &Environment,
    plan: &Plan,
    run: Option<&RunId>,
) -> Result<(World, RunId), CliError> {
    let store = Arc::new(home.store()?);
    let sandboxed = environment.kind == EnvironmentKind::Sandbox && !plan.accounts().is_empty();
    let emulated = if sandboxed { Some(Emulated::find(home, environment).await?) } else { None };
    if let Some(emulated) = &emulated {
        for seed in &environment.seed {
            if seed.value != plan.root.book.name && !emulated.is_seeded(&seed.value) {
                plant(home, environment, emulated, &store, &seed.value).await?;
            }
        }
    }
    // A new run is named after its seeds, so that it is the newest.
    let run = run.cloned().map_or_else(|| new_id(&store), Ok)?;
    let world = assemble(home, environment, emulated.as_ref(), store, &run).await?;
    Ok((world, run))
}

/// Notes that a runbook which fills the sandbox has succeeded there, so that it is not run once more.
///
/// # Errors
/// When it cannot be noted.
pub(super) async fn note_seed(
    home: &Home,
    environment: &Environment,
    name: &str,
) -> Result<(), CliError> {
    let is_seed = environment.seed.iter().any(|seed| seed.value == name);
    if environment.kind != EnvironmentKind::Sandbox || !is_seed {
        return Ok(());
    }
    let emulated = Emulated::find(home, environment).await?;
    if emulated.is_seeded(name) { Ok(()) } else { emulated.mark_seeded(name) }
}

async fn assemble(
    home: &Home,
    environment: &Environment,
    emulated: Option<&Emulated>,
    store: Arc<Store>,
    run: &RunId,
) -> Result<World, CliError> {
    let masker = Masker::new();
    logging::mask_with(&masker);
    let entered = enter(home, environment, emulated, run, &masker)?;
    let operator = Operator { caller: entered.caller().await, ..operator() };
    Ok(world(home, environment, entered, (store, masker), operator))
}

fn world(
    home: &Home,
    environment: &Environment,
    entered: Entered,
    (store, masker): (Arc<Store>, Masker),
    operator: Operator,
) -> World {
    World {
        store,
        actions: entered.actions,
        catalog: Arc::clone(&home.catalog),
        accounts: entered.accounts,
        environment: environment.clone(),
        deny_accounts: home.project.deny_accounts.clone(),
        masker,
        withheld: crate::run::Withheld::default(),
        project: home.root.clone(),
        clock: Timestamp::now,
        operator,
        sabotage: sabotage(environment),
    }
}

/// The step that a rehearsal makes fail. Never anywhere but in the sandbox.
fn sabotage(environment: &Environment) -> Option<StepKey> {
    let named = std::env::var(crate::rehearse::FAIL_STEP).ok();
    named.filter(|_| environment.kind == EnvironmentKind::Sandbox).map(StepKey::from_text)
}

/// Fills a fresh sandbox by running a runbook in it, with a journal of its own.
async fn plant(
    home: &Home,
    environment: &Environment,
    emulated: &Emulated,
    store: &Arc<Store>,
    seed: &str,
) -> Result<(), CliError> {
    let paint = console::error_paint();
    console::tell(paint.dim(&format!("sandbox: seeding it with `{seed}`")).to_string());
    let plan = home.plan(seed)?;
    let book = Arc::clone(&plan.root.book);
    let gathered = params::gather(&book, &Given::default(), &scope(environment))?;
    let run = new_id(store)?;
    let world = assemble(home, environment, Some(emulated), Arc::clone(store), &run).await?;
    let (params, secret_params) = (gathered.values, gathered.secrets);
    let begin = Begin { plan, params, secret_params, expected: None };
    let wishes =
        Wishes { yes: true, reason: Some("seeds the sandbox".to_owned()), ..Wishes::default() };
    match drive::once_unattended(world, First::Start(Box::new(begin), run.clone()), wishes).await? {
        Ended::Succeeded { .. } => emulated.mark_seeded(seed),
        _ => Err(CliError::new(Exit::Failed, format!("the seed `{seed}` of the sandbox failed"))
            .certain("The run that was asked for was not begun. The sandbox holds nothing real.")
            .hint(format!(
                "`runbook status {run}` shows why. Then `runbook resume {run}`, or `runbook sandbox reset` to begin again."
            ))),
    }
}

/// The way into an environment.
struct Entered {
    accounts: Arc<dyn Accounts>,
    actions: Actions,
    #[cfg(feature = "aws")]
    sessions: Option<Arc<crate::actions::aws::AwsSessions>>,
}

#[cfg(feature = "aws")]
impl Entered {
    /// Who the operator is before any role is assumed. What cannot be read is left out: every account
    /// is checked again before it is touched.
    async fn caller(&self) -> Option<String> {
        self.sessions.as_ref()?.operator_caller().await.ok().map(|caller| caller.arn)
    }
}

#[cfg(feature = "aws")]
fn enter(
    home: &Home,
    environment: &Environment,
    emulated: Option<&Emulated>,
    run: &RunId,
    masker: &Masker,
) -> Result<Entered, CliError> {
    use super::error::NOTHING_BEGUN;
    use crate::actions::aws::{AwsSessions, Emulator, actions};
    if environment.kind == EnvironmentKind::Sandbox && emulated.is_none() {
        let why =
            NoAccounts("no step of this runbook names an account, so no emulator was started");
        return Ok(Entered { accounts: Arc::new(why), actions: local_actions(), sessions: None });
    }
    let emulator = emulated.map(|emulated| match emulated {
        Emulated::Own { server, .. } => {
            Emulator { endpoint: server.endpoint.clone(), cli: Some(server.cli.clone()) }
        }
        Emulated::Foreign { endpoint, cli, .. } => {
            Emulator { endpoint: endpoint.clone(), cli: Some(cli.clone()) }
        }
    });
    let sessions = AwsSessions::new(environment, emulator, run.as_str())
        .map_err(|error| CliError::new(Exit::Refused, error.to_string()).certain(NOTHING_BEGUN))?;
    let sessions = Arc::new(sessions);
    let templates = home.root.join("runbooks");
    let aws = actions(&sessions, aws_cli_runner(masker, run), templates);
    let accounts: Arc<dyn Accounts> = Arc::clone(&sessions) as Arc<dyn Accounts>;
    Ok(Entered { accounts, actions: local_actions().with(aws), sessions: Some(sessions) })
}

#[cfg(not(feature = "aws"))]
impl Entered {
    async fn caller(&self) -> Option<String> {
        None
    }
}

#[cfg(not(feature = "aws"))]
fn enter(
    _home: &Home,
    _environment: &Environment,
    _emulated: Option<&Emulated>,
    _run: &RunId,
    _masker: &Masker,
) -> Result<Entered, CliError> {
    let why = NoAccounts("this runbook was built without AWS");
    Ok(Entered { accounts: Arc::new(why), actions: local_actions() })
}

/// No way into any account: a build without AWS, or a sandbox whose emulator nobody needs.
struct NoAccounts(&'static str);

#[async_trait::async_trait]
impl Accounts for NoAccounts {
    async fn caller(&self, target: &Target) -> Result<Caller, Trouble> {
        Err(self.no_way(target))
    }

    async fn child_environment(&self, target: &Target) -> Result<Vec<(String, Secret)>, Trouble> {
        Err(self.no_way(target))
    }
}

impl NoAccounts {
    fn no_way(&self, target: &Target) -> Trouble {
        Trouble::nothing_happened(format!("cannot enter {target}: {}", self.0))
    }
}

/// The actions that need no cloud.
fn local_actions() -> Actions {
    let all: [Arc<dyn crate::actions::Action>; 7] = [
        Arc::new(manual::Confirm),
        Arc::new(manual::Checklist),
        Arc::new(manual::Input),
        Arc::new(WaitFor),
        Arc::new(HttpCheck),
        Arc::new(Mark::INCIDENT),
        Arc::new(Mark::MENDED),
    ];
    Actions::default().with(all)
}

/// How `aws/call` starts the AWS CLI. Its keys are masked from then on.
#[cfg(feature = "aws")]
fn aws_cli_runner(masker: &Masker, run: &RunId) -> crate::actions::aws::CliRunner {
    use crate::actions::aws::{CliCall, CliOutput};
    use crate::actions::shell::Program;
    let (masker, run) = (masker.clone(), run.clone());
    Arc::new(move |call: CliCall| {
        let (masker, run) = (masker.clone(), run.clone());
        Box::pin(async move {
            for (name, value) in &call.env {
                if matches!(name.as_str(), "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN") {
                    // Too short to mask is only an emulator's dummy.
                    drop(masker.add(value));
                }
            }
            let CliCall { program, args, env, work } = call;
            let end = Program { program, args, env, work, run }.run().await?;
            Ok(CliOutput {
                code: end.code,
                stdout: end.stdout,
                stderr: masker.mask(&end.stderr).into_owned(),
            })
        })
    })
}

/// What a plan looks with. It starts nothing, and seeds nothing.
pub(super) struct Looker {
    /// As for a run.
    pub(super) world: World,
    /// Why no account can be entered, when that is so.
    pub(super) no_way: Option<String>,
    /// What a run would do before it begins.
    pub(super) notes: Vec<String>,
}

impl Looker {
    /// A way to look. The sandbox is looked at only when it runs already.
    ///
    /// # Errors
    /// When the environment cannot be entered as it is described.
    pub(super) async fn new(
        home: &Home,
        environment: &Environment,
        plan: &Plan,
    ) -> Result<Self, CliError> {
        let mut notes = Vec::new();
        let sandboxed = environment.kind == EnvironmentKind::Sandbox && !plan.accounts().is_empty();
        let emulated = if sandboxed { Emulated::running(home, environment).await } else { None };
        let mut no_way = None;
        if let Some(emulated) = &emulated {
            let name = &plan.root.book.name;
            let mut seeds = environment.seed.iter().map(|seed| &seed.value);
            if let Some(seed) = seeds.find(|seed| *seed != name && !emulated.is_seeded(seed)) {
                notes.push(format!("the sandbox is empty: a run fills it with `{seed}` first"));
            }
        } else if sandboxed {
            no_way = Some(
                "the sandbox is not running; start it with `runbook sandbox up`, or a run does"
                    .to_owned(),
            );
        }
        if !cfg!(feature = "aws") && !plan.accounts().is_empty() {
            no_way = Some("this runbook was built without AWS".to_owned());
        }
        let masker = Masker::new();
        logging::mask_with(&masker);
        let run = RunId::from_text("plan");
        let entered = enter(home, environment, emulated.as_ref(), &run, &masker)?;
        let store = Arc::new(home.store()?);
        let world = world(home, environment, entered, (store, masker), operator());
        Ok(Self { world, no_way, notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_emulator_remembers_its_seeds() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("m.json");
        let emulated = Emulated::Foreign {
            endpoint: "http://127.0.0.1:1".into(),
            marker: marker.clone(),
            cli: "aws".into(),
        };
        assert!(!emulated.is_seeded("a"));
        emulated.mark_seeded("a").unwrap();
        emulated.mark_seeded("b").unwrap();
        assert!(emulated.is_seeded("a") && emulated.is_seeded("b") && !emulated.is_seeded("c"));
        std::fs::write(&marker, "{").unwrap();
        assert!(!emulated.is_seeded("a"), "a marker that cannot be read counts as none");
    }
}
