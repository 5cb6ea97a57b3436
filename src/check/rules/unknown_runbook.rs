//! Whether the runbooks exist that a runbook names.

use super::super::facts::{Facts, runs, watched};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::drill::{FAULTS, Part};
use crate::model::value::NodeKind;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    code: "RB0407",
    name: "unknown-runbook",
    summary: "A step, an obligation or a seed names a runbook that does not exist",
    why: "A runbook is named by the stem of its file, written out: which runbook runs must be known before the run.",
    fix: "Write the stem of its file, without folder and `.md`. `runbook list` lists them.",
    wrong: r#"```yaml step=copy
uses: runbook/run
with: { runbook: restore-copi, params: { bucket: corpus } }
```
"#,
    right: r#"```yaml step=copy
uses: runbook/run
with: { runbook: restore-copy, params: { bucket: corpus } }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        match runs(block) {
            Some((node, None)) if matches!(node.kind, NodeKind::Text(_)) => {
                let diagnostic = RULE.error(node.span, "the name of a runbook must be written out");
                found.push(diagnostic.help("which runbook runs must be known before the run; use `if` to choose between two steps"));
            }
            Some((node, Some(name))) => exists(facts, name, node.span, found),
            _ => {}
        }
        // The steady state names what other entries of the scenario name.
        if matches!(Part::of(block), Some(Part::Expect | Part::Recovered)) {
            for name in watched(block) {
                exists(facts, &name.value, name.span, found);
            }
        }
        if let Some(runbook) =
            block.options.obligation.as_ref().and_then(|obligation| obligation.runbook.as_ref())
        {
            exists(facts, &runbook.value, runbook.span, found);
        }
    }
}

fn exists(facts: &Facts<'_>, name: &str, span: Span, found: &mut Vec<Diagnostic>) {
    if name == facts.book.runbook.name || (facts.book.others)(name).is_some() {
        return;
    }
    if let Some(fault) = name.strip_prefix(FAULTS) {
        let diagnostic = RULE.error(span, format!("there is no fault `{fault}`"));
        found.push(diagnostic.help("a fault is named by the stem of its file in `drills/faults/`"));
        return;
    }
    let diagnostic = RULE.error(span, format!("there is no runbook `{name}`"));
    found.push(if name.ends_with(".md") || name.contains('/') {
        diagnostic.help("name it by the stem of its file, without folder and `.md`")
    } else {
        diagnostic.help("`runbook list` lists them")
    });
}
