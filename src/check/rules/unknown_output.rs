//! Whether the outputs that an expression reads exist.

use super::super::facts::{Facts, Gives, RUN, Use, outputs_of, runs};
use super::super::references::{each, place, suggest};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::Reference;
use crate::model::step::{Body, Role, Step};

pub(super) const RULE: Rule = Rule {
    code: "RB0403",
    name: "unknown-output",
    summary: "An expression reads an output that the step does not have",
    why: "The outputs of an action are listed by `runbook actions NAME`; those of a script are its `outputs`. A step with `for_each` gives a list: `steps.ID[0].NAME`, or `[one.NAME for one in steps.ID]`.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        if let Some((depth, message, available)) = missing_output(facts, one, reference) {
            let diagnostic = RULE.error(place(one, reference, depth), message);
            found.push(suggest(diagnostic, &reference.path[depth], &available, None));
        }
    });
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
