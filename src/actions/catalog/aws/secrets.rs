//! The `secrets/` actions.

use super::{gives, needs, takes};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission, When};
use crate::model::runbook::Type;
use std::time::Duration;

const SECRET: &[On] = &[On::Named(Kind::Secret, "secret")];
const KEY: On = On::Named(Kind::Key, "key");
const KEY_BEFORE: On =
    On::Any(Kind::Key, "the keys that the versions are under before are read in the run");

/// Secrets Manager uses the keys in the caller's name.
const REENCRYPT_NEEDS: &[Permission] = &[
    Permission::run("secretsmanager:DescribeSecret", SECRET),
    Permission::run("secretsmanager:ListSecretVersionIds", SECRET),
    Permission::run("secretsmanager:UpdateSecret", SECRET),
    Permission::run("kms:Encrypt", &[KEY]),
    Permission::run("kms:GenerateDataKey", &[KEY]),
    Permission::run("kms:Decrypt", &[KEY, KEY_BEFORE]),
    Permission::undo("kms:Encrypt", &[KEY_BEFORE]),
    Permission::undo("kms:GenerateDataKey", &[KEY_BEFORE]),
];

pub(super) const SPECS: [ActionSpec; 2] = [REENCRYPT, FROM_VARIABLE];

const REENCRYPT: ActionSpec = ActionSpec {
    name: "secrets/reencrypt",
    summary: "Put a secret under a KMS key and prove it",
    description: "Secrets Manager re-encrypts the versions staged `AWSCURRENT`, `AWSPENDING` and `AWSPREVIOUS`. Without \
`kms:Encrypt` on the new key it re-encrypts nothing and does not fail, so the step reads every version's key and fails \
when a staged one is under another.",
    inputs: &[
        needs("secret", Type::String, "The secret's name or ARN."),
        needs("key", Type::String, "The full ARN of the key."),
    ],
    open_inputs: false,
    outputs: &[
        gives("secret_arn", Type::String, "The secret's ARN."),
        gives(
            "previous_key",
            Type::String,
            "The key that it named before, or null for the service's own.",
        ),
        gives("versions", Type::List, "Its versions: `{id, stages, key}`."),
        gives("unverified", Type::List, "Ids of staged versions that do not say their key."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(5 * 60),
    idempotent: true,
    observe: Some("The secret names the key, and no staged version is under another."),
    undo: Some("The secret is under its previous key again, or under the service's own."),
    permissions: REENCRYPT_NEEDS,
    example: "uses: secrets/reencrypt\nwith: { secret: corpus/api, key: \"{{ steps.create_key.key_arn }}\" }",
    needs_account: true,
};

const FROM_VARIABLE: ActionSpec = ActionSpec {
    name: "secrets/from-variable",
    summary: "Make a secret of a function's variable",
    description: "Reads the variable and writes it into a new secret. The value never leaves the process. The function keeps \
the variable: let it read the secret first, and then drop it with `lambda/set-variables`.\n\n\
A secret of that name that holds the same value is taken for it. One that holds another value is left alone, and the step is refused.",
    inputs: &[
        needs("function", Type::String, "The function's name or ARN."),
        needs("variable", Type::String, "The variable's name."),
        needs("secret", Type::String, "The name of the new secret."),
        takes(
            "key",
            Type::String,
            "The full ARN of the key to put it under. Without one it is the service's own.",
        ),
        takes("description", Type::String, "What the secret is for."),
    ],
    open_inputs: false,
    outputs: &[
        gives("secret_arn", Type::String, "The secret's ARN."),
        gives("name", Type::String, "The secret's name."),
        gives("key", Type::String, "The key that it is under, or null for the service's own."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(2 * 60),
    idempotent: true,
    observe: Some("There is a secret of that name, and it holds what the variable holds."),
    undo: Some(
        "The secret is deleted at once, if this step made it. The variable still holds the value.",
    ),
    permissions: &[
        Permission::run(
            "lambda:GetFunctionConfiguration",
            &[On::Named(Kind::Function, "function")],
        ),
        Permission::sometimes(
            "the function is under a customer's key",
            "kms:Decrypt",
            &[On::Any(Kind::Key, "the key that the function is under is read in the run")],
        ),
        Permission::run("secretsmanager:DescribeSecret", SECRET),
        Permission::run("secretsmanager:CreateSecret", SECRET),
        Permission::run("secretsmanager:TagResource", SECRET),
        Permission::run("kms:GenerateDataKey", &[KEY]).when(&[When::Given("key")]),
        Permission::run("kms:Decrypt", &[KEY]).when(&[When::Given("key")]),
        Permission::look("secretsmanager:GetSecretValue", SECRET),
        Permission::undo("secretsmanager:DeleteSecret", SECRET),
    ],
    example: "uses: secrets/from-variable\nwith: { function: corpus-reader, variable: API_TOKEN, secret: corpus/api-token }",
    needs_account: true,
};
