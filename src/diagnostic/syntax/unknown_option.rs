//! An option does not exist.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0201",
    name: "unknown-option",
    summary: "An option does not exist",
    why: "The options are listed in the manual of the format. What is not known is an error: a misspelt `timeout` must not switch the timeout off.",
    fix: "",
    wrong: "",
    right: "",
};
