//! What a step gives, in the words of an editor, also where its text is too broken for the parser.

use super::level::{self, CALL};
use super::outline::Outline;
use super::place::Head;
use super::view::View;
use crate::check::{self, of_action, of_call, outputs_of, outputs_of_step};
use crate::model::runbook::Type;
use crate::model::step::{Block, Role, Step};
use crate::source::Span;

/// The action whose outputs are the fields it asks for.
const INPUT: &str = "manual/input";

/// One output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) name: String,
    /// Its type, when it can be told.
    pub(super) kind: Option<Type>,
    pub(super) description: String,
    /// Where the text names it.
    pub(super) span: Option<Span>,
}

impl From<check::Output<'_>> for Output {
    fn from(output: check::Output<'_>) -> Self {
        Self {
            name: output.name.to_owned(),
            kind: Some(output.kind).filter(|kind| *kind != Type::Any),
            description: output.description.to_owned(),
            span: output.span,
        }
    }
}

fn owned<'a>(outputs: impl IntoIterator<Item = check::Output<'a>>) -> Vec<Output> {
    outputs.into_iter().map(Output::from).collect()
}

/// The outputs that `steps.ID` has: the step's own, and those of its observation.
pub(super) fn of_step(view: &View<'_>, step: &Step) -> Vec<Output> {
    owned(outputs_of_step(step, &view.context.workspace.catalog).outputs)
}

/// The outputs of one block.
fn of_block(view: &View<'_>, block: &Block) -> Vec<Output> {
    owned(outputs_of(block, &view.context.workspace.catalog).outputs)
}

/// What `outputs` holds in a block whose YAML may not be readable yet.
pub(super) fn own(view: &View<'_>, head: &Head<'_>, outline: &Outline) -> Vec<Output> {
    if head.role == Role::Undo {
        return view.step(head.id).map_or_else(Vec::new, |step| of_step(view, step));
    }
    if !head.script {
        let uses = outline.value(&["uses"]).map(|uses| uses.text.clone()).unwrap_or_default();
        if let Some(operation) = level::operation(outline).filter(|_| uses == CALL) {
            return owned(of_call(operation));
        }
        let known = view.step(head.id).filter(|_| uses == INPUT);
        return match known {
            Some(step) => of_block(view, &step.block),
            None => {
                let spec = view.context.workspace.catalog.get(&uses);
                owned(spec.into_iter().flat_map(of_action))
            }
        };
    }
    let named = outline.elements(&["outputs"]).map(|name| Output {
        name: name.text.clone(),
        kind: Some(Type::String),
        description: "Written by the script.".to_owned(),
        span: Some(name.span),
    });
    named.collect()
}
