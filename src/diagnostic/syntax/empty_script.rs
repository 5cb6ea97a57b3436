//! A script has no line to run.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0207",
    name: "empty-script",
    summary: "A script has no line to run",
    why: "A block that does nothing would be recorded as a step that was done.",
    fix: "",
    wrong: "",
    right: "",
};
