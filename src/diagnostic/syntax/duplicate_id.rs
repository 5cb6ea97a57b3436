//! Two steps or health probes have the same id.

use crate::diagnostic::rule::Rule;

pub(super) const RULE: Rule = Rule {
    code: "RB0006",
    name: "duplicate-id",
    summary: "Two steps or health probes have the same id",
    why: "Ids are unique in a file: results, undo and evidence are kept under them.",
    fix: "",
    wrong: "",
    right: "",
};
