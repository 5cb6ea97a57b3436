//! What the cursor is on: a step, a parameter, an action, a key, a link.

use super::chain;
use super::headings;
use super::level::{Level, Meaning, RUN};
use super::outline::Slot;
use super::outputs::{self, Output};
use super::place::{Fence, Head, Place};
use super::view::{Root, View, Yaml};
use super::workspace::Book;
use crate::model::action::ActionSpec;
use crate::model::runbook::Parameter;
use crate::model::step::{Body, Health, Role, Step};
use crate::model::value::NodeKind;
use crate::parse::table::Shape;
use crate::source::Span;
use std::sync::Arc;

/// What the cursor is on.
pub(super) enum Thing<'a> {
    /// A step of this runbook, by its index.
    Step(usize),
    /// A health probe of this runbook, by its index.
    Health(usize),
    /// A parameter of this runbook, by its index.
    Param(usize),
    /// An output of a step of this runbook.
    Output(Option<usize>, Output),
    /// A step of another runbook, by its index.
    Inner(Arc<Book>, usize),
    /// An output of a step of another runbook.
    InnerOutput(Arc<Book>, usize, Output),
    Action(&'a ActionSpec),
    Key(Meaning<'a>),
    Account(String),
    Runbook(Arc<Book>),
    Role(Role),
    Link(String),
}

/// What the cursor is on, and where that stands.
pub(super) struct Found<'a> {
    pub(super) thing: Thing<'a>,
    pub(super) span: Span,
}

/// Finds what the cursor is on.
pub(super) fn at<'a>(view: &View<'a>) -> Option<Found<'a>> {
    if let Some(yaml) = Yaml::at(view) {
        return in_yaml(view, &yaml);
    }
    match view.place() {
        Place::Info(fence) => in_info(view, &fence),
        Place::Prose => {
            let target = headings::target(view.text(), view.offset)?;
            let link = view.text()[target.span.range()].to_owned();
            Some(Found { thing: Thing::Link(link), span: target.span })
        }
        _ => None,
    }
}

fn step_index(view: &View<'_>, id: &str) -> Option<usize> {
    view.runbook().steps.iter().position(|step| step.id().as_str() == id)
}

fn in_info<'a>(view: &View<'a>, fence: &Fence<'a>) -> Option<Found<'a>> {
    let head = fence.head()?;
    let word = head.role.word();
    let role = Span::new(head.id_span.start - word.len() - 1, head.id_span.start - 1);
    if role.start <= view.offset && view.offset <= role.end {
        return Some(Found { thing: Thing::Role(head.role), span: role });
    }
    if view.offset < head.id_span.start || view.offset > head.id_span.end {
        return None;
    }
    let thing = if head.role == Role::Health {
        let same = |one: &Health| one.block.span.start == fence.span.start;
        Thing::Health(view.runbook().health.iter().position(same)?)
    } else {
        Thing::Step(view.step_of(fence, &head)?.0)
    };
    Some(Found { thing, span: head.id_span })
}

fn in_yaml<'a>(view: &View<'a>, yaml: &Yaml<'a>) -> Option<Found<'a>> {
    let cursor = yaml.outline.cursor.as_ref()?;
    match &cursor.slot {
        Slot::Key { span, .. } => {
            let key = view.text()[span.range()].trim_matches(['"', '\'']);
            let thing = match (&yaml.root, cursor.path.as_slice()) {
                (Root::FrontMatter, [one]) if one == "params" => Thing::Param(param(view, key)?),
                _ => Thing::Key(Level::at(view, yaml, &cursor.path).meaning(key)?),
            };
            Some(Found { thing, span: *span })
        }
        Slot::Value { key, span, .. } => {
            if let Some(expression) = chain::expression(view, yaml, cursor) {
                return in_expression(view, yaml, expression);
            }
            let level = Level::at(view, yaml, &cursor.path);
            let text = view.text()[span.range()].trim_matches(['"', '\'']);
            let thing = match key {
                Some(key) => of_value(view, &level.meaning(key)?, text)?,
                None => match level {
                    Level::List(Shape::StepIds) => Thing::Step(step_index(view, text)?),
                    Level::List(Shape::Runbooks) => Thing::Runbook(view.other(text)?),
                    Level::List(Shape::Names | Shape::Outputs) => {
                        let (fence, head) = yaml.block()?;
                        own_output(view, yaml, fence, head, text)?
                    }
                    _ => return None,
                },
            };
            Some(Found { thing, span: *span })
        }
    }
}

fn param(view: &View<'_>, name: &str) -> Option<usize> {
    let same = |param: &Parameter| param.name.value == name;
    view.runbook().front.params.iter().position(same)
}

fn of_value<'a>(view: &View<'a>, meaning: &Meaning<'_>, text: &str) -> Option<Thing<'a>> {
    if let Meaning::Input(spec, input) = meaning {
        let names = spec.name == RUN && input.name == "runbook";
        return names.then(|| view.other(text)).flatten().map(Thing::Runbook);
    }
    match meaning.shape()? {
        Shape::Action => view.context.workspace.catalog.get(text).map(Thing::Action),
        Shape::Account => Some(Thing::Account(text.to_owned())),
        Shape::Runbook => view.other(text).map(Thing::Runbook),
        _ => None,
    }
}

fn own_output<'a>(
    view: &View<'_>,
    yaml: &Yaml<'_>,
    fence: &Fence<'_>,
    head: &Head<'_>,
    name: &str,
) -> Option<Thing<'a>> {
    let own = outputs::own(view, head, &yaml.outline);
    let output = own.into_iter().find(|output| output.name == name)?;
    Some(Thing::Output(view.step_of(fence, head).map(|(at, _)| at), output))
}

fn in_expression<'a>(view: &View<'a>, yaml: &Yaml<'a>, expression: Span) -> Option<Found<'a>> {
    let chain = chain::around(view.text(), expression, view.offset)?;
    let (fence, head) = yaml.block()?;
    let thing = match chain.words().as_slice() {
        ["params", name] => Thing::Param(param(view, name)?),
        ["accounts", name] => Thing::Account((*name).to_owned()),
        ["outputs", name] => own_output(view, yaml, fence, head, name)?,
        ["steps", id] => Thing::Step(step_index(view, id)?),
        ["steps", id, name] => {
            let at = step_index(view, id)?;
            let step = &view.runbook().steps[at];
            match run_by(view, step) {
                Some(book) => {
                    let inner = inner(&book, name)?;
                    Thing::Inner(book, inner)
                }
                None => Thing::Output(Some(at), output(outputs::of_step(view, step), name)?),
            }
        }
        ["steps", outer, id, name] => {
            let book = run_by(view, view.step(outer)?)?;
            let at = inner(&book, id)?;
            let output = output(outputs::of_step(view, &book.runbook.steps[at]), name)?;
            Thing::InnerOutput(book, at, output)
        }
        _ => return None,
    };
    Some(Found { thing, span: chain.parts.last()?.span })
}

fn output(all: Vec<Output>, name: &str) -> Option<Output> {
    all.into_iter().find(|output| output.name == name)
}

fn inner(book: &Book, id: &str) -> Option<usize> {
    book.runbook.steps.iter().position(|step| step.id().as_str() == id)
}

/// The runbook that a step runs.
pub(super) fn run_by(view: &View<'_>, step: &Step) -> Option<Arc<Book>> {
    let Body::Action { uses, with } = &step.block.body else { return None };
    let (_, node) = with.iter().find(|(name, _)| uses.value == RUN && name.value == "runbook")?;
    match &node.kind {
        NodeKind::Text(text) => view.other(&text.value),
        _ => None,
    }
}
