//! A step has two `observe` or two `undo` blocks.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0008",
    name: "duplicate-block",
    summary: "A step has two `observe` or two `undo` blocks",
    why: "A step is observed in one way and taken back in one way.",
    fix: "Put both parts into one block, or make two steps.",
    wrong: r#"```bash step=stop_writes
./writers stop
```

```bash undo=stop_writes
./writers start
```

```bash undo=stop_writes
./writers check
```
"#,
    right: r#"```bash step=stop_writes
./writers stop
```

```bash undo=stop_writes
./writers start
./writers check
```
"#,
};
