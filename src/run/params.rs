//! The parameters of a run: the secret ones of the runbook at the top, and all of one that another runs.

use super::{RunError, redact};
use crate::engine::outcome::{Failure, Stage};
use crate::mask::Masker;
use crate::model::runbook::{Parameter, Runbook};
use crate::model::secret::Secret;
use crate::model::value::{Value, Values};
use crate::{expr, parse};
use std::collections::{BTreeMap, BTreeSet};

/// The given values, checked, with the defaults of those that were left out.
///
/// # Errors
/// When one is unknown, missing, or not allowed.
pub(super) fn complete(book: &Runbook, given: Values, scope: &Values) -> Result<Values, Failure> {
    partly(book, given, &BTreeSet::new(), scope)
}

/// The same while the values of some are not known yet. Those are left out.
///
/// # Errors
/// As `complete`.
pub(super) fn partly(
    book: &Runbook,
    given: Values,
    later: &BTreeSet<String>,
    scope: &Values,
) -> Result<Values, Failure> {
    let bad =
        |message: String| Failure::new(Stage::Input, format!("runbook `{}`: {message}", book.name));
    if let Some(unknown) = given.keys().chain(later).find(|name| book.param(name).is_none()) {
        return Err(bad(format!("it has no parameter `{unknown}`")));
    }
    book.front
        .params
        .iter()
        .filter(|param| !later.contains(&param.name.value))
        .map(|param| {
            let name = param.name.value.clone();
            let value = match given.get(&name) {
                Some(value) => {
                    param.check(value).map_err(|unfit| bad(unfit.to_string()))?;
                    value.clone()
                }
                None => default(param, scope).map_err(&bad)?,
            };
            Ok((name, value))
        })
        .collect()
}

fn default(param: &Parameter, scope: &Values) -> Result<Value, String> {
    let name = &param.name.value;
    let node = param.default.as_ref().ok_or_else(|| format!("parameter `{name}` has no value"))?;
    expr::render_node(node, scope).map_err(|error| error.message)
}

/// The parameters with the secret ones, each of the type that the runbook says. From here on the secrets and
/// their parts are masked.
pub(super) fn with_secrets(
    mut params: Values,
    book: &Runbook,
    secrets: &BTreeMap<String, Secret>,
    masker: &Masker,
) -> Result<Values, RunError> {
    for (name, secret) in secrets {
        masker.add(secret).map_err(|error| RunError::Usage {
            message: format!("parameter `{name}`: {error}"),
            hint: "A secret this short would mask half of every text. Use a longer one.".to_owned(),
        })?;
        let value = match book.param(name) {
            Some(param) => parse::param(param, secret.expose()).map_err(|message| {
                let hint = "Give it again as the runbook wants it.".to_owned();
                RunError::Usage { message, hint }
            })?,
            None => Value::String(secret.expose().to_owned()),
        };
        params.insert(name.clone(), value);
    }
    redact::register(&params, secrets.keys(), masker);
    Ok(params)
}
