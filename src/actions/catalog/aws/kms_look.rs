//! The `kms/` actions that only look.

use super::{gives, needs, takes, takes_or};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission, When};
use crate::model::runbook::Type;
use std::time::Duration;

/// Where to look, when the step does not say, is everywhere in the account.
const EVERY_BUCKET: On = On::Any(Kind::Bucket, "it looks into every bucket of the account");

const KEY_USERS_NEEDS: &[Permission] = &[
    Permission::run("kms:DescribeKey", &[On::KeyAsNamed("key")]),
    Permission::run("kms:ListAliases", &[On::Everything]),
    Permission::run("s3:ListAllMyBuckets", &[On::Everything])
        .when(&[When::Lists("services", "s3"), When::Absent("buckets")]),
    Permission::run("s3:GetEncryptionConfiguration", &[EVERY_BUCKET])
        .when(&[When::Lists("services", "s3"), When::Absent("buckets")]),
    Permission::run("s3:GetEncryptionConfiguration", &[On::Named(Kind::Bucket, "buckets")])
        .when(&[When::Lists("services", "s3"), When::Given("buckets")]),
    Permission::run("s3:ListBucketVersions", &[EVERY_BUCKET])
        .when(&[When::Lists("services", "s3"), When::Absent("buckets")]),
    Permission::run("s3:ListBucketVersions", &[On::Named(Kind::Bucket, "buckets")])
        .when(&[When::Lists("services", "s3"), When::Given("buckets")]),
    Permission::run(
        "s3:GetObjectVersion",
        &[On::Any(Kind::Objects, "it looks at every version in every bucket of the account")],
    )
    .when(&[When::Lists("services", "s3"), When::Absent("buckets")]),
    Permission::run("s3:GetObjectVersion", &[On::Named(Kind::Objects, "buckets")])
        .when(&[When::Lists("services", "s3"), When::Given("buckets")]),
    Permission::run(
        "logs:DescribeLogGroups",
        &[On::Any(Kind::LogGroup, "IAM knows this permission on all log groups only")],
    )
    .when(&[When::Lists("services", "logs")]),
    Permission::run("secretsmanager:ListSecrets", &[On::Everything])
        .when(&[When::Lists("services", "secretsmanager")]),
    Permission::run(
        "secretsmanager:ListSecretVersionIds",
        &[On::Any(Kind::Secret, "it looks at every secret of the account")],
    )
    .when(&[When::Lists("services", "secretsmanager")]),
    Permission::run("lambda:ListFunctions", &[On::Everything])
        .when(&[When::Lists("services", "lambda")]),
];

pub(super) const SPECS: [ActionSpec; 3] = [DESCRIBE_KEY, KEY_USAGE, KEY_USERS];

const DESCRIBE_KEY: ActionSpec = ActionSpec {
    name: "kms/describe-key",
    summary: "Read what a KMS key is and what state it is in",
    description: "",
    inputs: &[needs("key", Type::String, "The key: its id, ARN or alias.")],
    open_inputs: false,
    outputs: &[
        gives("key_id", Type::String, "The key's id."),
        gives("key_arn", Type::String, "The key's ARN."),
        gives("state", Type::String, "`Enabled`, `Disabled`, `PendingDeletion` and so on."),
        gives("enabled", Type::Boolean, "Whether it can be used."),
        gives("rotation", Type::Boolean, "Whether KMS rotates its material."),
        gives("spec", Type::String, "What kind of key: `SYMMETRIC_DEFAULT`."),
        gives("usage", Type::String, "What it is for: `ENCRYPT_DECRYPT`."),
        gives("manager", Type::String, "`CUSTOMER` or `AWS`."),
        gives(
            "deletion_date",
            Type::String,
            "When it is gone. Only while its deletion is scheduled.",
        ),
        gives("created_at", Type::String, "When it was made."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("kms:DescribeKey", &[On::KeyAsNamed("key")]),
        Permission::run("kms:GetKeyRotationStatus", &[On::Named(Kind::Key, "key")]),
    ],
    example: "uses: kms/describe-key\nwith: { key: alias/corpus }\nexpect: [\"outputs.enabled\"]",
    needs_account: true,
};

const KEY_USAGE: ActionSpec = ActionSpec {
    name: "kms/key-usage",
    summary: "Read when a KMS key was last used",
    description: "**Not a proof of disuse**: KMS keeps track from `tracked_since` on only, and AWS itself says not to rely on it. \
Disable the key and watch for refused calls before it is deleted.",
    inputs: &[needs("key", Type::String, "The key: its id, ARN or alias.")],
    open_inputs: false,
    outputs: &[
        gives("key_id", Type::String, "The key's id."),
        gives("last_used", Type::String, "When, in RFC 3339. Null when no use is known."),
        gives("last_operation", Type::String, "By which operation, or null."),
        gives("tracked_since", Type::String, "Since when KMS keeps track, or null."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("kms:DescribeKey", &[On::KeyAsNamed("key")]),
        Permission::run("kms:GetKeyLastUsage", &[On::Named(Kind::Key, "key")]),
    ],
    example: "uses: kms/key-usage\nwith: { key: \"{{ steps.move_alias.previous_key_id }}\" }",
    needs_account: true,
};

const KEY_USERS: ActionSpec = ActionSpec {
    name: "kms/key-users",
    summary: "List what is still encrypted under a KMS key",
    description: "Asks each service in its own way: the default and every object version of buckets, log groups, secrets with \
all their versions, functions with all their published versions. What could not be read, and what it does not look at, \
is in `not_looked_at` with the reason. `complete` says whether everything that was asked for was read: \
`total == 0` without it proves nothing.\n\n\
Each object version costs a request: name the buckets where there are millions.",
    inputs: &[
        needs("key", Type::String, "The key: its id, ARN or alias."),
        takes_or("services", Type::List, "[s3, logs, secretsmanager, lambda]", "Where to look."),
        takes(
            "buckets",
            Type::List,
            "The buckets to look into. Default: all of the account in the Region.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("key_arn", Type::String, "The key's ARN."),
        gives(
            "users",
            Type::List,
            "What is under it: `{service, resource, detail, count?}`, 500 at most.",
        ),
        gives("total", Type::Integer, "How many in all, each object version counted."),
        gives("not_looked_at", Type::List, "What was not looked at: `{service, reason}`."),
        gives("complete", Type::Boolean, "Whether everything that was asked for was read."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(60 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: KEY_USERS_NEEDS,
    example: "uses: kms/key-users\nwith: { key: \"{{ steps.move_alias.previous_key_arn }}\" }\nexpect: [\"outputs.complete\", \"outputs.total == 0\"]",
    needs_account: true,
};
