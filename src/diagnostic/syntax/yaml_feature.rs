//! The YAML uses something that runbooks leave out.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0104",
    name: "yaml-feature",
    summary: "The YAML uses something that runbooks leave out",
    why: "Runbooks use the plain part of YAML: no anchors, aliases, merge keys or tags, one document, names as keys, and numbers of ordinary size. Everything is written where it is used, so that a reader sees it.",
    fix: "Write the value where it is used; in quotes when it is meant as text.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with:
  key: &key alias/corpus
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with:
  key: alias/corpus
```
"#,
};
