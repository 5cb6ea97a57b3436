//! A value has the right type, but cannot be used.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0204",
    name: "bad-value",
    summary: "A value has the right type, but cannot be used",
    why: "For example a duration without a unit (`10m` is ten minutes), a name that is not snake_case, or an account id that is not twelve digits in quotes.",
    fix: "Write the value as the message says. A duration has a unit: `90s`, `10m`, `1h30m`, `7d`.",
    wrong: r#"```bash step=look
#| effect: read
#| timeout: 10
./look
```
"#,
    right: r#"```bash step=look
#| effect: read
#| timeout: 10m
./look
```
"#,
};
