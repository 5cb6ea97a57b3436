//! The parameters of a runbook that another runbook runs.

use crate::engine::outcome::{Failure, Stage};
use crate::expr;
use crate::model::runbook::{Parameter, Runbook};
use crate::model::value::{Value, Values};
use std::collections::BTreeSet;

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
