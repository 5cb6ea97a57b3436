//! Whether `aws/call` calls something that exists.

use super::super::calls::{Call, calls};
use super::super::facts::Facts;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::services::{Lookup, operations, services, versions};

pub(super) const RULE: Rule = Rule {
    code: "RB0801",
    name: "unknown-aws-operation",
    summary: "`aws/call` names a service or an operation that it cannot call",
    why: "The call would fail in the middle of the run. `service` and `operation` are the words of the AWS CLI: `kms` and `create-key`, not `KMS` and `CreateKey`. Commands of the CLI's own, such as `s3 cp`, are no calls, and a call that writes its answer into a file has no outputs.",
    fix: "Write the words as the AWS CLI does. What has no call, or is newer than this program, is made from a script.",
    wrong: "```yaml step=look\nuses: aws/call\neffect: read\naccount: data\nwith: { service: dynamodb, operation: describe-tabel, input: { TableName: orders } }\n```\n",
    right: "```yaml step=look\nuses: aws/call\neffect: read\naccount: data\nwith: { service: dynamodb, operation: describe-table, input: { TableName: orders } }\n```\n",
};

/// Names by which services are known elsewhere, and what the CLI calls them.
const OTHER_NAMES: [(&str, &str); 10] = [
    ("codedeploy", "deploy"),
    ("config", "configservice"),
    ("cloudwatchlogs", "logs"),
    ("elasticloadbalancing", "elbv2"),
    ("elasticmapreduce", "emr"),
    ("eventbridge", "events"),
    ("monitoring", "cloudwatch"),
    ("states", "stepfunctions"),
    ("sfn", "stepfunctions"),
    ("tagging", "resourcegroupstaggingapi"),
];

/// So many names can be read at a glance.
const LISTED: usize = 16;

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, call) in calls(facts) {
        let (service, operation) = (&call.service.value, &call.operation.value);
        found.extend(match call.found {
            Lookup::Operation(known) if known.answers_in_a_file() => Some(
                RULE.error(call.operation.span, format!("`{service} {operation}` writes its answer into a file, so it has no outputs"))
                    .help(format!("call it from a script: `aws {service} {operation} … FILE`")),
            ),
            Lookup::Operation(_) => None,
            Lookup::Command => Some(
                RULE.error(call.operation.span, format!("`aws {service} {operation}` is a command of the CLI's own, not a call"))
                    .help("use it in a script"),
            ),
            Lookup::UnknownOperation => Some(unknown_operation(&call)),
            Lookup::UnknownService => Some(
                RULE.error(call.service.span, format!("the AWS CLI has no service `{service}`")).help(like_service(service)).instead(near_service(service)),
            ),
        });
    }
}

fn near_service(unknown: &str) -> Option<&'static str> {
    let lower = unknown.to_ascii_lowercase();
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == lower).map(|(_, name)| *name);
    other.or_else(|| nearest(&lower, services()))
}

fn like_service(unknown: &str) -> String {
    match near_service(unknown) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are those of the AWS CLI {}", versions().cli),
    }
}

fn unknown_operation(call: &Call<'_>) -> Diagnostic {
    let (service, unknown) = (&call.service.value, &call.operation.value);
    let diagnostic =
        RULE.error(call.operation.span, format!("`{service}` has no operation `{unknown}`"));
    // The calls behind `aws s3` go by another name.
    if service == "s3" {
        return diagnostic
            .help("commands like `s3 cp` are no calls; the calls are those of `s3api`");
    }
    let known: Vec<_> = operations(service).collect();
    let as_in_the_api = known.iter().find(|one| one.api_name().eq_ignore_ascii_case(unknown));
    let near = as_in_the_api
        .map(|one| one.name())
        .or_else(|| nearest(unknown, known.iter().map(|one| one.name())));
    diagnostic.instead(near).help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.len() <= LISTED => {
            let names: Vec<_> = known.iter().map(|one| one.name()).collect();
            format!("there are: {}", names.join(", "))
        }
        None => format!(
            "`runbook actions aws/call --service {service}` lists its {} operations",
            known.len()
        ),
    })
}
