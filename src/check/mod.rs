//! What must hold of a runbook before anybody runs it.
//!
//! The checker reads a model and reports everything at once. It does no I/O: other runbooks, the
//! catalog of actions and the project are given to it. One rule is one file under `rules/`.

mod calls;
#[cfg(test)]
mod example_tests;
mod facts;
mod kinds;
mod links;
#[cfg(test)]
mod once_tests;
mod outputs;
mod project;
mod references;
mod request;
mod rules;
mod scope;
mod stacks;
#[cfg(test)]
mod test_catalog;
#[cfg(test)]
mod tests;
mod typed;

use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, scripts, syntax};
use crate::model::action::Catalog;
use crate::model::project::Project;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Interpreter};
use crate::model::value::Text;
pub use calls::of_call;
use facts::Facts;
pub use facts::ended_before;
pub use links::Linked;
pub use outputs::{Gives, Output, of_action, outputs_of, outputs_of_step};
pub use project::project;
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

/// The scripts of a runbook, for the programs that read them. Those that swallow what comes after them,
/// by what was found already, are left out: they are no scripts.
#[must_use]
pub fn scripts_of<'a>(runbook: &'a Runbook, found: &[Diagnostic]) -> Vec<(Interpreter, &'a Text)> {
    let unclosed: Vec<_> =
        found.iter().filter(|one| one.code == syntax::UNCLOSED_FENCE.code).collect();
    let swallows =
        |block: &&Block| unclosed.iter().any(|one| block.span.range().contains(&one.span.start));
    let steps = runbook.steps.iter().flat_map(|step| {
        [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()].into_iter().flatten()
    });
    let blocks = steps.chain(runbook.health.iter().map(|health| &health.block));
    blocks
        .filter(|block| !swallows(block))
        .filter_map(|block| match &block.body {
            Body::Script { interpreter, text } => Some((*interpreter, text)),
            Body::Action { .. } => None,
        })
        .collect()
}

/// Every rule of the parser, of the checker and of the programs that read scripts, in the order of their codes.
#[must_use]
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let others = syntax::RULES.iter().chain(scripts::RULES).copied();
        let mut all: Vec<_> = others.chain(rules::ALL.iter().map(|(rule, _)| *rule)).collect();
        all.sort_by_key(|rule| rule.code);
        all
    });
    &RULES
}
