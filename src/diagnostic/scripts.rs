//! The kinds of finding that other programs make about scripts: the shells, Python and ShellCheck.

mod script_syntax;
mod shellcheck;

use super::rule::Rule;
pub use script_syntax::SCRIPT_SYNTAX as SYNTAX;
pub use shellcheck::SHELLCHECK;

/// Every kind of finding that other programs make, in the order of their codes.
pub const RULES: &[Rule] = &[SYNTAX, SHELLCHECK];
