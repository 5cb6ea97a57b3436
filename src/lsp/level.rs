//! What may stand at a place in the YAML, told from the tables and the catalog.

use super::outline::{ELEMENT, Outline};
use super::place::Head;
use super::view::{Root, View, Yaml};
use super::workspace::Book;
use crate::model::action::{ActionSpec, InputSpec};
use crate::parse::table::{FRONT_MATTER, Key, OPTIONS, OptionSpec, PROJECT, Shape};
use std::sync::Arc;

/// The action that runs another runbook.
pub(super) const RUN: &str = "runbook/run";

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
    /// Anything.
    Free,
}

/// What a key means.
#[derive(Clone)]
pub(super) enum Meaning<'a> {
    Option(&'static OptionSpec),
    Key(&'static Key),
    Input(&'a ActionSpec, &'a InputSpec),
    /// A parameter of another runbook, by its index.
    Param(Arc<Book>, usize),
}

impl Meaning<'_> {
    pub(super) const fn shape(&self) -> Option<Shape> {
        match self {
            Self::Option(spec) => Some(spec.shape),
            Self::Key(key) => Some(key.shape),
            Self::Input(..) | Self::Param(..) => None,
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
        match self.meaning(part) {
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
            Self::Named(_) | Self::List(_) | Self::Free => None,
        }
    }
}
