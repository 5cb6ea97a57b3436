//! `runbook actions`: what steps can do, as a list and as manual pages.

use super::Global;
use super::calls;
use super::console::Out;
use super::error::CliError;
use super::exit::Exit;
use super::project::suggestion;
use crate::actions::catalog::catalog;
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::duration::Short;
use crate::run::report::text::{cut, fold, width};
use serde_json::{Value, json};

/// What `actions` can be told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// An action, such as `kms/create-key`, or a family, such as `kms`.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// With `aws/call`: the calls of a service of the AWS CLI, such as `kms`.
    #[arg(long, value_name = "SERVICE", requires = "name")]
    service: Option<String>,
    /// With `--service`: the fields of one call, such as `create-key`.
    #[arg(long, value_name = "OPERATION", requires = "service")]
    operation: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What follows the options in the help text.
pub(super) const AFTER: &str = "\
Examples:
  runbook actions
  runbook actions kms
  runbook actions kms/create-key
  runbook actions aws/call --service dynamodb --operation create-table";

/// Runs it.
pub(super) fn run(_global: &Global, args: &Args) -> Result<Exit, CliError> {
    let out = Out::new();
    if let Some(service) = &args.service {
        if args.name.as_deref() != Some("aws/call") {
            return Err(CliError::usage("only `aws/call` has services")
                .hint(format!("`runbook actions aws/call --service {service}`")));
        }
        calls::show(out, service, args.operation.as_deref(), args.json)?;
        return Ok(Exit::Done);
    }
    let catalog = catalog();
    let all: Vec<&ActionSpec> = catalog.iter().collect();
    let chosen: Vec<&ActionSpec> = match &args.name {
        None => all.clone(),
        Some(name) => {
            let family = format!("{}/", name.trim_end_matches('/'));
            all.iter().copied().filter(|a| a.name == name || a.name.starts_with(&family)).collect()
        }
    };
    if let (true, Some(name)) = (chosen.is_empty(), &args.name) {
        let names: Vec<&str> = all.iter().map(|action| action.name).collect();
        return Err(CliError::usage(format!("there is no action `{name}`"))
            .hint(suggestion(name, &names, "actions")));
    }
    if args.json {
        out.json(&Value::Array(chosen.into_iter().map(value).collect()))?;
    } else if let [one] = chosen.as_slice()
        && args.name.is_some()
    {
        page(out, one)?;
    } else {
        list(out, &chosen)?;
    }
    Ok(Exit::Done)
}

fn effect(spec: &ActionSpec) -> String {
    match spec.effect {
        EffectSpec::Fixed(effect) => effect.to_string(),
        EffectSpec::ByInput(_) => "depends on its inputs".to_owned(),
    }
}

fn list(out: Out, specs: &[&ActionSpec]) -> Result<(), CliError> {
    let widest = specs.iter().map(|spec| width(spec.name)).max().unwrap_or(0);
    let mut family = "";
    for spec in specs {
        let own = spec.name.split('/').next().unwrap_or_default();
        if !family.is_empty() && family != own {
            out.line("")?;
        }
        family = own;
        let summary = cut(spec.summary, out.columns().saturating_sub(widest + 14));
        let name = format!("{:widest$}", spec.name);
        let effect = match spec.effect {
            EffectSpec::Fixed(effect) => effect.to_string(),
            EffectSpec::ByInput(_) => "depends".to_owned(),
        };
        let effect = format!("{effect:9}");
        out.line(format!(
            "{}  {}  {summary}",
            out.paint().strong(&name),
            out.paint().dim(&effect)
        ))?;
    }
    Ok(())
}

fn page(out: Out, spec: &ActionSpec) -> Result<(), CliError> {
    let paint = out.paint();
    let columns = out.columns().min(100);
    let text = |text: &str, indent: usize| -> Result<(), CliError> {
        for line in fold(text, columns.saturating_sub(indent)) {
            out.line(format!("{:indent$}{line}", ""))?;
        }
        Ok(())
    };
    out.line(format!("{} — {}", paint.strong(spec.name), spec.summary))?;
    out.line("")?;
    if !spec.description.is_empty() {
        text(spec.description, 0)?;
        out.line("")?;
    }
    out.line(paint.strong("Inputs").to_string())?;
    for input in spec.inputs {
        let must = match (input.required, input.default) {
            (true, _) => "required".to_owned(),
            (false, Some(default)) => format!("default {default}"),
            (false, None) => "optional".to_owned(),
        };
        out.line(format!("  {} ({}, {must})", paint.strong(input.name), input.kind.word()))?;
        text(input.description, 6)?;
    }
    if spec.open_inputs || spec.inputs.is_empty() {
        out.line(if spec.open_inputs { "  and any other name" } else { "  none" })?;
    }
    out.line("")?;
    out.line(paint.strong("Outputs").to_string())?;
    for output in spec.outputs {
        out.line(format!("  {} ({})", paint.strong(output.name), output.kind.word()))?;
        text(output.description, 6)?;
    }
    if spec.open_outputs || spec.outputs.is_empty() {
        out.line(if spec.open_outputs { "  and any other name" } else { "  none" })?;
    }
    out.line("")?;
    facts(out, spec, columns)?;
    out.line("")?;
    out.line(paint.strong("Example").to_string())?;
    out.line("")?;
    out.line("  ```yaml step=my_step")?;
    for line in spec.example.trim_end().lines() {
        out.line(format!("  {line}"))?;
    }
    out.line("  ```")
}

fn facts(out: Out, spec: &ActionSpec, columns: usize) -> Result<(), CliError> {
    let permissions = permissions(spec);
    let repeat = if spec.idempotent {
        "is harmless"
    } else {
        "may do it twice: the step is looked at first"
    };
    let account = if spec.needs_account { "acts in one" } else { "needs none" };
    let facts = [
        ("effect", effect(spec)),
        ("account", account.to_owned()),
        ("timeout", Short(spec.timeout).to_string()),
        ("a repeat", repeat.to_owned()),
        ("observe", spec.observe.unwrap_or("cannot look for its own effect").to_owned()),
        ("undo", spec.undo.unwrap_or("none of its own").to_owned()),
        ("permissions", if permissions.is_empty() { "none".to_owned() } else { permissions }),
    ];
    for (name, text) in facts {
        for (index, line) in fold(&text, columns.saturating_sub(13)).iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            out.line(format!("{}{line}", out.paint().strong(&format!("{name:13}"))))?;
        }
    }
    Ok(())
}

/// The IAM actions, each once, with what those are for that a plain run does not need.
fn permissions(spec: &ActionSpec) -> String {
    let mut named: Vec<(&str, Vec<&str>)> = Vec::new();
    for permission in spec.permissions {
        let word = permission.purpose.word();
        match named.iter_mut().find(|(action, _)| *action == permission.action) {
            Some((_, words)) if !words.contains(&word) => words.push(word),
            Some(_) => {}
            None => named.push((permission.action, vec![word])),
        }
    }
    named.sort_unstable();
    let shown = named.into_iter().map(|(action, words)| {
        if words.contains(&"run") {
            action.to_owned()
        } else {
            format!("{action} ({})", words.join(", "))
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn value(spec: &ActionSpec) -> Value {
    json!({
        "name": spec.name, "summary": spec.summary, "description": spec.description,
        "inputs": spec.inputs.iter().map(|input| json!({
            "name": input.name, "type": input.kind, "required": input.required,
            "default": input.default, "description": input.description,
        })).collect::<Vec<_>>(),
        "open_inputs": spec.open_inputs,
        "outputs": spec.outputs.iter().map(|output| json!({
            "name": output.name, "type": output.kind, "description": output.description,
        })).collect::<Vec<_>>(),
        "open_outputs": spec.open_outputs, "effect": effect(spec),
        "timeout_seconds": spec.timeout.as_secs(), "idempotent": spec.idempotent,
        "observe": spec.observe, "undo": spec.undo,
        "permissions": spec.permissions.iter().map(|permission| json!({
            "action": permission.action, "purpose": permission.purpose.word(),
        })).collect::<Vec<_>>(),
        "needs_account": spec.needs_account, "example": spec.example,
    })
}
