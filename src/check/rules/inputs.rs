//! Whether the inputs of an action are known, complete and of the right type.

use super::super::facts::Facts;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::whole;
use crate::model::action::{ActionSpec, InputSpec};
use crate::model::duration;
use crate::model::runbook::Type;
use crate::model::step::Body;
use crate::model::value::{Node, NodeKind, Text};
use crate::source::Spanned;

pub(super) const UNKNOWN: Rule = Rule {
    code: "RB0302",
    name: "unknown-input",
    summary: "`with` has an input that the action does not take",
    why: "An input that the action does not know would be silently left out of what it does.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const MISSING: Rule = Rule {
    code: "RB0303",
    name: "missing-input",
    summary: "`with` lacks an input that the action needs",
    why: "`runbook actions NAME` shows which inputs an action needs and what they mean.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const WRONG: Rule = Rule {
    code: "RB0304",
    name: "wrong-input-type",
    summary: "An input has a value of the wrong type",
    why: "A template that is exactly one `{{ expression }}` keeps the type of its value; with any text around it, it is a string.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn unknown(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |spec, _, with| {
        if spec.open_inputs {
            return;
        }
        for (name, _) in with.iter().filter(|(name, _)| spec.input(&name.value).is_none()) {
            let known = spec.inputs.iter().map(|input| input.name);
            let help = match (nearest(&name.value, known.clone()), spec.inputs.is_empty()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, true) => "it takes no inputs".to_owned(),
                (None, false) => format!("it takes: {}", known.collect::<Vec<_>>().join(", ")),
            };
            found.push(
                UNKNOWN
                    .error(name.span, format!("`{}` has no input `{}`", spec.name, name.value))
                    .help(help),
            );
        }
    });
}

pub(super) fn missing(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |spec, uses, with| {
        for input in spec.inputs.iter().filter(|input| input.required) {
            if !with.iter().any(|(name, _)| name.value == input.name) {
                found.push(
                    MISSING
                        .error(
                            uses.span,
                            format!("`{}` needs the input `{}`", spec.name, input.name),
                        )
                        .help(format!(
                            "add it under `with`: {} ({})",
                            input.description,
                            input.kind.phrase()
                        )),
                );
            }
        }
    });
}

pub(super) fn wrong(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |spec, _, with| {
        for (name, node) in with {
            let Some(input) = spec.input(&name.value) else { continue };
            if !fits(facts, input, node) {
                let message = format!(
                    "`{}` must be {}, but this is {}",
                    name.value,
                    input.kind.phrase(),
                    described(facts, node)
                );
                found.push(WRONG.error(node.span, message));
            }
        }
    });
}

fn each<'a>(
    facts: &Facts<'a>,
    mut look: impl FnMut(&ActionSpec, &'a Spanned<String>, &'a [(Spanned<String>, Node)]),
) {
    for (_, block) in facts.blocks() {
        if let (Some(spec), Body::Action { uses, with }) = (facts.spec(block), &block.body) {
            look(spec, uses, with);
        }
    }
}

fn fits(facts: &Facts<'_>, input: &InputSpec, node: &Node) -> bool {
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

fn described(facts: &Facts<'_>, node: &Node) -> String {
    if let NodeKind::Text(Text { value, .. }) = &node.kind
        && let Some(kind) = whole(value).and_then(|expression| parameter(facts, expression))
    {
        return format!("a parameter of type {}", kind.word());
    }
    node.kind.name().to_owned()
}
