//! The `logs/` actions.

use super::{gives, needs};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission};
use crate::model::runbook::Type;
use std::time::Duration;

const GROUP: &[On] = &[On::Named(Kind::LogGroup, "log_group")];
const EVERY_GROUP: &[On] =
    &[On::Any(Kind::LogGroup, "IAM knows this permission on all log groups only")];

pub(super) const SPECS: [ActionSpec; 2] = [ASSOCIATE_KEY, SET_RETENTION];

const ASSOCIATE_KEY: ActionSpec = ActionSpec {
    name: "logs/associate-key",
    summary: "Encrypt a log group's new events under a KMS key",
    description: "Only for events that come in afterwards; allow five minutes. Older ones stay under the previous key for the \
group's whole retention, so that key must live as long: an `obligation` to write down. The key's policy must allow \
`logs.REGION.amazonaws.com` to use it.",
    inputs: &[
        needs("log_group", Type::String, "The log group's name."),
        needs("key", Type::String, "The full ARN of the key."),
    ],
    open_inputs: false,
    outputs: &[
        gives("log_group", Type::String, "The log group's name."),
        gives("key_arn", Type::String, "The key that it is under now."),
        gives("previous_key_arn", Type::String, "The key that it was under before, or null."),
        gives("retention_days", Type::Integer, "How long it keeps events, or null for ever."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(5 * 60),
    idempotent: true,
    observe: Some("The log group is under the key."),
    undo: Some("The log group is under its previous key again, or under none."),
    permissions: &[
        Permission::run("logs:DescribeLogGroups", EVERY_GROUP),
        Permission::run("logs:AssociateKmsKey", GROUP),
        Permission::undo("logs:DisassociateKmsKey", GROUP),
    ],
    example: "uses: logs/associate-key\nwith: { log_group: /corpus/audit, key: \"{{ steps.create_key.key_arn }}\" }",
    needs_account: true,
};

const SET_RETENTION: ActionSpec = ActionSpec {
    name: "logs/set-retention",
    summary: "Set how long a log group keeps its events, and prove it",
    description: "CloudWatch Logs takes a fixed set of numbers of days, from 1 to 3653. A policy of the account can decide \
otherwise while the call succeeds, so the retention is read back. When it is not what was asked for, the step fails and names \
the account-level policy that speaks of retention.\n\n\
A shorter retention deletes older events, within about three days. Undo brings the retention back, and not what was deleted \
by then.",
    inputs: &[
        needs("log_group", Type::String, "The log group's name."),
        needs("days", Type::Integer, "How many days. 0 is for ever."),
    ],
    open_inputs: false,
    outputs: &[
        gives("log_group", Type::String, "The log group's name."),
        gives(
            "retention_days",
            Type::Integer,
            "How long it keeps events, as read back, or null for ever.",
        ),
        gives("previous_days", Type::Integer, "How long it kept them before, or null for ever."),
        gives("key_arn", Type::String, "The key that it is under, or null."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(5 * 60),
    idempotent: true,
    observe: Some("The log group has that retention."),
    undo: Some(
        "The log group has its previous retention again, or none. Events that have expired by then stay deleted.",
    ),
    permissions: &[
        Permission::run("logs:DescribeLogGroups", EVERY_GROUP),
        Permission::run("logs:PutRetentionPolicy", GROUP),
        Permission::sometimes("0 days is asked for", "logs:DeleteRetentionPolicy", GROUP),
        Permission::sometimes(
            "the retention does not read back",
            "logs:DescribeAccountPolicies",
            &[On::Everything],
        ),
        Permission::undo("logs:DeleteRetentionPolicy", GROUP),
    ],
    example: "uses: logs/set-retention\nwith: { log_group: /corpus/inference, days: 365 }",
    needs_account: true,
};
