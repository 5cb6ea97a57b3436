//! Whether the inputs of an action have the right types.

use super::super::facts::Facts;
use super::super::typed::{described, each, fits};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0304",
    name: "wrong-input-type",
    summary: "An input has a value of the wrong type",
    why: "A template that is exactly one `{{ expression }}` keeps the type of its value; with any text around it, it is a string.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
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
                found.push(RULE.error(node.span, message));
            }
        }
    });
}
