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
    let (mut todo, mut seen) = (vec![vec![from.to_owned()]], HashSet::new());
    while let Some(path) = todo.pop() {
        let last = path.last()?.clone();
        if last == own {
            return Some(path);
        }
        if !seen.insert(last.clone()) {
            continue;
        }
        let Some(book) = (facts.book.others)(&last) else { continue };
        for next in runbooks_run_by(&book) {
            todo.push(path.iter().cloned().chain([next.to_owned()]).collect());
        }
    }
    None
}
