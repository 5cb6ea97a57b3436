//! The definition of a parameter contradicts itself.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0107",
    name: "bad-parameter",
    summary: "The definition of a parameter contradicts itself",
    why: "A default must fit the type, the pattern, the choices and the limits; a pattern must be a regular expression and only fits strings; a secret has no default, because the file is open to all its readers.",
    fix: "Make the definition agree with itself: a default that fits the type, the pattern, the choices and the limits, and choices that fit them too.",
    wrong: r#"---
params:
  key: { type: string, pattern: "^alias/", default: corpus }
---

```yaml step=look
uses: kms/describe-key
with: { key: "{{ params.key }}" }
```
"#,
    right: r#"---
params:
  key: { type: string, pattern: "^alias/", default: alias/corpus }
---

```yaml step=look
uses: kms/describe-key
with: { key: "{{ params.key }}" }
```
"#,
};
