//! Whether stacks wait for the stacks whose exports they import.

use super::super::facts::Facts;
use super::super::stacks::Deployed;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0417",
    name: "import-without-need",
    summary: "A stack imports what another one exports, and does not wait for it",
    why: "In an account that has the exports already nothing is noticed. In a fresh account the two are deployed side by side, or the other way round, and CloudFormation finds no such export.",
    fix: "Add the other stack to `needs`.",
    wrong: r#"```yaml step=network
uses: cloudformation/deploy
with: { stack: network, template: stacks/network.yaml, parameters: { DataAccountId: "222222222222" } }
```

```yaml step=workload
uses: cloudformation/deploy
needs: []
with: { stack: workload, template: stacks/workload.yaml }
```
"#,
    right: r#"```yaml step=network
uses: cloudformation/deploy
with: { stack: network, template: stacks/network.yaml, parameters: { DataAccountId: "222222222222" } }
```

```yaml step=workload
uses: cloudformation/deploy
needs: [network]
with: { stack: workload, template: stacks/workload.yaml }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for importer in &facts.deployed {
        if facts.waits_for_unknown(importer.step) {
            continue;
        }
        let mut reported: Vec<usize> = Vec::new();
        for name in importer.interface.imports(&|name| importer.parameter(name)) {
            let exports = |other: &&Deployed<'_>| {
                other.step != importer.step
                    && place(facts, other) == place(facts, importer)
                    && other.interface.exports(&|name| other.parameter(name)).contains(&name)
            };
            // One of two that take each other's place is enough.
            let exporters: Vec<_> = facts.deployed.iter().filter(exports).collect();
            let Some(first) = exporters.first() else { continue };
            if exporters.iter().any(|other| facts.has_ended(other.step, importer.step))
                || reported.contains(&first.step)
            {
                continue;
            }
            reported.push(first.step);
            let other = &first.block.id;
            let message = format!(
                "`{}` imports `{name}` of `{}` and does not wait for it",
                importer.path, other.value
            );
            let diagnostic =
                RULE.error(importer.span, message).related(other.span, "it is exported here");
            found.push(diagnostic.help(format!("add `{}` to its `needs`", other.value)));
        }
    }
}

/// The account and Region of a stack. Exports do not leave them.
fn place<'b>(facts: &'b Facts<'_>, one: &'b Deployed<'_>) -> (Option<&'b str>, Option<&'b str>) {
    let options = &one.block.options;
    let front = facts.book.runbook.front.account.as_ref();
    let account = options.account.as_ref().or(front).map(|name| name.value.as_str());
    (account, options.region.as_ref().map(|region| region.value.as_str()))
}
