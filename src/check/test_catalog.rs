//! A small catalog for tests, with the kinds of action that the rules tell apart.

use crate::model::action::{ActionSpec, Catalog, EffectSpec, InputSpec, OutputSpec};
use crate::model::drill::Part;
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission};
use crate::model::runbook::Type;
use crate::model::value::Values;
use crate::services::operation;
use std::time::Duration;

const fn input(name: &'static str, kind: Type, required: bool) -> InputSpec {
    InputSpec { name, kind, required, default: None, description: "An input." }
}

const fn output(name: &'static str, kind: Type) -> OutputSpec {
    OutputSpec { name, kind, description: "An output." }
}

fn of_call(inputs: &Values) -> Effect {
    let word = |name: &str| inputs.get(name).and_then(|word| word.as_str());
    let known = word("service").zip(word("operation"));
    known
        .and_then(|(service, name)| operation(service, name))
        .map_or(Effect::Unclear, |operation| operation.effect())
}

fn spec(name: &'static str, effect: Effect) -> ActionSpec {
    ActionSpec {
        name,
        summary: "Does something",
        description: "",
        inputs: &[],
        open_inputs: false,
        outputs: &[],
        open_outputs: false,
        effect: EffectSpec::Fixed(effect),
        timeout: Duration::from_secs(60),
        idempotent: false,
        observe: None,
        undo: None,
        permissions: &[],
        example: "",
        needs_account: false,
    }
}

#[expect(clippy::too_many_lines, reason = "it is a list of actions, one after the other")]
pub(super) fn catalog() -> Catalog {
    const KEY: &[InputSpec] =
        &[input("key", Type::String, true), input("days", Type::Integer, false)];
    const CREATE: &[InputSpec] = &[
        input("like", Type::String, false),
        input("description", Type::String, false),
        input("rotation", Type::Boolean, false),
        input("tags", Type::Mapping, false),
    ];
    const KEY_OUT: &[OutputSpec] =
        &[output("key_id", Type::String), output("key_arn", Type::String)];
    const CALL: &[InputSpec] = &[
        input("service", Type::String, true),
        input("operation", Type::String, true),
        input("input", Type::Mapping, false),
        input("reveal", Type::List, false),
    ];
    const ENCRYPT: &[Permission] =
        &[Permission::run("s3:PutEncryptionConfiguration", &[On::Named(Kind::Bucket, "key")])];
    let parts = Part::ALL.into_iter().filter(|part| *part != Part::Run);
    let parts = parts.map(|part| ActionSpec {
        open_inputs: true,
        open_outputs: true,
        undo: (part == Part::Fault).then_some("mends what was broken"),
        ..spec(part.action(), if part == Part::Fault { Effect::Unclear } else { Effect::Read })
    });
    let own = [
        ActionSpec {
            inputs: KEY,
            needs_account: true,
            permissions: ENCRYPT,
            ..spec("bucket/encrypt", Effect::Change)
        },
        ActionSpec {
            inputs: CREATE,
            outputs: KEY_OUT,
            undo: Some("deletes it"),
            needs_account: true,
            ..spec("kms/create-key", Effect::Change)
        },
        ActionSpec {
            inputs: KEY,
            outputs: KEY_OUT,
            needs_account: true,
            idempotent: true,
            ..spec("kms/describe-key", Effect::Read)
        },
        ActionSpec {
            inputs: KEY,
            outputs: KEY_OUT,
            needs_account: true,
            ..spec("stack/delete", Effect::Destroy)
        },
        ActionSpec {
            inputs: const {
                &[
                    input("stack", Type::String, false),
                    input("template", Type::String, false),
                    input("parameters", Type::Mapping, false),
                    input("keep", Type::List, false),
                ]
            },
            outputs: const { &[output("outputs", Type::Mapping)] },
            undo: Some("takes it back"),
            needs_account: true,
            ..spec("cloudformation/deploy", Effect::Change)
        },
        ActionSpec {
            inputs: const { &[input("duration", Type::Duration, true)] },
            ..spec("wait/for", Effect::Read)
        },
        ActionSpec {
            inputs: CALL,
            open_outputs: true,
            needs_account: true,
            effect: EffectSpec::ByInput(of_call),
            ..spec("aws/call", Effect::Unclear)
        },
        ActionSpec {
            inputs: const { &[input("ask", Type::String, true), input("fields", Type::Mapping, true)] },
            open_outputs: true,
            ..spec("manual/input", Effect::Read)
        },
        ActionSpec {
            inputs: const {
                &[input("runbook", Type::String, true), input("params", Type::Mapping, false)]
            },
            open_outputs: true,
            ..spec("runbook/run", Effect::Unclear)
        },
    ];
    Catalog::new(own.into_iter().chain(parts))
}
