//! The YAML cannot be read.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0101",
    name: "yaml-syntax",
    summary: "The YAML cannot be read",
    why: "The place is where the reader gave up; the cause is there or just before.",
    fix: "",
    wrong: "",
    right: "",
};
