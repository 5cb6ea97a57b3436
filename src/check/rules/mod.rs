//! The rules of the checker, one file a subject.

mod account;
mod action;
mod effect;
mod expression;
mod inputs;
mod names;
mod needs;
mod repeat;
mod runbooks;
mod script_expression;
mod secret_argument;
mod secrets;
mod undo;
mod unset_variable;
mod unused_env;

use super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

type Check = fn(&Facts<'_>, &mut Vec<Diagnostic>);

/// Every rule, in the order of the codes.
pub(super) const ALL: [(Rule, Check); 24] = [
    (action::RULE, action::check),
    (inputs::UNKNOWN, inputs::unknown),
    (inputs::MISSING, inputs::missing),
    (inputs::WRONG, inputs::wrong),
    (account::MISSING, account::missing),
    (account::UNKNOWN, account::unknown),
    (effect::CONTRADICTION, effect::contradiction),
    (effect::PROBE, effect::probe),
    (undo::RULE, undo::check),
    (repeat::RULE, repeat::check),
    (secrets::RULE, secrets::check),
    (expression::RULE, expression::check),
    (names::UNDEFINED, names::undefined),
    (names::OUTPUT, names::output),
    (names::UNFINISHED, names::unfinished),
    (needs::UNKNOWN, needs::unknown),
    (needs::CYCLE, needs::cycle),
    (runbooks::UNKNOWN, runbooks::unknown),
    (runbooks::CYCLE, runbooks::cycle),
    (runbooks::PARAMS, runbooks::params),
    (unset_variable::RULE, unset_variable::check),
    (unused_env::RULE, unused_env::check),
    (script_expression::RULE, script_expression::check),
    (secret_argument::RULE, secret_argument::check),
];
