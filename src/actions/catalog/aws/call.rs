//! `aws/identity` and `aws/call`.

use super::{gives, needs, takes};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::runbook::Type;
use crate::model::value::{Value, Values};
use std::time::Duration;

pub(super) const IDENTITY: ActionSpec = ActionSpec {
    name: "aws/identity",
    summary: "Ask STS who the step acts as",
    description: "The proof that a role can be assumed and leads into the account that it should.",
    inputs: &[],
    open_inputs: false,
    outputs: &[
        gives("account", Type::String, "The twelve digits of the account that answered."),
        gives("arn", Type::String, "The ARN of the caller."),
        gives("user_id", Type::String, "The caller's unique id."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[],
    example: "uses: aws/identity\naccount: data\nexpect: [\"outputs.account == accounts.data.id\"]",
    needs_account: true,
};

pub(super) const CALL: ActionSpec = ActionSpec {
    name: "aws/call",
    summary: "Make any AWS call through the AWS CLI",
    description: "For what has no action of its own. `service` and `operation` are the words of the AWS CLI, \
`input` is the request as `--cli-input-json` takes it, and the outputs are the fields of the answer.\n\n\
What it does to the world is read off the operation's verb: `describe-`, `get-`, `list-` and their like read, \
`delete-`, `terminate-` and their like destroy, `create-`, `put-`, `update-` and their like change. \
Anything else cannot be told, and counts as a change. The step's `effect` says it better.\n\n\
A call that changes something is sent once. When its answer is lost, its outcome is unknown.",
    inputs: &[
        needs("service", Type::String, "The service, as the AWS CLI calls it: `dynamodb`."),
        needs(
            "operation",
            Type::String,
            "The operation, as the AWS CLI calls it: `describe-table`.",
        ),
        takes("input", Type::Mapping, "The request. Its field names are those of the AWS API."),
    ],
    open_inputs: false,
    outputs: &[],
    open_outputs: true,
    effect: EffectSpec::ByInput(effect_of),
    timeout: Duration::from_secs(5 * 60),
    idempotent: false,
    observe: None,
    undo: None,
    permissions: &[],
    example: "uses: aws/call\nwith:\n  service: dynamodb\n  operation: describe-table\n  input: { TableName: orders }\nuntil: outputs.Table.TableStatus == \"ACTIVE\"",
    needs_account: true,
};

/// Verbs that only look.
const READS: &[&str] = &[
    "batch-get",
    "check",
    "describe",
    "detect",
    "discover",
    "estimate",
    "filter",
    "get",
    "head",
    "list",
    "lookup",
    "preview",
    "query",
    "scan",
    "search",
    "select",
    "simulate",
    "validate",
    "verify",
];
/// Verbs that look by their name and change something all the same.
const NOT_READS: &[&str] =
    &["get-session-token", "get-federation-token", "select-object-content-to"];
/// Verbs that take away.
const DESTROYS: &[&str] = &[
    "batch-delete",
    "cancel-key",
    "close",
    "decommission",
    "delete",
    "deprovision",
    "deregister",
    "destroy",
    "purge",
    "remove",
    "revoke",
    "schedule-key-deletion",
    "terminate",
    "wipe",
];
/// Verbs that make or alter.
const CHANGES: &[&str] = &[
    "activate",
    "add",
    "allocate",
    "apply",
    "assign",
    "associate",
    "attach",
    "authorize",
    "batch-write",
    "cancel",
    "change",
    "copy",
    "create",
    "deactivate",
    "detach",
    "disable",
    "disassociate",
    "enable",
    "encrypt",
    "execute",
    "import",
    "invoke",
    "modify",
    "move",
    "publish",
    "put",
    "reboot",
    "register",
    "replace",
    "reset",
    "restore",
    "resume",
    "rotate",
    "run",
    "send",
    "set",
    "start",
    "stop",
    "suspend",
    "swap",
    "tag",
    "transact-write",
    "untag",
    "update",
    "upload",
];

/// What an operation does, by its verb. What is not literal, or not known, cannot be told.
#[must_use]
pub fn effect_of(inputs: &Values) -> Effect {
    let Some(operation) = inputs.get("operation").and_then(Value::as_str) else {
        return Effect::Unclear;
    };
    let is = |verbs: &[&str]| {
        verbs.iter().any(|verb| {
            operation == *verb
                || operation.strip_prefix(verb).is_some_and(|rest| rest.starts_with('-'))
        })
    };
    if is(NOT_READS) {
        Effect::Unclear
    } else if is(DESTROYS) {
        Effect::Destroy
    } else if is(READS) {
        Effect::Read
    } else if is(CHANGES) {
        Effect::Change
    } else {
        Effect::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_tells_the_effect() {
        let of = |operation: &str| {
            effect_of(&Values::from_iter([("operation".to_owned(), operation.into())]))
        };
        for read in
            ["describe-table", "batch-get-item", "list-keys", "lookup-events", "scan", "query"]
        {
            assert_eq!(of(read), Effect::Read, "{read}");
        }
        for destroy in [
            "delete-table",
            "terminate-instances",
            "purge-queue",
            "schedule-key-deletion",
            "batch-delete-image",
        ] {
            assert_eq!(of(destroy), Effect::Destroy, "{destroy}");
        }
        for change in
            ["create-table", "put-item", "update-item", "cancel-export-task", "tag-resource"]
        {
            assert_eq!(of(change), Effect::Change, "{change}");
        }
        // `getaway-car` begins with a verb's letters only; `{{ … }}` is not known yet.
        for unclear in ["getaway-car", "frobnicate", "", "{{ params.operation }}", "assume-role"] {
            assert_eq!(of(unclear), Effect::Unclear, "{unclear}");
        }
        assert_eq!(effect_of(&Values::new()), Effect::Unclear);
    }
}
