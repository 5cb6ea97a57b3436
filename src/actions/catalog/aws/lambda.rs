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

const KEY_OF_FUNCTION: On =
    On::Any(Kind::Key, "the key that the function is under is read in the run");

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

pub(super) const SPECS: [ActionSpec; 4] = [SET_KEY, INVOKE, SECRETS_SCAN, SET_VARIABLES];

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

const SECRETS_SCAN: ActionSpec = ActionSpec {
    name: "lambda/secrets-scan",
    summary: "Find plain secrets in the variables of functions",
    description: "Looks at every function of the Region and at every published version, since a version keeps a secret for as \
long as it lives. It tells the names of variables and the reasons. **No value leaves the process**: not to the journal, not to \
the terminal, not to a log.\n\n\
`certainty` is `sure` for what is a secret by its form (a private key, a known kind of token, an address with a password in \
it), `likely` for what has the name of one and does not just point at something, and `perhaps` for what is long and looks \
random. It cannot find a secret that looks like an ordinary word. What stands in code, layers and images is not looked at.",
    inputs: &[
        takes(
            "functions",
            Type::List,
            "The names of the functions to look at. All, when it is not given.",
        ),
        takes(
            "ignore",
            Type::List,
            "Variables that are known to be none: `NAME`, or `FUNCTION:NAME`.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives(
            "findings",
            Type::List,
            "Each with `function`, `version`, `variable`, `certainty` and `reason`.",
        ),
        gives("total", Type::Integer, "How many findings there are."),
        gives("functions", Type::Integer, "How many functions were looked at."),
        gives(
            "unreadable",
            Type::List,
            "Functions whose variables may not be read, with the reason.",
        ),
        gives("complete", Type::Boolean, "Whether each of them could be read."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(10 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("lambda:ListFunctions", &[On::Everything]),
        Permission::sometimes(
            "a function is under a customer's key",
            "kms:Decrypt",
            &[On::Any(
                Kind::Key,
                "it reads the functions of the Region, whichever keys they are under",
            )],
        ),
    ],
    example: "uses: lambda/secrets-scan\nexpect: [\"outputs.complete\", \"outputs.total == 0\"]",
    needs_account: true,
};

const SET_VARIABLES: ActionSpec = ActionSpec {
    name: "lambda/set-variables",
    summary: "Add variables to a function, and drop some",
    description: "The whole map is written with what was read a moment before, guarded by the function's revision, so that no \
change of somebody else is lost.\n\n\
A variable may be secret, so no value is written down for undo. What is dropped must therefore stand in a published version \
(`kept_in`): a version cannot change, and undo reads it there. For the same reason a variable that has another value already \
is not overwritten.",
    inputs: &[
        needs("function", Type::String, "The function's name or ARN."),
        takes("set", Type::Mapping, "Variables to add, by name."),
        takes("name", Type::String, "One more variable to add, when only the run knows its name."),
        takes("value", Type::String, "What that one is."),
        takes("drop", Type::List, "Names of variables to drop. One that is not there is fine."),
        takes(
            "kept_in",
            Type::String,
            "The number of a published version that holds what is dropped.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("function_arn", Type::String, "The function's ARN."),
        gives("revision_id", Type::String, "The revision that has them."),
        gives("variables", Type::List, "The names of all its variables."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(10 * 60),
    idempotent: true,
    observe: Some(
        "The function has the variables to add, none of those to drop, and no update of it is under way.",
    ),
    undo: Some(
        "What was added is gone, and what was dropped is there again, from the version that holds it.",
    ),
    permissions: &[
        Permission::run("lambda:GetFunctionConfiguration", FUNCTION),
        Permission::run("lambda:UpdateFunctionConfiguration", FUNCTION),
        Permission::sometimes(
            "the function is under a customer's key",
            "kms:CreateGrant",
            &[KEY_OF_FUNCTION],
        ),
        Permission::sometimes(
            "the function is under a customer's key",
            "kms:Encrypt",
            &[KEY_OF_FUNCTION],
        ),
        Permission::sometimes(
            "the function is under a customer's key",
            "kms:Decrypt",
            &[KEY_OF_FUNCTION],
        ),
    ],
    example: "uses: lambda/set-variables\nwith:\n  function: corpus-reader\n  set: { API_TOKEN_SECRET: \"{{ steps.secret.secret_arn }}\" }",
    needs_account: true,
};

/// A function can do anything, whatever it is given.
fn what_it_does(_: &Values) -> Effect {
    Effect::Unclear
}
