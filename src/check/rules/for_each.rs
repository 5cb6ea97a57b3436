//! Whether a loop goes over a list.

use super::super::facts::Facts;
use super::super::typed::noun;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::runbook::Type;
use crate::model::value::Value;

pub(super) const RULE: Rule = Rule {
    code: "RB0318",
    name: "for-each",
    summary: "`for_each` goes over something that is not a list",
    why: "The step runs once for each element of a list. Anything else stops the run when it comes to the step.",
    fix: "Give it a list: a parameter of type `list`, an output that is a list, `[a, b]`, or a text that is cut up: `params.names | split(pat=',')`.",
    wrong: r#"---
params:
  bucket: { type: string, default: corpus }
---

```bash step=look
#| effect: read
#| for_each: params.bucket
#| env: { BUCKET: "{{ item }}" }
aws s3 ls "s3://$BUCKET"
```
"#,
    right: r#"---
params:
  buckets: { type: list, default: [corpus, logs] }
---

```bash step=look
#| effect: read
#| for_each: params.buckets
#| env: { BUCKET: "{{ item }}" }
aws s3 ls "s3://$BUCKET"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (step, block) in facts.blocks() {
        let Some(list) = &block.options.for_each else { continue };
        // The expression cannot be read, which has been reported.
        if !facts.is_readable(list) {
            continue;
        }
        let site = facts.site(step, block);
        let start = list.value.len() - list.value.trim_start().len();
        let span = list.locate(start..start + list.value.trim().len());
        match facts.kind(&list.value, &site) {
            Some(Type::List) => {}
            Some(kind) => {
                let message = format!("`for_each` needs a list, but this is {}", noun(kind));
                found.push(RULE.error(span, message));
            }
            None => {}
        }
        let empty = crate::expr::constant(&list.value)
            .is_some_and(|value| matches!(&value, Value::Array(items) if items.is_empty()));
        if empty && !block.options.allows_empty() {
            found.push(RULE.error(span, "this list is empty, so the run would stop here"));
        }
    }
}
