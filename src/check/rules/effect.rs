//! Whether what a block says about its effect can be true, and whether probes only look.

use super::super::facts::{Facts, RUN, literal_inputs, takes_effect};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::mode::Effect;
use crate::model::step::{Body, Role};

pub(super) const CONTRADICTION: Rule = Rule {
    code: "RB0307",
    name: "effect-contradiction",
    summary: "`effect` stands on an action that knows its own, or makes it look more harmless than it is",
    why: "Guards, plans and undo rest on the effect. An action knows its own; only for calls that can do anything does the author say it, and never less than the call's name says.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) const PROBE: Rule = Rule {
    code: "RB0308",
    name: "probe-changes",
    summary: "An `observe` or `health` block changes something",
    why: "Probes run before, after and again, also in a plan. They must only look. A call whose effect cannot be told from its name says `effect: read`.",
    fix: "",
    wrong: "",
    right: "",
};

pub(super) fn contradiction(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let (Some(declared), Body::Action { uses, with }) = (&block.options.effect, &block.body)
        else {
            continue;
        };
        if uses.value == RUN {
            found
                .push(CONTRADICTION.error(declared.span, "a runbook has the effects of its steps"));
            continue;
        }
        let Some(spec) = facts.spec(block) else { continue };
        let own = spec.effect.with(&literal_inputs(with));
        if !takes_effect(spec) {
            let diagnostic = CONTRADICTION
                .error(declared.span, format!("`{}` knows its own effect: it {own}", spec.name));
            found.push(diagnostic.help("remove `effect`"));
        } else if rank(declared.value) < rank(own) && spec.name != "lambda/invoke" {
            let message = format!("this call {own}, by its name; it cannot be declared to be less");
            found.push(CONTRADICTION.error(declared.span, message));
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

pub(super) fn probe(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
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
        let diagnostic = PROBE
            .error(span, format!("{what} {verb}, but a `{}=` block only looks", block.role.word()));
        found.push(if effect == Effect::Unclear {
            diagnostic.help("say `effect: read` if it only looks")
        } else {
            diagnostic
        });
    }
}
