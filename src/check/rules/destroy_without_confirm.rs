//! Whether somebody is asked before something is taken away for good.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::Body;

pub(super) const RULE: Rule = Rule {
    code: "RB0315",
    name: "destroy-without-confirm",
    summary: "A step destroys something and does not ask first",
    why: "What is destroyed cannot simply be made again. In production the run asks for a typed phrase anyway, but only the author can say what is at stake: that is what `confirm` is for, and the plan and the site show it too.",
    fix: "Add `confirm:` with what will be gone, and what must be true before anybody agrees.",
    wrong: r#"```bash step=drop_table
#| effect: destroy
#| irreversible: The table is gone; its backup stays.
./drop-table corpus
```
"#,
    right: r#"```bash step=drop_table
#| effect: destroy
#| irreversible: The table is gone; its backup stays.
#| confirm: The table `corpus` will be gone. Agree when the backup of today can be read.
./drop-table corpus
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for step in facts.steps() {
        let options = &step.block.options;
        let destroys = facts.effect(&step.block) == Some(Effect::Destroy);
        if !destroys || options.confirm.is_some() || options.misread.has("confirm") {
            continue;
        }
        let (span, what) = match (&options.effect, &step.block.body) {
            (Some(effect), _) => (effect.span, "this step".to_owned()),
            (None, Body::Action { uses, .. }) => (uses.span, format!("`{}`", uses.value)),
            (None, Body::Script { .. }) => (step.block.id.span, "this script".to_owned()),
        };
        let diagnostic =
            RULE.warning(span, format!("{what} destroys something and does not ask first"));
        found.push(diagnostic.help("add `confirm:` with what will be gone"));
    }
}
