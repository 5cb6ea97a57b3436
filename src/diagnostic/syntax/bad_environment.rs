//! An environment of runbook.yaml cannot be used.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0501",
    name: "bad-environment",
    summary: "An environment of runbook.yaml cannot be used",
    why: "An environment says what it is for (`kind`) and which accounts it consists of. Only a sandbox may name an `endpoint`, and only one on this machine: an endpoint elsewhere would make a rehearsal touch something real.",
    fix: "Give the environment a kind and accounts of its own. Leave out `endpoint` and `seed` where nothing is emulated.",
    wrong: r#"version: 1
environments:
  live:
    kind: production
    endpoint: http://127.0.0.1:4566
    accounts:
      data: { id: "222222222222", region: eu-west-1 }
"#,
    right: r#"version: 1
environments:
  live:
    kind: production
    accounts:
      data: { id: "222222222222", region: eu-west-1 }
"#,
};
