//! The `ssm/` actions.

use super::{gives, needs};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission};
use crate::model::runbook::Type;
use std::time::Duration;

const PARAMETER: &[On] = &[On::Named(Kind::Parameter, "name")];

pub(super) const SPECS: [ActionSpec; 1] = [SET_PARAMETER];

const SET_PARAMETER: ActionSpec = ActionSpec {
    name: "ssm/set-parameter",
    summary: "Set a parameter of Systems Manager",
    description: "For what others read while they work, such as the Region that a pipeline calls. A parameter that exists keeps \
its type. Who reads a parameter may keep it for a while: let a probe show that the new value is used.\n\n\
A `SecureString` is refused: the previous value would be kept in the journal, so that undo can bring it back. \
Undo also refuses to overwrite what somebody else has set since.",
    inputs: &[
        needs("name", Type::String, "The parameter's name, with its path."),
        needs("value", Type::String, "The value."),
    ],
    open_inputs: false,
    outputs: &[
        gives("name", Type::String, "The parameter's name."),
        gives("value", Type::String, "The value that it has now."),
        gives(
            "previous_value",
            Type::String,
            "The value before, or null when there was no such parameter.",
        ),
        gives("version", Type::Integer, "The version that has the value."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(2 * 60),
    idempotent: true,
    observe: Some("The parameter has the value."),
    undo: Some(
        "The parameter has its previous value again, or is gone when it was not there before.",
    ),
    permissions: &[
        Permission::run("ssm:GetParameter", PARAMETER),
        Permission::run("ssm:PutParameter", PARAMETER),
        Permission::undo("ssm:DeleteParameter", PARAMETER),
    ],
    example: "uses: ssm/set-parameter\nwith: { name: /corpus/bedrock/region, value: eu-central-1 }",
    needs_account: true,
};
