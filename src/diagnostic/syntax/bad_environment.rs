//! An environment of runbook.yaml cannot be used.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0501",
    name: "bad-environment",
    summary: "An environment of runbook.yaml cannot be used",
    why: "An environment says what it is for (`kind`) and which accounts it consists of. Only a sandbox may name an `endpoint`, and only one on this machine: an endpoint elsewhere would make a rehearsal touch something real.",
    fix: "",
    wrong: "",
    right: "",
};
