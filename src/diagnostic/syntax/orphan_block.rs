//! An `observe` or `undo` block names a step that does not exist.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0007",
    name: "orphan-block",
    summary: "An `observe` or `undo` block names a step that does not exist",
    why: "`observe=ID` and `undo=ID` belong to the step of that id, wherever they stand in the file.",
    fix: "Write the id of the step that the block belongs to.",
    wrong: r#"```bash step=stop_writes
./writers stop
```

```bash undo=stop_writes
./writers start
```

```bash observe=stop_write
./writers state
```
"#,
    right: r#"```bash step=stop_writes
./writers stop
```

```bash undo=stop_writes
./writers start
```

```bash observe=stop_writes
./writers state
```
"#,
};
