//! Whether every name in an expression stands for something.

use super::super::facts::{Facts, Gives, RUN, Use, outputs_of, runs};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::Reference;
use crate::model::step::{Body, Role, Step};
use crate::source::Span;

pub(super) const UNDEFINED: Rule = Rule {
    code: "RB0402",
    name: "undefined-name",
    summary: "An expression uses a name that stands for nothing there",
    why: "In scope are `params.NAME`, `steps.ID.OUTPUT`, `accounts.NAME.id` and `.region`, `run.id`, `run.mode` and `run.environment`; `item` in a step with `for_each`; and `outputs.NAME` in `expect`, `until`, `holds`, `obligation` and `undo`. An undefined name is an error, never an empty text.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const OUTPUT: Rule = Rule {
    code: "RB0403",
    name: "unknown-output",
    summary: "An expression reads an output that the step does not have",
    why: "The outputs of an action are listed by `runbook actions NAME`; those of a script are its `outputs`. A step with `for_each` gives a list: `steps.ID[0].NAME`, or `[one.NAME for one in steps.ID]`.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const UNFINISHED: Rule = Rule {
    code: "RB0404",
    name: "unfinished-step",
    summary: "An expression reads the outputs of a step that need not have ended by then",
    why: "A step may read the outputs of the steps it `needs`, directly or through others. Without `needs` that is every step before it.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn undefined(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        let Some((depth, available, hint)) = missing_name(facts, one, reference) else { return };
        let name = reference.path[..=depth].join(".");
        let diagnostic =
            UNDEFINED.error(place(one, reference, depth), format!("`{name}` is not defined here"));
        found.push(suggest(diagnostic, &reference.path[depth], &available, hint));
    });
}

pub(super) fn output(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        if let Some((depth, message, available)) = missing_output(facts, one, reference) {
            let diagnostic = OUTPUT.error(place(one, reference, depth), message);
            found.push(suggest(diagnostic, &reference.path[depth], &available, None));
        }
    });
}

pub(super) fn unfinished(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        let (Some("steps"), Some(id)) =
            (reference.path.first().map(String::as_str), reference.path.get(1))
        else {
            return;
        };
        let (Some((earlier, _)), Some(at)) = (facts.step(id), one.site.step) else { return };
        if facts.has_ended(earlier, at) && earlier != at {
            return;
        }
        let span = place(one, reference, 1);
        found.push(if earlier == at {
            let help = match one.site.block.role {
                Role::Observe => "an observation comes before the step and has no outputs of it",
                _ => "a step's own outputs are `outputs`",
            };
            UNFINISHED.error(span, format!("`{id}` is this step itself")).help(help)
        } else {
            let own = facts.steps()[at].id();
            UNFINISHED.error(span, format!("`{id}` need not have ended when `{own}` starts")).help(
                if facts.has_ended(at, earlier) {
                    format!("`{id}` comes later")
                } else {
                    format!("add `{id}` to the `needs` of `{own}`")
                },
            )
        });
    });
}

fn each(facts: &Facts<'_>, mut look: impl FnMut(&Use<'_>, &Reference)) {
    for one in &facts.uses {
        one.references.iter().flatten().for_each(|reference| look(one, reference));
    }
}

fn place(one: &Use<'_>, reference: &Reference, depth: usize) -> Span {
    one.text.locate(reference.parts[depth].clone())
}

fn suggest(
    diagnostic: Diagnostic,
    part: &str,
    available: &[String],
    hint: Option<&'static str>,
) -> Diagnostic {
    let near = nearest(part, available.iter().map(String::as_str));
    match (near, hint) {
        (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
        (None, Some(hint)) => diagnostic.help(hint),
        (None, None) if available.is_empty() => diagnostic.help("there are none"),
        (None, None) => diagnostic.help(format!("there are: {}", available.join(", "))),
    }
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
        "params" if runbook.front.unreadable => None,
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

fn missing_output(
    facts: &Facts<'_>,
    one: &Use<'_>,
    reference: &Reference,
) -> Option<(usize, String, Vec<String>)> {
    let absent = |depth: usize, whose: &str, gives: Gives| match gives {
        Gives::Names(names) => {
            let name = reference.path.get(depth)?;
            (!names.contains(name))
                .then(|| (depth, format!("{whose} has no output `{name}`"), names))
        }
        Gives::Anything => None,
    };
    match reference.path[0].as_str() {
        "outputs" if one.site.outputs => {
            let gives = match (one.site.block.role, one.site.step) {
                (Role::Undo, Some(at)) => facts.gives(&facts.steps()[at]),
                _ => facts.outputs(one.site.block),
            };
            absent(1, "this step", gives)
        }
        "steps" => {
            let (_, step) = facts.step(reference.path.get(1)?)?;
            if step.block.options.for_each.is_some() {
                let name = reference.path.get(2)?;
                let message = format!(
                    "`{0}` runs once for each element, so `steps.{0}` is a list",
                    step.id()
                );
                return Some((
                    2,
                    message,
                    vec![
                        format!("steps.{0}[0].{name}", step.id()),
                        format!("[one.{name} for one in steps.{}]", step.id()),
                    ],
                ));
            }
            if let Some(of_book) = sub_outputs(facts, step, reference) {
                return of_book;
            }
            absent(2, &format!("the step `{}`", step.id()), facts.gives(step))
        }
        _ => None,
    }
}

/// `steps.OUTER.INNER.OUTPUT` of a step that runs another runbook.
fn sub_outputs(
    facts: &Facts<'_>,
    step: &Step,
    reference: &Reference,
) -> Option<Option<(usize, String, Vec<String>)>> {
    if !matches!(&step.block.body, Body::Action { uses, .. } if uses.value == RUN) {
        return None;
    }
    let other = runs(&step.block).and_then(|(_, name)| (facts.book.others)(name?));
    let (Some(other), Some(inner)) = (other, reference.path.get(2)) else { return Some(None) };
    let Some(inner_step) = other.steps.iter().find(|step| step.id().as_str() == inner) else {
        let known = other.steps.iter().map(|step| step.id().to_string()).collect();
        return Some(Some((
            2,
            format!("the runbook `{}` has no step `{inner}`", other.name),
            known,
        )));
    };
    let gives = outputs_of(&inner_step.block, |name| facts.book.catalog.get(name));
    match (gives, reference.path.get(3)) {
        (Gives::Names(names), Some(name))
            if !names.contains(name) && inner_step.observe.is_none() =>
        {
            Some(Some((
                3,
                format!("the step `{inner}` of `{}` has no output `{name}`", other.name),
                names,
            )))
        }
        _ => Some(None),
    }
}
