//! Whether the `aws` commands of a script exist.

use super::super::calls::commands;
use super::super::facts::Facts;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::services::{Lookup, look_up, operations, services, versions};

pub(super) const RULE: Rule = Rule {
    code: "RB0807",
    name: "unknown-script-call",
    summary: "A script calls a service or an operation that the AWS CLI does not have",
    why: "The script would fail when it comes to that line. It is a warning, for the AWS CLI on the operator's machine may be newer than what this program knows.",
    fix: "Write the words as the AWS CLI does.",
    wrong: "```bash step=look\n#| account: data\n#| effect: read\naws kms describe-kye --key-id alias/data\n```\n",
    right: "```bash step=look\n#| account: data\n#| effect: read\naws kms describe-key --key-id alias/data\n```\n",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (text, call) in commands(facts) {
        let (message, near) = match look_up(&call.service, &call.operation) {
            Lookup::UnknownService => (
                format!("the AWS CLI has no service `{}`", call.service),
                nearest(&call.service, services()),
            ),
            Lookup::UnknownOperation => (
                format!("`aws {}` has no operation `{}`", call.service, call.operation),
                nearest(&call.operation, operations(&call.service).map(|one| one.name())),
            ),
            Lookup::Operation(_) | Lookup::Command => continue,
        };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known is what the AWS CLI {} has", versions().cli),
        };
        found.push(RULE.warning(text.locate(call.range.clone()), message).help(help));
    }
}
