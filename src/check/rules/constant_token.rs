//! Whether the tokens of a request differ from run to run.

use super::super::facts::Facts;
use super::super::request::{Problem, problems};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0806",
    name: "constant-token",
    summary: "A token that makes a repeated request harmless is the same in every run",
    why: "By the token the service knows that it has seen a request before. With a constant, the second run is answered with what the first one made, or refused, and changes nothing.",
    fix: "Make it of `{{ run.id }}`, or leave it out: then the AWS CLI makes one up for each call.",
    wrong: "```yaml step=make\nuses: aws/call\naccount: data\nirreversible: for the example\nwith:\n  service: efs\n  operation: create-file-system\n  input: { CreationToken: always-the-same }\n```\n",
    right: "```yaml step=make\nuses: aws/call\naccount: data\nirreversible: for the example\nwith:\n  service: efs\n  operation: create-file-system\n  input: { CreationToken: \"{{ run.id }}\" }\n```\n",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for problem in problems(facts) {
        let Problem::Token { at, path } = problem else { continue };
        let message =
            format!("`{path}` is the same in every run, so a second run would change nothing");
        found.push(RULE.warning(at, message).help("make it of `{{ run.id }}`, or leave it out"));
    }
}
