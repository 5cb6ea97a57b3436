//! A whole runbook.

use super::drill::Drill;
use super::id::{AccountName, StepId};
use super::link::Link;
use super::misread::{Gaps, Misread};
use super::step::{Health, Step};
use super::value::{Node, Text};
use crate::source::{Source, Span, Spanned};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// One Markdown file, read. Or a drill, which stands for one.
#[derive(Clone, Debug)]
pub struct Runbook {
    /// The file's stem, which is how people name it.
    pub name: String,
    /// The text that all spans point into.
    pub source: Arc<Source>,
    /// What the file says about itself.
    pub front: FrontMatter,
    /// The second-level headings, in order.
    pub phases: Vec<Phase>,
    /// The steps, in document order.
    pub steps: Vec<Step>,
    /// The health probes, in document order.
    pub health: Vec<Health>,
    /// The links and images of the prose, in order.
    pub links: Vec<Link>,
    /// The names under which a link finds a heading, a step or a marked place of this file.
    pub anchors: BTreeSet<String>,
    /// What could not be read.
    pub gaps: Gaps,
    /// What it says as a drill. Nothing for every other runbook.
    pub drill: Option<Drill>,
}

impl Runbook {
    /// Whether it was read from a manifest of stacks, which is YAML and has no prose.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        self.source.path.ends_with(".yaml")
    }

    /// The step of that id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id() == id)
    }

    /// The parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Parameter> {
        self.front.params.iter().find(|param| param.name.value == name)
    }
}

/// A group of steps: a second-level heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The heading's text.
    pub title: String,
    /// Where it stands.
    pub span: Span,
}

/// The YAML at the top of the file.
#[derive(Clone, Debug, Default)]
pub struct FrontMatter {
    /// Where it stands. Empty when there is none.
    pub span: Span,
    /// What the runbook is called.
    pub title: Option<Text>,
    /// One or two sentences.
    pub summary: Option<Text>,
    /// Who keeps it true.
    pub owner: Option<Text>,
    /// Free words.
    pub tags: Vec<Spanned<String>>,
    /// Recovery time objective: how long until healthy.
    pub rto: Option<Spanned<Duration>>,
    /// Recovery point objective: how much data may be lost.
    pub rpo: Option<Spanned<Duration>>,
    /// The default account of the steps.
    pub account: Option<Spanned<AccountName>>,
    /// What a run may be told.
    pub params: Vec<Parameter>,
    /// The keys that could not be read.
    pub misread: Misread,
}

/// The type of a parameter, of an input or of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// A duration such as `10m`, kept as text.
    Duration,
    /// A list of anything.
    List,
    /// A mapping of anything.
    Mapping,
    /// Anything at all. Not for parameters.
    Any,
}

impl Type {
    /// The word in the manual.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Duration => "duration",
            Self::List => "list",
            Self::Mapping => "mapping",
            Self::Any => "any",
        }
    }
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, `snake_case`.
    pub name: Spanned<String>,
    /// Its type.
    pub kind: Type,
    /// What it means.
    pub description: Option<Spanned<String>>,
    /// Its value when none is given. Without one the parameter is required.
    pub default: Option<Node>,
    /// A regular expression that a text must match.
    pub pattern: Option<Spanned<String>>,
    /// The only values allowed.
    pub choices: Vec<Node>,
    /// The least number allowed.
    pub min: Option<Spanned<f64>>,
    /// The greatest number allowed.
    pub max: Option<Spanned<f64>>,
    /// Whether it must never be seen.
    pub secret: bool,
}
