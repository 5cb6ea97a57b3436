//! An option is not allowed on this kind of block.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0202",
    name: "option-not-here",
    summary: "An option is not allowed on this kind of block",
    why: "Every option belongs to some roles, and to typed actions, scripts or both. The manual of the format has the table.",
    fix: "Move the option to the block it belongs to, or remove it.",
    wrong: r#"```bash step=look
#| effect: read
#| within: 5m
./look
```
"#,
    right: r#"```bash step=look
#| effect: read
#| timeout: 5m
./look
```
"#,
};
