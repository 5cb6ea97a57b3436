//! Whether the outputs of a step that may be skipped are read as if it always ran.

use super::super::facts::{Facts, Use};
use super::super::references::{each, name_span};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::{Reference, conjuncts, only_name};
use crate::model::value::Text;

pub(super) const RULE: Rule = Rule {
    code: "RB0410",
    name: "maybe-skipped",
    summary: "An expression reads an output of a step that may be skipped",
    why: "A step whose `if` is false has no outputs, and an undefined name is an error. The run would stop at the first expression that reads one.",
    fix: "Give the reader the same `if`, or say what holds when the step was skipped: `steps.a.x is defined`, or `steps.a.x | default(value='none')`.",
    wrong: r#"```bash step=old_copy
#| effect: read
#| if: run.mode != 'rehearsal'
#| outputs: [bytes]
./copies >> "$RUNBOOK_OUTPUT"
```

```bash step=compare
#| effect: read
#| env: { OLD: "{{ steps.old_copy.bytes }}" }
./compare "$OLD"
```
"#,
    right: r#"```bash step=old_copy
#| effect: read
#| if: run.mode != 'rehearsal'
#| outputs: [bytes]
./copies >> "$RUNBOOK_OUTPUT"
```

```bash step=compare
#| effect: read
#| env: { OLD: "{{ steps.old_copy.bytes | default(value='none') }}" }
./compare "$OLD"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        let [root, id, ..] = reference.path.as_slice() else { return };
        if root != "steps" || reference.guarded {
            return;
        }
        let Some((earlier, step)) = facts.step(id) else { return };
        let Some(condition) = &step.block.options.condition else { return };
        // What need not have ended is an error of its own, and so is what reads itself.
        let ended = one.site.step.is_none_or(|at| facts.has_ended(earlier, at) && at != earlier);
        if !ended || runs_only_with(facts, one, reference, condition) {
            return;
        }
        let name = reference.path[..reference.path.len().min(3)].join(".");
        let diagnostic = RULE
            .warning(
                name_span(one, reference),
                format!("`{id}` may be skipped, and then `{name}` is not defined"),
            )
            .related(condition.span, "this decides");
        found.push(diagnostic.help(match one.site.step {
            Some(_) => {
                format!("give this step the same `if`, or write `{name} | default(value=…)`")
            }
            None => format!("write `{name} | default(value=…)`, or `{name} is defined`"),
        }));
    });
}

/// Whether the reader runs only when the step that it reads has run.
fn runs_only_with(
    facts: &Facts<'_>,
    one: &Use<'_>,
    reference: &Reference,
    condition: &Text,
) -> bool {
    let Some(own) = one.site.step.and_then(|at| facts.steps()[at].block.options.condition.as_ref())
    else {
        return false;
    };
    // The condition itself is what is evaluated first.
    if own.span == one.text.span {
        return false;
    }
    let wanted: Vec<String> = parts(&condition.value);
    let given = parts(&own.value);
    let defined = given.iter().any(|part| {
        part.strip_suffix("is defined")
            .and_then(only_name)
            .is_some_and(|name| name.path[..2.min(name.path.len())] == reference.path[..2])
    });
    defined || !wanted.is_empty() && wanted.iter().all(|part| given.contains(part))
}

/// What must hold for a condition to hold, without white space that means nothing.
fn parts(condition: &str) -> Vec<String> {
    conjuncts(condition)
        .into_iter()
        .map(|range| condition[range].split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}
