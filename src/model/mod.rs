//! What a runbook is, once it has been read. Types only: `parse` is the only constructor.

pub mod action;
pub mod cadence;
pub mod drill;
pub mod duration;
pub mod id;
pub mod link;
pub mod misread;
pub mod mode;
pub mod param;
mod pattern;
pub mod permission;
pub mod project;
pub mod runbook;
pub mod secret;
pub mod step;
pub mod value;
