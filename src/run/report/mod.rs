//! How a run is shown. Reporters read events; they never decide anything.

pub mod closing;
pub mod human;
pub mod json;
pub mod plain;
#[cfg(test)]
mod recorded;
pub mod summary;
pub mod text;

use crate::actions::context::Report;
use crate::engine::event::Event;
use crate::engine::state::RunState;
use crate::model::id::StepKey;
use crate::plan::Plan;
use jiff::Timestamp;

/// Somebody who is told what happens in a run.
pub trait Reporter: Send {
    /// An event is durable. `view` already contains it.
    fn event(&mut self, at: Timestamp, event: &Event, view: &View<'_>);

    /// A step says something while it works. It is masked already, and not kept.
    fn report(&mut self, step: &StepKey, report: &Report);

    /// Something about the run as a whole that is no event: a torn journal line, a changed runbook.
    fn note(&mut self, text: &str);

    /// A person is about to be asked on this terminal: leave it alone until `resume`.
    fn suspend(&mut self) {}

    /// The person answered.
    fn resume(&mut self) {}
}

/// The run as it stands.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What it would do in all.
    pub plan: &'a Plan,
    /// What has happened.
    pub state: &'a RunState,
}
