//! Whether the steps exist that others need.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0405",
    name: "unknown-need",
    summary: "`needs` names a step that does not exist",
    why: "`needs` lists ids of steps of the same file. To wait for a step of another runbook, run that runbook as a step.",
    fix: "Correct the id, or remove it.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```

```bash step=use
#| effect: read
#| needs: [lok]
./use
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```

```bash step=use
#| effect: read
#| needs: [look]
./use
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for step in facts.steps() {
        for need in step.block.options.needs.iter().flatten() {
            if !facts.may_have_step(need.value.as_str()) {
                let message = format!("there is no step `{}`", need.value);
                let ids = facts.step_ids();
                let (unknown, none) = (need.value.as_str(), "there are no steps");
                let diagnostic = RULE.error(need.span, message);
                found.push(diagnostic.hinted(unknown, &ids, "there are", none));
            }
        }
    }
}
