//! The outputs of blocks and steps: their names, their types, and which of them are secret.

use super::calls::{self, CALL};
use super::facts::{Facts, RUN};
use crate::model::action::{ActionSpec, Catalog};
use crate::model::runbook::Type;
use crate::model::step::{Block, Body, Outputs, Step};
use crate::model::value::{Node, NodeKind};
use crate::source::{Span, Spanned};

/// The action whose outputs are the fields it asks for.
pub(super) const INPUT: &str = "manual/input";

/// One output of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type. [`Type::Any`] when the text does not tell.
    pub kind: Type,
    /// What it means, or nothing.
    pub description: &'a str,
    /// Where the runbook names it, when it does.
    pub span: Option<Span>,
}

/// The outputs that a block is known to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gives<'a> {
    /// Those that are known.
    pub outputs: Vec<Output<'a>>,
    /// Whether there may be others, which only the run knows.
    pub open: bool,
}

impl<'a> Gives<'a> {
    /// These and no others.
    pub(super) fn exactly(outputs: Vec<Output<'a>>) -> Self {
        Self { outputs, open: false }
    }

    /// Only the run knows.
    pub(super) fn anything() -> Self {
        Self { outputs: Vec::new(), open: true }
    }

    /// The names, when all are known.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        (!self.open).then(|| self.outputs.iter().map(|one| one.name.to_owned()).collect())
    }

    /// The type of an output, when it can be told.
    fn kind(&self, name: &str) -> Option<Type> {
        let known = self.outputs.iter().filter(|_| !self.open);
        known.into_iter().find(|one| one.name == name).map(|one| one.kind)
    }

    /// An observation that finds the effect in place gives its outputs instead of the step's.
    fn or(mut self, observed: Self) -> Self {
        self.open |= observed.open;
        for one in observed.outputs {
            if !self.outputs.iter().any(|known| known.name == one.name) {
                self.outputs.push(one);
            }
        }
        self
    }
}

impl Facts<'_> {
    /// The outputs that a step of this book has in `steps.ID`.
    pub(super) fn gives<'b>(&'b self, step: &'b Step) -> Gives<'b> {
        outputs_of_step(step, self.book.catalog)
    }

    /// The outputs of one block.
    pub(super) fn outputs<'b>(&'b self, block: &'b Block) -> Gives<'b> {
        outputs_of(block, self.book.catalog)
    }

    /// The type of an output of a step, when it is the same wherever it comes from.
    pub(super) fn output_kind(&self, step: &Step, name: &str) -> Option<Type> {
        let own = self.outputs(&step.block);
        match step.observe.as_ref().map(|observe| self.outputs(observe)) {
            None => own.kind(name),
            Some(seen) => own.kind(name).filter(|kind| seen.kind(name) == Some(*kind)),
        }
    }

    /// The type of an output of one block.
    pub(super) fn block_output_kind(&self, block: &Block, name: &str) -> Option<Type> {
        self.outputs(block).kind(name)
    }
}

/// The outputs that `steps.ID` has: the step's own, and those of its observation.
#[must_use]
pub fn outputs_of_step<'b>(step: &'b Step, catalog: &'b Catalog) -> Gives<'b> {
    let own = outputs_of(&step.block, catalog);
    match &step.observe {
        Some(observe) => own.or(outputs_of(observe, catalog)),
        None => own,
    }
}

/// The outputs of one block.
#[must_use]
pub fn outputs_of<'b>(block: &'b Block, catalog: &'b Catalog) -> Gives<'b> {
    let mut gives = match &block.body {
        Body::Script { .. } => match &block.options.outputs {
            Outputs::None => Gives::default(),
            Outputs::Names(names) => Gives::exactly(names.iter().map(written).collect()),
            Outputs::Json(_) => Gives::anything(),
        },
        Body::Action { uses, with } if uses.value == INPUT => match fields(with) {
            Some(fields) => Gives::exactly(fields.iter().map(asked_for).collect()),
            None => Gives::anything(),
        },
        Body::Action { uses, with } if uses.value == CALL => calls::outputs(with),
        Body::Action { uses, .. } => match catalog.get(&uses.value) {
            Some(spec) => Gives {
                outputs: of_action(spec).collect(),
                open: spec.open_outputs || spec.name == RUN,
            },
            None => Gives::anything(),
        },
    };
    gives.open |= block.options.misread.has("outputs");
    gives
}

/// The outputs that an action always has.
pub fn of_action(spec: &ActionSpec) -> impl Iterator<Item = Output<'_>> {
    spec.outputs.iter().map(|output| Output {
        name: output.name,
        kind: output.kind,
        description: output.description,
        span: None,
    })
}

/// What a script writes is text.
fn written(name: &Spanned<String>) -> Output<'_> {
    Output {
        name: &name.value,
        kind: Type::String,
        description: "Written by the script.",
        span: Some(name.span),
    }
}

/// A field that a person fills in.
fn asked_for((name, said): &(Spanned<String>, Node)) -> Output<'_> {
    let description = match get(said, "description").map(|node| &node.kind) {
        Some(NodeKind::Text(text)) => text.value.as_str(),
        _ => "",
    };
    Output { name: &name.value, kind: field_kind(said), description, span: Some(name.span) }
}

/// The outputs of a block that must not be seen, as far as the runbook says so itself.
pub(super) fn secrets_of(block: &Block) -> Vec<&str> {
    let listed = block.options.secrets.iter().map(|name| name.value.as_str());
    let asked = match &block.body {
        Body::Action { uses, with } if uses.value == INPUT => fields(with).unwrap_or_default(),
        _ => &[],
    };
    let asked = asked.iter().filter(|(_, said)| {
        matches!(get(said, "secret").map(|node| &node.kind), Some(NodeKind::Boolean(true)))
    });
    listed.chain(asked.map(|(name, _)| name.value.as_str())).collect()
}

/// The fields that a person is asked for.
pub(super) fn fields(with: &[(Spanned<String>, Node)]) -> Option<&[(Spanned<String>, Node)]> {
    match with.iter().find(|(name, _)| name.value == "fields").map(|(_, node)| &node.kind) {
        Some(NodeKind::Mapping(fields)) => Some(fields),
        _ => None,
    }
}

fn field_kind(said: &Node) -> Type {
    match get(said, "type").map(|node| &node.kind) {
        None => Type::String,
        Some(NodeKind::Text(word)) => Type::from_word(&word.value).unwrap_or(Type::Any),
        Some(_) => Type::Any,
    }
}

/// The value of a key, when a node is a mapping that has it.
pub(super) fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.kind {
        NodeKind::Mapping(entries) => {
            entries.iter().find(|(name, _)| name.value == key).map(|(_, value)| value)
        }
        _ => None,
    }
}
