//! The `cloudformation/` actions.

use super::{gives, needs, takes, takes_or};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::runbook::Type;
use std::time::Duration;

/// Stacks take their time; a domain takes hours and its step says so.
const WORK: Duration = Duration::from_secs(60 * 60);

pub(super) const SPECS: [ActionSpec; 3] = [DEPLOY, DELETE, OUTPUTS];

const DEPLOY: ActionSpec = ActionSpec {
    name: "cloudformation/deploy",
    summary: "Create or update a stack through a change set",
    description: "Decides by itself whether the stack is created or updated. A change set that would change nothing is a \
success. A stack that was never created successfully (`ROLLBACK_COMPLETE`) is deleted first, and one left in review \
without resources too. Whatever somebody else is doing to the stack is waited for.\n\n\
The parameters are the whole truth: one that is not given takes the template's default, not the value it has. \
A parameter may be a list, which becomes one text with commas. Templates have at most 51,200 bytes.\n\n\
In words that help: the first resource that failed by itself is named, not those that were cancelled because of it.",
    inputs: &[
        needs("stack", Type::String, "The stack's name."),
        takes(
            "template",
            Type::String,
            "The template's path, from the folder of the runbooks. It cannot lead out of it.",
        ),
        takes("template_body", Type::String, "The template itself, instead of a path."),
        takes("parameters", Type::Mapping, "The stack's parameters."),
        takes("capabilities", Type::List, "What the template may do: `CAPABILITY_NAMED_IAM`."),
        takes("tags", Type::Mapping, "Tags of the stack, which reach its resources."),
        takes(
            "termination_protection",
            Type::Boolean,
            "Whether the stack is to be protected from deletion. Default: left as it is.",
        ),
        takes_or(
            "on_failure",
            Type::String,
            "rollback",
            "`rollback` goes back; `keep` leaves what was made, to look at it.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("stack_id", Type::String, "The stack's ARN."),
        gives("change", Type::String, "`created`, `updated` or `unchanged`."),
        gives("outputs", Type::Mapping, "The stack's outputs by name."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: WORK,
    idempotent: true,
    observe: Some(
        "The stack is there, not being worked at, with this template, these parameters and these tags.",
    ),
    undo: Some(
        "A stack that the step created is deleted. One that was there is brought back to its previous template, parameters and tags.",
    ),
    permissions: &[
        "cloudformation:CreateChangeSet",
        "cloudformation:DeleteChangeSet",
        "cloudformation:DeleteStack",
        "cloudformation:DescribeChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStacks",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:GetTemplate",
        "cloudformation:GetTemplateSummary",
        "cloudformation:ListStackResources",
        "cloudformation:TagResource",
        "cloudformation:UpdateTerminationProtection",
    ],
    example: "uses: cloudformation/deploy\nwith:\n  stack: corpus\n  template: stacks/corpus.yaml\n  parameters: { KeyArn: \"{{ steps.create_key.key_arn }}\" }",
    needs_account: true,
};

const DELETE: ActionSpec = ActionSpec {
    name: "cloudformation/delete",
    summary: "Delete a stack and wait until it is gone",
    description: "Termination protection refuses it, unless the step says otherwise. So does a bucket that is not empty: with \
`empty_buckets`, every version in those buckets that CloudFormation tried to delete is deleted, and the deletion is \
tried once more. A bucket that the template retains is never emptied.\n\n\
What stays behind, because the template retains it, is listed in `retained`: it is owed to someone.",
    inputs: &[
        needs("stack", Type::String, "The stack's name or id."),
        takes_or(
            "empty_buckets",
            Type::Boolean,
            "false",
            "Whether buckets that stand in the way are emptied, all versions.",
        ),
        takes_or(
            "disable_termination_protection",
            Type::Boolean,
            "false",
            "Whether protection from deletion is taken off.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("deleted", Type::Boolean, "Whether there was a stack to delete."),
        gives("retained", Type::List, "The resources that stay behind."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Destroy),
    timeout: WORK,
    idempotent: true,
    observe: Some("The stack is gone."),
    undo: None,
    permissions: &[
        "cloudformation:DeleteStack",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "cloudformation:UpdateTerminationProtection",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketVersions",
    ],
    example: "uses: cloudformation/delete\nwith: { stack: corpus, empty_buckets: true }\nirreversible: The drill account is torn down.",
    needs_account: true,
};

const OUTPUTS: ActionSpec = ActionSpec {
    name: "cloudformation/outputs",
    summary: "Read a stack's status, parameters and outputs",
    description: "",
    inputs: &[
        needs("stack", Type::String, "The stack's name or id."),
        takes_or(
            "optional",
            Type::Boolean,
            "false",
            "Whether it is fine that there is no such stack. Then its mappings are empty.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("exists", Type::Boolean, "Whether there is such a stack."),
        gives("stack_id", Type::String, "The stack's ARN, or null."),
        gives("status", Type::String, "Its status: `CREATE_COMPLETE`, or null."),
        gives(
            "parameters",
            Type::Mapping,
            "The values of its parameters by name. A hidden one is `****`.",
        ),
        gives("outputs", Type::Mapping, "Its outputs by name."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &["cloudformation:DescribeStacks"],
    example: "uses: cloudformation/outputs\nwith: { stack: corpus }",
    needs_account: true,
};
