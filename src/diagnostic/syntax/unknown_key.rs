//! A mapping has a key that means nothing there.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0106",
    name: "unknown-key",
    summary: "A mapping has a key that means nothing there",
    why: "What is not known is an error, never ignored: a misspelt key would silently switch something off.",
    fix: "Correct the spelling, or remove the key.",
    wrong: r#"---
objectiv: { rto: 2h }
---

```bash step=look
#| effect: read
./look
```

```bash health=answers
./ask
```
"#,
    right: r#"---
objective: { rto: 2h }
---

```bash step=look
#| effect: read
./look
```

```bash health=answers
./ask
```
"#,
};
