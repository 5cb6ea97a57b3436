//! The info string of a fence is almost, but not quite, `language role=id`.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0002",
    name: "malformed-info-string",
    summary: "The info string of a fence is almost, but not quite, `language role=id`",
    why: "An executable block says exactly two words, with one space between them: a language and `role=id`, for example `bash step=copy_data`. Options go into the block, not behind the fence. What is nearly right is an error, because a step that silently turns into prose is never run.",
    fix: "Write a language, one space, and `role=id`. Options go into the block, as `#|` lines of a script or as keys of a typed block.",
    wrong: r#"```bash step=look timeout=3m
#| effect: read
./look
```
"#,
    right: r#"```bash step=look
#| effect: read
#| timeout: 3m
./look
```
"#,
};
