//! A required key is missing.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0105",
    name: "missing-field",
    summary: "A required key is missing",
    why: "The front matter needs `title`, `summary` and `owner`: who is called at night must know what the runbook is for and whom to ask. Some options are mappings with required keys of their own.",
    fix: "Add the key.",
    wrong: r#"---
title: Look at the key
summary: Says whether the key can be used.
---

```bash step=look
#| effect: read
./look
```
"#,
    right: r#"---
title: Look at the key
summary: Says whether the key can be used.
owner: platform-oncall
---

```bash step=look
#| effect: read
./look
```
"#,
};
