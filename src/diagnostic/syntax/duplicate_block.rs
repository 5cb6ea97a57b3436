//! A step has two `observe` or two `undo` blocks.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0008",
    name: "duplicate-block",
    summary: "A step has two `observe` or two `undo` blocks",
    why: "A step is observed in one way and taken back in one way. Put both parts into one block.",
    fix: "",
    wrong: "",
    right: "",
};
