//! The actions that stand for the parts of a drill. Nobody writes them: they are made of the entries of a scenario.

use crate::model::action::{ActionSpec, EffectSpec, InputSpec, OutputSpec};
use crate::model::drill::Part;
use crate::model::mode::Effect;
use crate::model::runbook::Type;
use std::time::Duration;

const fn input(name: &'static str, kind: Type, description: &'static str) -> InputSpec {
    InputSpec { name, kind, required: true, default: None, description }
}

const LOOKED: &[OutputSpec] = &[
    OutputSpec {
        name: "healthy",
        kind: Type::Boolean,
        description: "Whether every probe held for its time.",
    },
    OutputSpec {
        name: "probes",
        kind: Type::Mapping,
        description: "The probes by runbook and id, and what each said.",
    },
];

/// What a part has in common with the others: it reads, and acts in no account itself.
fn part(part: Part, summary: &'static str, inputs: &'static [InputSpec]) -> ActionSpec {
    ActionSpec {
        name: part.action(),
        summary,
        description: "A part of a drill. It is made of an entry of the scenario.",
        inputs,
        open_inputs: false,
        outputs: if part.looks() { LOOKED } else { &[] },
        open_outputs: false,
        effect: EffectSpec::Fixed(Effect::Read),
        // Each probe says how long it may take.
        timeout: Duration::from_secs(86_400),
        idempotent: true,
        observe: None,
        undo: None,
        permissions: &[],
        example: "",
        needs_account: false,
    }
}

/// The descriptions.
#[must_use]
pub(super) fn specs() -> Vec<ActionSpec> {
    const RUNBOOKS: &[InputSpec] =
        &[input("runbooks", Type::List, "The runbooks whose health must hold.")];
    vec![
        part(Part::Steady, "See that all is well before anything is touched", RUNBOOKS),
        part(Part::Recovered, "Wait until health is back, and stop the clock", RUNBOOKS),
        part(
            Part::Expect,
            "See that the fault shows",
            const { &[input("unhealthy", Type::String, "The runbook whose health must not hold.")] },
        ),
        part(
            Part::Incident,
            "Start the clock",
            const { &[input("text", Type::String, "What has happened.")] },
        ),
        part(Part::Mend, "Mend what was broken", &[]),
        ActionSpec {
            inputs: const {
                &[
                    input("runbook", Type::String, "The runbook that breaks something."),
                    InputSpec {
                        name: "params",
                        kind: Type::Mapping,
                        required: false,
                        default: None,
                        description: "Its parameters by name.",
                    },
                ]
            },
            open_outputs: true,
            effect: EffectSpec::Fixed(Effect::Unclear),
            idempotent: false,
            undo: Some("mends what was broken, in reverse order of the starts"),
            ..part(Part::Fault, "Break something on purpose", &[])
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_drill_is_described() {
        let specs = specs();
        for part in Part::ALL.into_iter().filter(|part| *part != Part::Run) {
            assert!(specs.iter().any(|spec| spec.name == part.action()), "{part:?}");
        }
        assert_eq!(specs.len() + 1, Part::ALL.len());
    }
}
