//! Actions that need no cloud: people, time, web addresses, and other runbooks.

use crate::model::action::{ActionSpec, EffectSpec, InputSpec, OutputSpec};
use crate::model::mode::Effect;
use crate::model::runbook::Type;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

const fn required(name: &'static str, kind: Type, description: &'static str) -> InputSpec {
    InputSpec { name, kind, required: true, default: None, description }
}

const fn optional(
    name: &'static str,
    kind: Type,
    default: Option<&'static str>,
    description: &'static str,
) -> InputSpec {
    InputSpec { name, kind, required: false, default, description }
}

const fn output(name: &'static str, kind: Type, description: &'static str) -> OutputSpec {
    OutputSpec { name, kind, description }
}

/// What these actions have in common: they read, and act in no account.
const READS: ActionSpec = ActionSpec {
    name: "",
    summary: "",
    description: "",
    inputs: &[],
    open_inputs: false,
    outputs: &[],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: DAY,
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[],
    example: "",
    needs_account: false,
};

const ANSWERED_BY: OutputSpec = output("answered_by", Type::String, "Who answered.");

/// The descriptions, in the order of the manual.
#[must_use]
pub(super) fn specs() -> Vec<ActionSpec> {
    vec![confirm(), input(), checklist(), wait(), http(), runbook()]
}

fn confirm() -> ActionSpec {
    ActionSpec {
        name: "manual/confirm",
        summary: "Ask a person to do something and to say when it is done",
        description: "The run waits for the answer: at the prompt, or from `runbook answer` in another terminal. \
Without a terminal the run pauses, and `runbook resume` goes on once it has been answered.",
        inputs: const {
            &[required("ask", Type::String, "What is to be done, and how one sees that it is.")]
        },
        outputs: const { &[ANSWERED_BY] },
        example: "uses: manual/confirm\nwith:\n  ask: Call the data owner and agree on the start.\n",
        ..READS
    }
}

fn input() -> ActionSpec {
    ActionSpec {
        name: "manual/input",
        summary: "Ask a person for values that are read off somewhere",
        description: "Each entry of `fields` is an output of the step. It may say `type` (a string when it does not), \
`description`, `choices`, `pattern` (a regular expression) and `secret: true`. A secret is never shown and is masked from then on.",
        inputs: const {
            &[
                required("ask", Type::String, "Where the values are found."),
                required(
                    "fields",
                    Type::Mapping,
                    "The values by name, each with what it has to be.",
                ),
            ]
        },
        open_outputs: true,
        example: "uses: manual/input\nwith:\n  ask: Open the vendor's console and read the case number.\n  fields:\n    case_number: { type: integer, description: The number at the top }\n",
        ..READS
    }
}

fn checklist() -> ActionSpec {
    ActionSpec {
        name: "manual/checklist",
        summary: "Ask a person to do several things",
        description: "At a prompt each item is agreed to by itself. `runbook answer` agrees to all of them.",
        inputs: const {
            &[
                optional("ask", Type::String, None, "What the items have in common."),
                required("items", Type::List, "What is to be done, one string each."),
            ]
        },
        outputs: const { &[ANSWERED_BY] },
        example: "uses: manual/checklist\nwith:\n  ask: Before traffic goes back\n  items:\n    - The status page says what happened.\n    - Support knows the new address.\n",
        ..READS
    }
}

fn wait() -> ActionSpec {
    ActionSpec {
        name: "wait/for",
        summary: "Let a fixed time pass",
        description: "To wait until something is so, use `until` on a step that reads instead: it ends as soon as it may. \
The operator can stop the wait; when the run goes on it waits from the beginning.",
        inputs: const { &[required("duration", Type::Duration, "How long, such as `90s` or `10m`.")] },
        // Longer than any wait that makes sense in a run, so that the wait itself decides.
        timeout: Duration::from_secs(30 * 86_400),
        example: "uses: wait/for\nwith: { duration: 5m }\n",
        ..READS
    }
}

fn http() -> ActionSpec {
    ActionSpec {
        name: "http/check",
        summary: "Ask a web address and check the answer",
        description: "Fails when there is no answer, when its status is another one, and when it does not contain what it should. \
Redirects are not followed. The connection must stand within 5 seconds and the answer be there within 30.",
        inputs: const {
            &[
                required("url", Type::String, "The address, `http` or `https`."),
                optional(
                    "method",
                    Type::String,
                    Some("GET"),
                    "`GET`, `HEAD` or `OPTIONS`: a check changes nothing.",
                ),
                optional("status", Type::Any, Some("200"), "The status wanted, or a list of them."),
                optional(
                    "contains",
                    Type::String,
                    None,
                    "What must stand in the first 64 KiB of the body.",
                ),
                optional("headers", Type::Mapping, None, "Headers to send, by name."),
            ]
        },
        outputs: const {
            &[
                output("status", Type::Integer, "The status of the answer."),
                output("body", Type::String, "The first 64 KiB of the body."),
                output("took_ms", Type::Integer, "How long it took, in milliseconds."),
            ]
        },
        timeout: Duration::from_secs(60),
        example: "uses: http/check\nwith:\n  url: https://service.example.com/health\n  contains: '\"ok\"'\n",
        ..READS
    }
}

fn runbook() -> ActionSpec {
    ActionSpec {
        name: "runbook/run",
        summary: "Run another runbook as one step",
        description: "Its steps appear nested in the plan, the journal and the site, and its health probes and undo come along. \
The outputs are those of its steps, by step id. What it does to the world is what its steps do.",
        inputs: const {
            &[
                required("runbook", Type::String, "The name of the other runbook."),
                optional("params", Type::Mapping, None, "Its parameters by name."),
            ]
        },
        open_outputs: true,
        // Its steps say what they do; until they are read, nothing can be ruled out.
        effect: EffectSpec::Fixed(Effect::Unclear),
        idempotent: false,
        undo: Some("takes back the steps of the other runbook, in reverse order of their starts"),
        example: "uses: runbook/run\nwith:\n  runbook: replace-kms-key\n  params: { alias: alias/corpus }\n",
        ..READS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::Action;
    use crate::actions::{http::HttpCheck, manual, wait::WaitFor};

    #[test]
    fn every_description_is_whole() {
        for spec in specs() {
            assert!(!spec.summary.is_empty() && !spec.summary.ends_with('.'), "{}", spec.name);
            assert!(spec.description.ends_with('.'), "{}", spec.name);
            assert!(spec.example.starts_with(&format!("uses: {}\n", spec.name)), "{}", spec.name);
            for input in spec.inputs.iter().filter(|input| input.required) {
                let named = spec.example.contains(&format!("{}:", input.name));
                assert!(named, "{}: the example lacks {}", spec.name, input.name);
            }
        }
    }

    #[test]
    fn every_action_here_is_described() {
        let specs = specs();
        let actions: [&dyn Action; 5] =
            [&manual::Confirm, &manual::Input, &manual::Checklist, &WaitFor, &HttpCheck];
        for action in actions {
            assert!(specs.iter().any(|spec| spec.name == action.name()), "{}", action.name());
        }
        assert_eq!(specs.len(), actions.len() + 1);
    }
}
