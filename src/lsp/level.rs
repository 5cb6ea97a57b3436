//! What may stand at a place in the YAML, told from the tables and the catalog.

use super::outline::{ELEMENT, Outline};
use super::place::Head;
use super::view::{Root, View, Yaml};
use super::workspace::Book;
use crate::model::action::{ActionSpec, InputSpec};
use crate::parse::table::{FRONT_MATTER, Key, OPTIONS, OptionSpec, PROJECT, Shape};
use crate::services::{self, Kind, Member, Operation};
use std::sync::Arc;

/// The action that runs another runbook.
pub(super) const RUN: &str = "runbook/run";

/// The action that makes any call to AWS.
pub(super) const CALL: &str = "aws/call";

/// The operation that a block calls, when the text names one.
pub(super) fn operation(outline: &Outline) -> Option<Operation> {
    let service = outline.value(&["with", "service"])?;
    services::operation(&service.text, &outline.value(&["with", "operation"])?.text)
}

/// What a mapping or a list is.
#[derive(Clone)]
pub(super) enum Level<'a> {
    /// The options of a block.
    Options(Head<'a>),
    /// A mapping with these keys.
    Keys(&'static [Key]),
    /// Mappings with these keys, by names of the author's choice.
    Named(&'static [Key]),
    /// The inputs of an action.
    Inputs(&'a ActionSpec),
    /// The parameters of a runbook.
    Params(Arc<Book>),
    /// The elements of something of this shape.
    List(Shape),
    /// The fields of a request to AWS.
    Fields(Vec<Member>),
    /// The values of a list or a mapping in a request to AWS.
    Values(services::Shape),
    /// Anything.
    Free,
}

/// What a key means.
#[derive(Clone)]
pub(super) enum Meaning<'a> {
    Option(&'static OptionSpec),
    Key(&'static Key),
    Input(&'a ActionSpec, &'a InputSpec),
    /// A field of a request to AWS.
    Field(Member),
    /// A parameter of another runbook, by its index.
    Param(Arc<Book>, usize),
}

impl Meaning<'_> {
    pub(super) const fn shape(&self) -> Option<Shape> {
        match self {
            Self::Option(spec) => Some(spec.shape),
            Self::Key(key) => Some(key.shape),
            Self::Input(..) | Self::Param(..) | Self::Field(_) => None,
        }
    }
}

impl<'a> Level<'a> {
    /// What stands at a path.
    pub(super) fn at(view: &View<'a>, yaml: &Yaml<'a>, path: &[String]) -> Self {
        let root = match &yaml.root {
            Root::FrontMatter => Self::Keys(&FRONT_MATTER),
            Root::Project => Self::Keys(&PROJECT),
            Root::Block(_, head) => Self::Options(*head),
        };
        path.iter().fold(root, |level, part| level.below(view, &yaml.outline, part))
    }

    fn below(self, view: &View<'a>, outline: &Outline, part: &str) -> Self {
        if let Self::Named(keys) = self {
            return Self::Keys(keys);
        }
        if matches!(self, Self::List(_)) && part == ELEMENT {
            return self;
        }
        if let Self::Values(shape) = self {
            return Self::inside(shape);
        }
        match self.meaning(part) {
            Some(Meaning::Field(member)) => Self::of_kind(member.shape().kind()),
            Some(Meaning::Input(spec, input)) if spec.name == CALL && input.name == "input" => {
                operation(outline).map_or(Self::Free, |one| Self::Fields(one.input().collect()))
            }
            Some(Meaning::Input(spec, input)) if spec.name == RUN && input.name == "params" => {
                let name = outline.value(&["with", "runbook"]);
                name.and_then(|name| view.other(&name.text)).map_or(Self::Free, Self::Params)
            }
            Some(meaning) => match meaning.shape() {
                Some(shape) => Self::of(shape, view, outline),
                None => Self::Free,
            },
            None => Self::Free,
        }
    }

    fn of(shape: Shape, view: &View<'a>, outline: &Outline) -> Self {
        match shape {
            Shape::Mapping(keys) => Self::Keys(keys),
            Shape::Named(_, keys) => Self::Named(keys),
            Shape::Inputs => {
                let uses = outline.value(&["uses"]);
                let catalog = &view.context.workspace.catalog;
                uses.and_then(|uses| catalog.get(&uses.text)).map_or(Self::Free, Self::Inputs)
            }
            Shape::Values => {
                let name = outline.value(&["obligation", "runbook"]);
                name.and_then(|name| view.other(&name.text)).map_or(Self::Free, Self::Params)
            }
            Shape::StepIds
            | Shape::Names
            | Shape::Expressions
            | Shape::Outputs
            | Shape::Texts
            | Shape::Runbooks => Self::List(shape),
            _ => Self::Free,
        }
    }

    fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Structure(structure) => Self::Fields(structure.members().collect()),
            Kind::List(Some(of)) | Kind::Map(Some(of)) => Self::Values(of),
            _ => Self::Free,
        }
    }

    /// What stands in one value of a list or a mapping.
    fn inside(shape: services::Shape) -> Self {
        Self::of_kind(shape.kind())
    }

    /// What a key means here.
    pub(super) fn meaning(&self, key: &str) -> Option<Meaning<'a>> {
        match self {
            Self::Options(_) => OPTIONS.iter().find(|spec| spec.key == key).map(Meaning::Option),
            Self::Keys(keys) => keys.iter().find(|own| own.name == key).map(Meaning::Key),
            Self::Inputs(spec) => spec.input(key).map(|input| Meaning::Input(spec, input)),
            Self::Params(book) => {
                let params = &book.runbook.front.params;
                let at = params.iter().position(|param| param.name.value == key)?;
                Some(Meaning::Param(book.clone(), at))
            }
            Self::Fields(members) => {
                members.iter().find(|member| member.name() == key).copied().map(Meaning::Field)
            }
            Self::Named(_) | Self::List(_) | Self::Values(_) | Self::Free => None,
        }
    }
}
