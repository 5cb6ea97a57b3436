//! Whether texts are compared with numbers.

use super::super::facts::{Facts, Site};
use super::cannot_fail::conditions;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::{compared_with_number, conjuncts};
use crate::model::runbook::Type;

pub(super) const RULE: Rule = Rule {
    code: "RB0413",
    name: "text-and-number",
    summary: "A text is compared with a number",
    why: "What a script writes to `$RUNBOOK_OUTPUT` is text, whatever it looks like, and a parameter of type `string` stays one. A text is never equal to a number, and cannot be put in order with one.",
    fix: "Make it a number first: `outputs.count | int > 3`. Or let the script answer with JSON: `outputs: json` keeps numbers.",
    wrong: r#"```bash step=count
#| effect: read
#| outputs: [lines]
#| expect: ["outputs.lines > 0"]
echo "lines=$(./lines)" >> "$RUNBOOK_OUTPUT"
```
"#,
    right: r#"```bash step=count
#| effect: read
#| outputs: [lines]
#| expect: ["outputs.lines | int > 0"]
echo "lines=$(./lines)" >> "$RUNBOOK_OUTPUT"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (step, block) in facts.blocks() {
        for (name, text) in conditions(block) {
            let plain = facts.site(step, block);
            let site = Site { outputs: name != "if" || plain.outputs, ..plain };
            for range in conjuncts(&text.value) {
                let Some(compared) = compared_with_number(&text.value[range.clone()]) else {
                    continue;
                };
                let kind = facts.kind_of_name(&compared.path, &site);
                if !matches!(kind, Some(Type::String | Type::Duration)) {
                    continue;
                }
                let place = range.start + compared.range.start..range.start + compared.range.end;
                let shown = compared.path.join(".");
                found.push(
                    RULE.error(
                        text.locate(place),
                        format!("`{shown}` is a text, and is compared with a number"),
                    )
                    .help(format!("write `{shown} | int`")),
                );
            }
        }
    }
}
