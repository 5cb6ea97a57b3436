//! Whether what a block says about its effect can be true.

use super::super::facts::{Facts, RUN, literal_inputs, takes_effect};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::Body;

pub(super) const RULE: Rule = Rule {
    code: "RB0307",
    name: "effect-contradiction",
    summary: "`effect` stands on an action that knows its own, or makes it look more harmless than it is",
    why: "Guards, plans and undo rest on the effect. An action knows its own; only for calls that can do anything does the author say it, and never less than the call is known to do.",
    fix: "Remove `effect`, or say what the call really does.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
effect: read
with: { key: alias/corpus }
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let (Some(declared), Body::Action { uses, with }) = (&block.options.effect, &block.body)
        else {
            continue;
        };
        if uses.value == RUN {
            found.push(RULE.error(declared.span, "a runbook has the effects of its steps"));
            continue;
        }
        let Some(spec) = facts.spec(block) else { continue };
        let own = spec.effect.with(&literal_inputs(with));
        if !takes_effect(spec) {
            let diagnostic = RULE
                .error(declared.span, format!("`{}` knows its own effect: it {own}", spec.name));
            found.push(diagnostic.help("remove `effect`"));
        } else if rank(declared.value) < rank(own) {
            let message = format!("this call {own}; it cannot be declared to be less");
            found.push(RULE.error(declared.span, message));
        }
    }
}

const fn rank(effect: Effect) -> u8 {
    match effect {
        // What cannot be told may be declared to be anything.
        Effect::Read | Effect::Unclear => 0,
        Effect::Change => 1,
        Effect::Destroy => 2,
    }
}
