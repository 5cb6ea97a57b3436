//! A typed block does not say which action it uses.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0205",
    name: "missing-uses",
    summary: "A typed block does not say which action it uses",
    why: "A `yaml` block with a role is a typed action: `uses: kms/create-key`. `runbook actions` lists them.",
    fix: "Add `uses: family/action`.",
    wrong: r#"```yaml step=look
with: { key: alias/corpus }
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};
