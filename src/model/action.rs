//! What an action says about itself.
//!
//! The checker, the plan, the manual and the site read this; the actions themselves live in a layer above.

use super::drill::{RUN, is_of_drills};
use super::mode::Effect;
use super::permission::Permission;
use super::runbook::Type;
use super::value::Values;
use std::collections::BTreeMap;
use std::time::Duration;

/// The description of one action. It is the single source of its documentation.
#[derive(Clone, Debug)]
pub struct ActionSpec {
    /// `family/verb`, such as `kms/create-key`.
    pub name: &'static str,
    /// One line, an imperative, without a full stop.
    pub summary: &'static str,
    /// The rest of what a user must know, as Markdown.
    pub description: &'static str,
    /// What it takes, in the order of the manual.
    pub inputs: &'static [InputSpec],
    /// Whether inputs of any other name are taken too.
    pub open_inputs: bool,
    /// What it gives, in the order of the manual.
    pub outputs: &'static [OutputSpec],
    /// Whether outputs of any other name may come too.
    pub open_outputs: bool,
    /// What it does to the world.
    pub effect: EffectSpec,
    /// How long it may take when the step does not say.
    pub timeout: Duration,
    /// Whether a repeat after a failure is harmless.
    pub idempotent: bool,
    /// How it can tell whether its effect is in place, in words.
    pub observe: Option<&'static str>,
    /// How it takes itself back, in words.
    pub undo: Option<&'static str>,
    /// The AWS permissions it needs to run, to observe and to undo. What it needs and cannot know is not
    /// here: `iam` says so.
    pub permissions: &'static [Permission],
    /// A step block to copy, without the fence.
    pub example: &'static str,
    /// Whether it acts in an AWS account, and so needs one.
    pub needs_account: bool,
}

impl ActionSpec {
    /// The input of that name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&InputSpec> {
        self.inputs.iter().find(|input| input.name == name)
    }

    /// Whether it can stand in a `step=` block only: a person and a whole runbook are neither a probe
    /// nor an undo.
    #[must_use]
    pub fn is_step_only(&self) -> bool {
        self.name == RUN || is_of_drills(self.name) || self.name.starts_with("manual/")
    }

    /// The output of that name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&OutputSpec> {
        self.outputs.iter().find(|output| output.name == name)
    }
}

/// What an action does to the world.
#[derive(Clone, Copy, Debug)]
pub enum EffectSpec {
    /// Always this.
    Fixed(Effect),
    /// It depends on the inputs as far as they are literal.
    ByInput(fn(&Values) -> Effect),
}

impl EffectSpec {
    /// The effect with these inputs.
    #[must_use]
    pub fn with(self, inputs: &Values) -> Effect {
        match self {
            Self::Fixed(effect) => effect,
            Self::ByInput(of) => of(inputs),
        }
    }
}

/// One input of an action.
#[derive(Clone, Copy, Debug)]
pub struct InputSpec {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// Whether it must be given.
    pub required: bool,
    /// The value when it is not given, as YAML, for the manual.
    pub default: Option<&'static str>,
    /// What it means.
    pub description: &'static str,
}

/// One output of an action.
#[derive(Clone, Copy, Debug)]
pub struct OutputSpec {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// What it means.
    pub description: &'static str,
}

/// All actions that this program knows, by name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    by_name: BTreeMap<&'static str, ActionSpec>,
}

impl Catalog {
    /// A catalog of these actions.
    #[must_use]
    pub fn new(specs: impl IntoIterator<Item = ActionSpec>) -> Self {
        Self { by_name: specs.into_iter().map(|spec| (spec.name, spec)).collect() }
    }

    /// The action of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ActionSpec> {
        self.by_name.get(name)
    }

    /// The actions that an author may use, sorted by name. Those that stand for the parts of a drill are
    /// found by their names only: nobody writes them.
    pub fn iter(&self) -> impl Iterator<Item = &ActionSpec> {
        self.by_name.values().filter(|spec| !is_of_drills(spec.name))
    }
}
