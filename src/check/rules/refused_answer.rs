//! Whether a condition reads what only some of the answers have that its step is content with.

use super::super::facts::Facts;
use super::cannot_fail::conditions;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::expr::{Form, references};
use crate::model::step::{Block, Body};
use crate::model::value::NodeKind;

pub(super) const RULE: Rule = Rule {
    code: "RB0418",
    name: "refused-answer",
    summary: "A condition reads a part that an answer which is fine need not have",
    why: "A step that is content with a status such as 404 gets an answer that says no, and that answer has other parts. A part that is not there is an error, also behind `outputs.status == 200 and`: `until` fails where it should wait, and an `observe=` block cannot tell where it should say that nothing is there.",
    fix: "Say what holds when it is not there: `outputs.body.count | default(value=-1)`.",
    wrong: r#"```yaml step=copied
uses: opensearch/request
account: data
with: { endpoint: search.example.com, path: /corpus/_count, statuses: [200, 404] }
until: outputs.status == 200 and outputs.body.count > 0
```
"#,
    right: r#"```yaml step=copied
uses: opensearch/request
account: data
with: { endpoint: search.example.com, path: /corpus/_count, statuses: [200, 404] }
until: outputs.status == 200 and (outputs.body.count | default(value=0)) > 0
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let Some(status) = refusal(block) else { continue };
        for (_, text) in conditions(block) {
            // What cannot be read has a message of its own.
            for reference in references(&text.value, Form::Bare).unwrap_or_default() {
                let [root, output, _, ..] = reference.path.as_slice() else { continue };
                if root != "outputs" || output != "body" || reference.guarded {
                    continue;
                }
                let name = reference.path.join(".");
                let message = format!(
                    "an answer with status {status} is fine here, and need not have `{name}`"
                );
                found.push(
                    RULE.warning(text.locate(reference.range.clone()), message)
                        .help(format!("write `({name} | default(value=…))`")),
                );
            }
        }
    }
}

/// The first status that says no among those that a request is content with.
fn refusal(block: &Block) -> Option<i64> {
    let Body::Action { uses, with, .. } = &block.body else { return None };
    if uses.value != "opensearch/request" {
        return None;
    }
    let (_, statuses) = with.iter().find(|(name, _)| name.value == "statuses")?;
    let NodeKind::List(statuses) = &statuses.kind else { return None };
    let status = |kind: &NodeKind| match kind {
        NodeKind::Integer(status) => Some(*status),
        _ => None,
    };
    statuses.iter().filter_map(|one| status(&one.kind)).find(|one| !(200..300).contains(one))
}
