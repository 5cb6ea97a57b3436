//! The rules of the checker, one file each: what it is (`RULE`), and how it is found (`check`).

mod account_not_everywhere;
mod almost_template;
mod bad_field;
mod cannot_fail;
mod constant_token;
mod cycle;
mod dead_anchor;
mod dead_link;
mod destroy_without_confirm;
mod effect_contradiction;
mod estimate_over_objective;
mod expression_in_script;
mod expression_syntax;
mod for_each;
mod link_scheme;
mod maybe_skipped;
mod missing_aws_field;
mod missing_input;
mod missing_template;
mod needless_reveal;
mod no_account;
mod no_steps;
mod no_such_part;
mod not_a_condition;
mod objective_without_health;
mod probe_changes;
mod repeat;
mod runbook_cycle;
mod runbook_params;
mod secret_argument;
mod secret_shown;
mod single_region_control_plane;
mod template_not_read;
mod text_and_number;
mod times;
mod undeclared_outputs;
mod undefined_link;
mod undefined_name;
mod undo;
mod undo_reads;
mod unfinished_step;
mod unknown_account;
mod unknown_action;
mod unknown_aws_field;
mod unknown_aws_operation;
mod unknown_input;
mod unknown_need;
mod unknown_output;
mod unknown_runbook;
mod unknown_script_call;
mod unknown_secret;
mod unset_variable;
mod unused_env;
mod unused_parameter;
mod wrong_aws_type;
mod wrong_input_type;

use super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

type Check = fn(&Facts<'_>, &mut Vec<Diagnostic>);

/// The rule that `runbook.yaml` is held to as well.
pub(super) const UNKNOWN_RUNBOOK: &Rule = &unknown_runbook::RULE;

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
    (secret_shown::RULE, secret_shown::check),
    (bad_field::RULE, bad_field::check),
    (account_not_everywhere::RULE, account_not_everywhere::check),
    (destroy_without_confirm::RULE, destroy_without_confirm::check),
    (times::RULE, times::check),
    (template_not_read::RULE, template_not_read::check),
    (for_each::RULE, for_each::check),
    (undo_reads::RULE, undo_reads::check),
    (undeclared_outputs::RULE, undeclared_outputs::check),
    (missing_template::RULE, missing_template::check),
    (expression_syntax::RULE, expression_syntax::check),
    (undefined_name::RULE, undefined_name::check),
    (unknown_output::RULE, unknown_output::check),
    (unfinished_step::RULE, unfinished_step::check),
    (unknown_need::RULE, unknown_need::check),
    (cycle::RULE, cycle::check),
    (unknown_runbook::RULE, unknown_runbook::check),
    (runbook_cycle::RULE, runbook_cycle::check),
    (runbook_params::RULE, runbook_params::check),
    (maybe_skipped::RULE, maybe_skipped::check),
    (cannot_fail::RULE, cannot_fail::check),
    (not_a_condition::RULE, not_a_condition::check),
    (text_and_number::RULE, text_and_number::check),
    (unused_parameter::RULE, unused_parameter::check),
    (no_such_part::RULE, no_such_part::check),
    (almost_template::RULE, almost_template::check),
    (dead_link::RULE, dead_link::check),
    (dead_anchor::RULE, dead_anchor::check),
    (link_scheme::RULE, link_scheme::check),
    (undefined_link::RULE, undefined_link::check),
    (objective_without_health::RULE, objective_without_health::check),
    (estimate_over_objective::RULE, estimate_over_objective::check),
    (no_steps::RULE, no_steps::check),
    (unset_variable::RULE, unset_variable::check),
    (unused_env::RULE, unused_env::check),
    (expression_in_script::RULE, expression_in_script::check),
    (secret_argument::RULE, secret_argument::check),
    (unknown_aws_operation::RULE, unknown_aws_operation::check),
    (unknown_aws_field::RULE, unknown_aws_field::check),
    (missing_aws_field::RULE, missing_aws_field::check),
    (wrong_aws_type::RULE, wrong_aws_type::check),
    (single_region_control_plane::RULE, single_region_control_plane::check),
    (constant_token::RULE, constant_token::check),
    (unknown_script_call::RULE, unknown_script_call::check),
    (needless_reveal::RULE, needless_reveal::check),
];
