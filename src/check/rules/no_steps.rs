//! Whether there is anything to run.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    code: "RB0607",
    name: "no-steps",
    summary: "A runbook has no step",
    why: "A fence is a step only when its first line ends in `step=ID`. Without one, a run has nothing to do, and would report success.",
    fix: "Give at least one block a role: `bash step=restore`. A document that is only read belongs somewhere else than in `runbooks/`.",
    wrong: r#"Call the team and restore the copy:

```bash
./restore
```
"#,
    right: r#"Restore the copy:

```bash step=restore
#| irreversible: The copy overwrites what is left.
./restore
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    let front = &runbook.front;
    let gaps = &runbook.gaps;
    if !runbook.steps.is_empty() || front.misread.is_all() || gaps.torn || !gaps.blocks.is_empty() {
        return;
    }
    // A runbook that only looks whether all is well has no steps, and says so with its probes.
    if !runbook.health.is_empty() {
        return;
    }
    let span = front
        .title
        .as_ref()
        .map_or(Span::new(front.span.start, front.span.start), |title| title.span);
    found.push(
        RULE.warning(span, "this runbook has no step, so a run would do nothing")
            .help("a step is a fence such as `bash step=restore`"),
    );
}
