//! The AWS calls that a runbook writes out: those of `aws/call`, and those of its scripts.

use super::facts::{Facts, Site};
use super::outputs::Gives;
use crate::model::runbook::Type;
use crate::model::step::{Block, Body};
use crate::model::value::{Node, NodeKind, Text};
use crate::script::{AwsCall, read};
use crate::services::{Lookup, Operation, look_up, operation};
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
pub(super) fn outputs(with: &With) -> Gives {
    let known = words(with).and_then(|(service, name)| operation(&service.value, &name.value));
    let Some(operation) = known else { return Gives::Anything };
    let mut names: Vec<_> =
        operation.output().map(|member| (member.name().to_owned(), Type::Any)).collect();
    // The CLI puts it in where it stopped half-way, whatever the API calls it.
    if !names.is_empty() && !names.iter().any(|(name, _)| name == "NextToken") {
        names.push(("NextToken".to_owned(), Type::Any));
    }
    Gives::Names(names)
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
