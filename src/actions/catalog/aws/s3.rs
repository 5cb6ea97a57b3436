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

/// The key of the source may be another account's, and which it is only the source knows.
const COPY_NEEDS: &[Permission] = &[
    Permission::run(
        "s3:ListBucket",
        &[On::Named(Kind::Bucket, "from_bucket"), On::Named(Kind::Bucket, "bucket")],
    ),
    Permission::run("s3:GetObject", &[On::ObjectsUnder("from_bucket", "prefix")]),
    Permission::run("s3:GetObjectTagging", &[On::ObjectsUnder("from_bucket", "prefix")]),
    Permission::run("kms:Decrypt", &[On::Fixed("arn:{partition}:kms:*:*:key/*")]),
    Permission::run("s3:PutObject", OBJECTS),
    Permission::run("s3:PutObjectTagging", OBJECTS),
    Permission::run(
        "kms:GenerateDataKey",
        &[On::Any(Kind::Key, "which key is the default of the bucket is not said")],
    ),
    Permission::sometimes(
        "when a large object is not copied to its end",
        "s3:AbortMultipartUpload",
        OBJECTS,
    ),
    Permission::sometimes("when no answer to a copy comes", "s3:ListBucketVersions", BUCKET),
    Permission::undo("s3:ListBucketVersions", BUCKET),
    Permission::undo("s3:DeleteObjectVersion", OBJECTS),
    Permission::undo("s3:ListBucketMultipartUploads", BUCKET),
];

pub(super) const SPECS: [ActionSpec; 3] = [COPY, REENCRYPT, READ_PROBE];

const COPY: ActionSpec = ActionSpec {
    name: "s3/copy",
    summary: "Copy the objects of a bucket into another one, by S3 itself",
    description: "For a corpus that is restored from a backup, a replica or an old account. S3 copies: nothing passes through this machine. \
Names, metadata and tags stay as they are. Each object is encrypted as the bucket's default says, so nothing is named here.\n\n\
It copies the current state: no older version, no delete marker, no lock, no ACL, and no object that the source lacks is deleted. \
An object counts as copied when one of its name is there with the same size, and with the same ETag or a date that is not older. \
One that is there with other contents, and that this step has not put there, is never touched: the step fails at its end and names it. \
So it does for what S3 does not copy: archived objects, and those under keys that S3 does not keep (SSE-C).\n\n\
It ends only when a whole listing of both buckets shows that nothing is left to copy. It can be stopped and killed at any point, \
and goes on with what is not there yet; a large object that was cut off begins anew. \
The source is read in the name of the step's account. A bucket or a key of another account must allow that in its own policy.",
    inputs: &[
        needs("from_bucket", Type::String, "The bucket that is copied from."),
        takes(
            "from_account",
            Type::String,
            "The account that must own it, twelve digits: a name that was given up may be somebody else's by now. Empty is the same as not given.",
        ),
        takes(
            "from_region",
            Type::String,
            "Its Region, if it is not that of the step. Empty is the same as not given.",
        ),
        needs(
            "bucket",
            Type::String,
            "The bucket that is copied into. The step's account must own it.",
        ),
        takes("prefix", Type::String, "Only objects whose name begins so. They keep their names."),
        takes_or("concurrency", Type::Integer, "16", "How many objects at once, 1 to 256."),
        takes_or(
            "part_mib",
            Type::Integer,
            "256",
            "Objects larger than this are copied in parts of this size, in mebibytes, 5 to 5120.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives(
            "objects",
            Type::Integer,
            "Objects that are in both buckets: all that the source has.",
        ),
        gives("bytes", Type::Integer, "Their sizes together, in bytes."),
        gives("copied", Type::Integer, "How many of them this step has copied."),
        gives("already", Type::Integer, "How many were there without it."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(24 * 60 * 60),
    idempotent: true,
    observe: Some("Every object of the source is there."),
    undo: Some(
        "Exactly the versions that the step has made are deleted, and its unfinished uploads are ended. What was there stays. \
Of an object whose copy a kill cut off, the first version since that is as large counts as the copy.",
    ),
    permissions: COPY_NEEDS,
    example: "uses: s3/copy\nwith:\n  from_bucket: \"{{ params.backup }}\"\n  bucket: \"{{ params.bucket }}\"\n  prefix: original/",
    needs_account: true,
};

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
