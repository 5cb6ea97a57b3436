//! Whether the expected time is within the objective.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::duration::Short;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Step};
use crate::source::Span;
use std::collections::HashMap;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "RB0606",
    name: "estimate-over-objective",
    summary: "The steps are expected to take longer than the objective allows",
    why: "The estimates along the longest chain of steps that wait for each other are added up, those of other runbooks included. When the sum is greater than `rto`, the objective will be missed even if nothing goes wrong.",
    fix: "Let independent steps run side by side with `needs`, correct the estimates, or promise what can be kept.",
    wrong: r#"---
objective: { rto: 30m }
---

```bash step=restore
#| irreversible: The copy overwrites what is left.
#| timeout: 2h
#| estimate: 1h
./restore
```

```bash health=answers
./ask
```
"#,
    right: r#"---
objective: { rto: 2h }
---

```bash step=restore
#| irreversible: The copy overwrites what is left.
#| timeout: 2h
#| estimate: 1h
./restore
```

```bash health=answers
./ask
```
"#,
};

/// Deeper than runbooks run each other.
const MAX_DEPTH: usize = 16;

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let runbook = facts.book.runbook;
    // The objective of a drill counts from the incident, and not from the first step.
    let Some(rto) = runbook.front.rto.as_ref().filter(|_| runbook.drill.is_none()) else { return };
    let Some(longest) = longest(facts, runbook, 0) else { return };
    if longest.time <= rto.value {
        return;
    }
    let steps: Vec<_> =
        longest.steps.iter().map(|at| format!("`{}`", runbook.steps[*at].id())).collect();
    let message = format!(
        "the steps are expected to take {}, which is longer than this",
        Short(longest.time)
    );
    let mut diagnostic = RULE.warning(rto.span, message);
    let most = longest.steps.iter().max_by_key(|at| own_time(facts, &runbook.steps[**at], 0));
    if let Some(at) = most {
        diagnostic = diagnostic.related(estimate_span(&runbook.steps[*at]), "the longest of them");
    }
    found.push(diagnostic.help(format!("the longest chain is {}", steps.join(", "))));
}

/// The chain of steps that takes longest.
struct Chain {
    time: Duration,
    steps: Vec<usize>,
}

/// None when the steps cannot be put in order.
fn longest(facts: &Facts<'_>, runbook: &Runbook, depth: usize) -> Option<Chain> {
    let index: HashMap<&str, usize> =
        runbook.steps.iter().enumerate().map(|(at, step)| (step.id().as_str(), at)).collect();
    let needs = |at: usize| -> Vec<usize> {
        match &runbook.steps[at].block.options.needs {
            Some(needs) => {
                needs.iter().filter_map(|need| index.get(need.value.as_str()).copied()).collect()
            }
            None => at.checked_sub(1).into_iter().collect(),
        }
    };
    let count = runbook.steps.len();
    let mut done: Vec<Option<(Duration, Option<usize>)>> = vec![None; count];
    for _ in 0..count {
        let ready = (0..count).find(|at| {
            done[*at].is_none() && needs(*at).iter().all(|need| done[*need].is_some())
        })?;
        let before = needs(ready).into_iter().filter_map(|need| Some((done[need]?.0, need))).max();
        let time = own_time(facts, &runbook.steps[ready], depth);
        let (earlier, last) = before.map_or((Duration::ZERO, None), |(time, at)| (time, Some(at)));
        done[ready] = Some((earlier.saturating_add(time), last));
    }
    let (mut at, time) = done
        .iter()
        .enumerate()
        .filter_map(|(at, done)| Some((at, done.as_ref()?.0)))
        .max_by_key(|(_, time)| *time)?;
    let mut steps = vec![at];
    while let Some((_, Some(earlier))) = done[at] {
        at = earlier;
        steps.push(at);
    }
    steps.reverse();
    // Steps that take no time of note only lengthen the message.
    steps.retain(|at| !own_time(facts, &runbook.steps[*at], depth).is_zero());
    Some(Chain { time, steps })
}

/// The time a step usually takes: what it says, or what the runbook that it runs takes.
fn own_time(facts: &Facts<'_>, step: &Step, depth: usize) -> Duration {
    if let Some(estimate) = &step.block.options.estimate {
        return estimate.value;
    }
    if depth >= MAX_DEPTH || !is_run(&step.block) {
        return Duration::ZERO;
    }
    let inner = facts.runs_book(step).and_then(|other| longest(facts, &other, depth + 1));
    inner.map_or(Duration::ZERO, |chain| chain.time)
}

fn is_run(block: &Block) -> bool {
    matches!(&block.body, Body::Action { uses, .. } if uses.value == super::super::facts::RUN)
}

fn estimate_span(step: &Step) -> Span {
    step.block.options.estimate.as_ref().map_or(step.block.id.span, |estimate| estimate.span)
}
