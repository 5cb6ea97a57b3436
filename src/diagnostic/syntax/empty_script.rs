//! A script has no line to run.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0207",
    name: "empty-script",
    summary: "A script has no line to run",
    why: "A block that does nothing would be recorded as a step that was done.",
    fix: "Write what the step does. If a person does it, use `manual/confirm`.",
    wrong: r#"```bash step=look
#| effect: read
# Look at the dashboard.
```
"#,
    right: r#"```yaml step=look
uses: manual/confirm
with: { ask: Look at the dashboard. Is it green? }
```
"#,
};
