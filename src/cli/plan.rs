//! `runbook plan`: tells what a run would do. It reads, and changes nothing.
//!
//! What is in place already is not looked at yet: [`observe`] is the seam for that.

use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::params::{self, Given};
use super::project::Home;
use super::{Global, world};
use crate::actions::context::Target;
use crate::model::duration::Short;
use crate::model::id::{AccountName, StepKey};
use crate::model::mode::{Effect, EnvironmentKind};
use crate::model::project::{Access, Environment};
use crate::model::step::{Block, Body, Interpreter, Step};
use crate::plan::{Frame, Plan, Planned, Reversal};
use crate::run::report::text::{Paint, cut, fold, harmless, shell_word, width};
use serde_json::{Value, json};
use std::time::Duration;

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
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook plan account-redeploy --env production
  runbook run account-redeploy --env production --plan \"$(runbook plan account-redeploy --env production --json | jq -r .digest)\"

A plan counts as no evidence: nothing has been proven by looking.";

/// Who a run would act as in an account.
struct Identity {
    name: AccountName,
    id: String,
    region: String,
    access: String,
    /// The caller, or why it was not asked.
    caller: Result<String, String>,
}

/// Runs it.
pub(super) fn run(global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    let home = Home::find(global)?.sound()?;
    let environment = home.environment(&args.env)?.clone();
    let plan = home.plan(&args.name)?;
    let gathered = params::gather(&plan.root.book, &args.given, &world::scope(&environment))?;
    let identities = identities(&home, &environment, &plan)?;
    if args.json {
        out.json(&value(&plan, &environment, &gathered, &identities))?;
        return Ok(Exit::Done);
    }
    let (paint, columns) = (out.paint(), out.columns().min(110));
    for line in head(&plan, &environment, &gathered, &identities, paint, columns) {
        out.line(line)?;
    }
    for line in steps(&plan, &environment, paint, columns) {
        out.line(line)?;
    }
    for line in foot(&plan, args, paint, columns) {
        out.line(line)?;
    }
    Ok(Exit::Done)
}

/// The accounts of the plan, and who we are there when that can be asked without starting anything.
fn identities(
    home: &Home,
    environment: &Environment,
    plan: &Plan,
) -> Result<Vec<Identity>, CliError> {
    let mut found = Vec::new();
    let names = plan.accounts();
    let ask = world::Looker::new(home, environment, &names)?;
    for name in names {
        let Some(account) = environment.accounts.get(&name) else {
            let hint = format!(
                "Add `{name}` under `environments.{}.accounts` in runbook.yaml.",
                environment.name
            );
            let message = format!("environment `{}` has no account `{name}`", environment.name);
            return Err(CliError::usage(message).certain(super::error::NOTHING_BEGUN).hint(hint));
        };
        let access = match &account.access {
            Access::Role(role) => format!("role {role}"),
            Access::Profile(profile) => format!("profile {profile}"),
            Access::Ambient => "the operator's own credentials".to_owned(),
        };
        let target = Target {
            account: name.clone(),
            id: account.id.clone(),
            region: account.region.clone(),
        };
        let caller = ask.caller(&target);
        let (id, region) = (account.id.clone(), account.region.clone());
        found.push(Identity { name, id, region, access, caller });
    }
    Ok(found)
}

fn head(
    plan: &Plan,
    environment: &Environment,
    gathered: &params::Gathered,
    identities: &[Identity],
    paint: Paint,
    columns: usize,
) -> Vec<String> {
    let front = &plan.root.book.front;
    let name = front.title.as_ref().map_or(&plan.root.book.name, |title| &title.value);
    let mut lines = vec![paint.strong(&cut(&harmless(name), columns)).to_string()];
    let mut say = |label: &str, text: &str| {
        for (index, line) in fold(text, columns.saturating_sub(14)).iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            lines.push(format!("  {}{line}", paint.dim(&format!("{label:12}"))));
        }
    };
    if let Some(summary) = &front.summary {
        say("", &summary.value);
    }
    say("where", &format!("{} ({})", environment.name, environment.kind));
    for identity in identities {
        let caller = match &identity.caller {
            Ok(arn) => format!("as {arn}"),
            Err(why) => format!("via {}; not asked: {why}", identity.access),
        };
        say(
            "account",
            &format!("{} = {} {}, {caller}", identity.name, identity.id, identity.region),
        );
    }
    for (name, value) in &gathered.values {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        say("parameter", &format!("{name} = {text}"));
    }
    for name in gathered.secrets.keys() {
        say("parameter", &format!("{name} = *** (secret)"));
    }
    if let Some(rto) = &front.rto {
        say("objective", &format!("recovered within {}", Short(rto.value)));
    }
    lines
}

fn steps(plan: &Plan, environment: &Environment, paint: Paint, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut phase = None;
    let mut passed = false;
    for (number, (key, planned, frame)) in plan.walk().into_iter().enumerate() {
        let step = planned.step(frame);
        if key.depth() == 0 && step.phase != phase {
            phase = step.phase;
            if let Some(phase) = phase.and_then(|index| frame.book.phases.get(index)) {
                lines.push(String::new());
                lines.push(paint.heading(&cut(&harmless(&phase.title), columns)).to_string());
            }
        }
        let indent = 2 + 2 * key.depth();
        if let (Reversal::Irreversible(_), false) = (&planned.reversal, passed) {
            passed = true;
            let text =
                "── point of no return: before it a run can be undone, after it only finished ──";
            lines.push(format!(
                "{:indent$}{}",
                "",
                paint.bad(&cut(text, columns.saturating_sub(indent)))
            ));
        }
        let effect = effect(planned.effect, paint);
        let title = harmless(&step.title);
        let label = format!("{:>2} ", number + 1);
        let word = planned.effect.to_string();
        let room = columns.saturating_sub(indent + width(&label) + width(&word) + 4);
        let key_text = key.to_string();
        let title = cut(&title, room.saturating_sub(width(&key_text) + 2).max(12));
        let fill = room.saturating_sub(width(&title) + 2 + width(&key_text));
        lines.push(format!(
            "{:indent$}{}{title}  {}{:fill$}  {effect}",
            "",
            paint.dim(&label),
            paint.dim(&key_text),
            ""
        ));
        let deeper = indent + width(&label);
        for line in details(&key, planned, frame, environment) {
            for folded in fold(&line, columns.saturating_sub(deeper)) {
                lines.push(format!("{:deeper$}{}", "", paint.dim(&folded)));
            }
        }
    }
    let probes = &plan.root.book.health;
    if !probes.is_empty() {
        lines.push(String::new());
        lines.push(paint.heading("Health: what recovered means").to_string());
        for health in probes {
            let options = &health.block.options;
            let time = |time: &Option<crate::source::Spanned<Duration>>, word: &str| {
                time.as_ref()
                    .map(|time| format!(", {word} {}", Short(time.value)))
                    .unwrap_or_default()
            };
            let text = format!(
                "  {} ({}): {}{}{}",
                harmless(&health.title),
                health.block.id.value,
                does(&health.block),
                time(&options.within, "within"),
                time(&options.sustained, "sustained for")
            );
            lines.push(cut(&text, columns));
        }
    }
    lines
}

fn effect(effect: Effect, paint: Paint) -> String {
    let word = effect.to_string();
    match effect {
        Effect::Read => paint.dim(&word).to_string(),
        Effect::Change => paint.warn(&word).to_string(),
        Effect::Destroy | Effect::Unclear => paint.bad(&word).to_string(),
    }
}

/// What a block does, in a few words.
fn does(block: &Block) -> String {
    match &block.body {
        Body::Action { uses, .. } => uses.value.clone(),
        Body::Script { interpreter, .. } => match interpreter {
            Interpreter::Bash => "a bash script".to_owned(),
            Interpreter::Sh => "a sh script".to_owned(),
            Interpreter::Python => "a python script".to_owned(),
        },
    }
}

/// What takes a step back, in words.
fn reversal(planned: &Planned) -> String {
    match &planned.reversal {
        Reversal::NotNeeded => "not needed: it only reads".to_owned(),
        Reversal::Block => format!("the block undo={}", planned.id),
        Reversal::BuiltIn(words) => (*words).to_owned(),
        Reversal::Irreversible(why) => format!("IMPOSSIBLE: {why}"),
        Reversal::Nested => "the undos of its steps".to_owned(),
    }
}

fn details(
    key: &StepKey,
    planned: &Planned,
    frame: &Frame,
    environment: &Environment,
) -> Vec<String> {
    let step = planned.step(frame);
    let options = &step.block.options;
    let mut first = does(&step.block);
    if let Some(account) = &planned.account {
        first.push_str(&format!(", in {account}"));
    }
    first.push_str(&format!(", timeout {}", Short(planned.timeout)));
    if let Some(estimate) = &options.estimate {
        first.push_str(&format!(", usually {}", Short(estimate.value)));
    }
    if planned.attempts > 1 {
        first.push_str(&format!(", up to {} attempts", planned.attempts));
    }
    let mut lines = vec![first];
    let before: Vec<&str> =
        planned.needs.iter().map(|need| frame.steps[*need].id.as_str()).collect();
    if options.needs.is_some() {
        let text = if before.is_empty() { "nothing".to_owned() } else { before.join(", ") };
        lines.push(format!("after {text}"));
    }
    if let Some(condition) = &options.condition {
        lines.push(format!("only if {}", condition.value.trim()));
    }
    if let Some(list) = &options.for_each {
        let at_once = planned.elements_at_once.unwrap_or(1);
        lines.push(format!("for each of {}, {at_once} at once", list.value.trim()));
    }
    if let Some(asked) = asked(step, planned, environment) {
        lines.push(format!("asks: {asked}"));
    }
    if planned.effect.changes() {
        lines.push(format!("undo: {}", reversal(planned)));
    }
    if let Some(owed) = &options.obligation {
        lines.push(format!(
            "leaves owed: {} (due {})",
            owed.text.value.trim(),
            owed.due.value.trim()
        ));
    }
    if let Some(look) = observe(key) {
        lines.push(look);
    }
    lines
}

/// What a person would be asked before or in this step.
fn asked(step: &Step, planned: &Planned, environment: &Environment) -> Option<String> {
    if let Some(confirm) = &step.block.options.confirm {
        return Some(confirm.value.trim().to_owned());
    }
    if planned.effect == Effect::Destroy && environment.kind == EnvironmentKind::Production {
        return Some("a typed phrase with the account's id, because it destroys".to_owned());
    }
    match &step.block.body {
        Body::Action { uses, .. } if uses.value.starts_with("manual/") => {
            Some("a person does this step".to_owned())
        }
        _ => None,
    }
}

/// What a look at the world says about a step. Not done yet: the plan is made from texts alone.
const fn observe(_step: &StepKey) -> Option<String> {
    None
}

/// The expected time: along the longest chain of needs, as far as the steps say.
fn estimate(frame: &Frame) -> Duration {
    let mut ends: Vec<Duration> = Vec::new();
    for planned in &frame.steps {
        let own = planned.calls.as_deref().map(estimate).unwrap_or_default();
        let said = planned.step(frame).block.options.estimate.as_ref();
        let own = said.map_or(own, |estimate| estimate.value);
        // A need may stand further down; what is not known yet counts as nothing.
        let begins = planned.needs.iter().filter_map(|need| ends.get(*need)).max();
        ends.push(begins.copied().unwrap_or_default() + own);
    }
    ends.into_iter().max().unwrap_or_default()
}

fn foot(plan: &Plan, args: &Args, paint: Paint, columns: usize) -> Vec<String> {
    let all = plan.walk();
    let count = |effect: Effect| {
        all.iter().filter(|(_, planned, _)| planned.effect == effect && !planned.is_group()).count()
    };
    let mut parts = Vec::new();
    for effect in [Effect::Read, Effect::Change, Effect::Destroy, Effect::Unclear] {
        if count(effect) > 0 {
            parts.push(format!(
                "{} {}",
                count(effect),
                match effect {
                    Effect::Read => "read",
                    Effect::Change => "change",
                    Effect::Destroy => "destroy",
                    Effect::Unclear => "cannot be told",
                }
            ));
        }
    }
    let time = estimate(&plan.root);
    let time = if time.is_zero() { String::new() } else { format!(", usually {}", Short(time)) };
    let mut command =
        format!("runbook run {} --env {}", shell_word(&args.name), shell_word(&args.env));
    for given in &args.given.params {
        command.push_str(&format!(" -p {}", shell_word(given)));
    }
    if let Some(file) = &args.given.file {
        command.push_str(&format!(" --params {}", shell_word(&file.display().to_string())));
    }
    command.push_str(&format!(" --plan {}", &plan.digest[..16]));
    let steps = format!("Of the steps {}{time}.", parts.join(", "));
    vec![
        String::new(),
        cut(&steps, columns),
        paint
            .dim("This is what the texts say; what is in place already was not looked at.")
            .to_string(),
        format!("digest  {}", plan.digest),
        format!("next    {}", paint.command(&command)),
    ]
}

fn value(
    plan: &Plan,
    environment: &Environment,
    gathered: &params::Gathered,
    identities: &[Identity],
) -> Value {
    let steps: Vec<Value> = plan
        .walk()
        .into_iter()
        .map(|(key, planned, frame)| {
            let step = planned.step(frame);
            let options = &step.block.options;
            json!({
                "step": key, "title": step.title, "runbook": frame.book.name,
                "phase": step.phase.and_then(|index| frame.book.phases.get(index)).map(|p| &p.title),
                "uses": does(&step.block), "effect": planned.effect, "account": planned.account,
                "needs": planned.needs.iter().map(|need| &frame.steps[*need].id).collect::<Vec<_>>(),
                "undo": reversal(planned),
                "irreversible": matches!(planned.reversal, Reversal::Irreversible(_)),
                "asks": asked(step, planned, environment),
                "condition": options.condition.as_ref().map(|text| &text.value),
                "for_each": options.for_each.as_ref().map(|text| &text.value),
                "timeout_seconds": planned.timeout.as_secs(),
                "estimate_seconds": options.estimate.as_ref().map(|time| time.value.as_secs()),
                "attempts": planned.attempts, "digest": planned.digest,
            })
        })
        .collect();
    let accounts: Vec<Value> = identities
        .iter()
        .map(|identity| {
            json!({
                "name": identity.name, "id": identity.id, "region": identity.region,
                "access": identity.access, "caller": identity.caller.as_ref().ok(),
                "not_asked": identity.caller.as_ref().err(),
            })
        })
        .collect();
    json!({
        "runbook": plan.root.book.name, "digest": plan.digest, "environment": environment.name,
        "kind": environment.kind, "params": gathered.values,
        "secret_params": gathered.secrets.keys().collect::<Vec<_>>(), "accounts": accounts,
        "estimate_seconds": estimate(&plan.root).as_secs(), "steps": steps,
        "health": plan.root.book.health.iter().map(|health| json!({
            "probe": health.block.id.value, "title": health.title, "uses": does(&health.block),
        })).collect::<Vec<_>>(),
        "observed": false,
    })
}
