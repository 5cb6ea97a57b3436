//! Whether another runbook is given the parameters it takes.

use super::super::facts::{Facts, Site, runs};
use super::super::typed::{converts, noun};
use super::unknown_input::meant;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::runbook::{Runbook, Type};
use crate::model::step::Body;
use crate::model::value::{Node, NodeKind};
use crate::source::Spanned;
use std::sync::Arc;

pub(super) const RULE: Rule = Rule {
    code: "RB0409",
    name: "runbook-params",
    summary: "The parameters given to another runbook do not fit its definition",
    why: "They are checked like those of a run: known names, nothing required left out, and the right types. A secret is passed on as `{{ params.NAME }}`, never written out.",
    fix: "Give the parameters that the other runbook defines, with values of their types.",
    wrong: r#"```yaml step=copy
uses: runbook/run
with: { runbook: restore-copy, params: { buckets: [corpus] } }
```
"#,
    right: r#"```yaml step=copy
uses: runbook/run
with: { runbook: restore-copy, params: { bucket: corpus } }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (step, block) in facts.blocks() {
        let site = facts.site(step, block);
        if let (Some((node, Some(name))), Body::Action { with, .. }) = (runs(block), &block.body)
            && let Some(other) = known(facts, name)
            && !other.front.misread.has("params")
            && !block.options.misread.has("with")
        {
            // A misspelt `params` is reported as an unknown input.
            let is_params = |key: &str| {
                key == "params"
                    || facts.spec(block).is_some_and(|spec| meant(spec, key) == Some("params"))
            };
            let given =
                with.iter().find(|(key, _)| is_params(&key.value)).map(|(_, node)| &node.kind);
            let given = match given {
                Some(NodeKind::Mapping(entries)) => entries.as_slice(),
                None => &[],
                // Another type has been reported, and a template cannot be looked into.
                Some(_) => continue,
            };
            fit(facts, &site, &other, given, found);
            for missing in other.front.params.iter().filter(|param| param.is_required()) {
                let name = &missing.name.value;
                // A misspelt parameter is reported as unknown, and that is enough.
                let is_it = |key: &str| {
                    let params = &other.front.params;
                    let names = || params.iter().map(|param| param.name.value.as_str());
                    key == name
                        || !names().any(|name| name == key) && nearest(key, names()) == Some(name)
                };
                if !given.iter().any(|(key, _)| is_it(&key.value)) {
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
            let site = Site { outputs: true, ..site };
            fit(facts, &site, &other, &obligation.params, found);
        }
    }
}

fn known(facts: &Facts<'_>, name: &str) -> Option<Arc<Runbook>> {
    if name == facts.book.runbook.name {
        return Some(Arc::new(facts.book.runbook.clone()));
    }
    (facts.book.others)(name)
}

fn fit(
    facts: &Facts<'_>,
    site: &Site<'_>,
    other: &Runbook,
    given: &[(Spanned<String>, Node)],
    found: &mut Vec<Diagnostic>,
) {
    for (name, node) in given {
        let Some(param) = other.param(&name.value) else {
            let known: Vec<_> =
                other.front.params.iter().map(|param| param.name.value.as_str()).collect();
            let message = format!("the runbook `{}` has no parameter `{}`", other.name, name.value);
            let diagnostic = RULE.error(name.span, message);
            found.push(diagnostic.hinted(&name.value, &known, "it has", "it has no parameters"));
            continue;
        };
        if let NodeKind::Text(text) = &node.kind
            && let Some(kind) = facts.kind_of_template(&text.value, site)
            && !converts(kind, param.kind)
            && param.kind != Type::Any
        {
            let message = format!(
                "`{}` must be {}, but this is {}",
                name.value,
                param.kind.phrase(),
                noun(kind)
            );
            found.push(RULE.error(node.span, message));
        }
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
