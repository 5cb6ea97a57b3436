//! The description of every action, whether or not this build can run it.

pub mod aws;
mod drill;
mod local;

use crate::model::action::Catalog;

/// Every action that a runbook may use.
#[must_use]
pub fn catalog() -> Catalog {
    Catalog::new(local::specs().into_iter().chain(drill::specs()).chain(aws::specs()))
}
