//! A mapping has a key that means nothing there.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0106",
    name: "unknown-key",
    summary: "A mapping has a key that means nothing there",
    why: "What is not known is an error, never ignored: a misspelt key would silently switch something off.",
    fix: "",
    wrong: "",
    right: "",
};
