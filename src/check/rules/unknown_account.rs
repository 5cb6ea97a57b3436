//! Whether the project has the accounts that a runbook names.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::id::AccountName;
use crate::source::Spanned;

pub(super) const RULE: Rule = Rule {
    code: "RB0306",
    name: "unknown-account",
    summary: "No environment of the project has the account",
    why: "The accounts are defined in `runbook.yaml`, per environment, under the same logical names everywhere.",
    fix: "Use a name that the environments have, or define it in `runbook.yaml`.",
    wrong: r#"---
account: dta
---

```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
    right: r#"---
account: data
---

```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let Some(project) = facts.book.project else { return };
    let known = project.account_names();
    let named = facts.blocks().filter_map(|(_, block)| block.options.account.as_ref());
    for account in facts.book.runbook.front.account.as_ref().into_iter().chain(named) {
        if !known.contains(&&account.value) {
            found.push(refused(account, &known));
        }
    }
}

fn refused(account: &Spanned<AccountName>, known: &[&AccountName]) -> Diagnostic {
    let names: Vec<_> = known.iter().map(|name| name.as_str()).collect();
    RULE.error(account.span, format!("no environment has an account `{}`", account.value)).hinted(
        account.value.as_str(),
        &names,
        "the environments have",
        "none has any",
    )
}
