//! The `lambda/` actions.

use super::{gives, needs, takes};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission};
use crate::model::runbook::Type;
use crate::model::value::Values;
use std::time::Duration;

const FUNCTION: &[On] = &[On::Named(Kind::Function, "function")];
const KEY: On = On::Named(Kind::Key, "key");
const KEY_BEFORE: On =
    On::Any(Kind::Key, "the key that the function is under before is read in the run");

/// Lambda uses the key in the caller's name: it encrypts the variables, and makes a grant for itself.
const SET_KEY_NEEDS: &[Permission] = &[
    Permission::run("lambda:GetFunctionConfiguration", FUNCTION),
    Permission::run("lambda:ListVersionsByFunction", FUNCTION),
    Permission::run("lambda:UpdateFunctionConfiguration", FUNCTION),
    Permission::run("kms:CreateGrant", &[KEY]),
    Permission::run("kms:Encrypt", &[KEY]),
    Permission::run("kms:Decrypt", &[KEY_BEFORE]),
    Permission::undo("kms:CreateGrant", &[KEY_BEFORE]),
    Permission::undo("kms:Encrypt", &[KEY_BEFORE]),
    Permission::undo("kms:Decrypt", &[KEY]),
];

pub(super) const SPECS: [ActionSpec; 2] = [SET_KEY, INVOKE];

const SET_KEY: ActionSpec = ActionSpec {
    name: "lambda/set-key",
    summary: "Put a function's environment variables under a KMS key",
    description: "Guarded by the function's revision, so that no change of somebody else is lost. Published versions cannot \
be changed and keep their key: they are named in the output. Publish a new one, move the aliases, delete the old ones.",
    inputs: &[
        needs("function", Type::String, "The function's name or ARN."),
        needs("key", Type::String, "The full ARN of the key."),
    ],
    open_inputs: false,
    outputs: &[
        gives("function_arn", Type::String, "The function's ARN."),
        gives("previous_key", Type::String, "The key before, or null for Lambda's own."),
        gives("revision_id", Type::String, "The revision that has the key."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(10 * 60),
    idempotent: true,
    observe: Some("The function has the key, and no update of it is under way."),
    undo: Some("The function has its previous key again, or Lambda's own."),
    permissions: SET_KEY_NEEDS,
    example: "uses: lambda/set-key\nwith: { function: corpus-reader, key: \"{{ steps.create_key.key_arn }}\" }",
    needs_account: true,
};

const INVOKE: ActionSpec = ActionSpec {
    name: "lambda/invoke",
    summary: "Call a function and wait for its answer",
    description: "A function that fails fails the step, with what it said. A call whose answer was lost \
is made again, so a repeat must be harmless. Where it only looks, say `effect: read`; then it may be a health probe.",
    inputs: &[
        needs(
            "function",
            Type::String,
            "The function's name or ARN. A version or an alias may follow after a colon.",
        ),
        takes("payload", Type::Any, "What it is given."),
    ],
    open_inputs: false,
    outputs: &[
        gives("status", Type::Integer, "The status of the call: 200."),
        gives("result", Type::Any, "What it answered: JSON where it is, a text where it is not."),
        gives("error", Type::Any, "Always null: a function that fails fails the step."),
    ],
    open_outputs: false,
    effect: EffectSpec::ByInput(what_it_does),
    timeout: Duration::from_secs(16 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[Permission::run("lambda:InvokeFunction", FUNCTION)],
    example: "uses: lambda/invoke\nwith: { function: corpus-reader, payload: { check: true } }\neffect: read",
    needs_account: true,
};

/// A function can do anything, whatever it is given.
fn what_it_does(_: &Values) -> Effect {
    Effect::Unclear
}
