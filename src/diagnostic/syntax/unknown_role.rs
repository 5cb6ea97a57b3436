//! The word before `=` in an info string is not a role.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0003",
    name: "unknown-role",
    summary: "The word before `=` in an info string is not a role",
    why: "The roles are `step`, `observe`, `undo` and `health`. A misspelt role would turn the block into prose.",
    fix: "Write `step=`, `observe=`, `undo=` or `health=`; or leave out the word, if the block is only to be read.",
    wrong: r#"```bash stpe=look
#| effect: read
./look
```
"#,
    right: r#"```bash step=look
#| effect: read
./look
```
"#,
};
