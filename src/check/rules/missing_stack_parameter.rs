//! Whether stacks are given what their templates cannot do without.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0323",
    name: "missing-stack-parameter",
    summary: "A stack is not given a parameter that has no default",
    why: "CloudFormation refuses such a deployment, but only when the run comes to it.",
    fix: "Give it under `parameters`, name it under `keep` when every stack has it, or give it a default in the template.",
    wrong: r#"```yaml step=network
uses: cloudformation/deploy
with:
  stack: network
  template: stacks/network.yaml
  parameters: { Name: corpus }
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
        let (Some(given), Some(kept)) = (one.given, &one.kept) else { continue };
        let has = |name: &str| {
            given.iter().any(|(one, _)| one.value == name)
                || kept.iter().any(|one| one.value == name)
        };
        let lacking: Vec<_> = one
            .interface
            .parameters
            .iter()
            .filter(|parameter| parameter.default.is_none() && !has(&parameter.name))
            .map(|parameter| format!("`{}`", parameter.name))
            .collect();
        if !lacking.is_empty() {
            let message = format!("`{}` needs {}", one.path, lacking.join(", "));
            let diagnostic = RULE.error(one.span, message);
            found.push(diagnostic.help("a parameter without a default must be given"));
        }
    }
}
