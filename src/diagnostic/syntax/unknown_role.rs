//! The word before `=` in an info string is not a role.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0003",
    name: "unknown-role",
    summary: "The word before `=` in an info string is not a role",
    why: "The roles are `step`, `observe`, `undo` and `health`. A misspelt role would turn the block into prose.",
    fix: "",
    wrong: "",
    right: "",
};
