//! An id is not snake_case.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0005",
    name: "bad-id",
    summary: "An id is not snake_case",
    why: "Ids are spelled the same in info strings, expressions, on the command line and in links, so they consist of lowercase letters, digits and `_`, and begin with a letter.",
    fix: "",
    wrong: "",
    right: "",
};
