//! A mapping has the same key twice.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0102",
    name: "duplicate-key",
    summary: "A mapping has the same key twice",
    why: "YAML readers disagree on which of the two counts.",
    fix: "Remove one of the two.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
timeout: 1m
timeout: 2m
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
timeout: 2m
```
"#,
};
