//! A value has the wrong type.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0203",
    name: "wrong-type",
    summary: "A value has the wrong type",
    why: "The manual of the format says for each key what it takes. `yes` and `no` are strings: write `true` and `false`.",
    fix: "Write a value of the type that the key takes.",
    wrong: r#"```bash step=look
#| effect: read
#| outputs: bytes
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
