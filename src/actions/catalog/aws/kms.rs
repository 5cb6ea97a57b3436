//! The `kms/` actions that change something.

use super::{gives, needs, takes, takes_or};
use crate::model::action::{ActionSpec, EffectSpec, InputSpec, OutputSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission, When};
use crate::model::runbook::Type;
use std::time::Duration;

/// A few calls, and KMS's own slowness to show what it did.
const SHORT: Duration = Duration::from_secs(5 * 60);

const THE_KEY: &[On] = &[On::Named(Kind::Key, "key")];
const LIKE: &[On] = &[On::Named(Kind::Key, "like")];
const NEW: &[On] = &[On::Any(Kind::Key, "the new key has no ARN before it is made")];
const EVERY_KEY: &[On] = &[On::Any(
    Kind::Key,
    "the key of an earlier attempt is looked for by its tags, among all keys",
)];

/// KMS asks for `kms:PutKeyPolicy` too: it refuses to make a key whose policy its maker could not
/// change.
const CREATE_KEY_NEEDS: &[Permission] = &[
    Permission::run("kms:CreateKey", &[On::Everything]),
    Permission::run("kms:TagResource", NEW),
    Permission::run("kms:PutKeyPolicy", NEW),
    Permission::run("kms:ListKeys", &[On::Everything]),
    Permission::run("kms:DescribeKey", LIKE).when(&[When::Given("like")]),
    Permission::run("kms:GetKeyPolicy", LIKE).when(&[When::Given("like"), When::Absent("policy")]),
    Permission::run("kms:GetKeyRotationStatus", LIKE)
        .when(&[When::Given("like"), When::Absent("rotation")]),
    Permission::run("kms:ListGrants", LIKE).when(&[When::Given("like")]),
    Permission::run("kms:ListResourceTags", LIKE).when(&[When::Given("like")]),
    Permission::run("kms:EnableKeyRotation", NEW).when(&[When::True("rotation", false)]),
    Permission::run("kms:GetKeyRotationStatus", NEW).when(&[When::True("rotation", false)]),
    Permission::sometimes("when `like` is a key that rotates", "kms:EnableKeyRotation", NEW)
        .when(&[When::Given("like"), When::Absent("rotation")]),
    Permission::sometimes("when `like` is a key that rotates", "kms:GetKeyRotationStatus", NEW)
        .when(&[When::Given("like"), When::Absent("rotation")]),
    Permission::sometimes(
        "when it is the first multi-Region key of the account",
        "iam:CreateServiceLinkedRole",
        &[On::Fixed(
            "arn:{partition}:iam::{account}:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys",
        )],
    )
    .when(&[When::True("multi_region", false)]),
    Permission::sometimes("when an earlier attempt may have made it", "kms:ListResourceTags", EVERY_KEY),
    Permission::sometimes("when an earlier attempt made it", "kms:DescribeKey", EVERY_KEY),
    Permission::look("kms:ListResourceTags", EVERY_KEY),
    Permission::look("kms:DescribeKey", EVERY_KEY),
    Permission::look("kms:GetKeyRotationStatus", NEW),
    Permission::undo("kms:ListResourceTags", EVERY_KEY),
    Permission::undo("kms:DescribeKey", EVERY_KEY),
    Permission::undo("kms:ListAliases", &[On::Everything]),
    Permission::undo("kms:DisableKey", NEW),
    Permission::undo("kms:ScheduleKeyDeletion", NEW),
];

const ALIAS: On = On::Named(Kind::Alias, "alias");
const BEHIND: On = On::Any(Kind::Key, "the key behind the alias is read in the run");

/// KMS asks about the alias, the key it leaves and the key it goes to.
const SET_ALIAS_NEEDS: &[Permission] = &[
    Permission::run("kms:DescribeKey", &[On::Named(Kind::Key, "key"), On::KeyOfAlias("alias")]),
    Permission::run("kms:UpdateAlias", &[ALIAS, On::Named(Kind::Key, "key"), BEHIND]),
    Permission::sometimes(
        "when the alias does not exist",
        "kms:CreateAlias",
        &[ALIAS, On::Named(Kind::Key, "key")],
    ),
    Permission::undo("kms:DeleteAlias", &[ALIAS, On::Named(Kind::Key, "key")]),
];

pub(super) const SPECS: [ActionSpec; 5] =
    [CREATE_KEY, SET_ALIAS, DISABLE_KEY, ENABLE_KEY, SCHEDULE_DELETION];

const CREATE_KEY: ActionSpec = ActionSpec {
    name: "kms/create-key",
    summary: "Create a KMS key, alone or like another",
    description: "`like` names a key whose policy, tags, kind, usage and rotation the new one takes over, as far as the step \
does not say otherwise. So no role loses access when an alias moves from one to the other. Grants are not copied; they \
are named in the output, for whoever made them to make them again.\n\n\
KMS has no token against making two. The key is tagged with the run and the step, looked for by those tags before it is \
made, and a call whose answer was lost is not repeated by itself. A policy that would lock everyone out is refused.",
    inputs: &[
        takes("like", Type::String, "A key to take everything over from: its id, ARN or alias."),
        takes("description", Type::String, "The key's description. Default: that of `like`."),
        takes(
            "policy",
            Type::Any,
            "The key policy, as a mapping or as JSON. Default: that of `like`.",
        ),
        takes("tags", Type::Mapping, "Tags, besides those of `like`."),
        takes(
            "spec",
            Type::String,
            "What kind of key: `SYMMETRIC_DEFAULT`. Default: that of `like`.",
        ),
        takes("usage", Type::String, "What it is for: `ENCRYPT_DECRYPT`. Default: that of `like`."),
        takes(
            "rotation",
            Type::Boolean,
            "Whether KMS rotates its material every year. Default: as `like` has it.",
        ),
        takes(
            "multi_region",
            Type::Boolean,
            "Whether it can have replicas in other Regions. Default: as `like` has it.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("key_id", Type::String, "The key's id."),
        gives("key_arn", Type::String, "The key's ARN."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: SHORT,
    idempotent: false,
    observe: Some(
        "There is a key that carries the tags of this run and this step, and it rotates as wanted.",
    ),
    undo: Some(
        "The key is disabled and its deletion scheduled in 7 days. Not while an alias points at it.",
    ),
    permissions: CREATE_KEY_NEEDS,
    example: "uses: kms/create-key\nwith:\n  like: alias/corpus\n  description: Successor of alias/corpus",
    needs_account: true,
};

const SET_ALIAS: ActionSpec = ActionSpec {
    name: "kms/set-alias",
    summary: "Point a KMS alias at a key",
    description: "Creates the alias if there is none. It re-encrypts nothing, and a service that stored the ARN of the key \
behind the alias stays with that key. Where policies test `kms:ResourceAliases`, access changes with it.",
    inputs: &[
        needs("alias", Type::String, "The alias: `alias/corpus`."),
        needs("key", Type::String, "The key's id or ARN."),
    ],
    open_inputs: false,
    outputs: &[
        gives("alias", Type::String, "The alias."),
        gives("key_id", Type::String, "The key that it points at."),
        gives("key_arn", Type::String, "That key's ARN."),
        gives("previous_key_id", Type::String, "The key that it pointed at before, or null."),
        gives("previous_key_arn", Type::String, "That key's ARN, or null."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: SHORT,
    idempotent: true,
    observe: Some("The alias points at the key."),
    undo: Some("The alias points at its previous key again. If there was no alias, it is deleted."),
    permissions: SET_ALIAS_NEEDS,
    example: "uses: kms/set-alias\nwith: { alias: alias/corpus, key: \"{{ steps.create_key.key_id }}\" }",
    needs_account: true,
};

const KEY: &[InputSpec] = &[needs("key", Type::String, "The key: its id, ARN or alias.")];
const KEY_AND_WAS: &[OutputSpec] = &[
    gives("key_id", Type::String, "The key's id."),
    gives("key_arn", Type::String, "The key's ARN."),
    gives("was", Type::String, "Its state before: `Enabled`, `Disabled`."),
];

const DISABLE_KEY: ActionSpec = ActionSpec {
    name: "kms/disable-key",
    summary: "Disable a KMS key",
    description: "**An outage for whatever is still encrypted under the key.** Prove first that nothing is \
(`kms/key-users`), and keep it disabled for a full business cycle before it is deleted.",
    inputs: KEY,
    open_inputs: false,
    outputs: KEY_AND_WAS,
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: SHORT,
    idempotent: true,
    observe: Some("The key is disabled."),
    undo: Some("The key is enabled again, if it was enabled."),
    permissions: &[
        Permission::run("kms:DescribeKey", THE_KEY),
        Permission::run("kms:DisableKey", THE_KEY),
        Permission::undo("kms:EnableKey", THE_KEY),
    ],
    example: "uses: kms/disable-key\nwith: { key: \"{{ steps.move_alias.previous_key_id }}\" }",
    needs_account: true,
};

const ENABLE_KEY: ActionSpec = ActionSpec {
    name: "kms/enable-key",
    summary: "Enable a KMS key",
    description: "A key whose deletion is scheduled cannot be enabled: cancel the deletion first.",
    inputs: KEY,
    open_inputs: false,
    outputs: KEY_AND_WAS,
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: SHORT,
    idempotent: true,
    observe: Some("The key is enabled."),
    undo: Some("The key is disabled again, if it was disabled."),
    permissions: &[
        Permission::run("kms:DescribeKey", THE_KEY),
        Permission::run("kms:EnableKey", THE_KEY),
        Permission::undo("kms:DisableKey", THE_KEY),
    ],
    example: "uses: kms/enable-key\nwith: { key: alias/corpus }",
    needs_account: true,
};

const SCHEDULE_DELETION: ActionSpec = ActionSpec {
    name: "kms/schedule-deletion",
    summary: "Schedule the deletion of a KMS key",
    description: "The key is unusable at once, and gone for good after `days`, with everything that is still encrypted \
under it. A multi-Region primary with replicas waits until the last replica is deleted.",
    inputs: &[
        needs("key", Type::String, "The key: its id, ARN or alias."),
        takes_or("days", Type::Integer, "30", "How many days until it is gone, 7 to 30."),
    ],
    open_inputs: false,
    outputs: &[
        gives("key_id", Type::String, "The key's id."),
        gives("key_arn", Type::String, "The key's ARN."),
        gives(
            "deletion_date",
            Type::String,
            "When it is gone, in RFC 3339. Null while it waits for its replicas.",
        ),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Destroy),
    timeout: SHORT,
    idempotent: true,
    observe: Some("The key waits for its deletion."),
    undo: Some(
        "The deletion is cancelled, which leaves the key disabled. It is enabled again, if it was enabled.",
    ),
    permissions: &[
        Permission::run("kms:DescribeKey", THE_KEY),
        Permission::run("kms:ScheduleKeyDeletion", THE_KEY),
        Permission::undo("kms:CancelKeyDeletion", THE_KEY),
        Permission::undo("kms:EnableKey", THE_KEY),
    ],
    example: "uses: kms/schedule-deletion\nwith: { key: \"{{ steps.move_alias.previous_key_id }}\", days: 30 }",
    needs_account: true,
};
