//! Typed blocks: the inputs they give to their actions, and the types of those.

use super::facts::{Facts, Site};
use crate::expr::whole;
use crate::model::action::{ActionSpec, InputSpec};
use crate::model::duration;
use crate::model::runbook::Type;
use crate::model::step::Body;
use crate::model::value::{Node, NodeKind, Text};
use crate::source::Spanned;

/// A block whose action is known.
pub(super) struct Call<'a> {
    pub(super) spec: &'a ActionSpec,
    pub(super) uses: &'a Spanned<String>,
    pub(super) with: &'a [(Spanned<String>, Node)],
    /// Where the inputs stand.
    pub(super) site: Site<'a>,
}

/// Every block whose action is known, and whose inputs could be read.
pub(super) fn calls<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Call<'a>> {
    facts.blocks().filter_map(|(step, block)| {
        let Body::Action { uses, with } = &block.body else { return None };
        let spec = facts.spec(block).filter(|_| !block.options.misread.has("with"))?;
        Some(Call { spec, uses, with, site: facts.site(step, block) })
    })
}

/// Whether an input takes what is written for it, as far as that can be told before the run.
pub(super) fn fits(facts: &Facts<'_>, site: &Site<'_>, input: &InputSpec, node: &Node) -> bool {
    match &node.kind {
        // Nothing is as good as leaving it out, where that is allowed.
        NodeKind::Null if input.kind != Type::Any => !input.required,
        _ => fits_kind(facts, site, input.kind, node),
    }
}

/// Whether a value is of a type, as far as that can be told before the run.
pub(super) fn fits_kind(facts: &Facts<'_>, site: &Site<'_>, kind: Type, node: &Node) -> bool {
    match (&node.kind, kind) {
        (_, Type::Any) => true,
        (NodeKind::Null, _) => false,
        (NodeKind::Text(text), kind) if text.value.contains("{{") => match whole(&text.value) {
            Some(expression) => {
                facts.kind(expression, site).is_none_or(|given| converts(given, kind))
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

/// Whether every or at least some value of a type is one of another type.
pub(super) const fn converts(given: Type, wanted: Type) -> bool {
    matches!(
        (given, wanted),
        (Type::Any, _)
            | (Type::String | Type::Duration, Type::String | Type::Duration)
            | (Type::Integer | Type::Number, Type::Integer | Type::Number)
            | (Type::Boolean, Type::Boolean)
            | (Type::List, Type::List)
            | (Type::Mapping, Type::Mapping)
    )
}

/// What is written for an input, in words.
pub(super) fn described(facts: &Facts<'_>, site: &Site<'_>, node: &Node) -> String {
    let NodeKind::Text(Text { value, .. }) = &node.kind else { return node.kind.name().to_owned() };
    match whole(value).and_then(|expression| Some((expression, facts.kind(expression, site)?))) {
        Some((expression, kind)) => format!("`{}`, which is {}", expression.trim(), noun(kind)),
        None => node.kind.name().to_owned(),
    }
}

/// A type in words that fit behind "is".
pub(super) const fn noun(kind: Type) -> &'static str {
    match kind {
        Type::Boolean => "a boolean",
        Type::Duration => "a duration",
        other => other.phrase(),
    }
}
