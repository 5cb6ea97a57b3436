//! Typed blocks: the inputs they give to their actions, and the types of those.

use super::facts::Facts;
use crate::expr::whole;
use crate::model::action::{ActionSpec, InputSpec};
use crate::model::duration;
use crate::model::runbook::Type;
use crate::model::step::Body;
use crate::model::value::{Node, NodeKind, Text};
use crate::source::Spanned;

/// Looks at every block whose action is known.
pub(super) fn each<'a>(
    facts: &Facts<'a>,
    mut look: impl FnMut(&ActionSpec, &'a Spanned<String>, &'a [(Spanned<String>, Node)]),
) {
    for (_, block) in facts.blocks() {
        if let (Some(spec), Body::Action { uses, with }) = (facts.spec(block), &block.body) {
            look(spec, uses, with);
        }
    }
}

/// Whether an input takes what is written for it, as far as that can be told before the run.
pub(super) fn fits(facts: &Facts<'_>, input: &InputSpec, node: &Node) -> bool {
    match (&node.kind, input.kind) {
        (_, Type::Any) => true,
        // Nothing is as good as leaving it out, where that is allowed.
        (NodeKind::Null, _) => !input.required,
        (NodeKind::Text(text), kind) if text.value.contains("{{") => match whole(&text.value) {
            Some(expression) => {
                parameter(facts, expression).is_none_or(|given| converts(given, kind))
            }
            None => matches!(kind, Type::String | Type::Duration),
        },
        (NodeKind::Text(text), Type::Duration) => duration::parse(&text.value).is_ok(),
        (NodeKind::Text(_), kind) => kind == Type::String,
        (NodeKind::Boolean(_), kind) => kind == Type::Boolean,
        (NodeKind::Integer(_), kind) => matches!(kind, Type::Integer | Type::Number),
        (NodeKind::Number(_), kind) => kind == Type::Number,
        (NodeKind::List(_), kind) => kind == Type::List,
        (NodeKind::Mapping(_), kind) => kind == Type::Mapping,
    }
}

/// The type of the parameter that an expression is, when it is nothing but a parameter.
fn parameter(facts: &Facts<'_>, expression: &str) -> Option<Type> {
    let name = expression.trim().strip_prefix("params.")?;
    Some(facts.book.runbook.param(name)?.kind)
}

const fn converts(given: Type, wanted: Type) -> bool {
    matches!(
        (given, wanted),
        (Type::Any, _)
            | (Type::String | Type::Duration, Type::String | Type::Duration)
            | (Type::Integer, Type::Integer | Type::Number)
            | (Type::Number, Type::Number)
            | (Type::Boolean, Type::Boolean)
            | (Type::List, Type::List)
    )
}

/// What is written for an input, in words.
pub(super) fn described(facts: &Facts<'_>, node: &Node) -> String {
    if let NodeKind::Text(Text { value, .. }) = &node.kind
        && let Some(kind) = whole(value).and_then(|expression| parameter(facts, expression))
    {
        return format!("a parameter of type {}", kind.word());
    }
    node.kind.name().to_owned()
}
