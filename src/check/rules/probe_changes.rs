//! Whether probes only look.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::{Body, Role};

pub(super) const RULE: Rule = Rule {
    code: "RB0308",
    name: "probe-changes",
    summary: "An `observe` or `health` block changes something",
    why: "Probes run before, after and again, also in a plan. They must only look. A call whose effect cannot be told from its name says `effect: read`.",
    fix: "Put the change into a step. For a call whose effect cannot be told, say `effect: read` if it only looks.",
    wrong: r#"```bash step=look
#| effect: read
./look
```

```bash health=answers
#| effect: change
./restart-and-ask
```
"#,
    right: r#"```bash step=look
#| effect: read
./look
```

```bash health=answers
./ask
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        if !matches!(block.role, Role::Observe | Role::Health) {
            continue;
        }
        let Some(effect) = facts.effect(block).filter(|effect| effect.changes()) else { continue };
        let (span, what) = match (&block.body, &block.options.effect) {
            (_, Some(declared)) => (declared.span, "this block".to_owned()),
            (Body::Action { uses, .. }, None) => (uses.span, format!("`{}`", uses.value)),
            (Body::Script { .. }, None) => (block.id.span, "this script".to_owned()),
        };
        let verb = if effect == Effect::Unclear {
            "may change something".to_owned()
        } else {
            format!("{effect} something")
        };
        let diagnostic = RULE
            .error(span, format!("{what} {verb}, but a `{}=` block only looks", block.role.word()));
        found.push(if effect == Effect::Unclear {
            diagnostic.help("say `effect: read` if it only looks")
        } else {
            diagnostic
        });
    }
}
