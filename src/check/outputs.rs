//! The outputs of blocks and steps: their names, their types, and which of them are secret.

use super::calls::{self, CALL};
use super::facts::{Facts, RUN};
use crate::model::action::ActionSpec;
use crate::model::runbook::Type;
use crate::model::step::{Block, Body, Outputs, Step};
use crate::model::value::{Node, NodeKind};
use crate::source::Spanned;

/// The action whose outputs are the fields it asks for.
pub(super) const INPUT: &str = "manual/input";

/// The outputs that a block is known to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// These and no others, each with its type.
    Names(Vec<(String, Type)>),
    /// Only the run knows.
    Anything,
}

impl Gives {
    /// The names, when they are known.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        match self {
            Self::Names(names) => Some(names.iter().map(|(name, _)| name.clone()).collect()),
            Self::Anything => None,
        }
    }

    /// The type of an output, when it can be told.
    fn kind(&self, name: &str) -> Option<Type> {
        match self {
            Self::Names(names) => names.iter().find(|(one, _)| one == name).map(|(_, kind)| *kind),
            Self::Anything => None,
        }
    }
}

impl Facts<'_> {
    /// The outputs that a step of this book has in `steps.ID`.
    pub(super) fn gives(&self, step: &Step) -> Gives {
        let find = |name: &str| self.book.catalog.get(name);
        of_step(step, &find)
    }

    /// The outputs of one block.
    pub(super) fn outputs(&self, block: &Block) -> Gives {
        outputs_of(block, |name| self.book.catalog.get(name))
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

/// The outputs of a step of any book.
pub(super) fn of_step<'c>(step: &Step, spec: &dyn Fn(&str) -> Option<&'c ActionSpec>) -> Gives {
    let own = outputs_of(&step.block, spec);
    match (own, step.observe.as_ref().map(|block| outputs_of(block, spec))) {
        // An observation that finds the effect in place gives the outputs instead of the step.
        (Gives::Names(mut names), Some(Gives::Names(more))) => {
            for one in more {
                if !names.iter().any(|(name, _)| *name == one.0) {
                    names.push(one);
                }
            }
            Gives::Names(names)
        }
        (Gives::Names(_), Some(Gives::Anything)) => Gives::Anything,
        (own, _) => own,
    }
}

/// The outputs of a block of any book.
pub(super) fn outputs_of<'c>(
    block: &Block,
    spec: impl Fn(&str) -> Option<&'c ActionSpec>,
) -> Gives {
    if block.options.misread.has("outputs") {
        return Gives::Anything;
    }
    match &block.body {
        Body::Script { .. } => match &block.options.outputs {
            Outputs::None => Gives::Names(Vec::new()),
            // What a script writes is text.
            Outputs::Names(names) => {
                Gives::Names(names.iter().map(|name| (name.value.clone(), Type::String)).collect())
            }
            Outputs::Json(_) => Gives::Anything,
        },
        Body::Action { uses, with } if uses.value == INPUT => match fields(with) {
            Some(fields) => Gives::Names(
                fields.iter().map(|(name, said)| (name.value.clone(), field_kind(said))).collect(),
            ),
            None => Gives::Anything,
        },
        Body::Action { uses, with } if uses.value == CALL => calls::outputs(with),
        Body::Action { uses, .. } => match spec(&uses.value) {
            Some(spec) if !spec.open_outputs && spec.name != RUN => Gives::Names(
                spec.outputs.iter().map(|output| (output.name.to_owned(), output.kind)).collect(),
            ),
            _ => Gives::Anything,
        },
    }
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
