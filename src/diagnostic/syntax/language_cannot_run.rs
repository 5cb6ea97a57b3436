//! A block has a role, but its language cannot be run.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0004",
    name: "language-cannot-run",
    summary: "A block has a role, but its language cannot be run",
    why: "`yaml` is a typed action; `bash`, `sh` and `python` are scripts. Other languages can be shown, but not run: leave out the role.",
    fix: "Write the step in `bash`, `sh` or `python`, or call the program from there. To show code, leave out the role.",
    wrong: r#"```ruby step=look
puts `./look`
```
"#,
    right: r#"```bash step=look
#| effect: read
./look
```
"#,
};
