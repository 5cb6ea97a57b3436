//! Whether an objective can be measured.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::step::Role;

pub(super) const RULE: Rule = Rule {
    code: "RB0605",
    name: "objective-without-health",
    summary: "A recovery time is promised, and nothing says when it is recovered",
    why: "The clock of a drill stops when every health probe holds, not when the last step ends. Without a probe the time that counts cannot be measured, and the promise cannot be kept or broken.",
    fix: "Add a `health=` block that asks what the users would ask: can it be read, does it answer.",
    wrong: r#"---
objective: { rto: 2h }
---

```bash step=restore
#| irreversible: The copy overwrites what is left.
./restore
```
"#,
    right: r#"---
objective: { rto: 2h }
---

```bash step=restore
#| irreversible: The copy overwrites what is left.
./restore
```

```bash health=answers
./ask
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    // A drill names whose health it means.
    let Some(rto) = runbook.front.rto.as_ref().filter(|_| runbook.drill.is_none()) else { return };
    let gaps = &runbook.gaps;
    // The health of the runbooks it runs comes along.
    let may_come_along = runbook.steps.iter().any(|step| facts.may_bring_health(step));
    if runbook.health.is_empty()
        && !may_come_along
        && !gaps.torn
        && !gaps.may_have_any(Role::Health)
    {
        found.push(
            RULE.warning(
                rto.span,
                "there is no `health=` block, so nobody can tell when this time is over",
            )
            .help("add a block `health=ID` that looks whether users are served again"),
        );
    }
}
