//! Whether the steps that an expression reads have ended by then.

use super::super::facts::Facts;
use super::super::references::{each, place};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::step::Role;

pub(super) const RULE: Rule = Rule {
    code: "RB0404",
    name: "unfinished-step",
    summary: "An expression reads the outputs of a step that need not have ended by then",
    why: "A step may read the outputs of the steps it `needs`, directly or through others. Without `needs` that is every step before it.",
    fix: "Add the step to `needs`, or move it up.",
    wrong: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```

```bash step=use
#| effect: read
#| needs: []
#| env: { KEY: "{{ steps.look.key_arn }}" }
./use "$KEY"
```
"#,
    right: r#"```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```

```bash step=use
#| effect: read
#| needs: [look]
#| env: { KEY: "{{ steps.look.key_arn }}" }
./use "$KEY"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    each(facts, |one, reference| {
        let (Some("steps"), Some(id)) =
            (reference.path.first().map(String::as_str), reference.path.get(1))
        else {
            return;
        };
        let (Some((earlier, _)), Some(at)) = (facts.step(id), one.site.step) else { return };
        let step = &facts.steps()[at];
        // A need that cannot be understood may have been meant to be this one.
        let needs = &step.block.options.needs;
        let unclear = step.block.options.misread.has("needs")
            || needs.iter().flatten().any(|need| facts.step(need.value.as_str()).is_none());
        if earlier != at && (facts.has_ended(earlier, at) || unclear) {
            return;
        }
        let span = place(one, reference, 1);
        found.push(if earlier == at {
            let help = match one.site.block.role {
                Role::Observe => "an observation comes before the step and has no outputs of it",
                _ => "a step's own outputs are `outputs`",
            };
            RULE.error(span, format!("`{id}` is this step itself")).help(help)
        } else {
            let own = step.id();
            RULE.error(span, format!("`{id}` need not have ended when `{own}` starts")).help(
                if facts.has_ended(at, earlier) {
                    format!("`{id}` comes later")
                } else {
                    format!("add `{id}` to the `needs` of `{own}`")
                },
            )
        });
    });
}
