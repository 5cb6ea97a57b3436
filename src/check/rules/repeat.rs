//! Whether what is repeated may be repeated.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::Role;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    code: "RB0310",
    name: "repeat",
    summary: "`until` or `retry` would repeat a change, or an option lacks the one it belongs to",
    why: "`until` repeats a step that only looks. `retry` repeats what only looks, and actions for which a repeat is harmless. A script that changes something is never repeated by itself: after a failure a person decides. `every` belongs to `until`; `concurrency` and `allow_empty` belong to `for_each`.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let options = &block.options;
        let effect = facts.effect(block);
        if let (Some(until), true) =
            (&options.until, effect.is_none_or(Effect::changes) && known(facts, block))
        {
            found.push(
                RULE.error(until.span, "`until` would repeat a step that changes something")
                    .help("put the waiting into a step of its own that only looks"),
            );
        }
        let idempotent = facts.spec(block).is_some_and(|spec| spec.idempotent);
        if let (Some(retry), true) = (
            &options.retry,
            effect.is_none_or(Effect::changes) && known(facts, block) && !idempotent,
        ) {
            let span = Span::new(retry.attempts.span.start, retry.attempts.span.end);
            found.push(RULE.error(
                span,
                "`retry` would repeat a change whose repeat is not known to be harmless",
            ));
        }
        if let (Some(every), None, Role::Step) = (&options.every, &options.until, block.role) {
            found.push(RULE.error(every.span, "`every` belongs to `until`, which is missing"));
        }
        if let (Some(concurrency), None) = (&options.concurrency, &options.for_each) {
            found.push(
                RULE.error(
                    concurrency.span,
                    "`concurrency` belongs to `for_each`, which is missing",
                ),
            );
        }
        if let (Some(allow), None) = (&options.allow_empty, &options.for_each)
            && allow.value
        {
            found.push(
                RULE.error(allow.span, "`allow_empty` belongs to `for_each`, which is missing"),
            );
        }
    }
}

/// Whether it is known what the block does. An unknown action has been reported already.
fn known(facts: &Facts<'_>, block: &crate::model::step::Block) -> bool {
    facts.effect(block).is_some() || super::super::facts::runs(block).is_some()
}
