//! Whether the order of the steps can be kept.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0406",
    name: "cycle",
    summary: "Steps need each other in a circle",
    why: "None of them could ever start. A step without `needs` needs the step before it.",
    fix: "Remove one of the needs.",
    wrong: r#"```bash step=first
#| effect: read
#| needs: [second]
./first
```

```bash step=second
#| effect: read
./second
```
"#,
    right: r#"```bash step=first
#| effect: read
#| needs: []
./first
```

```bash step=second
#| effect: read
./second
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let steps = facts.steps();
    let mut reported = vec![false; steps.len()];
    for (at, step) in steps.iter().enumerate() {
        if !facts.has_ended(at, at) || reported[at] {
            continue;
        }
        // Every member of the circle is before every other one.
        let members: Vec<_> = (0..steps.len())
            .filter(|other| facts.has_ended(*other, at) && facts.has_ended(at, *other))
            .collect();
        members.iter().for_each(|member| reported[*member] = true);
        let names: Vec<_> =
            members.iter().map(|member| format!("`{}`", steps[*member].id())).collect();
        let direct = step.block.options.needs.iter().flatten().find(|need| {
            facts.step(need.value.as_str()).is_some_and(|(other, _)| members.contains(&other))
        });
        let span = direct.map_or(step.block.id.span, |need| need.span);
        let message = if members.len() == 1 {
            format!("{} needs itself", names[0])
        } else {
            format!("these steps need each other: {}", names.join(", "))
        };
        found.push(RULE.error(span, message));
    }
}
