//! Whether a block whose action acts in an account has one.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0305",
    name: "no-account",
    summary: "An action that needs an AWS account has none",
    why: "The account is named by the block (`account`) or by the front matter for all blocks. It is a logical name; the environment says which account it is. Before a step changes something, the run proves that it is in that account.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    if facts.book.runbook.front.account.is_some() {
        return;
    }
    for (step, block) in facts.blocks() {
        let Some(spec) = facts.spec(block).filter(|spec| spec.needs_account) else { continue };
        // The blocks that belong to a step act where the step acts.
        let inherited = step.and_then(|at| facts.steps()[at].block.options.account.as_ref());
        if block.options.account.is_none() && inherited.is_none() {
            let diagnostic = RULE.error(block.id.span, format!("`{}` needs an account", spec.name));
            found.push(diagnostic.help("add `account: NAME` to this block or to the front matter"));
        }
    }
}
