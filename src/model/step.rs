//! The executable blocks of a runbook.

use super::id::{AccountName, StepId};
use super::misread::Misread;
use super::mode::Effect;
use super::value::{Node, Text};
use crate::source::{Span, Spanned};
use std::time::Duration;

/// One step: its block, and the blocks that observe it and take it back.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The nearest heading above the block.
    pub title: String,
    /// The prose between that heading and the block, as Markdown.
    pub description: String,
    /// Index of the phase (second-level heading) in [`super::runbook::Runbook::phases`].
    pub phase: Option<usize>,
    /// What it does.
    pub block: Block,
    /// "Is the effect in place?", when the author says how to find out.
    pub observe: Option<Block>,
    /// How to take it back, when the author says so.
    pub undo: Option<Block>,
}

impl Step {
    /// The id, which the block carries.
    #[must_use]
    pub const fn id(&self) -> &StepId {
        &self.block.id.value
    }
}

/// One part of what "recovered" means.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The nearest heading above the block.
    pub title: String,
    /// The prose between that heading and the block, as Markdown.
    pub description: String,
    /// The probe. It only reads.
    pub block: Block,
}

/// A fenced block with a role.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What the block is for.
    pub role: Role,
    /// The step it is, or belongs to.
    pub id: Spanned<StepId>,
    /// The whole fence, from the opening to the closing line.
    pub span: Span,
    /// The block as it was written, without its fence. Its digest is the digest of the step.
    pub text: Text,
    /// A typed action, or a script.
    pub body: Body,
    /// Everything else the author said.
    pub options: Options,
}

/// What a block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// One step.
    Step,
    /// Whether the effect of a step is in place.
    Observe,
    /// Takes a step back.
    Undo,
    /// One part of what "recovered" means.
    Health,
}

impl Role {
    /// Every role, in the order of the manual.
    pub const ALL: [Self; 4] = [Self::Step, Self::Observe, Self::Undo, Self::Health];

    /// The word in the info string.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Observe => "observe",
            Self::Undo => "undo",
            Self::Health => "health",
        }
    }
}

/// How a block runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A typed action.
    Action {
        /// The action's name, such as `kms/create-key`.
        uses: Spanned<String>,
        /// Its inputs. Texts in them may hold `{{ expressions }}`.
        with: Vec<(Spanned<String>, Node)>,
    },
    /// A script. Its text is never interpolated.
    Script {
        /// What runs it.
        interpreter: Interpreter,
        /// The script without its `#|` lines.
        text: Text,
    },
}

/// What runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interpreter {
    /// `bash -euo pipefail`.
    Bash,
    /// `sh -eu`.
    Sh,
    /// `python3`.
    Python,
}

/// What a script gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outputs {
    /// Nothing.
    #[default]
    None,
    /// These names, written to `$RUNBOOK_OUTPUT`.
    Names(Vec<Spanned<String>>),
    /// One JSON object on its standard output.
    Json(Span),
}

/// Repeat a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often in all, the first attempt included.
    pub attempts: Spanned<u32>,
    /// How long to wait in between.
    pub delay: Spanned<Duration>,
}

/// Something still owed after the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligation {
    /// What is owed. May hold `{{ expressions }}`.
    pub text: Text,
    /// When: a date (`2027-01-31`) or a duration after the step ended (`30d`). May hold `{{ expressions }}`.
    pub due: Text,
    /// The runbook that settles it, when there is one.
    pub runbook: Option<Spanned<String>>,
    /// The parameters to run it with. A run with these values settles the obligation.
    pub params: Vec<(Spanned<String>, Node)>,
}

/// Everything an author may say about a block, beside what it does. Nothing here is evaluated yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Logical account. Default: the front matter's.
    pub account: Option<Spanned<AccountName>>,
    /// Region. Default: the environment's for that account.
    pub region: Option<Text>,
    /// What a script (or a generic call) does to the world.
    pub effect: Option<Spanned<Effect>>,
    /// Why it cannot be taken back.
    pub irreversible: Option<Text>,
    /// Steps that must have ended. Default: the step before.
    pub needs: Option<Vec<Spanned<StepId>>>,
    /// A bare expression. When it is false, the step is skipped.
    pub condition: Option<Text>,
    /// A bare expression that gives a list.
    pub for_each: Option<Text>,
    /// How many elements at once. Default: 1.
    pub concurrency: Option<Spanned<u32>>,
    /// Whether an empty list is fine.
    pub allow_empty: Option<Spanned<bool>>,
    /// What the operator must agree to first. May hold `{{ expressions }}`.
    pub confirm: Option<Text>,
    /// How long it may take. Default: the action's, or ten minutes for a script.
    pub timeout: Option<Spanned<Duration>>,
    /// A bare expression on the outputs. A reading step repeats until it holds.
    pub until: Option<Text>,
    /// How long to wait between two repeats. Default: five seconds.
    pub every: Option<Spanned<Duration>>,
    /// Repeat a failed attempt.
    pub retry: Option<Retry>,
    /// Bare expressions that must all hold on the outputs.
    pub expect: Vec<Text>,
    /// A bare expression: what "in place" or "healthy" means.
    pub holds: Option<Text>,
    /// How long a health probe may take to turn true.
    pub within: Option<Spanned<Duration>>,
    /// How long it must stay true.
    pub sustained: Option<Spanned<Duration>>,
    /// A script's inputs. Texts in them may hold `{{ expressions }}`.
    pub env: Vec<(Spanned<String>, Node)>,
    /// What a script gives back.
    pub outputs: Outputs,
    /// Outputs that are masked everywhere.
    pub secrets: Vec<Spanned<String>>,
    /// How long it usually takes.
    pub estimate: Option<Spanned<Duration>>,
    /// What is still owed afterwards.
    pub obligation: Option<Obligation>,
    /// The keys of the block that could not be read, `uses` and `with` among them.
    pub misread: Misread,
}

impl Options {
    /// Whether an empty list is fine.
    #[must_use]
    pub fn allows_empty(&self) -> bool {
        self.allow_empty.as_ref().is_some_and(|allowed| allowed.value)
    }
}
