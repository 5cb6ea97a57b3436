//! Whether actions exist.

use super::super::facts::Facts;
use super::super::facts::RUN;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::step::{Body, Role};

pub(super) const RULE: Rule = Rule {
    code: "RB0301",
    name: "unknown-action",
    summary: "`uses` names an action that does not exist, or that cannot stand there",
    why: "`runbook actions` lists the actions with their inputs, outputs and effects. `runbook/run` stands in a `step=` block: a whole runbook is neither a probe nor an undo.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let Body::Action { uses, .. } = &block.body else { continue };
        // An empty name has been reported by the parser.
        if uses.value.is_empty() {
            continue;
        }
        if facts.book.catalog.get(&uses.value).is_none() && uses.value != RUN {
            let diagnostic = RULE.error(uses.span, format!("there is no action `{}`", uses.value));
            found.push(
                match nearest(&uses.value, facts.book.catalog.iter().map(|spec| spec.name)) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic.help("`runbook actions` lists them"),
                },
            );
        } else if uses.value == RUN && block.role != Role::Step {
            let message = format!("`{RUN}` cannot stand in a `{}=` block", block.role.word());
            found.push(RULE.error(uses.span, message));
        }
    }
}
