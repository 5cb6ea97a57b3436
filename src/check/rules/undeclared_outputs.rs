//! Whether scripts say that they give something back.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::step::{Body, Outputs, Role};

pub(super) const RULE: Rule = Rule {
    code: "RB0320",
    name: "undeclared-outputs",
    summary: "A script writes to `$RUNBOOK_OUTPUT`, and the block declares no `outputs`",
    why: "A name that is written there and not declared fails the step after its effect, and nothing can read what was never declared.",
    fix: "Add `outputs: [name]` with the names that the script writes, or remove the line that writes.",
    wrong: r#"```bash step=count
#| effect: read
echo "bytes=$(./count)" >> "$RUNBOOK_OUTPUT"
```
"#,
    right: r#"```bash step=count
#| effect: read
#| outputs: [bytes]
echo "bytes=$(./count)" >> "$RUNBOOK_OUTPUT"
```
"#,
};

const FILE: &str = "RUNBOOK_OUTPUT";

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let Body::Script { text, .. } = &block.body else { continue };
        let options = &block.options;
        // An undo gives nothing back; what it writes there is nobody's.
        if options.outputs != Outputs::None
            || options.misread.has("outputs")
            || block.role == Role::Undo
        {
            continue;
        }
        let mut line_start = 0;
        for line in text.value.split_inclusive('\n') {
            if let Some(at) = line.find(FILE).filter(|_| !line.trim_start().starts_with('#')) {
                let span = text.locate(line_start + at..line_start + at + FILE.len());
                let diagnostic = RULE.warning(span, "this block declares no `outputs`");
                found.push(diagnostic.help("add `outputs: [name]` with the names it writes"));
                break;
            }
            line_start += line.len();
        }
    }
}
