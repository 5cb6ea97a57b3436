//! Whether every environment has the accounts that a runbook names.

use super::super::facts::Facts;
use super::super::references::each;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::id::AccountName;
use crate::source::Span;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    code: "RB0314",
    name: "account-not-everywhere",
    summary: "An environment lacks an account that the runbook names, so the runbook cannot run there",
    why: "A runbook that was rehearsed in a sandbox and lacks an account in production is found out at the worst time. The same logical names stand in every environment.",
    fix: "Define the account in that environment of `runbook.yaml`, or name one that every environment has.",
    wrong: r#"---
account: platform
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
    for (name, span) in named(facts) {
        let lacks: Vec<_> = project
            .environments
            .values()
            .filter(|one| !one.accounts.keys().any(|account| account.as_str() == name))
            .map(|one| format!("`{}`", one.name))
            .collect();
        // An account that no environment has is an error of its own.
        if lacks.is_empty() || lacks.len() == project.environments.len() {
            continue;
        }
        let message = match lacks.as_slice() {
            [one] => format!("the environment {one} has no account `{name}`"),
            many => format!("the environments {} have no account `{name}`", many.join(", ")),
        };
        found.push(
            RULE.warning(span, message)
                .help("this runbook cannot run there; define the account in runbook.yaml"),
        );
    }
}

/// The accounts that a runbook names, each where it is named first.
fn named(facts: &Facts<'_>) -> BTreeMap<String, Span> {
    let mut first: BTreeMap<String, Span> = BTreeMap::new();
    let mut add = |name: &str, span: Span| {
        let earliest = first.entry(name.to_owned()).or_insert(span);
        *earliest = (*earliest).min(span);
    };
    let front = facts.book.runbook.front.account.as_ref();
    let of_blocks = facts.blocks().filter_map(|(_, block)| block.options.account.as_ref());
    for account in front.into_iter().chain(of_blocks) {
        add(AccountName::as_str(&account.value), account.span);
    }
    each(facts, |one, reference| {
        if let [root, name, ..] = reference.path.as_slice()
            && root == "accounts"
        {
            add(name, one.text.locate(reference.parts[1].clone()));
        }
    });
    first
}
