//! Whether secrets stay where nobody sees them.

use super::super::facts::{Facts, RUN, Use, asks_a_person, runs};
use super::super::outputs::secrets_of;
use super::super::references::{each, name_span};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::Reference;
use crate::model::step::{Block, Body, Role};
use crate::model::value::{Node, NodeKind};
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    code: "RB0312",
    name: "secret-shown",
    summary: "A secret is used where people would read it, or where the journal would keep it",
    why: "A secret parameter, an output listed under `secrets` and a field with `secret: true` may go into the `env` of scripts, under `with` of actions that work, and into `expect`, `until` and `holds`. In a text for people it would be masked, so the text would say nothing; and what the journal keeps, such as the list of a loop or the parameters of an obligation, cannot be kept and be masked. An `if` on the secret output of a step fails when another process resumes the run, because only the process that got the secret has it.",
    fix: "Hand it to the script or the action that needs it, and name something else in the text: the name of the secret, not its value.",
    wrong: r#"---
params:
  token: { type: string, secret: true }
---

```bash step=log_in
#| confirm: We log in with {{ params.token }}.
#| effect: read
#| env: { TOKEN: "{{ params.token }}" }
./log-in <<< "$TOKEN"
```
"#,
    right: r#"---
params:
  token: { type: string, secret: true }
---

```bash step=log_in
#| confirm: We log in with the vendor's token.
#| effect: read
#| env: { TOKEN: "{{ params.token }}" }
./log-in <<< "$TOKEN"
```
"#,
};

/// What a use of a secret would come to.
enum Leak {
    Shown(&'static str),
    Kept(&'static str),
    Forgotten,
}

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        let Some(of_step) = is_secret(facts, one, reference) else { return };
        let Some(leak) = leak(facts, one, of_step) else { return };
        let name = reference.path.join(".");
        let span = name_span(one, reference);
        found.push(match leak {
            Leak::Shown(place) => RULE
                .error(span, format!("`{name}` is a secret, and {place} is shown to people"))
                .help("name what it is, not its value"),
            Leak::Kept(place) => RULE
                .error(span, format!("`{name}` is a secret, and {place} is kept in the journal"))
                .help("secrets go into `env` of scripts and into the inputs of actions"),
            Leak::Forgotten => RULE
                .warning(
                    span,
                    format!("`{name}` is a secret, so it is gone when the run is resumed"),
                )
                .help("decide on something that is not secret"),
        });
    });
}

/// Whether a name is a secret, and whether a step gave it.
fn is_secret(facts: &Facts<'_>, one: &Use<'_>, reference: &Reference) -> Option<bool> {
    let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
    let lists = |blocks: &[Option<&Block>], name: &str| {
        blocks.iter().flatten().any(|block| secrets_of(block).contains(&name))
    };
    match path.as_slice() {
        ["params", name, ..] => facts.book.runbook.param(name)?.secret.then_some(false),
        ["outputs", name, ..] if one.site.outputs => {
            let step = one.site.step.map(|at| &facts.steps()[at]);
            let own = match (one.site.block.role, step) {
                (Role::Undo, Some(step)) => {
                    lists(&[Some(&step.block), step.observe.as_ref()], name)
                }
                _ => lists(&[Some(one.site.block)], name),
            };
            own.then_some(true)
        }
        ["steps", id, name, ..] => {
            let (_, step) = facts.step(id)?;
            lists(&[Some(&step.block), step.observe.as_ref()], name).then_some(true)
        }
        _ => None,
    }
}

/// Where the text goes, when that is no place for a secret.
fn leak(facts: &Facts<'_>, one: &Use<'_>, of_step: bool) -> Option<Leak> {
    let options = &one.site.block.options;
    let here = one.text.span;
    let is = |text: Option<&crate::model::value::Text>| text.is_some_and(|text| text.span == here);
    if is(options.confirm.as_ref()) {
        return Some(Leak::Shown("`confirm`"));
    }
    if is(options.region.as_ref()) {
        return Some(Leak::Shown("`region`"));
    }
    if is(options.condition.as_ref()) {
        return of_step.then_some(Leak::Forgotten);
    }
    if is(options.for_each.as_ref()) {
        return Some(Leak::Kept("the list of a loop"));
    }
    if let Some(obligation) = &options.obligation {
        if is(Some(&obligation.text)) || is(Some(&obligation.due)) {
            return Some(Leak::Shown("`obligation`"));
        }
        if obligation.params.iter().any(|(_, node)| contains(node.span, here)) {
            return Some(Leak::Kept("`obligation`"));
        }
    }
    let Body::Action { uses, with } = &one.site.block.body else { return None };
    let (name, node) = with.iter().find(|(_, node)| contains(node.span, here))?;
    if asks_a_person(&uses.value) {
        return Some(Leak::Shown("what a person is asked"));
    }
    let handed_on = uses.value == RUN && name.value == "params";
    (handed_on && !stays_secret(facts, one, node))
        .then_some(Leak::Kept("this parameter of the other runbook"))
}

/// Whether the parameter of the other runbook is a secret too, or may be.
fn stays_secret(facts: &Facts<'_>, one: &Use<'_>, given: &Node) -> bool {
    let NodeKind::Mapping(given) = &given.kind else { return true };
    let name = given.iter().find(|(_, node)| contains(node.span, one.text.span));
    let other = runs(one.site.block).and_then(|(_, name)| (facts.book.others)(name?));
    name.zip(other)
        .and_then(|((name, _), other)| other.param(&name.value).map(|param| param.secret))
        .unwrap_or(true)
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
