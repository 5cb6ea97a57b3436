//! A block with a role stands in a block quote, in HTML or in indented code, where it never runs.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0009",
    name: "hidden-block",
    summary: "A block with a role stands in a block quote, in HTML or in indented code, where it never runs",
    why: "Fences in block quotes and in HTML do not count, and a fence that is indented by four spaces is plain text. An HTML comment that is never closed hides everything below it.",
    fix: "Take the block out of the quote, the HTML or the indentation. If it is only to be shown, leave out the role.",
    wrong: r#"> ```bash step=stop_writes
> ./writers stop
> ```

```bash step=look
#| effect: read
./look
```
"#,
    right: r#"> ```bash
> ./writers stop
> ```

```bash step=look
#| effect: read
./look
```
"#,
};
