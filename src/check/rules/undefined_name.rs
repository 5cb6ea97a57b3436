//! Whether every name in an expression stands for something.

use super::super::facts::{Facts, Use};
use super::super::references::{each, place, suggest};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::Reference;

pub(super) const RULE: Rule = Rule {
    code: "RB0402",
    name: "undefined-name",
    summary: "An expression uses a name that stands for nothing there",
    why: "In scope are `params.NAME`, `steps.ID.OUTPUT`, `accounts.NAME.id` and `.region`, `run.id`, `run.mode` and `run.environment`; `item` in a step with `for_each`; and `outputs.NAME` in `expect`, `until`, `holds`, `obligation` and `undo`. An undefined name is an error, never an empty text.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        let Some((depth, available, hint)) = missing_name(facts, one, reference) else { return };
        let name = reference.path[..=depth].join(".");
        let diagnostic =
            RULE.error(place(one, reference, depth), format!("`{name}` is not defined here"));
        found.push(suggest(diagnostic, &reference.path[depth], &available, hint));
    });
}

/// The part of a name that stands for nothing, and what there is instead.
fn missing_name(
    facts: &Facts<'_>,
    one: &Use<'_>,
    reference: &Reference,
) -> Option<(usize, Vec<String>, Option<&'static str>)> {
    let runbook = facts.book.runbook;
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let second = reference.path.get(1).map(String::as_str);
    let unknown = |known: Vec<String>| {
        second.is_some_and(|name| !known.iter().any(|one| one == name)).then_some((1, known, None))
    };
    match reference.path[0].as_str() {
        "params" => unknown(runbook.front.params.iter().map(|param| param.name.value.clone()).collect()),
        "steps" => unknown(facts.steps().iter().map(|step| step.id().to_string()).collect()),
        "run" => unknown(owned(&["id", "mode", "environment"])),
        "accounts" => {
            if let Some(project) = facts.book.project {
                let missing = unknown(project.account_names().iter().map(ToString::to_string).collect());
                if missing.is_some() {
                    return missing;
                }
            }
            let fields = owned(&["id", "region"]);
            let field = reference.path.get(2)?;
            (!fields.contains(field)).then_some((2, fields, None))
        }
        "item" => (!one.site.item).then_some((0, Vec::new(), Some("`item` is known in a step with `for_each`, but not in `if` and `for_each` themselves"))),
        "outputs" => (!one.site.outputs).then_some((
            0,
            Vec::new(),
            Some("`outputs` is known in `expect`, `until`, `holds`, `obligation` and `undo`; elsewhere name the step: `steps.ID.OUTPUT`"),
        )),
        _ => {
            let mut known = owned(&["params", "steps", "accounts", "run"]);
            known.extend(one.site.item.then(|| "item".to_owned()));
            known.extend(one.site.outputs.then(|| "outputs".to_owned()));
            Some((0, known, None))
        }
    }
}
