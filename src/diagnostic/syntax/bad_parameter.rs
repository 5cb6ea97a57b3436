//! The definition of a parameter contradicts itself.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0107",
    name: "bad-parameter",
    summary: "The definition of a parameter contradicts itself",
    why: "A default must fit the type, the pattern, the choices and the limits; a pattern must be a regular expression and only fits strings; a secret has no default, because the file is open to all its readers.",
    fix: "",
    wrong: "",
    right: "",
};
