//! The parts of a drill that act on nothing: the beginning of the incident, and the end of the mending.
//!
//! What they mean is in the journal: when they were, and in which order. The faults themselves are runbooks, and
//! are mended by the engine before the last of these starts.

use super::context::Context;
use super::{Action, Trouble};
use crate::model::drill::Part;
use crate::model::value::Values;
use async_trait::async_trait;

/// A part of a drill that is over as soon as it is written down.
pub struct Mark(Part);

impl Mark {
    /// The incident begins.
    pub const INCIDENT: Self = Self(Part::Incident);
    /// Everything that was broken is mended.
    pub const MENDED: Self = Self(Part::Mend);
}

#[async_trait]
impl Action for Mark {
    fn name(&self) -> &'static str {
        self.0.action()
    }

    async fn run(&self, _cx: &Context) -> Result<Values, Trouble> {
        Ok(Values::new())
    }
}
