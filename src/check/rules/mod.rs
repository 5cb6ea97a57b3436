//! The rules of the checker, one file each: what it is (`RULE`), and how it is found (`check`).

mod cycle;
mod effect_contradiction;
mod expression_syntax;
mod missing_input;
mod no_account;
mod probe_changes;
mod repeat;
mod runbook_cycle;
mod runbook_params;
mod undefined_name;
mod undo;
mod unfinished_step;
mod unknown_account;
mod unknown_action;
mod unknown_input;
mod unknown_need;
mod unknown_output;
mod unknown_runbook;
mod unknown_secret;
mod wrong_input_type;

use super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

type Check = fn(&Facts<'_>, &mut Vec<Diagnostic>);

/// Every rule, in the order of the codes.
pub(super) const ALL: &[(Rule, Check)] = &[
    (unknown_action::RULE, unknown_action::check),
    (unknown_input::RULE, unknown_input::check),
    (missing_input::RULE, missing_input::check),
    (wrong_input_type::RULE, wrong_input_type::check),
    (no_account::RULE, no_account::check),
    (unknown_account::RULE, unknown_account::check),
    (effect_contradiction::RULE, effect_contradiction::check),
    (probe_changes::RULE, probe_changes::check),
    (undo::RULE, undo::check),
    (repeat::RULE, repeat::check),
    (unknown_secret::RULE, unknown_secret::check),
    (expression_syntax::RULE, expression_syntax::check),
    (undefined_name::RULE, undefined_name::check),
    (unknown_output::RULE, unknown_output::check),
    (unfinished_step::RULE, unfinished_step::check),
    (unknown_need::RULE, unknown_need::check),
    (cycle::RULE, cycle::check),
    (unknown_runbook::RULE, unknown_runbook::check),
    (runbook_cycle::RULE, runbook_cycle::check),
    (runbook_params::RULE, runbook_params::check),
];
