//! Whether the runbooks that run each other ever end.

use super::super::facts::{Facts, runbooks_run_by, runs};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use std::collections::HashSet;

pub(super) const RULE: Rule = Rule {
    code: "RB0408",
    name: "runbook-cycle",
    summary: "Runbooks run each other in a circle",
    why: "The run would never end.",
    fix: "Put what both need into a third runbook that runs neither.",
    wrong: r#"```yaml step=again
uses: runbook/run
with: { runbook: example }
```
"#,
    right: r#"```yaml step=copy
uses: runbook/run
with: { runbook: restore-copy, params: { bucket: corpus } }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let own = facts.book.runbook.name.as_str();
    for (_, block) in facts.blocks() {
        let Some((node, Some(name))) = runs(block) else { continue };
        if let Some(path) = way_back(facts, name, own) {
            let path: Vec<_> = path.iter().map(|name| format!("`{name}`")).collect();
            found.push(RULE.error(
                node.span,
                format!("this never ends: `{own}` runs {}", path.join(", which runs ")),
            ));
        }
    }
}

/// The names on a way from a runbook back to `own`.
fn way_back(facts: &Facts<'_>, from: &str, own: &str) -> Option<Vec<String>> {
    // Each runbook that was reached, and the place in the list of the one that runs it.
    let mut reached = vec![(from.to_owned(), None)];
    let (mut todo, mut seen) = (vec![0], HashSet::from([from.to_owned()]));
    while let Some(at) = todo.pop() {
        if reached[at].0 == own {
            return Some(way_to(&reached, at));
        }
        let Some(book) = (facts.book.others)(&reached[at].0) else { continue };
        for next in runbooks_run_by(&book) {
            if seen.insert(next.to_owned()) {
                todo.push(reached.len());
                reached.push((next.to_owned(), Some(at)));
            }
        }
    }
    None
}

fn way_to(reached: &[(String, Option<usize>)], at: usize) -> Vec<String> {
    let mut way: Vec<String> = std::iter::successors(Some(at), |at| reached[*at].1)
        .map(|at| reached[at].0.clone())
        .collect();
    way.reverse();
    way
}
