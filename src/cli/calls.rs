//! `runbook actions aws/call --service NAME`: what the AWS CLI can call, and the fields of a call.

use super::console::Out;
use super::error::CliError;
use super::project::suggestion;
use crate::model::mode::Effect;
use crate::run::report::text::fold;
use crate::services::{
    Kind, Lookup, Member, Operation, Shape, look_up, operations, services, versions,
};
use serde_json::{Value, json};

/// How deep a page shows what is inside a field. Some types hold themselves.
const DEEP: usize = 3;
/// How deep JSON shows it.
const DEEPER: usize = 6;
/// So many values are listed.
const LISTED: usize = 8;

/// Shows a service, or one of its operations.
pub(super) fn show(
    out: Out,
    service: &str,
    operation: Option<&str>,
    as_json: bool,
) -> Result<(), CliError> {
    let known: Vec<Operation> = operations(service).collect();
    if known.is_empty() {
        let names: Vec<&str> =
            services().filter(|name| operations(name).next().is_some()).collect();
        let message =
            format!("the AWS CLI {} has no calls of a service `{service}`", versions().cli);
        let near = suggestion(service, &names, "actions");
        return Err(CliError::usage(message).hint(if service == "s3" {
            "The calls behind `aws s3` are those of `s3api`.".to_owned()
        } else {
            near
        }));
    }
    let Some(name) = operation else {
        return if as_json {
            out.json(&Value::Array(known.iter().map(brief).collect()))
        } else {
            list(out, &known)
        };
    };
    match look_up(service, name) {
        Lookup::Operation(one) if as_json => out.json(&whole(&one)),
        Lookup::Operation(one) => page(out, &one),
        Lookup::Command => {
            let message =
                format!("`aws {service} {name}` is a command of the CLI's own, not a call");
            Err(CliError::usage(message).hint("Use it in a script."))
        }
        _ => {
            let names: Vec<&str> = known.iter().map(Operation::name).collect();
            Err(CliError::usage(format!("`{service}` has no operation `{name}`"))
                .hint(suggestion(name, &names, "actions")))
        }
    }
}

fn effect(operation: &Operation) -> &'static str {
    match operation.effect() {
        Effect::Read => "reads",
        Effect::Change => "changes",
        Effect::Destroy => "destroys",
        Effect::Unclear => "cannot be told",
    }
}

fn list(out: Out, known: &[Operation]) -> Result<(), CliError> {
    let widest = known.iter().map(|one| one.name().len()).max().unwrap_or(0);
    for one in known {
        let name = format!("{:widest$}", one.name());
        out.line(format!("{}  {}", out.paint().strong(&name), effect(one)))?;
    }
    Ok(())
}

fn page(out: Out, operation: &Operation) -> Result<(), CliError> {
    let paint = out.paint();
    let name = format!("aws {} {}", operation.service(), operation.name());
    out.line(format!("{} — {}", paint.strong(&name), operation.api_name()))?;
    out.line("")?;
    let permissions = match operation.iam_actions() {
        None => "cannot be told".to_owned(),
        Some(actions) if actions.is_empty() => "none".to_owned(),
        Some(actions) => actions.join(", "),
    };
    let secret = operation.secret_outputs().join(", ");
    let mut facts = vec![("effect", effect(operation).to_owned()), ("permissions", permissions)];
    facts.extend(operation.token().map(|token| ("token", token.to_owned())));
    facts.extend((!secret.is_empty()).then_some(("secret", secret)));
    if operation.answers_in_a_file() {
        facts.push(("answer", "goes into a file: call it from a script".to_owned()));
    }
    for (name, text) in facts {
        for (index, line) in fold(&text, out.columns().min(100) - 13).iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            out.line(format!("{}{line}", paint.strong(&format!("{name:13}"))))?;
        }
    }
    // Of an answer only the first level is known whole.
    let sections: [(&str, Vec<Member>, usize); 2] = [
        ("Request", operation.input().collect(), DEEP),
        ("Answer", operation.output().collect(), 1),
    ];
    for (title, members, deep) in sections {
        out.line("")?;
        out.line(paint.strong(title).to_string())?;
        if members.is_empty() {
            out.line("  nothing")?;
        }
        for member in members {
            field(out, member, 1, deep)?;
        }
    }
    Ok(())
}

fn field(out: Out, member: Member, depth: usize, deep: usize) -> Result<(), CliError> {
    let required = if member.is_required() { ", required" } else { "" };
    let secret = if member.shape().is_secret() { ", secret" } else { "" };
    let kind = phrase(member.shape());
    let name = out.paint().strong(member.name());
    out.line(format!("{:indent$}{name} ({kind}{required}{secret})", "", indent = depth * 2))?;
    if depth < deep {
        for inner in inside(member.shape()) {
            field(out, inner, depth + 1, deep)?;
        }
    }
    Ok(())
}

/// A type in a few words.
fn phrase(shape: Shape) -> String {
    match shape.kind() {
        Kind::Values(values) if values.len() <= LISTED => values.join(" | "),
        Kind::Values(values) => {
            format!("{} | … {} more", values[..LISTED].join(" | "), values.len() - LISTED)
        }
        Kind::List(Some(of)) => format!("list of {}", phrase(of)),
        Kind::Map(Some(of)) => format!("mapping of names to {}", phrase(of)),
        Kind::Structure(structure) if structure.one_of => "mapping with one of".to_owned(),
        kind => kind.name().trim_start_matches("a ").trim_start_matches("an ").to_owned(),
    }
}

/// The fields inside a type, through lists and maps.
fn inside(shape: Shape) -> Vec<Member> {
    match shape.kind() {
        Kind::List(Some(of)) | Kind::Map(Some(of)) => inside(of),
        Kind::Structure(structure) => structure.members().collect(),
        _ => Vec::new(),
    }
}

fn brief(operation: &Operation) -> Value {
    json!({
        "service": operation.service(), "operation": operation.name(), "api": operation.api_name(),
        "effect": operation.effect(), "permissions": operation.iam_actions(),
    })
}

fn whole(operation: &Operation) -> Value {
    let mut value = brief(operation);
    value["token"] = json!(operation.token());
    value["secret"] = json!(operation.secret_outputs());
    value["input"] = operation.input().map(|member| described(member, DEEPER)).collect();
    value["output"] = operation.output().map(|member| described(member, 0)).collect();
    value
}

fn described(member: Member, deep: usize) -> Value {
    let inner = if deep > 0 { inside(member.shape()) } else { Vec::new() };
    json!({
        "name": member.name(), "type": phrase(member.shape()), "required": member.is_required(),
        "token": member.is_token(), "secret": member.shape().is_secret(),
        "fields": inner.into_iter().map(|inner| described(inner, deep - 1)).collect::<Vec<_>>(),
    })
}
