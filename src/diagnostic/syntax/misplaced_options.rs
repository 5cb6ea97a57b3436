//! A `#|` line stands after the beginning of a script.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0010",
    name: "misplaced-options",
    summary: "A `#|` line stands after the beginning of a script",
    why: "Options are the leading `#|` lines of a script. Further down they would be comments, and the option would silently not apply.",
    fix: "Move the line to the top of the script, above every other line.",
    wrong: r#"```bash step=look
#| effect: read
./look
#| timeout: 5m
```
"#,
    right: r#"```bash step=look
#| effect: read
#| timeout: 5m
./look
```
"#,
};
