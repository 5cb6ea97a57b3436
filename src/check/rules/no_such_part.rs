//! Whether the parts of values that expressions read can be there.

use super::super::facts::Facts;
use super::super::references::each;
use super::super::typed::noun;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::runbook::Type;
use crate::source::Span;

pub(super) const RULE: Rule = Rule {
    code: "RB0415",
    name: "no-such-part",
    summary: "An expression reads a part of a value that has no parts",
    why: "Only mappings have parts that are read by name. A part of a text, of a number or of a list is undefined, and that is an error.",
    fix: "Read the value itself. An element of a list is `list[0]`, or `[one.name for one in list]`.",
    wrong: r#"```yaml step=key
uses: kms/describe-key
with: { key: alias/corpus }
```

```bash step=look
#| effect: read
#| env: { ARN: "{{ steps.key.key_arn.value }}" }
./look "$ARN"
```
"#,
    right: r#"```yaml step=key
uses: kms/describe-key
with: { key: alias/corpus }
```

```bash step=look
#| effect: read
#| env: { ARN: "{{ steps.key.key_arn }}" }
./look "$ARN"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        let Some((length, kind)) = facts.without_parts(reference, &one.site) else { return };
        // A loop as a whole has a message of its own.
        if reference.path[0] == "steps" && length == 2 {
            return;
        }
        let whole = reference.path[..length].join(".");
        let part = &reference.path[length];
        let span: Span = one.text.locate(reference.parts[length].clone());
        let message = format!("`{whole}` is {}, so it has no part `{part}`", noun(kind));
        found.push(match kind {
            Type::List => RULE.error(span, message).help(format!("an element is `{whole}[0]`")),
            _ => RULE.error(span, message),
        });
    });
}
