//! The `s3/` actions.

use super::{gives, needs, takes, takes_or};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission, When};
use crate::model::runbook::Type;
use std::time::Duration;

const BUCKET: &[On] = &[On::Named(Kind::Bucket, "bucket")];
const OBJECTS: &[On] = &[On::ObjectsUnder("bucket", "prefix")];
/// Both ways: what a run moves, its undo moves back.
const BOTH_KEYS: &[On] = &[On::Named(Kind::Key, "from_key"), On::Named(Kind::Key, "to_key")];

/// S3 uses the keys in the caller's name. Its reference names the four without saying which key each is
/// for.
const REENCRYPT_NEEDS: &[Permission] = &[
    Permission::run("s3:GetEncryptionConfiguration", BUCKET),
    Permission::run("s3:PutEncryptionConfiguration", BUCKET)
        .when(&[When::True("set_bucket_default", true)]),
    Permission::run("s3:ListBucketVersions", BUCKET),
    Permission::run("s3:GetObjectVersion", OBJECTS),
    Permission::run("s3:UpdateObjectEncryption", OBJECTS),
    Permission::run("kms:DescribeKey", BOTH_KEYS),
    Permission::run("kms:ListAliases", &[On::Everything]),
    Permission::run("kms:Decrypt", BOTH_KEYS),
    Permission::run("kms:Encrypt", BOTH_KEYS),
    Permission::run("kms:GenerateDataKey", BOTH_KEYS),
    Permission::run("kms:ReEncryptFrom", BOTH_KEYS),
    Permission::run("kms:ReEncryptTo", BOTH_KEYS),
];

const READ_PROBE_NEEDS: &[Permission] = &[
    Permission::run("s3:ListBucket", BUCKET),
    Permission::run("s3:GetObject", OBJECTS),
    Permission::run("kms:Decrypt", &[On::Named(Kind::Key, "key")]).when(&[When::Given("key")]),
    Permission::run(
        "kms:Decrypt",
        &[On::Any(Kind::Key, "which keys the objects are under is not said")],
    )
    .when(&[When::Absent("key")]),
];

pub(super) const SPECS: [ActionSpec; 2] = [REENCRYPT, READ_PROBE];

const REENCRYPT: ActionSpec = ActionSpec {
    name: "s3/reencrypt",
    summary: "Move every object version from one KMS key to another, in place",
    description: "Uses `UpdateObjectEncryption`: no copy is made, and versions, dates, checksums and storage classes stay. \
The bucket's default is moved first, so that nothing new comes under the old key meanwhile.\n\n\
It ends only when a whole listing shows that no version is under the old key. It can be stopped and killed at any point: \
it goes on at its checkpoint, and never trusts it as a proof. \
Versions that S3 does not move (Object Lock, double encryption) fail the step at its end, by name. \
Versions under keys that S3 does not keep (SSE-C) cannot be under the old key; they are listed in `skipped`.",
    inputs: &[
        needs("bucket", Type::String, "The bucket."),
        takes(
            "prefix",
            Type::String,
            "Only objects whose name begins so. The proof then covers only these.",
        ),
        needs("from_key", Type::String, "The full ARN of the old key."),
        needs("to_key", Type::String, "The full ARN of the new key."),
        takes_or("concurrency", Type::Integer, "16", "How many versions at once, 1 to 256."),
        takes_or(
            "set_bucket_default",
            Type::Boolean,
            "true",
            "Whether the bucket's default moves too, if it names the old key.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("reencrypted", Type::Integer, "Versions that this step moved."),
        gives("already", Type::Integer, "Versions that were under the new key without it."),
        gives("skipped", Type::List, "Versions that could not be looked into, 100 at most."),
        gives(
            "remaining",
            Type::Integer,
            "Versions still under the old key: always 0, or the step has failed.",
        ),
        gives("versions", Type::Integer, "Versions looked at."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(24 * 60 * 60),
    idempotent: true,
    observe: Some("No version, and not the bucket's default, is under the old key."),
    undo: Some(
        "Exactly the versions that the step moved go back to the old key, and so does the bucket's default.",
    ),
    permissions: REENCRYPT_NEEDS,
    example: "uses: s3/reencrypt\nwith:\n  bucket: \"{{ params.bucket }}\"\n  from_key: \"{{ steps.move_alias.previous_key_arn }}\"\n  to_key: \"{{ steps.create_key.key_arn }}\"",
    needs_account: true,
};

const READ_PROBE: ActionSpec = ActionSpec {
    name: "s3/read-probe",
    summary: "Really read some objects of a bucket",
    description: "The only proof that the key works is to decrypt. Reads the first objects of the listing, a mebibyte of each \
at most, and fails when one cannot be read, when one is not under `key`, and when there is none to read.",
    inputs: &[
        needs("bucket", Type::String, "The bucket."),
        takes("prefix", Type::String, "Only objects whose name begins so."),
        takes_or("sample", Type::Integer, "20", "How many objects, 1 to 1000."),
        takes("key", Type::String, "The ARN of the key that they must all be under."),
    ],
    open_inputs: false,
    outputs: &[
        gives("read", Type::Integer, "How many were read."),
        gives("bytes", Type::Integer, "How many bytes came."),
        gives("keys", Type::List, "The ARNs of the keys they were under."),
        gives("failed", Type::List, "Always empty: a failure fails the step."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(5 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: READ_PROBE_NEEDS,
    example: "uses: s3/read-probe\nwith: { bucket: \"{{ params.bucket }}\" }",
    needs_account: true,
};
