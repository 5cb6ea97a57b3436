//! A value that begins with `{{` is not in quotes.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0103",
    name: "unquoted-template",
    summary: "A value that begins with `{{` is not in quotes",
    why: "In YAML a `{` begins a mapping. Put the whole value in double quotes: `key: \"{{ params.name }}\"`.",
    fix: "",
    wrong: "",
    right: "",
};
