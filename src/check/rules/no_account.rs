//! Whether a block whose action acts in an account has one.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0305",
    name: "no-account",
    summary: "An action that needs an AWS account has none",
    why: "The account is named by the block (`account`) or by the front matter for all blocks. It is a logical name; the environment says which account it is. Before a step changes something, the run proves that it is in that account.",
    fix: "Add `account: NAME` to the front matter, or to the block if only this one acts there.",
    wrong: r#"---
title: Look at the key
summary: Says whether the key can be used.
owner: platform-oncall
---

```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
    right: r#"---
title: Look at the key
summary: Says whether the key can be used.
owner: platform-oncall
account: data
---

```yaml step=look
uses: kms/describe-key
with: { key: alias/corpus }
```
"#,
};

/// More blocks than this without an account are told together.
const MOST: usize = 3;

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    let front = &facts.book.runbook.front;
    if front.account.is_some() || front.misread.has("account") {
        return;
    }
    let lacking: Vec<_> = facts
        .blocks()
        .filter_map(|(step, block)| {
            let spec = facts.spec(block).filter(|spec| spec.needs_account)?;
            // The blocks that belong to a step act where the step acts.
            let own = [Some(block), step.map(|at| &facts.steps()[at].block)];
            let named = own.into_iter().flatten().any(|block| {
                block.options.account.is_some() || block.options.misread.has("account")
            });
            (!named).then_some((spec.name, block.id.span))
        })
        .collect();
    let help = "add `account: NAME` to this block or to the front matter";
    if lacking.len() <= MOST {
        for (name, span) in lacking {
            found.push(RULE.error(span, format!("`{name}` needs an account")).help(help));
        }
    } else if let [(name, first), rest @ ..] = lacking.as_slice() {
        // So many blocks rely on the front matter, which is one mistake.
        let message = format!("`{name}` needs an account, and so do {} other blocks", rest.len());
        let mut diagnostic = RULE.error(*first, message);
        for (_, span) in rest.iter().take(MOST) {
            diagnostic = diagnostic.related(*span, "this one too");
        }
        found.push(diagnostic.help("add `account: NAME` to the front matter"));
    }
}
