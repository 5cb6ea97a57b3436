//! What of `runbook.yaml` can only be checked beside the runbooks.

use super::rules::UNKNOWN_RUNBOOK;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::project::Project;

/// Checks a project against its runbooks: whether one exists, and the names of all. What the parser has
/// found is not repeated.
#[must_use]
pub fn project(
    project: &Project,
    exists: &dyn Fn(&str) -> bool,
    names: &dyn Fn() -> Vec<String>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for environment in project.environments.values() {
        for seed in &environment.seed {
            let name = seed.value.as_str();
            if exists(name) {
                continue;
            }
            let message = format!("there is no runbook `{name}` to fill this sandbox with");
            let diagnostic = UNKNOWN_RUNBOOK.error(seed.span, message);
            found.push(match nearest(name, names().iter().map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("`runbook list` lists them"),
            });
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.span.start);
    found
}
