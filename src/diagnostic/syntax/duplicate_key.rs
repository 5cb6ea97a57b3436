//! A mapping has the same key twice.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0102",
    name: "duplicate-key",
    summary: "A mapping has the same key twice",
    why: "YAML readers disagree on which of the two counts. Remove one.",
    fix: "",
    wrong: "",
    right: "",
};
