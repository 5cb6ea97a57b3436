//! Whether every name in an expression stands for something.

use super::super::facts::{Facts, Use};
use super::super::references::{each, place, suggest};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, Related};
use crate::expr::Reference;
use std::collections::HashMap;

pub(super) const RULE: Rule = Rule {
    code: "RB0402",
    name: "undefined-name",
    summary: "An expression uses a name that stands for nothing there",
    why: "In scope are `params.NAME`, `steps.ID.OUTPUT`, `accounts.NAME.id` and `.region`, `run.id`, `run.mode` and `run.environment`; `item` in a step with `for_each`; and `outputs.NAME` in `expect`, `until`, `holds`, `obligation` and `undo`. An undefined name is an error, never an empty text.",
    fix: "Correct the name, or define it: a parameter in the front matter, an account in `runbook.yaml`.",
    wrong: r#"---
params:
  key: { type: string }
---

```yaml step=look
uses: kms/describe-key
with: { key: "{{ params.kye }}" }
```
"#,
    right: r#"---
params:
  key: { type: string }
---

```yaml step=look
uses: kms/describe-key
with: { key: "{{ params.key }}" }
```
"#,
};

const ITEM: &str =
    "`item` is known in a step with `for_each`, but not in `if` and `for_each` themselves";
const OUTPUTS: &str = "`outputs` is known in `expect`, `until`, `holds`, `obligation` and `undo`; elsewhere name the step: `steps.ID.OUTPUT`";

/// A name that is missing is told once. So many of its other places are shown.
const MOST_PLACES: usize = 8;

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let mut told: HashMap<String, usize> = HashMap::new();
    each(facts, |one, reference| {
        let Some((depth, available, hint)) = missing_name(facts, one, reference) else { return };
        let name = reference.path[..=depth].join(".");
        let span = place(one, reference, depth);
        // A parameter or a step that is not there is one mistake, wherever it is read.
        if depth == 1
            && let Some(first) = told.get(&name).and_then(|at| found.get_mut(*at))
        {
            if first.related.len() < MOST_PLACES {
                first.related.push(Related { span, label: "and here".to_owned() });
            }
            return;
        }
        let diagnostic = RULE.error(span, format!("`{name}` is not defined here"));
        told.insert(name, found.len());
        found.push(suggest(diagnostic, &reference.path[depth], &available, hint));
    });
}

/// The part of a name that stands for nothing, what there is instead, and what to do.
fn missing_name(
    facts: &Facts<'_>,
    one: &Use<'_>,
    reference: &Reference,
) -> Option<(usize, Vec<String>, Option<&'static str>)> {
    let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
    match path[0] {
        "item" if !one.site.item => return Some((0, Vec::new(), Some(ITEM))),
        "outputs" if !one.site.outputs => return Some((0, Vec::new(), Some(OUTPUTS))),
        "item" | "outputs" => return None,
        _ => {}
    }
    // The outputs of steps have a rule of their own.
    let depth = if path[0] == "steps" { 2 } else { path.len() };
    (0..depth.min(path.len())).find_map(|at| {
        if path[0] == "steps" && at == 1 && facts.may_have_step(path[1]) {
            return None;
        }
        let known = facts.names_under(&path[..at], &one.site)?;
        let there = known.iter().any(|name| name == path[at]);
        (!there).then_some((at, known, None))
    })
}
