//! Whether an undo takes anything back.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::Body;

pub(super) const RULE: Rule = Rule {
    code: "RB0319",
    name: "undo-reads",
    summary: "An `undo` block is a script that says it only reads",
    why: "What only looks takes nothing back, and yet the plan would promise a way back.",
    fix: "Write what takes the step back, without `effect: read`; or say on the step that it is `irreversible`, and why.",
    wrong: r#"```bash step=stop_writes
./writers stop
```

```bash undo=stop_writes
#| effect: read
./writers state
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
    for undo in facts.steps().iter().filter_map(|step| step.undo.as_ref()) {
        if let (Some(effect), Body::Script { .. }) = (&undo.options.effect, &undo.body)
            && effect.value == Effect::Read
        {
            let message = format!("this only looks, so it does not take `{}` back", undo.id.value);
            found.push(RULE.warning(effect.span, message));
        }
    }
}
