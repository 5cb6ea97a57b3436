//! The AWS calls that a runbook writes out: those of `aws/call`, and those of its scripts.

use super::facts::{Facts, Site};
use super::outputs::{Gives, Output};
use crate::model::runbook::Type;
use crate::model::step::{Block, Body};
use crate::model::value::{Node, NodeKind, Text};
use crate::script::{AwsCall, read};
use crate::services::{Kind, Lookup, Member, Operation, look_up, operation};
use crate::source::{Span, Spanned};

/// The action that makes any call.
pub(super) const CALL: &str = "aws/call";

type With = [(Spanned<String>, Node)];

/// A call of `aws/call` whose service and operation are written out.
pub(super) struct Call<'a> {
    pub(super) service: &'a Text,
    pub(super) operation: &'a Text,
    /// The request, and the key it stands at.
    pub(super) input: Option<(Span, &'a Node)>,
    pub(super) with: &'a With,
    pub(super) found: Lookup,
}

impl Call<'_> {
    /// What it calls, when that is known.
    pub(super) const fn known(&self) -> Option<Operation> {
        match self.found {
            Lookup::Operation(operation) => Some(operation),
            _ => None,
        }
    }
}

/// The call that a block makes, when it is one that is written out.
pub(super) fn call(block: &Block) -> Option<Call<'_>> {
    let Body::Action { uses, with } = &block.body else { return None };
    let (service, operation) = (uses.value == CALL).then(|| words(with))??;
    let input = with.iter().find(|(name, _)| name.value == "input");
    Some(Call {
        service,
        operation,
        input: input.map(|(name, node)| (name.span, node)),
        with,
        found: look_up(&service.value, &operation.value),
    })
}

/// Every call that is written out, in typed blocks.
pub(super) fn calls<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (Site<'a>, Call<'a>)> {
    facts.blocks().filter_map(|(step, block)| Some((facts.site(step, block), call(block)?)))
}

/// Every `aws` command that a script writes out, and where.
pub(super) fn commands<'f, 'a>(
    facts: &'f Facts<'a>,
) -> impl Iterator<Item = (&'a Text, &'f AwsCall)> {
    facts.scripts.iter().flat_map(|script| {
        let calls = script.reading.iter().flat_map(|reading| &reading.calls);
        calls.map(move |call| (script.text, call))
    })
}

/// The `aws` commands that the script of a block writes out.
pub(super) fn of_script(block: &Block) -> impl Iterator<Item = (&Text, AwsCall)> {
    let script = match &block.body {
        // Most scripts call nothing, and need not be read for it.
        Body::Script { interpreter, text } if text.value.contains("aws") => {
            read(*interpreter, &text.value).ok().map(|reading| (text, reading.calls))
        }
        _ => None,
    };
    script.into_iter().flat_map(|(text, calls)| calls.into_iter().map(move |call| (text, call)))
}

/// What `aws/call` gives with these inputs.
pub(super) fn outputs(with: &With) -> Gives<'static> {
    let known = words(with).and_then(|(service, name)| operation(&service.value, &name.value));
    known.map_or_else(Gives::anything, |operation| Gives::exactly(of_call(operation)))
}

/// The fields of the answer of a call.
#[must_use]
pub fn of_call(operation: Operation) -> Vec<Output<'static>> {
    let output = |name, kind, description| Output { name, kind, description, span: None };
    let of = |member: Member| {
        let kind = member.shape().kind();
        output(member.name(), type_of(&kind), kind.name())
    };
    let mut all: Vec<_> = operation.output().map(of).collect();
    // The CLI puts it in where it stopped half-way through a list, whatever the API calls it.
    let pages = all.iter().any(|one| one.kind == Type::List);
    if pages && !all.iter().any(|one| one.name == "NextToken") {
        all.push(output("NextToken", Type::Any, "where the answer goes on"));
    }
    all
}

/// The type that a field of an answer has in an expression.
const fn type_of(kind: &Kind) -> Type {
    match kind {
        Kind::String | Kind::Values(_) | Kind::Blob => Type::String,
        Kind::Integer => Type::Integer,
        Kind::Number => Type::Number,
        Kind::Boolean => Type::Boolean,
        Kind::List(_) => Type::List,
        Kind::Map(_) | Kind::Structure(_) | Kind::Mapping => Type::Mapping,
        // The CLI writes a point in time as a text or as a number.
        Kind::Timestamp | Kind::Any => Type::Any,
    }
}

fn words(with: &With) -> Option<(&Text, &Text)> {
    let word = |wanted: &str| {
        let (_, node) = with.iter().find(|(name, _)| name.value == wanted)?;
        literal(node)
    };
    Some((word("service")?, word("operation")?))
}

/// The text of a node, when it is one and holds no expression.
pub(super) fn literal(node: &Node) -> Option<&Text> {
    match &node.kind {
        NodeKind::Text(text) if !text.value.contains("{{") => Some(text),
        _ => None,
    }
}
