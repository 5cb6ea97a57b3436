//! Whether a fault says how long it may last.

use super::super::facts::Facts;
use super::fault_not_undone::is_fault;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::drill::MAX_DURATION;
use crate::model::runbook::Type;

pub(super) const RULE: Rule = Rule {
    code: "RB0905",
    name: "fault-without-end",
    summary: "A fault does not say how long it may last",
    why: "A fault is mended after `max_duration` in any case. While a drill is at work it does that itself; where the process may be gone, a step of the fault arranges for it before anything breaks, and reads the parameter for it.",
    fix: "Give the fault the parameter `max_duration`, of type `duration` and with a default.",
    wrong: r#"---
title: The copy is lost
summary: Takes it away.
owner: o
tags: [fault]
---

```bash step=lose
mv copy away
```

```bash undo=lose
mv away copy
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

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    if !is_fault(runbook) || runbook.front.misread.has("params") {
        return;
    }
    let help = format!("add under `params`: `{MAX_DURATION}: {{ type: duration, default: 1h }}`");
    match runbook.param(MAX_DURATION) {
        None => {
            let tag = runbook.front.tags.first().map_or(runbook.front.span, |tag| tag.span);
            let message = format!("this fault has no parameter `{MAX_DURATION}`");
            found.push(RULE.error(tag, message).help(help));
        }
        Some(param) if param.kind != Type::Duration || param.default.is_none() => {
            let message = format!("`{MAX_DURATION}` is a duration with a default");
            found.push(RULE.error(param.name.span, message).help(help));
        }
        Some(_) => {}
    }
}
