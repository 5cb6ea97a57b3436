//! What a step gives: the names, with their types and meanings, as far as the text tells.

use super::level::{self, CALL};
use super::outline::Outline;
use super::place::Head;
use super::view::View;
use crate::model::runbook::Type;
use crate::model::step::{Block, Body, Outputs, Role, Step};
use crate::model::value::{Node, NodeKind};
use crate::services;
use crate::source::Span;

/// The action whose outputs are the fields it asks for.
const INPUT: &str = "manual/input";

/// One output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) kind: Option<Type>,
    pub(super) description: String,
    /// Where the text names it.
    pub(super) span: Option<Span>,
}

/// The outputs that `steps.ID` has: the step's own, and those of its observation.
pub(super) fn of_step(view: &View<'_>, step: &Step) -> Vec<Output> {
    let mut all = of_block(view, &step.block);
    for output in step.observe.iter().flat_map(|block| of_block(view, block)) {
        if !all.iter().any(|known| known.name == output.name) {
            all.push(output);
        }
    }
    all
}

/// The outputs of one block.
pub(super) fn of_block(view: &View<'_>, block: &Block) -> Vec<Output> {
    match &block.body {
        Body::Script { .. } => match &block.options.outputs {
            Outputs::Names(names) => names
                .iter()
                .map(|name| Output {
                    name: name.value.clone(),
                    kind: Some(Type::String),
                    description: "Written by the script.".to_owned(),
                    span: Some(name.span),
                })
                .collect(),
            Outputs::None | Outputs::Json(_) => Vec::new(),
        },
        Body::Action { uses, with } if uses.value == INPUT => with
            .iter()
            .find(|(name, _)| name.value == "fields")
            .map_or_else(Vec::new, |(_, fields)| asked_for(fields)),
        Body::Action { uses, with } if uses.value == CALL => {
            let word = |key: &str| {
                let (_, node) = with.iter().find(|(name, _)| name.value == key)?;
                node.literal()?.as_str().map(str::to_owned)
            };
            let operation = word("service").zip(word("operation"));
            operation.map_or_else(Vec::new, |(service, operation)| of_call(&service, &operation))
        }
        Body::Action { uses, .. } => of_action(view, &uses.value),
    }
}

/// The fields of the answer of a call to AWS.
fn of_call(service: &str, operation: &str) -> Vec<Output> {
    let operation = services::operation(service, operation);
    let members = operation.into_iter().flat_map(|operation| operation.output());
    members
        .map(|member| Output {
            name: member.name().to_owned(),
            kind: None,
            description: member.shape().kind().name().to_owned(),
            span: None,
        })
        .collect()
}

fn of_action(view: &View<'_>, name: &str) -> Vec<Output> {
    let spec = view.context.workspace.catalog.get(name);
    let outputs = spec.into_iter().flat_map(|spec| spec.outputs);
    outputs
        .map(|output| Output {
            name: output.name.to_owned(),
            kind: Some(output.kind),
            description: output.description.to_owned(),
            span: None,
        })
        .collect()
}

/// The fields that a person is asked for.
fn asked_for(fields: &Node) -> Vec<Output> {
    let NodeKind::Mapping(fields) = &fields.kind else { return Vec::new() };
    let word = |node: &Node, key: &str| match &node.kind {
        NodeKind::Mapping(entries) => entries
            .iter()
            .find(|(name, _)| name.value == key)
            .and_then(|(_, value)| value.verbatim().as_str().map(str::to_owned)),
        _ => None,
    };
    fields
        .iter()
        .map(|(name, node)| Output {
            name: name.value.clone(),
            kind: word(node, "type").map_or(Some(Type::String), |kind| Type::from_word(&kind)),
            description: word(node, "description").unwrap_or_default(),
            span: Some(name.span),
        })
        .collect()
}

/// What `outputs` holds in a block whose YAML may not be readable yet.
pub(super) fn own(view: &View<'_>, head: &Head<'_>, outline: &Outline) -> Vec<Output> {
    if head.role == Role::Undo {
        return view.step(head.id).map_or_else(Vec::new, |step| of_step(view, step));
    }
    if !head.script {
        let uses = outline.value(&["uses"]).map(|uses| uses.text.clone()).unwrap_or_default();
        if let Some(operation) = level::operation(outline).filter(|_| uses == CALL) {
            return of_call(operation.service(), operation.name());
        }
        let known = view.step(head.id).filter(|_| uses == INPUT);
        return match known {
            Some(step) => of_block(view, &step.block),
            None => of_action(view, &uses),
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
