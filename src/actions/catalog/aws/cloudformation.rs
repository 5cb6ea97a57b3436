//! The `cloudformation/` actions.

use super::{gives, needs, takes, takes_or};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission, When};
use crate::model::runbook::Type;
use std::time::Duration;

/// Stacks take their time; a domain takes hours and its step says so.
const WORK: Duration = Duration::from_secs(60 * 60);

const STACK: &[On] = &[On::Named(Kind::Stack, "stack")];
const STACK_BUCKETS: &[On] = &[On::Any(Kind::Bucket, "the stack's buckets are read in the run")];
const STACK_OBJECTS: &[On] = &[On::Any(Kind::Objects, "the stack's buckets are read in the run")];
const BLOCKED: &str = "when a stack that was never created stands in the way";
const PROTECTED: &str = "when the stack's protection from deletion is not as it is wanted";

/// What CloudFormation then does to the resources, it does with the caller's permissions too. Those
/// are not here: a template does not tell them.
const DEPLOY_NEEDS: &[Permission] = &[
    Permission::run("cloudformation:CreateChangeSet", STACK),
    Permission::run("cloudformation:DescribeChangeSet", STACK),
    Permission::run("cloudformation:DescribeStackEvents", STACK),
    Permission::run("cloudformation:DescribeStacks", STACK),
    Permission::run("cloudformation:ExecuteChangeSet", STACK),
    Permission::run("cloudformation:TagResource", STACK).when(&[When::Given("tags")]),
    Permission::sometimes("when the stack exists", "cloudformation:GetTemplate", STACK),
    Permission::sometimes("when nothing is to be changed", "cloudformation:DeleteChangeSet", STACK),
    Permission::sometimes(BLOCKED, "cloudformation:DeleteStack", STACK),
    Permission::sometimes(BLOCKED, "cloudformation:ListStackResources", STACK),
    Permission::sometimes(PROTECTED, "cloudformation:UpdateTerminationProtection", STACK)
        .when(&[When::Given("termination_protection")]),
    Permission::look("cloudformation:GetTemplate", STACK),
    Permission::look("cloudformation:GetTemplateSummary", &[On::Everything]),
    Permission::undo("cloudformation:DeleteChangeSet", STACK),
    Permission::undo("cloudformation:DeleteStack", STACK),
    Permission::undo("cloudformation:ListStackResources", STACK),
    Permission::undo("cloudformation:TagResource", STACK).when(&[When::Given("tags")]),
    Permission::undo("cloudformation:UpdateTerminationProtection", STACK),
];

const DELETE_NEEDS: &[Permission] = &[
    Permission::run("cloudformation:DeleteStack", STACK),
    Permission::run("cloudformation:DescribeStackEvents", STACK),
    Permission::run("cloudformation:DescribeStacks", STACK),
    Permission::sometimes(
        "when a resource cannot be deleted",
        "cloudformation:ListStackResources",
        STACK,
    ),
    Permission::sometimes(
        "when the stack is protected from deletion",
        "cloudformation:UpdateTerminationProtection",
        STACK,
    )
    .when(&[When::True("disable_termination_protection", false)]),
    Permission::sometimes("when a bucket is not empty", "s3:ListBucketVersions", STACK_BUCKETS)
        .when(&[When::True("empty_buckets", false)]),
    Permission::sometimes("when a bucket is not empty", "s3:DeleteObject", STACK_OBJECTS)
        .when(&[When::True("empty_buckets", false)]),
    Permission::sometimes("when a bucket is not empty", "s3:DeleteObjectVersion", STACK_OBJECTS)
        .when(&[When::True("empty_buckets", false)]),
];

pub(super) const SPECS: [ActionSpec; 3] = [DEPLOY, DELETE, OUTPUTS];

const DEPLOY: ActionSpec = ActionSpec {
    name: "cloudformation/deploy",
    summary: "Create or update a stack through a change set",
    description: "Decides by itself whether the stack is created or updated. A change set that would change nothing is a \
success. A stack that was never created successfully (`ROLLBACK_COMPLETE`) is deleted first, and one left in review \
without resources too. Whatever somebody else is doing to the stack is waited for.\n\n\
The parameters are the whole truth: one that is neither given nor kept takes the template's default, not the value it has. \
A parameter may be a list, which becomes one text with commas. Templates have at most 51,200 bytes.\n\n\
A change that would delete or replace what holds data (a bucket, a domain, a key, a table, a log group) is refused before \
anything happens, unless `may_lose` names the resource or its policy retains it. Stacks that are nested in this one are not \
looked into.\n\n\
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
        takes(
            "keep",
            Type::List,
            "Parameters that keep the value the stack has. In a new stack they take the template's default.",
        ),
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
        takes(
            "may_lose",
            Type::List,
            "Resources that hold data, by their names in the template, and that this change may delete or replace.",
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
    permissions: DEPLOY_NEEDS,
    example: "uses: cloudformation/deploy\nwith:\n  stack: corpus\n  template: stacks/corpus.yaml\n  parameters: { KeyArn: \"{{ steps.create_key.key_arn }}\" }",
    needs_account: true,
};

const DELETE: ActionSpec = ActionSpec {
    name: "cloudformation/delete",
    summary: "Delete a stack and wait until it is gone",
    description: "Termination protection refuses it, unless the step says otherwise. So does a bucket that is not empty: with \
`empty_buckets`, every version in those buckets that CloudFormation tried to delete is deleted, and the deletion is \
tried once more. A bucket that the template retains is never emptied.\n\n\
What stays behind, because the template retains it or because it could not be deleted, is listed in `retained`: it is \
owed to someone.",
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
        takes_or(
            "retain_failed",
            Type::Boolean,
            "false",
            "Whether the stack goes without the resources that could not be deleted. They stay, and are listed.",
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
    permissions: DELETE_NEEDS,
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
    permissions: &[Permission::run("cloudformation:DescribeStacks", STACK)],
    example: "uses: cloudformation/outputs\nwith: { stack: corpus }",
    needs_account: true,
};
