//! The parameters of a run: where their values come from, and every mistake in them at once.
//!
//! In this order: `-p`, `--params`, `RUNBOOK_PARAM_NAME`, the default, and a question when somebody
//! is there to be asked.

use super::console;
use super::error::{CliError, NOTHING_BEGUN};
use super::project::{read, suggestion};
use super::prompt;
use crate::expr;
use crate::model::runbook::{Parameter, Runbook};
use crate::model::secret::Secret;
use crate::model::value::{Value, Values};
use crate::parse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the command line says about parameters.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Given {
    /// A parameter's value. `NAME=@FILE` reads it from a file
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// Parameters from a YAML or JSON file: one mapping of names to values
    #[arg(long = "params", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// Values that fit the runbook.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    /// The values, defaults filled in, without the secret ones.
    pub(super) values: Values,
    /// The secret ones.
    pub(super) secrets: BTreeMap<String, Secret>,
}

/// A way to look up an environment variable, so that tests need not set any.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A reason must say something.
///
/// # Errors
/// When it is empty.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        Err("a reason must say something".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// Why a secret is not taken from the command line.
fn in_argv(name: &str) -> String {
    format!(
        "`{name}` is secret and was given on the command line, where every process and the shell's history see it: \
         use `{name}=@FILE`, RUNBOOK_PARAM_{}, or the prompt",
        name.to_uppercase()
    )
}

/// A value from a file, without the newline at its end.
///
/// # Errors
/// When it cannot be read.
pub(super) fn file_value(path: &Path) -> Result<String, CliError> {
    let text = read(path)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// The values for a run of this runbook.
///
/// # Errors
/// Every mistake at once.
pub(super) fn gather(book: &Runbook, given: &Given, scope: &Values) -> Result<Gathered, CliError> {
    let mut texts = texts(book, given, &|name| std::env::var(name).ok())?;
    if console::attended() {
        for param in &book.front.params {
            let name = &param.name.value;
            if param.default.is_none() && !texts.contains_key(name) {
                texts.insert(name.clone(), prompt::parameter(param)?);
            }
        }
    }
    check(book, &texts, scope)
}

/// The values that can be told without a run: those that are given, and defaults. Secret ones and those
/// that are missing are left out.
///
/// # Errors
/// Every mistake in what was given.
pub(super) fn foreseen(book: &Runbook, given: &Given, scope: &Values) -> Result<Values, CliError> {
    let texts = texts(book, given, &|name| std::env::var(name).ok())?;
    let (mut values, mut mistakes) = (Values::new(), Vec::new());
    for param in book.front.params.iter().filter(|param| !param.secret) {
        let name = param.name.value.clone();
        match texts.get(&name).map(|text| parse::param(param, text)) {
            Some(Ok(value)) => drop(values.insert(name, value)),
            Some(Err(mistake)) => mistakes.push(format!("`{name}`: {mistake}")),
            None => values.extend(default(param, scope).ok().map(|value| (name, value))),
        }
    }
    refuse(mistakes).map(|()| values)
}

/// The secret values of a run that goes on: they were not kept.
///
/// # Errors
/// When one is missing and nobody is there to be asked.
pub(super) fn secrets(
    book: &Runbook,
    names: &[String],
    given: &Given,
) -> Result<BTreeMap<String, Secret>, CliError> {
    let mut texts = texts(book, given, &|name| std::env::var(name).ok())?;
    let mut secrets = BTreeMap::new();
    for name in names {
        let text = match (texts.remove(name), book.param(name)) {
            (Some(text), _) => text,
            (None, Some(param)) if console::attended() => prompt::parameter(param)?,
            // The run says which one is missing.
            _ => continue,
        };
        secrets.insert(name.clone(), Secret::new(text));
    }
    if let Some(name) = texts.keys().next() {
        return Err(CliError::usage(format!(
            "a run keeps its parameters: `{name}` cannot be given again"
        ))
        .certain("Nothing was changed.")
        .hint("Only secret parameters are given again, because they are not kept."));
    }
    Ok(secrets)
}

/// The values as they were given, by name.
fn texts(
    book: &Runbook,
    given: &Given,
    variables: Variables<'_>,
) -> Result<BTreeMap<String, String>, CliError> {
    let mut mistakes = Vec::new();
    let mut texts = BTreeMap::new();
    for param in &book.front.params {
        let name = &param.name.value;
        if let Some(text) = variables(&format!("RUNBOOK_PARAM_{}", name.to_uppercase())) {
            texts.insert(name.clone(), text);
        }
    }
    if let Some(path) = &given.file {
        for (name, value) in mapping(path)? {
            known(book, &name, &mut mistakes);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            texts.insert(name, text);
        }
    }
    let mut named = std::collections::BTreeSet::new();
    for one in &given.params {
        let Some((name, text)) = one.split_once('=') else {
            mistakes.push(format!("`{one}` is not NAME=VALUE"));
            continue;
        };
        known(book, name, &mut mistakes);
        if !named.insert(name) {
            mistakes.push(format!("`{name}` is given twice"));
        }
        let text = match text.strip_prefix('@') {
            Some(path) => file_value(Path::new(path)).map_err(|error| error.message),
            None if book.param(name).is_some_and(|param| param.secret) => Err(in_argv(name)),
            None => Ok(text.to_owned()),
        };
        match text {
            Ok(text) => drop(texts.insert(name.to_owned(), text)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    refuse(mistakes).map(|()| texts)
}

fn known(book: &Runbook, name: &str, mistakes: &mut Vec<String>) {
    if book.param(name).is_none() {
        let names: Vec<&str> = book.front.params.iter().map(|p| p.name.value.as_str()).collect();
        let hint = suggestion(name, &names, "parameters");
        mistakes.push(format!("`{}` has no parameter `{name}`. {hint}", book.name));
    }
}

fn mapping(path: &Path) -> Result<Values, CliError> {
    let text = read(path)?;
    match parse::value(&text) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => {
            Err(CliError::usage(format!("{} is not a mapping of names to values", path.display()))
                .certain(NOTHING_BEGUN))
        }
        Err(error) => {
            Err(CliError::usage(format!("{}: {error}", path.display())).certain(NOTHING_BEGUN))
        }
    }
}

/// Checks all values, and fills in the defaults.
fn check(
    book: &Runbook,
    texts: &BTreeMap<String, String>,
    scope: &Values,
) -> Result<Gathered, CliError> {
    let mut gathered = Gathered::default();
    let mut mistakes = Vec::new();
    for param in &book.front.params {
        let name = param.name.value.clone();
        let value = match texts.get(&name) {
            Some(text) => parse::param(param, text),
            None => default(param, scope),
        };
        match value {
            Err(mistake) if mistake.contains(&format!("`{name}`")) => mistakes.push(mistake),
            Err(mistake) => mistakes.push(format!("`{name}`: {mistake}")),
            Ok(value) if param.secret => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                gathered.secrets.insert(name, Secret::new(text));
            }
            Ok(value) => drop(gathered.values.insert(name, value)),
        }
    }
    refuse(mistakes).map(|()| gathered)
}

fn default(param: &Parameter, scope: &Values) -> Result<Value, String> {
    let name = &param.name.value;
    match &param.default {
        Some(node) => expr::render_node(node, scope).map_err(|error| error.message),
        None => Err(format!(
            "parameter `{name}` has no value: give `-p {name}={}` or set RUNBOOK_PARAM_{}{}",
            if param.secret { "@FILE" } else { "…" },
            name.to_uppercase(),
            param.description.as_ref().map(|text| format!(" ({})", text.value)).unwrap_or_default()
        )),
    }
}

fn refuse(mistakes: Vec<String>) -> Result<(), CliError> {
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(CliError::usage(mistakes.join("\n")).certain(NOTHING_BEGUN))
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
