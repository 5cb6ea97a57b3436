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
    let mut reported: Vec<(usize, usize)> = Vec::new();
    each(facts, |one, reference| {
        let (Some("steps"), Some(id)) =
            (reference.path.first().map(String::as_str), reference.path.get(1))
        else {
            return;
        };
        let (Some((earlier, _)), Some(at)) = (facts.step(id), one.site.step) else { return };
        // A need that cannot be understood may have been meant to be this one.
        let unclear = facts.waits_for_unknown(at);
        if earlier != at && (facts.has_ended(earlier, at) || unclear) {
            return;
        }
        // What is added to the needs of one step holds for the steps after it.
        let told = reported
            .iter()
            .any(|(of, by)| *of == earlier && (*by == at || facts.has_ended(*by, at)));
        if told {
            return;
        }
        reported.push((earlier, at));
        let span = place(one, reference, 1);
        found.push(if earlier == at {
            let help = match one.site.block.role {
                Role::Observe => "an observation comes before the step and has no outputs of it",
                _ => "a step's own outputs are `outputs`",
            };
            RULE.error(span, format!("`{id}` is this step itself")).help(help)
        } else {
            let own = facts.steps()[at].id();
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
