//! An `observe` or `undo` block names a step that does not exist.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0007",
    name: "orphan-block",
    summary: "An `observe` or `undo` block names a step that does not exist",
    why: "`observe=ID` and `undo=ID` belong to the step of that id, wherever they stand in the file.",
    fix: "",
    wrong: "",
    right: "",
};
