//! What a drill has proved: its verdict, its times, and what counts as evidence.
//!
//! A drill is a run, and its journal is all there is to know about it. Everything here is made of that journal and
//! of the text that the run is pinned to, by functions without a clock and without a disk.
//!
//! **What counts as evidence.** [`report::report`] judges one run. [`evidence::Evidence::counts`] is true only when
//! the verdict is [`verdict::Verdict::Passed`], the run was no rehearsal (its mode is not
//! [`crate::model::mode::Mode::Rehearsal`]), and the journal was read whole with its chain unbroken, which
//! [`crate::store::Store::read`] has seen to before anything here is called. A drill in which a person skipped a
//! step, or said of one that it was done by hand, has not passed. A plan writes no journal, and so is nothing.

pub mod calendar;
pub mod due;
pub mod evidence;
mod facts;
pub mod json;
pub mod junit;
pub mod report;
pub mod verdict;

#[cfg(test)]
mod tests;
