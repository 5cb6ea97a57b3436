//! Whether another runbook is given the parameters it takes.

use super::super::facts::{Facts, runs};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::runbook::Runbook;
use crate::model::step::Body;
use crate::model::value::{Node, NodeKind};
use crate::source::Spanned;
use std::sync::Arc;

pub(super) const RULE: Rule = Rule {
    code: "RB0409",
    name: "runbook-params",
    summary: "The parameters given to another runbook do not fit its definition",
    why: "They are checked like those of a run: known names, nothing required left out, and the right types. A secret is passed on as `{{ params.NAME }}`, never written out.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        if let (Some((node, Some(name))), Body::Action { with, .. }) = (runs(block), &block.body)
            && let Some(other) = known(facts, name)
        {
            let given =
                with.iter().find(|(key, _)| key.value == "params").map(|(_, node)| &node.kind);
            let given = match given {
                Some(NodeKind::Mapping(entries)) => entries.as_slice(),
                None => &[],
                // Another type has been reported, and a template cannot be looked into.
                Some(_) => continue,
            };
            fit(&other, given, found);
            for missing in other.front.params.iter().filter(|param| param.is_required()) {
                let name = &missing.name.value;
                if !given.iter().any(|(key, _)| key.value == *name) {
                    let message =
                        format!("the runbook `{}` needs the parameter `{name}`", other.name);
                    found.push(
                        RULE.error(node.span, message).help(format!("add `{name}` under `params`")),
                    );
                }
            }
        }
        if let Some(obligation) = &block.options.obligation
            && let Some(other) =
                obligation.runbook.as_ref().and_then(|runbook| known(facts, &runbook.value))
        {
            fit(&other, &obligation.params, found);
        }
    }
}

fn known(facts: &Facts<'_>, name: &str) -> Option<Arc<Runbook>> {
    if name == facts.book.runbook.name {
        return Some(Arc::new(facts.book.runbook.clone()));
    }
    (facts.book.others)(name)
}

fn fit(other: &Runbook, given: &[(Spanned<String>, Node)], found: &mut Vec<Diagnostic>) {
    for (name, node) in given {
        let Some(param) = other.param(&name.value) else {
            let known: Vec<_> =
                other.front.params.iter().map(|param| param.name.value.as_str()).collect();
            let diagnostic = RULE.error(
                name.span,
                format!("the runbook `{}` has no parameter `{}`", other.name, name.value),
            );
            found.push(match nearest(&name.value, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => diagnostic.help("it has no parameters"),
                None => diagnostic.help(format!("it has: {}", known.join(", "))),
            });
            continue;
        };
        let Some(value) = node.literal() else { continue };
        if param.secret {
            found.push(RULE.error(
                node.span,
                format!("`{}` is a secret and must not be written out", name.value),
            ));
        } else if let Err(error) = param.check(&value) {
            found.push(RULE.error(node.span, error.to_string()));
        }
    }
}
