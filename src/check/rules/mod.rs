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
mod secrets;
mod undo;

use super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;

type Check = fn(&Facts<'_>, &mut Vec<Diagnostic>);

/// Every rule, in the order of the codes.
pub(super) const ALL: [(Rule, Check); 20] = [
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
];
