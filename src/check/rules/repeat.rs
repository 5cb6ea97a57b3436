//! Whether what is repeated may be repeated.

use super::super::facts::{Facts, takes_effect};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::{Block, Role};
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    code: "RB0310",
    name: "repeat",
    summary: "`until` or `retry` would repeat a change, or an option lacks the one it belongs to",
    why: "`until` repeats a step that only looks. `retry` repeats what only looks, and actions for which a repeat is harmless. A script that changes something is never repeated by itself: after a failure a person decides. `every` belongs to `until`; `concurrency` and `allow_empty` belong to `for_each`.",
    fix: "Put the waiting into a step of its own that only looks. Leave out an option whose partner is missing.",
    wrong: r#"```bash step=stop_writes
#| irreversible: Writers start again by themselves.
#| outputs: [state]
#| until: outputs.state == "stopped"
./writers stop
./writers state >> "$RUNBOOK_OUTPUT"
```
"#,
    right: r#"```bash step=stop_writes
#| irreversible: Writers start again by themselves.
./writers stop
```

```bash step=writers_stopped
#| effect: read
#| outputs: [state]
#| until: outputs.state == "stopped"
./writers state >> "$RUNBOOK_OUTPUT"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (step, block) in facts.blocks() {
        let options = &block.options;
        let lacks = |key: &str| !options.misread.has(key);
        let effect = facts.effect(block);
        let changes = effect.is_none_or(Effect::changes)
            && known(facts, block)
            && !is_undecided(facts, step, block);
        if let (Some(until), true) = (&options.until, changes) {
            found.push(
                RULE.error(until.span, "`until` would repeat a step that changes something")
                    .help("put the waiting into a step of its own that only looks"),
            );
        }
        let idempotent = facts.spec(block).is_some_and(|spec| spec.idempotent);
        if let (Some(retry), true) = (&options.retry, changes && !idempotent) {
            let span = Span::new(retry.attempts.span.start, retry.attempts.span.end);
            found.push(RULE.error(
                span,
                "`retry` would repeat a change whose repeat is not known to be harmless",
            ));
        }
        if let (Some(every), None, Role::Step, true) =
            (&options.every, &options.until, block.role, lacks("until"))
        {
            found.push(RULE.error(every.span, "`every` belongs to `until`, which is missing"));
        }
        if let (Some(concurrency), None, true) =
            (&options.concurrency, &options.for_each, lacks("for_each"))
        {
            found.push(
                RULE.error(
                    concurrency.span,
                    "`concurrency` belongs to `for_each`, which is missing",
                ),
            );
        }
        if let (Some(allowed), None, true) =
            (&options.allow_empty, &options.for_each, lacks("for_each"))
        {
            found.push(
                RULE.error(allowed.span, "`allow_empty` belongs to `for_each`, which is missing"),
            );
        }
    }
}

/// Whether a step says neither what it does nor how it is taken back. Then it is asked for both, and
/// nothing else is concluded.
fn is_undecided(facts: &Facts<'_>, step: Option<usize>, block: &Block) -> bool {
    let Some(step) = step.map(|at| &facts.steps()[at]) else { return false };
    let fixed = facts.spec(block).is_some_and(|spec| !takes_effect(spec) || spec.undo.is_some());
    let options = &block.options;
    !fixed && options.effect.is_none() && options.irreversible.is_none() && step.undo.is_none()
}

/// Whether it is known what the block does. An unknown action has been reported already.
fn known(facts: &Facts<'_>, block: &Block) -> bool {
    facts.effect(block).is_some() || super::super::facts::runs(block).is_some()
}
