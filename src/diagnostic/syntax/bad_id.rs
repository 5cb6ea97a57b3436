//! An id is not snake_case.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0005",
    name: "bad-id",
    summary: "An id is not snake_case",
    why: "Ids are spelled the same in info strings, expressions, on the command line and in links, so they consist of lowercase letters, digits and `_`, and begin with a letter.",
    fix: "Use lowercase letters, digits and `_`, beginning with a letter.",
    wrong: r#"```bash step=Look-Around
#| effect: read
./look
```
"#,
    right: r#"```bash step=look_around
#| effect: read
./look
```
"#,
};
