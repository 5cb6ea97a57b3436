//! The part of a run that only thinks.
//!
//! Events change state through one transition table; decisions are made from state alone. Nothing
//! here reads a clock, a file, the environment or a random number, and nothing here prints.

pub mod decide;
pub mod event;
pub mod faults;
pub mod outcome;
pub mod replay;
pub mod settled;
pub mod state;

#[cfg(test)]
mod drill_tests;
#[cfg(test)]
mod tests;
