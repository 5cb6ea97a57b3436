//! Whether templates have the parameters that are given to them.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0322",
    name: "unknown-stack-parameter",
    summary: "A stack is given a parameter that its template does not declare",
    why: "CloudFormation refuses such a deployment, but only when the run comes to it. What was meant keeps its default meanwhile.",
    fix: "Correct the name, or declare the parameter in the template.",
    wrong: r#"```yaml step=network
uses: cloudformation/deploy
with:
  stack: network
  template: stacks/network.yaml
  parameters: { Nmae: corpus, DataAccountId: "222222222222" }
```
"#,
    right: r#"```yaml step=network
uses: cloudformation/deploy
with:
  stack: network
  template: stacks/network.yaml
  parameters: { Name: corpus, DataAccountId: "222222222222" }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for one in &facts.deployed {
        let declared: Vec<String> =
            one.interface.parameters.iter().map(|one| one.name.clone()).collect();
        let given =
            one.given.into_iter().flatten().map(|(name, _)| (name.value.as_str(), name.span));
        let kept = one.kept.iter().flatten().map(|name| (name.value, name.span));
        for (name, span) in given.chain(kept) {
            if !declared.iter().any(|one| one == name) {
                let message = format!("`{}` has no parameter `{name}`", one.path);
                let diagnostic = RULE.error(span, message);
                found.push(diagnostic.hinted(name, &declared, "it has", "it has none"));
            }
        }
    }
}
