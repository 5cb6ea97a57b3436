//! `runbook plan`: tells what a run would find, what it would do, and whether it would be let in.
//! It reads, and changes nothing.

mod json;
mod rows;
mod show;
mod words;

use super::Global;
use super::console::{self, Out};
use super::error::CliError;
use super::exit::Exit;
use super::params::{self, Gathered, Given};
use super::project::{Home, note};
use super::signals::Signals;
use super::world::{self, Looker};
use crate::actions::preview::Looking;
use crate::model::project::Environment;
use crate::plan::Plan;
use crate::run::foresight::{Ahead, Foresight, How, look_ahead};
use crate::run::report::text::shell_word;
use jiff::Timestamp;
use rows::Rows;
use serde_json::json;
use std::sync::Arc;

/// What `plan` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A runbook: a file's stem under runbooks/, or a path.
    #[arg(value_name = "NAME")]
    name: String,
    /// The environment, as runbook.yaml names it.
    #[arg(long, short, value_name = "ENV")]
    env: String,
    #[command(flatten)]
    given: Given,
    /// Also carry out what only its author says reads: scripts with `effect: read`, `observe=` scripts,
    /// calls of functions
    #[arg(long)]
    trust_reads: bool,
    /// Ask CloudFormation itself what would become of stacks that exist: makes a change set and deletes
    /// it again, which is the one thing that a plan ever writes
    #[arg(long)]
    change_sets: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook plan account-redeploy --env production
  runbook plan kms-replace --env production --change-sets
  runbook run account-redeploy --env production --plan \"$(runbook plan account-redeploy --env production --json | jq -r .digest)\"

Each step is looked at as far as that changes nothing: what is in place, what would change, what cannot
be told and why. docs/plan.md tells how, and what the digest covers. The sandbox is looked at when it runs.

Exits 4 when a guard would certainly refuse a run: a wrong or a denied account, a frozen environment.
A plan counts as no evidence: nothing has been proven by looking.";

/// Everything that a plan is shown from.
struct Shown<'a> {
    args: &'a Args,
    plan: &'a Plan,
    environment: &'a Environment,
    gathered: &'a Gathered,
    seen: &'a Foresight,
    rows: Rows<'a>,
    /// Why nothing could be looked at in any account.
    no_way: Option<&'a str>,
    /// What else is worth knowing.
    notes: &'a [String],
    digest: String,
}

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let environment = home.environment(&args.env)?.clone();
    let plan = Arc::new(home.plan(&args.name)?);
    let gathered = params::gather(&plan.root.book, &args.given, &world::scope(&environment))?;
    has_accounts(&environment, &plan)?;
    world::block_on(async {
        let looker = Looker::new(&home, &environment, &plan).await?;
        let seen = look(&looker, &plan, &gathered, args).await?;
        let digest = seen.facts.digest();
        let kept = json!({
            "made_at": Timestamp::now().to_string(), "runbook": plan.root.book.name,
            "trust_reads": args.trust_reads, "facts": seen.facts.value(),
        });
        if let Err(error) = looker.world.store.keep_plan(&digest, &kept) {
            note(&format!(
                "what the plan found could not be kept, so a run can only say that it differs: {error}"
            ));
        }
        let shown = Shown {
            args,
            plan: &plan,
            environment: &environment,
            gathered: &gathered,
            rows: Rows::new(&plan, &environment, &seen.looks),
            seen: &seen,
            no_way: looker.no_way.as_deref(),
            notes: &looker.notes,
            digest,
        };
        let out = Out::new();
        if args.json {
            out.json(&json::value(&shown))?;
        } else {
            for line in show::lines(&shown, out.paint(), out.columns().min(110)) {
                out.line(line)?;
            }
        }
        let refused = seen.refusals.iter().any(|refusal| refusal.guard.is_certain());
        Ok(if refused { Exit::Refused } else { Exit::Done })
    })
}

async fn look(
    looker: &Looker,
    plan: &Arc<Plan>,
    gathered: &Gathered,
    args: &Args,
) -> Result<Foresight, CliError> {
    let signals = Signals::listen(Arc::new(|_| {
        console::tell(console::error_paint().warn("stopping").to_string());
    }))?;
    let looking = Looking { change_sets: args.change_sets };
    let ahead = Ahead {
        plan,
        params: &gathered.values,
        secrets: &gathered.secrets,
        how: How { trust_reads: args.trust_reads, looking },
        no_way: looker.no_way.clone(),
        stop: signals.stop(),
    };
    Ok(look_ahead(&looker.world, ahead).await?)
}

/// Refuses an environment that lacks an account of the plan.
fn has_accounts(environment: &Environment, plan: &Plan) -> Result<(), CliError> {
    let lacks = plan.accounts().into_iter().find(|name| !environment.accounts.contains_key(name));
    let Some(name) = lacks else { return Ok(()) };
    let hint =
        format!("Add `{name}` under `environments.{}.accounts` in runbook.yaml.", environment.name);
    let message = format!("environment `{}` has no account `{name}`", environment.name);
    Err(CliError::usage(message).certain(super::error::NOTHING_BEGUN).hint(hint))
}

impl Shown<'_> {
    /// The command that follows the plan.
    fn next(&self) -> String {
        let args = self.args;
        let mut command =
            format!("runbook run {} --env {}", shell_word(&args.name), shell_word(&args.env));
        for given in &args.given.params {
            command.push_str(&format!(" -p {}", shell_word(given)));
        }
        if let Some(file) = &args.given.file {
            command.push_str(&format!(" --params {}", shell_word(&file.display().to_string())));
        }
        command.push_str(&format!(" --plan {}", &self.digest[..16]));
        command
    }
}
