//! Whether every change can be taken back, or says that it cannot.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::{Role, Step};

pub(super) const RULE: Rule = Rule {
    code: "RB0309",
    name: "undo",
    summary: "A step that changes something has no way back and does not say so, or has two",
    why: "Every step that changes something has exactly one of: an `undo=` block, an action that takes itself back, or `irreversible` with the reason. Before an irreversible step the run can be undone; after it there is only forward. So the author decides, not the incident.",
    fix: "Add a block `undo=ID`, or say `irreversible: why`. A script that only looks says `effect: read`.",
    wrong: r#"```bash step=stop_writes
./writers stop
```
"#,
    right: r#"```bash step=stop_writes
./writers stop
```

```bash undo=stop_writes
./writers start
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for step in facts.steps() {
        let Some(effect) = facts.effect(&step.block) else { continue };
        let built_in = facts.spec(&step.block).and_then(|spec| spec.undo);
        let misread = step.block.options.misread.has("irreversible")
            || facts.book.runbook.gaps.may_have(Role::Undo, step.id().as_str());
        if effect.changes() {
            if !misread {
                changing(step, effect, built_in, found);
            }
        } else if let Some(undo) = &step.undo {
            found.push(RULE.error(
                undo.id.span,
                format!("the step `{}` only reads: there is nothing to take back", step.id()),
            ));
        } else if let Some(why) = &step.block.options.irreversible {
            found.push(RULE.error(why.span, "this step only reads: there is nothing to take back"));
        }
    }
}

fn changing(step: &Step, effect: Effect, built_in: Option<&str>, found: &mut Vec<Diagnostic>) {
    let irreversible = step.block.options.irreversible.as_ref();
    match (&step.undo, built_in, irreversible) {
        (None, None, None) => {
            let does = if effect == Effect::Unclear { "may change" } else { "changes" };
            let message = format!("the step `{}` {does} something and has no way back", step.id());
            let help = format!(
                "add a block `undo={}`, or say `irreversible: why`; if it only looks, say `effect: read`",
                step.id()
            );
            found.push(RULE.error(step.block.id.span, message).help(help));
        }
        (Some(undo), _, Some(why)) => found.push(
            RULE.error(why.span, "this step has an undo, so it is not irreversible")
                .related(undo.id.span, "the undo is here"),
        ),
        (None, Some(how), Some(why)) => {
            let diagnostic =
                RULE.error(why.span, "this action takes itself back, so it is not irreversible");
            found.push(diagnostic.help(format!("its undo: {how}")));
        }
        (Some(undo), Some(how), None) => {
            let diagnostic = RULE
                .error(undo.id.span, "this step has two undos: this block, and the action's own");
            found.push(diagnostic.help(format!("remove this block; the action's own undo: {how}")));
        }
        _ => {}
    }
}
