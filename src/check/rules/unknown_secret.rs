//! Whether secrets name outputs.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0311",
    name: "unknown-secret",
    summary: "`secrets` names an output that the block does not have",
    why: "A misspelt name would leave the real output unmasked in the journal, in the terminal and on the site.",
    fix: "Correct the name.",
    wrong: r#"```bash step=log_in
#| effect: read
#| outputs: [token]
#| secrets: [tokn]
./log-in >> "$RUNBOOK_OUTPUT"
```
"#,
    right: r#"```bash step=log_in
#| effect: read
#| outputs: [token]
#| secrets: [token]
./log-in >> "$RUNBOOK_OUTPUT"
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let Some(outputs) = facts.outputs(block).names() else { continue };
        for secret in block.options.secrets.iter().filter(|secret| !outputs.contains(&secret.value))
        {
            let message = format!("this block has no output `{}`", secret.value);
            let diagnostic = RULE.error(secret.span, message);
            found.push(diagnostic.hinted(&secret.value, &outputs, "it has", "it has no outputs"));
        }
    }
}
