//! Two steps or health probes have the same id.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0006",
    name: "duplicate-id",
    summary: "Two steps or health probes have the same id",
    why: "Ids are unique in a file: results, undo and evidence are kept under them.",
    fix: "Give one of the two another id, and correct what refers to it.",
    wrong: r#"```bash step=look
#| effect: read
./look
```

```bash step=look
#| effect: read
./look
```
"#,
    right: r#"```bash step=look
#| effect: read
./look
```

```bash step=look_again
#| effect: read
./look
```
"#,
};
