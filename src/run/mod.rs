//! The only loop: where engine, actions and store meet.

pub mod report;
pub mod world;
