//! Whether the outputs that an expression reads exist.

use super::super::facts::{Facts, Use};
use super::super::references::{each, place, suggest};
use super::super::stacks::template;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::Reference;
use crate::model::step::{Block, Role};

pub(super) const RULE: Rule = Rule {
    code: "RB0403",
    name: "unknown-output",
    summary: "An expression reads an output that the step does not have",
    why: "The outputs of an action are listed by `runbook actions NAME`; those of a script are its `outputs`. A step with `for_each` gives a list: `steps.ID[0].NAME`, or `[one.NAME for one in steps.ID]`.",
    fix: "Correct the name, or let the step give the output: a script lists it under `outputs` and writes it to `$RUNBOOK_OUTPUT`.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: ["outputs.enabld"]
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: ["outputs.enabled"]
```
"#,
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
    let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["outputs", name, ..] if one.site.outputs => {
            let known = facts.names_under(&["outputs"], &one.site)?;
            absent(name, &known).then(|| (1, format!("this step has no output `{name}`"), known))
        }
        ["steps", id, name, ..] => {
            let (_, step) = facts.step(id)?;
            let options = &step.block.options;
            if options.for_each.is_some() {
                let message =
                    format!("`{id}` runs once for each element, so `steps.{id}` is a list");
                let ways = [
                    format!("steps.{id}[0].{name}"),
                    format!("[one.{name} for one in steps.{id}]"),
                ];
                return Some((2, message, ways.into()));
            }
            // Of a loop that cannot be read, nobody knows that it is one.
            let known = facts
                .names_under(&["steps", id], &one.site)
                .filter(|_| !options.misread.has("for_each"))?;
            match facts.runs_book(step) {
                Some(other) if other.gaps.may_have(Role::Step, name) => None,
                Some(other) if absent(name, &known) => {
                    Some((2, format!("the runbook `{}` has no step `{name}`", other.name), known))
                }
                Some(other) => {
                    let output = path.get(3)?;
                    let known = facts.names_under(&["steps", id, name], &one.site)?;
                    let whose = format!("the step `{name}` of `{}`", other.name);
                    if absent(output, &known) {
                        return Some((3, format!("{whose} has no output `{output}`"), known));
                    }
                    let inner = other.steps.iter().find(|step| step.id().as_str() == *name)?;
                    of_template(facts, &inner.block, &path[3..]).map(|(m, all)| (4, m, all))
                }
                None if absent(name, &known) => {
                    Some((2, format!("the step `{id}` has no output `{name}`"), known))
                }
                None => of_template(facts, &step.block, &path[2..]).map(|(m, all)| (3, m, all)),
            }
        }
        _ => None,
    }
}

/// What is wrong with `outputs.NAME` of a stack, as its template says, and the outputs that there are.
fn of_template(facts: &Facts<'_>, block: &Block, path: &[&str]) -> Option<(String, Vec<String>)> {
    let ["outputs", name, ..] = path else { return None };
    let (template, _, interface) = template(facts.book.files, block)?;
    let known = interface.outputs;
    absent(name, &known).then(|| (format!("`{template}` has no output `{name}`"), known))
}

fn absent(name: &str, known: &[String]) -> bool {
    !known.iter().any(|one| one == name)
}
