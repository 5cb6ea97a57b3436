//! `runbook rehearse`: proves a procedure in the sandbox, before it is needed.

use super::console::{self, Out};
use super::error::CliError;
use super::exit::Exit;
use super::project::Home;
use super::{Global, cloud};
use crate::model::mode::EnvironmentKind;
use crate::model::project::Environment;
use crate::rehearse::case::End;
use crate::rehearse::{self, Cloud, Place, RehearseError, Setting, Ways, Wish};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `rehearse` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A runbook: a file's stem under runbooks/
    #[arg(value_name = "NAME")]
    name: String,
    /// Every step does its work and fails once, and the run goes on
    #[arg(long)]
    fail_each: bool,
    /// The process is killed (SIGKILL) at every record of the journal, and the run goes on
    #[arg(long)]
    kill_each: bool,
    /// Everything is taken back from every step, and all is as before
    #[arg(long)]
    undo_each: bool,
    /// The answer to every changing call is lost, and the run goes on
    #[arg(long)]
    lose_each: bool,
    /// The sandbox, as runbook.yaml names it. Default: the first one of kind sandbox
    #[arg(long, short, value_name = "ENV")]
    env: Option<String>,
    /// Run this one before, to bring everything to where the runbook begins, with its parameters: "NAME a=b".
    /// Can be repeated. What it leaves owed to the rehearsed runbook gives that one its parameters
    #[arg(long, value_name = "RUNBOOK")]
    before: Vec<String>,
    /// A parameter of the runbook. A secret one comes from RUNBOOK_PARAM_NAME
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// How many cases at once. Default: one a processor, at most 4; one where all share an emulator
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// No more than this many cases of each kind, evenly spread
    #[arg(long, value_name = "N")]
    most: Option<usize>,
    /// As JSON
    #[arg(long, conflicts_with = "junit")]
    json: bool,
    /// As JUnit XML, for build servers
    #[arg(long)]
    junit: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook rehearse kms-replace
  runbook rehearse kms-replace --kill-each --most 20 --jobs 2
  runbook rehearse restore --fail-each --junit > rehearsal.xml
  runbook rehearse kms-retire --before kms-replace -p soak=1s,1s
  runbook rehearse secret-revoke --before 'secret-rotate source=generated'

Without a choice all four are done. Each case gets a copy of the project and accounts of its own, and is
compared with a run in which nothing goes wrong: the files of the project, and everything in the emulated
accounts. What the environment is seeded with, and what --before names, is done once: each case begins with
a copy of it, in an emulator of its own. Exits 1 when a case did not come through, and says which step and why.";

/// An emulator takes half a gigabyte.
const MOST_AT_ONCE: usize = 4;

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let plan = home.plan(&args.name)?;
    let environment = sandbox(&home, args.env.as_deref())?;
    home.store()?;
    let place = Place::take(&home.state.join("rehearse")).map_err(failed)?;
    let needs_accounts = !plan.accounts().is_empty();
    let begins_empty = environment.seed.is_empty() && args.before.is_empty();
    let cloud = match (needs_accounts, &environment.endpoint) {
        (false, _) => None,
        (true, Some(endpoint)) => Some(Cloud::Shared(endpoint.clone())),
        (true, None) if begins_empty => Some(Cloud::Shared(cloud::emulator(&home)?)),
        (true, None) => {
            cloud::install()?;
            Some(Cloud::Own)
        }
    };
    // Functions of one name are in each other's way in one emulator, whatever their accounts.
    let at_once = match cloud {
        Some(Cloud::Shared(_)) => 1,
        _ => {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_AT_ONCE)
        }
    };
    let mut regions = environment.accounts.values().map(|account| account.region.clone());
    let region = regions.next().unwrap_or_else(|| "eu-west-1".to_owned());
    let variables = std::env::vars().filter(|(name, _)| name.starts_with("RUNBOOK_PARAM_"));
    let setting = Setting {
        project: home.root.clone(),
        work: place.folder().to_owned(),
        runbook: args.name.clone(),
        environment,
        cloud,
        before: args.before.clone(),
        arguments: args.params.iter().flat_map(|param| ["-p".to_owned(), param.clone()]).collect(),
        variables: variables.collect(),
        accounts: cloud::account_reader(region),
    };
    let chosen = Ways {
        fail: args.fail_each,
        kill: args.kill_each,
        undo: args.undo_each,
        lose: args.lose_each,
    };
    let ways = if chosen.is_none() { Ways::ALL } else { chosen };
    let wish = Wish { ways, jobs: args.jobs.unwrap_or(at_once), most: args.most };
    let paint = console::error_paint();
    let done = AtomicUsize::new(0);
    let results = rehearse::rehearse(&setting, wish, &|case, of| {
        let number = done.fetch_add(1, Ordering::Relaxed) + 1;
        console::tell(paint.dim(&format!("{number}/{of} {}", rehearse::line(case))).to_string());
        // What is wrong is told at once: the others may take long.
        if let End::Wrong(why) = &case.end {
            why.lines().for_each(|line| console::tell(format!("    {line}")));
        }
    });
    drop(place);
    let results = results.map_err(failed)?;
    let out = Out::new();
    if args.json {
        out.json(&rehearse::json(&results))?;
    } else if args.junit {
        out.line(rehearse::junit(&results))?;
    } else {
        for line in rehearse::lines(&results) {
            out.line(line)?;
        }
    }
    Ok(if results.is_proven() { Exit::Done } else { Exit::Failed })
}

fn sandbox(home: &Home, named: Option<&str>) -> Result<Environment, CliError> {
    let is_sandbox = |one: &&Environment| one.kind == EnvironmentKind::Sandbox;
    let found = match named {
        Some(name) => Some(home.environment(name)?).filter(is_sandbox),
        None => home.project.environments.values().find(is_sandbox),
    };
    found.cloned().ok_or_else(|| {
        CliError::new(Exit::Refused, "a rehearsal breaks things on purpose, and is for a sandbox")
            .certain("Nothing was begun, and nothing was changed.")
            .hint("Name an environment of kind sandbox with --env, or add one to runbook.yaml.")
    })
}

fn failed(error: RehearseError) -> CliError {
    let exit = match error {
        RehearseError::Undisturbed { .. } => Exit::Failed,
        _ => Exit::Usage,
    };
    CliError::new(exit, error.to_string())
        .certain("Only copies of the project and made-up accounts were touched.")
}
