//! The options of a block: one table for typed blocks and for the `#|` lines of scripts.

use super::decode::{Decode, Entries, get};
use super::table::{self, MOST, OPTIONS};
use crate::diagnostic::nearest;
use crate::diagnostic::syntax::{OPTION_NOT_HERE, UNKNOWN_OPTION};
use crate::model::id::{AccountName, BadName, StepId};
use crate::model::mode::Effect;
use crate::model::step::{Obligation, Options, Outputs, Retry, Role};
use crate::model::value::{Node, NodeKind};
use crate::source::{Span, Spanned};
use std::time::Duration;

/// How long to wait between two attempts when the author does not say.
const DEFAULT_RETRY_DELAY: Duration = Duration::from_secs(5);

/// Reads the options of a block. `uses` and `with` are for the caller.
pub(super) fn read(
    entries: &Entries,
    role: Role,
    script: bool,
    decode: &mut Decode<'_>,
) -> Options {
    let mut options = Options::default();
    for (key, node) in entries {
        let before = decode.found.len();
        if allowed(key, role, script, decode) {
            one(&mut options, &key.value, node, decode);
            if decode.found.len() > before {
                options.misread.add(&key.value);
            }
        } else if let Some(meant) = meant(&key.value) {
            options.misread.add(meant);
        }
    }
    options
}

/// The option that a misspelt key was meant to be.
fn meant(key: &str) -> Option<&'static str> {
    nearest(key, OPTIONS.iter().filter(|spec| !spec.roles.is_empty()).map(|spec| spec.key))
}

fn allowed(key: &Spanned<String>, role: Role, script: bool, decode: &mut Decode<'_>) -> bool {
    let Some(spec) = OPTIONS.iter().find(|spec| spec.key == key.value) else {
        let diagnostic =
            UNKNOWN_OPTION.error(key.span, format!("there is no option `{}`", key.value));
        decode.found.push(match meant(&key.value) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).instead(Some(near)),
            None if !script => diagnostic.help("inputs of the action go under `with`"),
            None => diagnostic.help("the values a script needs go under `env`"),
        });
        return false;
    };
    let body_fits = spec.bodies.admits(script);
    if body_fits && spec.roles.contains(&role) {
        return true;
    }
    let what = if script { "a script" } else { "a typed action" };
    let message = if body_fits {
        format!("`{}` is not for `{}=` blocks", key.value, role.word())
    } else {
        format!("`{}` is not for {what}", key.value)
    };
    let help = match (key.value.as_str(), body_fits) {
        ("holds", false) => {
            "a script answers by its exit status: 0 yes, 1 no, anything else cannot tell".to_owned()
        }
        ("env", false) => "the inputs of an action go under `with`".to_owned(),
        ("uses" | "with", false) => "a typed action is a `yaml` block".to_owned(),
        ("outputs", false) => "an action has outputs of its own".to_owned(),
        _ if spec.roles.is_empty() => format!("`{}` takes {}", spec.key, spec.takes),
        _ => {
            let roles: Vec<_> =
                spec.roles.iter().map(|role| format!("`{}=`", role.word())).collect();
            format!("it belongs to {} blocks", roles.join(", "))
        }
    };
    decode.found.push(OPTION_NOT_HERE.error(key.span, message).help(help));
    false
}

fn one(options: &mut Options, key: &str, node: &Node, decode: &mut Decode<'_>) {
    match key {
        "account" => options.account = decode.name(key, node, AccountName::new),
        "region" => options.region = decode.text(key, node),
        "effect" => options.effect = effect(key, node, decode),
        "irreversible" => options.irreversible = decode.text(key, node),
        "needs" => options.needs = decode.names(key, node, StepId::new),
        "if" => options.condition = decode.expression(key, node),
        "for_each" => options.for_each = decode.expression(key, node),
        "concurrency" => options.concurrency = decode.count(key, node, 1, MOST),
        "allow_empty" => {
            options.allow_empty =
                decode.boolean(key, node).map(|allowed| Spanned::new(allowed, node.span));
        }
        "confirm" => options.confirm = decode.text(key, node),
        "timeout" => options.timeout = positive(key, node, decode),
        "until" => options.until = decode.expression(key, node),
        "every" => options.every = positive(key, node, decode),
        "retry" => options.retry = retry(key, node, decode),
        "expect" => options.expect = decode.expressions(key, node),
        "holds" => options.holds = decode.expression(key, node),
        "within" => options.within = decode.duration(key, node),
        "sustained" => options.sustained = decode.duration(key, node),
        "env" => options.env = env(key, node, decode),
        "outputs" => options.outputs = outputs(key, node, decode),
        "secrets" => {
            options.secrets = decode.names(key, node, Ok::<String, BadName>).unwrap_or_default()
        }
        "estimate" => options.estimate = decode.duration(key, node),
        "obligation" => options.obligation = obligation(key, node, decode),
        // `uses` and `with` have been read before.
        _ => {}
    }
}

/// A duration that may not be zero: nothing can be done in no time, or polled without a pause.
fn positive(key: &str, node: &Node, decode: &mut Decode<'_>) -> Option<Spanned<Duration>> {
    let duration = decode.duration(key, node)?;
    if duration.value.is_zero() {
        decode.bad(node.span, format!("`{key}` must be longer than nothing"));
        return None;
    }
    Some(duration)
}

fn effect(key: &str, node: &Node, decode: &mut Decode<'_>) -> Option<Spanned<Effect>> {
    let word = decode.plain(key, node)?;
    let effect = match word.value.as_str() {
        "read" => Effect::Read,
        "change" => Effect::Change,
        "destroy" => Effect::Destroy,
        _ => {
            decode.bad(
                node.span,
                format!("`{}` is not an effect: it is `read`, `change` or `destroy`", word.value),
            );
            return None;
        }
    };
    Some(Spanned::new(effect, node.span))
}

fn retry(key: &str, node: &Node, decode: &mut Decode<'_>) -> Option<Retry> {
    let entries = decode.mapping(key, node)?;
    let known = table::names(&table::RETRY);
    decode.unknown_keys("`retry`", entries, &known);
    let delay = match get(entries, "delay") {
        Some(node) => decode.duration("delay", node)?,
        None => Spanned::new(DEFAULT_RETRY_DELAY, node.span),
    };
    let Some(attempts) = get(entries, "attempts") else {
        decode.lacks("`retry`", entries, &known, "attempts", node.span);
        return None;
    };
    Some(Retry { attempts: decode.count("attempts", attempts, 2, MOST)?, delay })
}

fn env(key: &str, node: &Node, decode: &mut Decode<'_>) -> Vec<(Spanned<String>, Node)> {
    let Some(entries) = decode.mapping(key, node) else { return Vec::new() };
    for (name, value) in entries {
        let legal = name.value.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
            && name.value.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
        if !legal {
            decode.bad(
                name.span,
                format!("`{}` is not the name of an environment variable", name.value),
            );
        } else if name.value.starts_with("RUNBOOK_") || name.value.starts_with("AWS_") {
            let message = format!(
                "`{}` is set by the run itself: from the account, the region and the step",
                name.value
            );
            decode.bad(name.span, message);
        }
        if matches!(value.kind, NodeKind::List(_) | NodeKind::Mapping(_)) {
            decode.wrong_type(&name.value, "a single value", value);
        }
    }
    entries.to_vec()
}

fn outputs(key: &str, node: &Node, decode: &mut Decode<'_>) -> Outputs {
    match &node.kind {
        NodeKind::Text(text) if text.value == "json" => Outputs::Json(node.span),
        NodeKind::List(_) => {
            // Names follow the rule of ids, so that an expression can read them.
            let names = decode.names(key, node, |name| StepId::new(name).map(String::from));
            names.map_or(Outputs::None, Outputs::Names)
        }
        _ => {
            decode.wrong_type(key, "a list of names, or `json`", node);
            Outputs::None
        }
    }
}

fn obligation(key: &str, node: &Node, decode: &mut Decode<'_>) -> Option<Obligation> {
    let entries = decode.mapping(key, node)?;
    let known = table::names(&table::OBLIGATION);
    decode.unknown_keys("`obligation`", entries, &known);
    let mut required = |name: &str| match get(entries, name) {
        Some(value) => decode.text(name, value),
        None => {
            decode.lacks("`obligation`", entries, &known, name, node.span);
            None
        }
    };
    let (text, due) = (required("text"), required("due"));
    let due = due?;
    if !due.value.contains("{{") {
        due_is_readable(&due.value, due.span, decode);
    }
    Some(Obligation {
        text: text?,
        due,
        runbook: get(entries, "runbook").and_then(|node| decode.plain("runbook", node)),
        params: get(entries, "params")
            .and_then(|node| decode.mapping("params", node))
            .unwrap_or_default()
            .to_vec(),
    })
}

fn due_is_readable(due: &str, span: Span, decode: &mut Decode<'_>) {
    let date = due.parse::<jiff::civil::Date>().is_ok();
    if !date && crate::model::duration::parse(due).is_err() {
        decode
            .bad(span, format!("`{due}` is neither a date (`2027-01-31`) nor a duration (`30d`)"));
    }
}
