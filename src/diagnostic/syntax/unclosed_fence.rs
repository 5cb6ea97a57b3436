//! A fenced block has no closing line, or swallows the opening line of an executable block.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0001",
    name: "unclosed-fence",
    summary: "A fenced block has no closing line, or swallows the opening line of an executable block",
    why: "A code fence that is never closed runs to the end of the file (or of its list item), and takes every step below it along as plain text.",
    fix: "Close it with a line of at least as many backticks or tildes as it was opened with. To show a block inside a block, open the outer one with more backticks.",
    wrong: r#"```text
The copy is in the second Region.

```bash step=look
#| effect: read
./look
```
"#,
    right: r#"```text
The copy is in the second Region.
```

```bash step=look
#| effect: read
./look
```
"#,
};
