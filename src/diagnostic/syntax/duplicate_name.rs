//! A list of names holds the same name twice.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0206",
    name: "duplicate-name",
    summary: "A list of names holds the same name twice",
    why: "Each output, each needed step and each secret is named once.",
    fix: "",
    wrong: "",
    right: "",
};
