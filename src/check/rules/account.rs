//! Whether it is known in which account a block acts.

use super::super::facts::Facts;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::id::AccountName;
use crate::source::Spanned;

pub(super) const MISSING: Rule = Rule {
    code: "RB0305",
    name: "no-account",
    summary: "An action that needs an AWS account has none",
    why: "The account is named by the block (`account`) or by the front matter for all blocks. It is a logical name; the environment says which account it is. Before a step changes something, the run proves that it is in that account.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const UNKNOWN: Rule = Rule {
    code: "RB0306",
    name: "unknown-account",
    summary: "No environment of the project has the account",
    why: "The accounts are defined in `runbook.yaml`, per environment, under the same logical names everywhere.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn missing(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let front = &facts.book.runbook.front;
    if front.account.is_some() || front.unreadable {
        return;
    }
    for (step, block) in facts.blocks() {
        let Some(spec) = facts.spec(block).filter(|spec| spec.needs_account) else { continue };
        // The blocks that belong to a step act where the step acts.
        let inherited = step.and_then(|at| facts.steps()[at].block.options.account.as_ref());
        if block.options.account.is_none() && inherited.is_none() {
            let diagnostic =
                MISSING.error(block.id.span, format!("`{}` needs an account", spec.name));
            found.push(diagnostic.help("add `account: NAME` to this block or to the front matter"));
        }
    }
}

pub(super) fn unknown(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let Some(project) = facts.book.project else { return };
    let known = project.account_names();
    let named = facts.blocks().filter_map(|(_, block)| block.options.account.as_ref());
    for account in facts.book.runbook.front.account.as_ref().into_iter().chain(named) {
        if !known.contains(&&account.value) {
            found.push(unknown_account(account, &known));
        }
    }
}

fn unknown_account(account: &Spanned<AccountName>, known: &[&AccountName]) -> Diagnostic {
    let names: Vec<_> = known.iter().map(|name| name.as_str()).collect();
    let help = match nearest(account.value.as_str(), names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the environments have: {}", names.join(", ")),
    };
    UNKNOWN
        .error(account.span, format!("no environment has an account `{}`", account.value))
        .help(help)
}
