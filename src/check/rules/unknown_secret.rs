//! Whether secrets name outputs.

use super::super::facts::{Facts, Gives};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};

pub(super) const RULE: Rule = Rule {
    code: "RB0311",
    name: "unknown-secret",
    summary: "`secrets` names an output that the block does not have",
    why: "A misspelt name would leave the real output unmasked in the journal, in the terminal and on the site.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let Gives::Names(outputs) = facts.outputs(block) else { continue };
        for secret in block.options.secrets.iter().filter(|secret| !outputs.contains(&secret.value))
        {
            let diagnostic =
                RULE.error(secret.span, format!("this block has no output `{}`", secret.value));
            found.push(match nearest(&secret.value, outputs.iter().map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None if outputs.is_empty() => diagnostic.help("it has no outputs"),
                None => diagnostic.help(format!("it has: {}", outputs.join(", "))),
            });
        }
    }
}
