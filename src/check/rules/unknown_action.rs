//! Whether actions exist.

use super::super::facts::{Facts, RUN, asks_a_person};
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::drill::is_of_drills;
use crate::model::step::{Body, Role};

pub(super) const RULE: Rule = Rule {
    code: "RB0301",
    name: "unknown-action",
    summary: "`uses` names an action that does not exist, or that cannot stand there",
    why: "`runbook actions` lists the actions with their inputs, outputs and effects. `runbook/run` stands in a `step=` block: a whole runbook is neither a probe nor an undo. So do the actions of `manual/`: a probe or an undo cannot wait for a person.",
    fix: "Correct the name. What no action does is a script, or `aws/call`.",
    wrong: r#"```yaml step=look
uses: kms/descrbe-key
with: { key: alias/corpus }
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let Body::Action { uses, .. } = &block.body else { continue };
        // An empty name has been reported by the parser.
        if uses.value.is_empty() {
            continue;
        }
        if is_of_drills(&uses.value) && facts.book.runbook.drill.is_none() {
            let message = format!("`{}` is a part of a drill, and no action", uses.value);
            found.push(RULE.error(uses.span, message).help("a drill is a file in `drills/`"));
        } else if facts.book.catalog.get(&uses.value).is_none() && uses.value != RUN {
            let diagnostic = RULE.error(uses.span, format!("there is no action `{}`", uses.value));
            found.push(
                match nearest(&uses.value, facts.book.catalog.iter().map(|spec| spec.name)) {
                    Some(near) => {
                        diagnostic.help(format!("did you mean `{near}`?")).instead(Some(near))
                    }
                    None => diagnostic.help("`runbook actions` lists them"),
                },
            );
        } else if block.role != Role::Step && (uses.value == RUN || asks_a_person(&uses.value)) {
            let message =
                format!("`{}` cannot stand in a `{}=` block", uses.value, block.role.word());
            let diagnostic = RULE.error(uses.span, message);
            found.push(if uses.value == RUN {
                diagnostic
            } else {
                diagnostic.help("only a `step=` block can ask a person")
            });
        }
    }
}
