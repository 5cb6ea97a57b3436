//! The YAML cannot be read.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0101",
    name: "yaml-syntax",
    summary: "The YAML cannot be read",
    why: "The place is where the reader gave up; the cause is there or just before.",
    fix: "Look at the marked place and at the line before it: a bracket or a quote that is not closed, a tab, a `:` in a text without quotes.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};
