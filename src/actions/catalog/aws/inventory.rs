//! `account/inventory`.

use super::{gives, takes};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission};
use crate::model::runbook::Type;
use std::time::Duration;

const ALL: &[On] = &[On::Everything];
const STACKS: &[On] = &[On::Any(Kind::Stack, "every stack of the account is looked at")];
const BUCKETS: &[On] = &[On::Any(Kind::Bucket, "the stacks' buckets are read in the run")];
const KEYS: &[On] = &[On::Any(Kind::Key, "every key of the account is looked at")];

pub(super) const INVENTORY: ActionSpec = ActionSpec {
    name: "account/inventory",
    summary: "List what is in an account, and in which order its stacks can go",
    description: "Stacks come in the order in which they can be deleted: whoever imports goes before whom it imports from. \
What their templates retain is said, and why.\n\n\
`left` is what costs and belongs to no stack: keys that do not wait for their deletion, buckets, log groups, secrets, \
functions. After a teardown it is the proof that nothing of these is left. Other services are not looked at: whoever has \
something there adds a step.\n\n\
`taken` is what stands in the way of stacks of that name: an alias, a bucket, a log group, a function, or a secret, also \
one that waits for its deletion.",
    inputs: &[
        takes("stacks", Type::List, "The stacks it is about. Default: all of the account."),
        takes("name", Type::String, "The first part of the names that stacks would want."),
    ],
    open_inputs: false,
    outputs: &[
        gives("stacks", Type::List, "Those stacks that are there, importers first."),
        gives("blocked", Type::List, "Which stack that is to stay imports from one of those."),
        gives("retained", Type::List, "What stays when those stacks go, and why."),
        gives("keys", Type::List, "The ARNs of their keys that do not wait for their deletion."),
        gives("buckets", Type::List, "Their buckets, and how much each holds."),
        gives("others", Type::List, "The other stacks of the account."),
        gives("log_groups", Type::List, "The log groups that belong to no stack."),
        gives("left", Type::List, "What costs and belongs to no stack."),
        gives(
            "taken",
            Type::List,
            "What belongs to no stack and has a name that stacks would want.",
        ),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(10 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("cloudformation:DescribeStacks", ALL),
        Permission::run("cloudformation:ListImports", ALL),
        Permission::run("cloudformation:ListStackResources", STACKS),
        Permission::run("cloudformation:GetTemplate", STACKS),
        Permission::run("kms:ListKeys", ALL),
        Permission::run("kms:ListAliases", ALL),
        Permission::run("kms:DescribeKey", KEYS),
        Permission::run("s3:ListAllMyBuckets", ALL),
        Permission::run("s3:ListBucketVersions", BUCKETS),
        Permission::run("logs:DescribeLogGroups", ALL),
        Permission::run("secretsmanager:ListSecrets", ALL),
        Permission::run("lambda:ListFunctions", ALL),
    ],
    example: "uses: account/inventory\naccount: workload\nwith: { stacks: [workload, network] }",
    needs_account: true,
};
