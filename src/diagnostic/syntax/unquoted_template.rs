//! A value that begins with `{{` is not in quotes.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0103",
    name: "unquoted-template",
    summary: "A value that begins with `{{` is not in quotes",
    why: "In YAML a `{` begins a mapping.",
    fix: "Put the whole value in double quotes.",
    wrong: r#"---
params:
  key: { type: string }
---

```yaml step=look
uses: kms/describe-key
with:
  key: {{ params.key }}
```
"#,
    right: r#"---
params:
  key: { type: string }
---

```yaml step=look
uses: kms/describe-key
with:
  key: "{{ params.key }}"
```
"#,
};
