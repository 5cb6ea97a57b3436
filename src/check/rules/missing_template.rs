//! Whether the templates that are deployed are there.

use super::super::Linked;
use super::super::facts::Facts;
use super::super::typed::{Call, calls};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::value::NodeKind;

pub(super) const RULE: Rule = Rule {
    code: "RB0321",
    name: "missing-template",
    summary: "A step deploys a template that is not there",
    why: "The path of a template counts from the folder `runbooks/`. Without the file the run stops when it comes to the step, and no plan can say what the step would do.",
    fix: "Correct the path, or put the file there.",
    wrong: r#"```yaml step=data_stack
uses: cloudformation/deploy
with: { stack: data, template: stakcs/data.yaml }
```
"#,
    right: r#"```yaml step=data_stack
uses: cloudformation/deploy
with: { stack: data, template: stacks/data.yaml }
```
"#,
};

/// The inputs of actions that are paths of files in `runbooks/`.
const PATHS: [(&str, &str); 1] = [("cloudformation/deploy", "template")];

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for Call { spec, with, .. } in calls(facts) {
        for (name, node) in with {
            let is_path = PATHS.contains(&(spec.name, name.value.as_str()));
            let NodeKind::Text(text) = &node.kind else { continue };
            if !is_path || text.value.contains("{{") {
                continue;
            }
            if (facts.book.files)(&format!("/runbooks/{}", text.value)) == Linked::Missing {
                let message = format!("there is no file `runbooks/{}`", text.value);
                let diagnostic = RULE.error(node.span, message);
                found.push(diagnostic.help("the path counts from the folder `runbooks/`"));
            }
        }
    }
}
