//! A list of names holds the same name twice.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0206",
    name: "duplicate-name",
    summary: "A list of names holds the same name twice",
    why: "Each output, each needed step and each secret is named once.",
    fix: "Name it once.",
    wrong: r#"```bash step=look
#| effect: read
#| outputs: [bytes, bytes]
./look >> "$RUNBOOK_OUTPUT"
```
"#,
    right: r#"```bash step=look
#| effect: read
#| outputs: [bytes]
./look >> "$RUNBOOK_OUTPUT"
```
"#,
};
