//! Whether what breaks something on purpose can be mended.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::drill::{FAULT_TAG, FAULTS};
use crate::model::runbook::Runbook;

pub(super) const RULE: Rule = Rule {
    code: "RB0904",
    name: "fault-not-undone",
    summary: "A fault has a step that cannot be taken back, or is not marked as a fault",
    why: "A drill mends what it broke, whatever happens on the way. A step with `irreversible` cannot be mended. The tag `fault` is what keeps a fault from running in production.",
    fix: "Give every step of a fault an `undo=` block, or an action that takes itself back, and the runbook the tag `fault`.",
    wrong: r#"---
title: The copy is lost
summary: Takes it away.
owner: o
tags: [fault]
params:
  max_duration: { type: duration, default: 1h }
---

```bash step=lose
#| irreversible: It is gone.
rm copy
```
"#,
    right: r#"---
title: The copy is lost
summary: Takes it away.
owner: o
tags: [fault]
params:
  max_duration: { type: duration, default: 1h }
---

```bash step=lose
mv copy away
```

```bash undo=lose
mv away copy
```
"#,
};

/// Whether a runbook says that it breaks something on purpose.
pub(super) fn is_fault(runbook: &Runbook) -> bool {
    runbook.front.tags.iter().any(|tag| tag.value == FAULT_TAG)
}

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    let marked = is_fault(runbook);
    if runbook.name.starts_with(FAULTS) && !marked && !runbook.front.misread.has("tags") {
        let message = "this is a fault, and its front matter does not say so";
        found.push(RULE.error(runbook.front.span, message).help("add `tags: [fault]`"));
    }
    if !marked {
        return;
    }
    for step in &runbook.steps {
        if let Some(why) = &step.block.options.irreversible {
            let message = format!("the step `{}` of a fault cannot be mended", step.id());
            found.push(RULE.error(why.span, message).help("give it an `undo=` block instead"));
        }
    }
}
