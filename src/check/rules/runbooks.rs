//! Whether the runbooks that a runbook runs exist, end, and get the right parameters.

use super::super::facts::{Facts, runbooks_run_by, runs};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::runbook::Runbook;
use crate::model::step::Body;
use crate::model::value::{Node, NodeKind};
use crate::source::{Span, Spanned};
use std::collections::HashSet;
use std::sync::Arc;

pub(super) const UNKNOWN: Rule = Rule {
    code: "RB0407",
    name: "unknown-runbook",
    summary: "A step or an obligation names a runbook that does not exist",
    why: "A runbook is named by the stem of its file, written out: which runbook runs must be known before the run.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const CYCLE: Rule = Rule {
    code: "RB0408",
    name: "runbook-cycle",
    summary: "Runbooks run each other in a circle",
    why: "The run would never end.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const PARAMS: Rule = Rule {
    code: "RB0409",
    name: "runbook-params",
    summary: "The parameters given to another runbook do not fit its definition",
    why: "They are checked like those of a run: known names, nothing required left out, and the right types. A secret is passed on as `{{ params.NAME }}`, never written out.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn unknown(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        match runs(block) {
            Some((node, None)) if matches!(node.kind, NodeKind::Text(_)) => {
                let diagnostic =
                    UNKNOWN.error(node.span, "the name of a runbook must be written out");
                found.push(diagnostic.help("which runbook runs must be known before the run; use `if` to choose between two steps"));
            }
            Some((node, Some(name))) => exists(facts, name, node.span, found),
            _ => {}
        }
        if let Some(runbook) =
            block.options.obligation.as_ref().and_then(|obligation| obligation.runbook.as_ref())
        {
            exists(facts, &runbook.value, runbook.span, found);
        }
    }
}

fn exists(facts: &Facts<'_>, name: &str, span: Span, found: &mut Vec<Diagnostic>) {
    if name == facts.book.runbook.name || (facts.book.others)(name).is_some() {
        return;
    }
    let diagnostic = UNKNOWN.error(span, format!("there is no runbook `{name}`"));
    found.push(if name.ends_with(".md") || name.contains('/') {
        diagnostic.help("name it by the stem of its file, without folder and `.md`")
    } else {
        diagnostic.help("`runbook list` lists them")
    });
}

pub(super) fn cycle(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let own = facts.book.runbook.name.as_str();
    for (_, block) in facts.blocks() {
        let Some((node, Some(name))) = runs(block) else { continue };
        if let Some(path) = way_back(facts, name, own) {
            let path: Vec<_> = path.iter().map(|name| format!("`{name}`")).collect();
            found.push(CYCLE.error(
                node.span,
                format!("this never ends: `{own}` runs {}", path.join(", which runs ")),
            ));
        }
    }
}

/// The names on a way from a runbook back to `own`.
fn way_back(facts: &Facts<'_>, from: &str, own: &str) -> Option<Vec<String>> {
    let (mut todo, mut seen) = (vec![vec![from.to_owned()]], HashSet::new());
    while let Some(path) = todo.pop() {
        let last = path.last()?.clone();
        if last == own {
            return Some(path);
        }
        if !seen.insert(last.clone()) {
            continue;
        }
        let Some(book) = (facts.book.others)(&last) else { continue };
        for next in runbooks_run_by(&book) {
            todo.push(path.iter().cloned().chain([next.to_owned()]).collect());
        }
    }
    None
}

pub(super) fn params(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
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
                        PARAMS
                            .error(node.span, message)
                            .help(format!("add `{name}` under `params`")),
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
    // What another one takes is only known when its front matter can be read.
    (facts.book.others)(name).filter(|other| !other.front.unreadable)
}

fn fit(other: &Runbook, given: &[(Spanned<String>, Node)], found: &mut Vec<Diagnostic>) {
    for (name, node) in given {
        let Some(param) = other.param(&name.value) else {
            let known: Vec<_> =
                other.front.params.iter().map(|param| param.name.value.as_str()).collect();
            let diagnostic = PARAMS.error(
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
            found.push(PARAMS.error(
                node.span,
                format!("`{}` is a secret and must not be written out", name.value),
            ));
        } else if let Err(error) = param.check(&value) {
            found.push(PARAMS.error(node.span, error.to_string()));
        }
    }
}
