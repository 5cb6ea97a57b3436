//! Every key that an author may write: what it takes, and what it means.
//!
//! The parser, the JSON Schemas and the editor's help all read these tables, so that they cannot differ.

use crate::model::step::Role;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// A text, taken as it is. Not empty.
    Text,
    /// A text in which `{{ expressions }}` may stand. Not empty.
    Template,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A bare expression.
    Expression,
    /// A list of bare expressions.
    Expressions,
    /// `true` or `false`.
    Boolean,
    /// A whole number within limits.
    Count {
        /// The least.
        least: u32,
        /// The greatest.
        most: u32,
    },
    /// Any number.
    Number,
    /// A duration, which may be zero.
    Duration,
    /// A duration that is longer than nothing.
    Period,
    /// A regular expression.
    Pattern,
    /// Any value.
    Anything,
    /// A list of any values, not empty.
    Choices,
    /// A list of texts.
    Texts,
    /// A list of texts, none of them twice.
    Names,
    /// The name of an action.
    Action,
    /// The inputs of the block's action.
    Inputs,
    /// The name of an account.
    Account,
    /// The name of a runbook.
    Runbook,
    /// A list of the names of runbooks.
    Runbooks,
    /// A list of ids of steps, none of them twice.
    StepIds,
    /// The variables of a script, by name.
    Environment,
    /// A list of names, or `json`.
    Outputs,
    /// A date or a duration, in which `{{ expressions }}` may stand.
    Due,
    /// Any values, by name.
    Values,
    /// A Region of AWS.
    Region,
    /// The ARN of a role.
    Role,
    /// The twelve digits of an account.
    AccountId,
    /// A list of account ids.
    AccountIds,
    /// A number and a unit of the calendar, such as `3 months`.
    Cadence,
    /// An address on this machine.
    Loopback,
    /// The version of a file: exactly this number.
    Version(u32),
    /// A mapping with these keys and no others.
    Mapping(&'static [Key]),
    /// Mappings with these keys, by a name that the author chooses.
    Named(Naming, &'static [Key]),
    /// Nothing: the key stands here only to say where its text belongs instead.
    Nothing,
}

/// How an author may name things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `snake_case`.
    Snake,
    /// Lowercase letters, digits, `-` and `_`.
    Folder,
}

/// One key of a mapping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it takes.
    pub shape: Shape,
    /// What it means, as Markdown.
    pub description: &'static str,
}

const fn must(name: &'static str, shape: Shape, description: &'static str) -> Key {
    Key { name, required: true, shape, description }
}

const fn may(name: &'static str, shape: Shape, description: &'static str) -> Key {
    Key { name, required: false, shape, description }
}

/// The names of the keys of a table.
pub(super) fn names(table: &[Key]) -> Vec<&'static str> {
    table.iter().map(|key| key.name).collect()
}

/// Which bodies an option belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// Typed actions and scripts.
    Both,
    /// Typed actions.
    Typed,
    /// Scripts.
    Script,
}

impl Bodies {
    /// Whether an option of these bodies may stand in a script, or in a typed action.
    #[must_use]
    pub const fn admits(self, script: bool) -> bool {
        match self {
            Self::Both => true,
            Self::Typed => !script,
            Self::Script => script,
        }
    }
}

/// One option of a block.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The key.
    pub key: &'static str,
    /// The roles it is allowed in.
    pub roles: &'static [Role],
    /// The bodies it is allowed in.
    pub bodies: Bodies,
    /// What it takes.
    pub shape: Shape,
    /// What it takes, in words.
    pub takes: &'static str,
    /// What it means, as Markdown.
    pub description: &'static str,
}

const STEP: &[Role] = &[Role::Step];
const PROBES: &[Role] = &[Role::Observe, Role::Health];
const GIVES: &[Role] = &[Role::Step, Role::Observe, Role::Health];
const ALL: &[Role] = &Role::ALL;

const fn option(
    key: &'static str,
    (roles, bodies): (&'static [Role], Bodies),
    shape: Shape,
    takes: &'static str,
    description: &'static str,
) -> OptionSpec {
    OptionSpec { key, roles, bodies, shape, takes, description }
}

/// More attempts, or more elements at once, are a mistake.
pub(super) const MOST: u32 = 1000;
/// The version of `runbook.yaml` that this program reads.
pub(super) const VERSION: u32 = 1;

/// The words of `effect`.
pub(super) const EFFECTS: &[&str] = &["read", "change", "destroy"];
const COUNT: Shape = Shape::Count { least: 1, most: MOST };
const ATTEMPTS: Shape = Shape::Count { least: 2, most: MOST };
const RETRIES: Shape = Shape::Mapping(&RETRY);
const OWED: Shape = Shape::Mapping(&OBLIGATION);

use Bodies::{Both, Script, Typed};

/// Every option, in the order of the manual.
#[rustfmt::skip] // A table reads best a row a line.
pub const OPTIONS: [OptionSpec; 27] = [
    option("uses", (ALL, Typed), Shape::Action, "an action", "The action: what the block does. `runbook actions` lists them."),
    option("with", (ALL, Typed), Shape::Inputs, "a mapping", "The inputs of the action. Texts may hold `{{ expressions }}`."),
    option("account", (ALL, Both), Shape::Account, "a logical account", "The account it acts in, by the name that the environments of `runbook.yaml` give it. Default: the front matter's. An `observe` or `undo` block acts where its step acts."),
    option("region", (ALL, Both), Shape::Template, "a region", "The Region it acts in. Default: the environment's for that account."),
    option("effect", (ALL, Both), Shape::Word(EFFECTS), "`read`, `change` or `destroy`", "What it does to the world. Scripts: default `change`, and `read` in `observe` and `health`. Typed actions know their own; only a call that can do anything is told, and never less than its name says."),
    option("irreversible", (STEP, Both), Shape::Text, "a text: why", "Why it cannot be taken back. It stands instead of an undo."),
    option("needs", (STEP, Both), Shape::StepIds, "a list of step ids", "The steps that must have ended before this one starts. Default: the step before. `needs: []` may start at once."),
    option("if", (STEP, Both), Shape::Expression, "an expression", "A bare expression. When it is false the step is skipped, and the reason is recorded."),
    option("for_each", (STEP, Both), Shape::Expression, "an expression that gives a list", "A bare expression that gives a list. The step runs once for each element, which is `item`."),
    option("concurrency", (STEP, Both), COUNT, "an integer", "How many elements of `for_each` at once. Default: 1."),
    option("allow_empty", (STEP, Both), Shape::Boolean, "a boolean", "Whether an empty list is fine. By default it is an error."),
    option("confirm", (STEP, Both), Shape::Template, "a text", "What the operator must agree to before the step starts."),
    option("timeout", (ALL, Both), Shape::Period, "a duration", "How long it may take. Default: the action's own; 10 minutes for a script."),
    option("until", (STEP, Both), Shape::Expression, "an expression", "A bare expression on the outputs. A step that only reads repeats until it holds, or the timeout ends."),
    option("every", (GIVES, Both), Shape::Period, "a duration", "How long to wait between two looks. In a step only with `until`. Default: 5s."),
    option("retry", (GIVES, Both), RETRIES, "a mapping: attempts, delay", "Repeat a failed attempt. For what only reads, and for actions whose repeat is harmless."),
    option("expect", (STEP, Both), Shape::Expressions, "a list of expressions", "Bare expressions that must all hold on the outputs, or the step has failed after its effect."),
    option("holds", (PROBES, Typed), Shape::Expression, "an expression", "A bare expression: what \"in place\" or \"healthy\" means. Default: the action succeeded."),
    option("within", (PROBES, Both), Shape::Duration, "a duration", "How long it may take to turn true."),
    option("sustained", (&[Role::Health], Both), Shape::Duration, "a duration", "How long it must stay true."),
    option("env", (ALL, Script), Shape::Environment, "a mapping", "The variables of the script: the only way a value reaches it. Names that begin with `AWS_` and `RUNBOOK_` are set by the run."),
    option("outputs", (GIVES, Script), Shape::Outputs, "a list of names, or `json`", "What the script gives back: lines `name=value` in the file `$RUNBOOK_OUTPUT`, or with `json` one JSON object on its standard output."),
    option("secrets", (&[Role::Step, Role::Observe], Both), Shape::Names, "a list of output names", "Outputs that are masked everywhere from then on."),
    option("estimate", (STEP, Both), Shape::Duration, "a duration", "How long it usually takes."),
    option("obligation", (STEP, Both), OWED, "a mapping: text, due, runbook, params", "Something still owed after the run, with a due date."),
    option("description", (&[], Both), Shape::Nothing, "nothing: write it as prose above the block", "The description of a step is the prose above its block."),
    option("title", (&[], Both), Shape::Nothing, "nothing: write it as the heading above the block", "The title of a step is the heading above its block."),
];

/// The keys of `retry`.
pub const RETRY: [Key; 2] = [
    must("attempts", ATTEMPTS, "How often in all, the first attempt included."),
    may("delay", Shape::Duration, "How long to wait in between. Default: 5s."),
];

/// The keys of `obligation`.
#[rustfmt::skip]
pub const OBLIGATION: [Key; 4] = [
    must("text", Shape::Template, "What is owed."),
    must("due", Shape::Due, "A date such as `2027-01-31`, or a duration after the end of the step such as `30d`."),
    may("runbook", Shape::Runbook, "The runbook that settles it."),
    may("params", Shape::Values, "The parameters to run it with. A run with these values settles the obligation."),
];

/// The keys of the front matter.
#[rustfmt::skip]
pub const FRONT_MATTER: [Key; 7] = [
    must("title", Shape::Text, "What the runbook is called."),
    must("summary", Shape::Text, "What it is for, in one or two sentences."),
    must("owner", Shape::Text, "Who keeps the runbook true."),
    may("tags", Shape::Names, "Words to find it by."),
    may("objective", Shape::Mapping(&OBJECTIVE), "How long recovery may take, and how much data may be lost."),
    may("account", Shape::Account, "The default account of every block, by the name that the environments of `runbook.yaml` give it."),
    may("params", Shape::Named(Naming::Snake, &PARAMETER), "What a run may be told, by name. An expression reads it as `params.NAME`."),
];

/// The keys of `objective`.
pub const OBJECTIVE: [Key; 2] = [
    may("rto", Shape::Duration, "Recovery time objective: how long until healthy."),
    may("rpo", Shape::Duration, "Recovery point objective: how much data may be lost."),
];

/// The words of a parameter's `type`.
const TYPES: &[&str] = &["string", "integer", "number", "boolean", "duration", "list"];

/// The keys of one parameter.
#[rustfmt::skip]
pub const PARAMETER: [Key; 8] = [
    must("type", Shape::Word(TYPES), "The type of its value."),
    may("description", Shape::Text, "What it means."),
    may("default", Shape::Anything, "Its value when none is given: a plain value of that type. Without one the parameter is required."),
    may("pattern", Shape::Pattern, "A regular expression. Strings only. It matches anywhere unless it says `^` and `$`."),
    may("choices", Shape::Choices, "The only values allowed."),
    may("min", Shape::Number, "The least number allowed."),
    may("max", Shape::Number, "The greatest number allowed."),
    may("secret", Shape::Boolean, "Whether it must never be seen. It comes from a prompt, an environment variable or a file, never from the command line, and has no default."),
];

/// The keys of a manifest of stacks, beside those of the front matter.
#[rustfmt::skip]
pub const MANIFEST: [Key; 2] = [
    must("version", Shape::Version(VERSION), "The version of this file. It stands first."),
    must("stacks", Shape::Named(Naming::Snake, &STACK), "The stacks by name. Each is one step: those that need nothing of each other are deployed side by side."),
];

/// The keys of one stack of a manifest, beside [`STACK_OPTIONS`].
#[rustfmt::skip]
pub const STACK: [Key; 13] = [
    may("title", Shape::Text, "What it is called."),
    may("description", Shape::Text, "What it holds."),
    may("template", Shape::Text, "The template's path, from the folder of the runbooks."),
    may("stack", Shape::Template, "The stack's name. Default: the name here, with `-` for `_`."),
    may("parameters", Shape::Values, "The stack's parameters. `steps.NAME.outputs.OUTPUT` is what another stack gives."),
    may("keep", Shape::Names, "Parameters that keep the value the stack has."),
    may("capabilities", Shape::Texts, "What the template may do: `CAPABILITY_NAMED_IAM`."),
    may("tags", Shape::Values, "Tags of the stack, which reach its resources."),
    may("termination_protection", Shape::Boolean, "Whether the stack is to be protected from deletion."),
    may("on_failure", Shape::Word(&["rollback", "keep"]), "`rollback` goes back; `keep` leaves what was made, to look at it."),
    may("may_lose", Shape::Names, "Resources that hold data, and that a change may delete or replace."),
    may("runbook", Shape::Runbook, "A runbook that deploys it, in place of a template: Terraform, Pulumi, the assets of a CDK app."),
    may("params", Shape::Values, "The parameters of that runbook."),
];

/// The options of a step that a stack of a manifest may have. Without `needs` it waits for nothing.
#[rustfmt::skip]
pub const STACK_OPTIONS: [&str; 10] = [
    "account", "region", "needs", "if", "confirm", "timeout", "expect", "estimate", "obligation", "retry",
];

/// The keys of `runbook.yaml`.
#[rustfmt::skip]
pub const PROJECT: [Key; 4] = [
    must("version", Shape::Version(VERSION), "The version of this file."),
    may("deny_accounts", Shape::AccountIds, "Accounts that no run may ever touch, whatever an environment says."),
    must("environments", Shape::Named(Naming::Folder, &ENVIRONMENT), "The environments by name: what each is for, and the accounts it consists of."),
    may("handoff", Shape::Mapping(&HANDOFF), "What the handoff is judged by."),
];

/// The words of an environment's `kind`.
pub(super) const KINDS: &[&str] = &["production", "drill", "sandbox"];

/// The keys of one environment.
#[rustfmt::skip]
pub const ENVIRONMENT: [Key; 4] = [
    must("kind", Shape::Word(KINDS), "What it is for: `production`, `drill` or `sandbox`."),
    may("accounts", Shape::Named(Naming::Snake, &ACCOUNT), "Its accounts by logical name. A sandbox may leave them out."),
    may("seed", Shape::Runbooks, "Runbooks that fill a fresh one. Sandbox only."),
    may("endpoint", Shape::Loopback, "An emulator on this machine that somebody else has started. Sandbox only."),
];

/// The keys of one account.
#[rustfmt::skip]
pub const ACCOUNT: [Key; 4] = [
    must("id", Shape::AccountId, "Twelve digits in quotes."),
    may("role", Shape::Role, "The ARN of a role in that account. With neither `role` nor `profile`: the operator's own credentials."),
    may("profile", Shape::Text, "A named profile of the operator's AWS configuration."),
    must("region", Shape::Region, "The Region worked in by default."),
];

/// The keys of `handoff`.
pub const HANDOFF: [Key; 2] = [
    may(
        "operators",
        Shape::Texts,
        "Patterns of caller ARNs: who counts as the customer's own people.",
    ),
    may("cadence", Shape::Cadence, "How old evidence may be, such as `3 months`."),
];

/// The keys of a drill.
#[rustfmt::skip]
pub const DRILL: [Key; 7] = [
    must("title", Shape::Text, "What the drill is called."),
    must("summary", Shape::Text, "What it proves, in one or two sentences."),
    must("owner", Shape::Text, "Who keeps it true."),
    may("cadence", Shape::Mapping(&DRILL_CADENCE), "When it is due: every so often, counted from a day."),
    must("environment", Shape::Text, "The environment it runs in. Never one of kind production."),
    may("objective", Shape::Mapping(&DRILL_OBJECTIVE), "What it is judged by."),
    must("scenario", Shape::Anything, "What happens, in order."),
];

/// The keys of the `cadence` of a drill.
pub const DRILL_CADENCE: [Key; 2] = [
    must("every", Shape::Cadence, "How often, such as `3 months`."),
    must("from", Shape::Text, "The day it is counted from, such as `2026-01-15`."),
];

/// The keys of the `objective` of a drill.
pub const DRILL_OBJECTIVE: [Key; 1] =
    [must("rto", Shape::Duration, "Recovery time objective: how long until healthy.")];

/// The keys of which each entry of a scenario has exactly one.
pub(super) const MOMENTS: [&str; 5] = ["run", "fault", "incident", "expect", "recovered"];

#[cfg(test)]
mod tests {
    use super::{EFFECTS, KINDS, TYPES};
    use crate::model::mode::{Effect, EnvironmentKind};
    use crate::model::runbook::Type;

    #[test]
    fn the_words_are_those_of_the_model() {
        assert_eq!(TYPES, Type::OF_PARAMETERS.map(Type::word));
        let word = |value: serde_json::Value| value.as_str().expect("a word").to_owned();
        let effects = [Effect::Read, Effect::Change, Effect::Destroy];
        assert_eq!(EFFECTS, effects.map(|one| word(serde_json::to_value(one).expect("JSON"))));
        let kinds = [EnvironmentKind::Production, EnvironmentKind::Drill, EnvironmentKind::Sandbox];
        assert_eq!(KINDS, kinds.map(|one| word(serde_json::to_value(one).expect("JSON"))));
    }
}
