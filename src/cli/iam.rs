//! `runbook iam`: the least-privilege policy of a runbook for each account it acts in.

use super::console::Out;
use super::error::{CliError, NOTHING_BEGUN};
use super::exit::Exit;
use super::params::{self, Given};
use super::project::{Home, note, suggestion};
use super::{Global, world};
use crate::iam::{self, Account, INLINE, MANAGED, Part, Policies, Statement};
use crate::model::project::{Access, Environment};
use crate::model::value::Values;
use crate::run::report::text::{Paint, counted, fold, harmless, width};
use serde_json::{Value, json};
use std::path::{Component, Path};

/// What `iam` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A runbook: a file's stem under runbooks/, or a path.
    #[arg(value_name = "NAME")]
    name: String,
    /// The environment, as runbook.yaml names it. Without it account ids and Regions are `*`.
    #[arg(long, short, value_name = "ENV")]
    env: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Only this account, by its name in runbook.yaml.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only the policy document, as IAM takes it. Needs --account when there are several.
    #[arg(long, conflicts_with = "json")]
    policy: bool,
    /// One part of a policy that is too large for one document, from 1.
    #[arg(long, value_name = "NUMBER", requires = "policy")]
    part: Option<usize>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook iam kms-replace --env production
  runbook iam kms-replace --env production --account data --policy > policy.json
  aws iam put-role-policy --role-name RunbookOperator --policy-name kms-replace --policy-document file://policy.json

The names of the statements say what they are for: Run for every run, Sometimes for runs that meet what is said there,
Look to find out what is in place, Undo to take steps back. What cannot be told is listed, never guessed.";

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?.sound()?;
    let environment = args.env.as_deref().map(|name| home.environment(name)).transpose()?;
    let plan = home.plan(&args.name)?;
    if let Some(environment) = environment {
        has_accounts(environment, &plan)?;
    }
    let scope = environment.map(world::scope).unwrap_or_default();
    let params = params::foreseen(&plan.root.book, &args.given, &scope)?;
    let runbooks = home.root.join("runbooks");
    let templates = |path: &str| template(&runbooks, path);
    let question = iam::Question {
        plan: &plan,
        catalog: &home.catalog,
        params: &params,
        environment,
        templates: &templates,
    };
    let mut policies = iam::collect(&question);
    if let Some(name) = &args.account {
        only(&mut policies, name)?;
    }
    if args.policy {
        return policy(out, args, &policies);
    }
    if args.json {
        out.json(&value(&policies, &args.name, environment, &params))?;
        return Ok(Exit::Done);
    }
    let columns = out.columns().min(110);
    for line in page(&policies, args, environment, out.paint(), columns) {
        out.line(line)?;
    }
    Ok(Exit::Done)
}

fn has_accounts(environment: &Environment, plan: &crate::plan::Plan) -> Result<(), CliError> {
    let missing = plan.accounts().into_iter().find(|name| !environment.accounts.contains_key(name));
    missing.map_or(Ok(()), |name| {
        let message = format!("environment `{}` has no account `{name}`", environment.name);
        let hint = format!(
            "Add `{name}` under `environments.{}.accounts` in runbook.yaml.",
            environment.name
        );
        Err(CliError::usage(message).certain(NOTHING_BEGUN).hint(hint))
    })
}

fn only(policies: &mut Policies, name: &str) -> Result<(), CliError> {
    if !policies.accounts.contains_key(name) {
        let names: Vec<&str> = policies.accounts.keys().map(String::as_str).collect();
        return Err(CliError::usage(format!("the runbook does nothing in an account `{name}`"))
            .certain(NOTHING_BEGUN)
            .hint(suggestion(name, &names, "accounts")));
    }
    policies.accounts.retain(|account, _| account == name);
    Ok(())
}

/// The text of a template. As for the action itself it cannot lie outside the folder of the runbooks, and
/// no link in there leads out of it.
pub(super) fn template(runbooks: &Path, path: &str) -> Option<String> {
    let path = Path::new(path);
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    let root = runbooks.canonicalize().ok().filter(|_| path.components().all(inside))?;
    let file = root.join(path).canonicalize().ok().filter(|file| file.starts_with(&root))?;
    std::fs::read_to_string(file).ok()
}

/// Prints one document and nothing else.
fn policy(out: Out, args: &Args, policies: &Policies) -> Result<Exit, CliError> {
    let (name, account) = match policies.accounts.iter().collect::<Vec<_>>().as_slice() {
        [one] => *one,
        [] => {
            return Err(CliError::usage(format!("`{}` does nothing in any account", args.name))
                .certain(NOTHING_BEGUN));
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            return Err(CliError::usage(format!(
                "`{}` acts in the accounts {}, and each has its own policy",
                args.name,
                names.join(", ")
            ))
            .certain(NOTHING_BEGUN)
            .hint(format!("Name one: `--account {}`.", names[0])));
        }
    };
    let whole = iam::document(&account.statements);
    let size = iam::size(&whole);
    let parts = iam::split(&account.statements, MANAGED);
    let shown = match args.part {
        Some(number) => {
            let part = number.checked_sub(1).and_then(|at| parts.get(at));
            let part = part.ok_or_else(|| {
                CliError::usage(format!(
                    "the policy of `{name}` has {}",
                    counted(parts.len(), "part")
                ))
                .certain(NOTHING_BEGUN)
            })?;
            iam::document(part)
        }
        None if size > INLINE => {
            return Err(CliError::usage(format!(
                "the policy of `{name}` has {size} characters, and IAM takes {INLINE} of all inline policies of a role together"
            ))
            .certain(NOTHING_BEGUN)
            .hint(format!("Make {} managed policies of it: `--part 1` and so on.", parts.len())));
        }
        None => whole,
    };
    if args.part.is_none() && size > MANAGED {
        note(&format!(
            "{size} characters: this fits a role as an inline policy ({INLINE}), not one managed policy ({MANAGED}). \
             `--part 1` to `--part {}` are managed policies.",
            parts.len()
        ));
    }
    if !account.cannot_tell.is_empty() {
        note(&format!(
            "{} cannot be told and not in it: `runbook iam {} --account {name}` lists them.",
            counted(account.cannot_tell.len(), "thing"),
            args.name
        ));
    }
    out.json(&shown)?;
    Ok(Exit::Done)
}

fn value(
    policies: &Policies,
    name: &str,
    environment: Option<&Environment>,
    params: &Values,
) -> Value {
    let accounts: serde_json::Map<String, Value> = policies
        .accounts
        .iter()
        .map(|(name, account)| (name.clone(), account_value(account)))
        .collect();
    json!({
        "runbook": name, "environment": environment.map(|environment| &environment.name),
        "params": params, "accounts": accounts,
    })
}

fn account_value(account: &Account) -> Value {
    let document = iam::document(&account.statements);
    let parts: Vec<Value> =
        iam::split(&account.statements, MANAGED).iter().map(|part| iam::document(part)).collect();
    let reasons: Vec<Value> = account
        .reasons
        .iter()
        .map(|reason| {
            json!({
                "part": reason.part.word().to_lowercase(), "action": reason.action,
                "only": reason.only, "asked_by": reason.asked_by,
            })
        })
        .collect();
    let wide: Vec<Value> = account
        .wide
        .iter()
        .map(|wide| {
            json!({
                "resource": wide.resource, "why": wide.why, "actions": wide.actions,
                "asked_by": wide.asked_by,
            })
        })
        .collect();
    let cannot_tell: Vec<Value> = account
        .cannot_tell
        .iter()
        .map(|told| json!({ "what": told.what, "place": told.place, "asked_by": told.asked_by }))
        .collect();
    json!({
        "size": iam::size(&document), "policy": document, "managed_policies": parts,
        "reasons": reasons, "not_narrowed": wide, "cannot_tell": cannot_tell,
    })
}

/// What each part of a policy is for.
const PARTS: [(Part, &str); 4] = [
    (Part::Run, "Every run"),
    (Part::Sometimes, "Only when it happens"),
    (Part::Look, "To look what is in place (a first run goes on without it, a resume may not)"),
    (Part::Undo, "To take steps back"),
];

fn page(
    policies: &Policies,
    args: &Args,
    environment: Option<&Environment>,
    paint: Paint,
    columns: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    if policies.accounts.is_empty() {
        return vec![format!(
            "`{}` does nothing in any account, so it needs no permission.",
            args.name
        )];
    }
    for (name, account) in &policies.accounts {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(paint.heading(&format!("Account {name}")).to_string());
        for line in fold(&who(name, environment), columns - 2) {
            lines.push(format!("  {}", paint.dim(&line)));
        }
        lines.extend(reasons(account, paint, columns));
        lines.extend(wide(account, paint, columns));
        lines.extend(cannot_tell(account, paint, columns));
        lines.push(String::new());
        lines.extend(foot(name, account, args, paint, columns));
    }
    lines
}

/// Who gets the policy. How they come to be that is not in it.
fn who(name: &str, environment: Option<&Environment>) -> String {
    let Some(environment) = environment else {
        return "No environment is named, so account ids and Regions are `*`. `--env ENV` narrows them."
            .to_owned();
    };
    let known = environment.accounts.iter().find(|(account, _)| account.as_str() == name);
    let Some((_, account)) = known else { return String::new() };
    let to = match &account.access {
        Access::Role(role) => format!(
            "for {role}. Whoever runs the runbook assumes it: they need sts:AssumeRole on it, and its trust policy must name them."
        ),
        Access::Profile(profile) => {
            format!("for whoever the profile {profile} leads to. How it leads there is not in it.")
        }
        Access::Ambient => "for the operator's own credentials.".to_owned(),
    };
    format!("{} {}: {to}", account.id, account.region)
}

fn reasons(account: &Account, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let widest = account.reasons.iter().map(|reason| width(&reason.action)).max().unwrap_or(0);
    for (part, title) in PARTS {
        let mut of_part = account.reasons.iter().filter(|reason| reason.part == part).peekable();
        if of_part.peek().is_none() {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("  {}", paint.strong(title)));
        for reason in of_part {
            let mut why = reason.asked_by.join(", ");
            if !reason.only.is_empty() {
                why.push_str(&format!(" ({})", reason.only.join("; ")));
            }
            let room = columns.saturating_sub(widest + 6);
            for (at, line) in fold(&why, room.max(20)).iter().enumerate() {
                let action = if at == 0 { reason.action.as_str() } else { "" };
                lines.push(format!("    {action:widest$}  {}", paint.dim(line)));
            }
        }
    }
    lines
}

fn wide(account: &Account, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shown = "";
    for wide in &account.wide {
        if lines.is_empty() {
            lines.push(String::new());
            lines.push(format!("  {}", paint.strong("Not narrowed to one resource")));
        }
        if shown != wide.resource {
            shown = &wide.resource;
            lines.push(format!("    {shown}"));
        }
        let text =
            format!("{}: {}: {}", wide.asked_by.join(", "), wide.why, wide.actions.join(", "));
        for (at, line) in fold(&harmless(&text), columns.saturating_sub(8)).iter().enumerate() {
            let mark = if at == 0 { "-" } else { " " };
            lines.push(format!("      {}", paint.dim(&format!("{mark} {line}"))));
        }
    }
    lines
}

fn cannot_tell(account: &Account, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for told in &account.cannot_tell {
        if lines.is_empty() {
            lines.push(String::new());
            let title = "Cannot tell: needed too, and not in the policy";
            lines.push(format!("  {}", paint.warn(title)));
        }
        for line in fold(&harmless(&told.what), columns.saturating_sub(4)) {
            lines.push(format!("    {line}"));
        }
        lines.push(format!("      {}", paint.dim(&format!("{}, {}", told.asked_by, told.place))));
    }
    lines
}

fn foot(name: &str, account: &Account, args: &Args, paint: Paint, columns: usize) -> Vec<String> {
    let size = iam::size(&iam::document(&account.statements));
    let parts = iam::split(&account.statements, MANAGED).len();
    let fits = if size <= MANAGED {
        "one managed policy, or an inline policy".to_owned()
    } else if size <= INLINE {
        format!("an inline policy, or {parts} managed policies")
    } else {
        format!("{parts} managed policies: it is too large for an inline policy")
    };
    let actions = |statement: &Statement| statement.actions.len();
    let count: usize = account.statements.iter().map(actions).sum();
    let text = format!(
        "{} in {}, {size} characters: {fits}.",
        counted(count, "action"),
        counted(account.statements.len(), "statement")
    );
    let mut lines: Vec<String> =
        fold(&text, columns.saturating_sub(2)).iter().map(|line| format!("  {line}")).collect();
    let env = args.env.as_ref().map(|env| format!(" --env {env}")).unwrap_or_default();
    let command = format!("runbook iam {}{env} --account {name} --policy", args.name);
    lines.push(format!("  next  {}", paint.command(&command)));
    lines
}
