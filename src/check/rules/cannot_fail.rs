//! Whether conditions can turn out either way.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::{Form, always, conjuncts, references};
use crate::model::step::Block;
use crate::model::value::Text;

pub(super) const RULE: Rule = Rule {
    code: "RB0411",
    name: "cannot-fail",
    summary: "A condition always comes out the same",
    why: "An expectation that cannot fail proves nothing, and a health probe that always holds declares everything recovered. A condition that reads nothing of the run, or compares a thing with itself, was meant to say something else.",
    fix: "Compare what the step gives (`outputs.NAME`) with what it should be. Leave out `if: true` and `expect: [\"true\"]`.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: ["outputs.key_id == outputs.key_id"]
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
expect: ["outputs.manager == 'CUSTOMER'"]
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        for (name, text) in conditions(block) {
            if !facts.is_readable(text) {
                continue;
            }
            if let Some(diagnostic) = blind(name, text) {
                found.push(diagnostic);
                continue;
            }
            for range in conjuncts(&text.value) {
                let part = &text.value[range.clone()];
                let Some(always) = always(part) else { continue };
                let message = match (name, always) {
                    ("if", true) => "this always holds, so the step is never skipped".to_owned(),
                    ("if", false) => "this never holds, so the step is always skipped".to_owned(),
                    (name, true) => format!("this `{name}` always holds, so it cannot fail"),
                    (name, false) => format!("this `{name}` never holds"),
                };
                found.push(RULE.warning(text.locate(range), message));
            }
        }
    }
}

/// A condition on what a block sees that does not look at it.
fn blind(name: &str, text: &Text) -> Option<Diagnostic> {
    if !matches!(name, "until" | "holds") {
        return None;
    }
    let names = references(&text.value, Form::Bare).ok()?;
    // What reads nothing at all is constant, and is told to be so.
    if names.is_empty() || names.iter().any(|one| one.path[0] == "outputs") {
        return None;
    }
    let start = text.value.len() - text.value.trim_start().len();
    let span = text.locate(start..start + text.value.trim().len());
    let message =
        format!("this `{name}` does not read `outputs`, so each look gives the same answer");
    Some(RULE.warning(span, message).help("compare what was seen: `outputs.NAME`"))
}

/// Everything in a block that must be true or false.
pub(super) fn conditions(block: &Block) -> Vec<(&'static str, &Text)> {
    let options = &block.options;
    let single = [
        ("if", options.condition.as_ref()),
        ("until", options.until.as_ref()),
        ("holds", options.holds.as_ref()),
    ];
    let single = single.into_iter().filter_map(|(name, text)| Some((name, text?)));
    single.chain(options.expect.iter().map(|text| ("expect", text))).collect()
}
