//! An option does not exist.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0201",
    name: "unknown-option",
    summary: "An option does not exist",
    why: "The options are listed in the manual of the format. What is not known is an error: a misspelt `timeout` must not switch the timeout off.",
    fix: "Correct the spelling. The inputs of an action go under `with`, the values of a script under `env`.",
    wrong: r#"```bash step=look
#| effect: read
#| timout: 5m
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
