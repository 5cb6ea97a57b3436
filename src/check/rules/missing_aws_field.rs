//! Whether a request has every field that its operation needs.

use super::super::facts::Facts;
use super::super::request::{Problem, problems};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0803",
    name: "missing-aws-field",
    summary: "The `input` of `aws/call` lacks a field that the operation needs",
    why: "The AWS CLI refuses the request, in the middle of the run. A token that makes a repeat harmless may be left out: the CLI makes one up.",
    fix: "Add the field. `runbook actions aws/call --service NAME --operation NAME` says what it is.",
    wrong: "```yaml step=look\nuses: aws/call\naccount: data\nwith: { service: dynamodb, operation: describe-table }\n```\n",
    right: "```yaml step=look\nuses: aws/call\naccount: data\nwith: { service: dynamodb, operation: describe-table, input: { TableName: orders } }\n```\n",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for problem in problems(facts) {
        let Problem::Missing { at, of, names } = problem else { continue };
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let (last, others) =
            names.split_last().map_or(("", &[][..]), |(last, others)| (last, others));
        let listed = if others.is_empty() {
            format!("the field {last}")
        } else {
            format!("the fields {} and {last}", others.join(", "))
        };
        found.push(RULE.error(at, format!("{of} needs {listed}")));
    }
}
