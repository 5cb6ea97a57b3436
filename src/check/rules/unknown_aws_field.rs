//! Whether a request has only fields that its operation takes.

use super::super::facts::Facts;
use super::super::request::{Problem, problems};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0802",
    name: "unknown-aws-field",
    summary: "The `input` of `aws/call` has a field that the operation does not take",
    why: "The AWS CLI refuses the whole request, in the middle of the run. Upper and lower case count.",
    fix: "Write the field as the AWS API does. `runbook actions aws/call --service NAME --operation NAME` lists the fields.",
    wrong: "```yaml step=look\nuses: aws/call\naccount: data\nwith:\n  service: dynamodb\n  operation: describe-table\n  input: { TableName: orders, Consistent: true }\n```\n",
    right: "```yaml step=look\nuses: aws/call\naccount: data\nwith:\n  service: dynamodb\n  operation: describe-table\n  input: { TableName: orders }\n```\n",
};

/// So many names can be read at a glance.
const LISTED: usize = 20;

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for problem in problems(facts) {
        let Problem::Unknown { name, of, near, known } = problem else { continue };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it takes no fields".to_owned(),
            None if known.len() <= LISTED => format!("it takes: {}", known.join(", ")),
            None => {
                format!(
                    "it takes: {}, and {} more",
                    known[..LISTED].join(", "),
                    known.len() - LISTED
                )
            }
        };
        found.push(
            RULE.error(name.span, format!("{of} has no field `{}`", name.value))
                .help(help)
                .instead(near),
        );
    }
}
