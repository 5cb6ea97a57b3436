//! What must hold of a runbook before anybody runs it.
//!
//! The checker reads a model and reports everything at once. It does no I/O: other runbooks, the
//! catalog of actions and the project are given to it. One rule is one file under `rules/`.

#[cfg(test)]
mod example_tests;
mod facts;
mod kinds;
mod links;
#[cfg(test)]
mod once_tests;
mod outputs;
mod references;
mod rules;
pub mod scope;
#[cfg(test)]
mod scope_tests;
#[cfg(test)]
mod test_catalog;
#[cfg(test)]
mod tests;
mod typed;

use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, syntax};
use crate::model::action::Catalog;
use crate::model::project::Project;
use crate::model::runbook::Runbook;
use facts::Facts;
pub use links::Linked;
use std::sync::{Arc, LazyLock};

/// A runbook and everything it is checked against.
pub struct Book<'a> {
    /// The runbook.
    pub runbook: &'a Runbook,
    /// The other runbooks of the project, by name.
    pub others: &'a dyn Fn(&str) -> Option<Arc<Runbook>>,
    /// What steps can use.
    pub catalog: &'a Catalog,
    /// The project, when there is one.
    pub project: Option<&'a Project>,
    /// What stands at a path that the prose links to. The path counts from the folder of the runbook,
    /// or with a leading `/` from the folder of the project.
    pub files: &'a dyn Fn(&str) -> Linked,
}

/// Checks a runbook. What the parser has found is not repeated. Sorted by place.
#[must_use]
pub fn check(book: &Book<'_>) -> Vec<Diagnostic> {
    let facts = Facts::of(book);
    let mut found = Vec::new();
    for (_, rule) in rules::ALL {
        rule(&facts, &mut found);
    }
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end, diagnostic.code));
    found
}

/// Every rule of the parser and of the checker, in the order of their codes.
#[must_use]
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let mut all: Vec<_> =
            syntax::RULES.iter().copied().chain(rules::ALL.iter().map(|(rule, _)| *rule)).collect();
        all.sort_by_key(|rule| rule.code);
        all
    });
    &RULES
}
