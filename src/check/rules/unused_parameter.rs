//! Whether every parameter is used.

use super::super::facts::Facts;
use super::super::references::each;
use super::super::typed::calls;
use super::fault_not_undone::is_fault;
use super::missing_input::lacks_an_input;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::drill::MAX_DURATION;
use crate::model::misread::Misread;
use crate::model::step::Body;
use std::collections::HashSet;

pub(super) const RULE: Rule = Rule {
    code: "RB0414",
    name: "unused-parameter",
    summary: "A parameter is defined and never used",
    why: "Whoever runs the runbook is asked for a value, believes that it matters, and it does not. Often a name is misspelt, or a script was meant to get it in its `env`.",
    fix: "Use it, or remove it.",
    wrong: r#"---
params:
  bucket: { type: string, default: corpus }
---

```bash step=look
#| effect: read
aws s3 ls s3://corpus
```
"#,
    right: r#"---
params:
  bucket: { type: string, default: corpus }
---

```bash step=look
#| effect: read
#| env: { BUCKET: "{{ params.bucket }}" }
aws s3 ls "s3://$BUCKET"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    let gaps = &runbook.gaps;
    // What could not be read may have used it.
    let unread = facts.steps().iter().any(|step| {
        [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()]
            .into_iter()
            .flatten()
            .any(|block| block.options.misread != Misread::default())
    });
    let unread = unread
        || runbook.health.iter().any(|one| one.block.options.misread != Misread::default())
        || facts.uses.iter().any(|one| one.error.is_some());
    let unread = unread || calls(facts).any(|call| lacks_an_input(&call));
    if gaps.torn || gaps.nameless || !gaps.blocks.is_empty() || unread {
        return;
    }
    let mut used = HashSet::new();
    let mut all = false;
    each(facts, |one, reference| match reference.path.as_slice() {
        [root] if root == "params" => all = true,
        // The loop that `item` was meant for may have gone over a parameter.
        [root, ..] if root == "item" && !one.site.item => all = true,
        // A misspelt root has been reported.
        [root, name, ..] if nearest(root, ["params"]).is_some() => {
            used.insert(name.clone());
        }
        _ => {}
    });
    if all {
        return;
    }
    // Braces in a script are not filled in, which is reported where they stand.
    let scripts: Vec<_> = facts
        .blocks()
        .filter_map(|(_, block)| match &block.body {
            Body::Script { text, .. } if text.value.contains("{{") => Some(&text.value),
            _ => None,
        })
        .collect();
    let in_braces = |name: &str| {
        let name = format!("params.{name}");
        scripts.iter().any(|text| text.contains(&name))
            || facts.texts.iter().any(|text| text.value.contains(&name))
    };
    let names = || runbook.front.params.iter().map(|param| param.name.value.as_str());
    // A name that is misspelt where it is used has been reported there.
    let meant: HashSet<_> = used
        .iter()
        .filter(|name| runbook.param(name).is_none())
        .filter_map(|name| nearest(name, names()))
        .collect();
    for param in &runbook.front.params {
        let name = param.name.value.as_str();
        // A drill reads how long a fault may last.
        let is_read = name == MAX_DURATION && is_fault(runbook);
        if !is_read && !used.contains(name) && !meant.contains(name) && !in_braces(name) {
            let diagnostic =
                RULE.warning(param.name.span, format!("the parameter `{name}` is never used"));
            found.push(
                diagnostic.help(format!(
                    "use `params.{name}`, or remove it; a script gets it in its `env`"
                )),
            );
        }
    }
}
