//! A drill: a file in `drills/`, and how it becomes the steps of a run.
//!
//! What it runs, breaks and checks are runbooks, so a drill is a runbook whose steps nobody wrote out: one for
//! each entry of its scenario, and three more. They use the actions below, which stand in no other runbook.

use super::cadence::Cadence;
use super::step::{Block, Body};
use crate::source::Spanned;

/// What the names of drills begin with, where they stand beside the names of runbooks.
pub const DRILLS: &str = "drills/";

/// What the names of faults begin with.
pub const FAULTS: &str = "faults/";

/// The word among the tags of a runbook that says that it breaks something on purpose.
pub const FAULT_TAG: &str = "fault";

/// The parameter that every fault has: how long it may last.
pub const MAX_DURATION: &str = "max_duration";

/// The action that runs another runbook.
pub const RUN: &str = "runbook/run";

/// What a drill says beside its steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drill {
    /// When it is due.
    pub cadence: Option<Spanned<Cadence>>,
    /// The environment it runs in.
    pub environment: Option<Spanned<String>>,
}

/// What a step of a drill is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The health of every runbook named holds, before anything is touched.
    Steady,
    /// Runs a runbook.
    Run,
    /// Breaks something, by running a runbook whose undo mends it.
    Fault,
    /// The clock starts.
    Incident,
    /// What was broken shows.
    Expect,
    /// Health is back, and the clock stops.
    Recovered,
    /// What was broken is mended.
    Mend,
}

impl Part {
    /// Every part, in the order of a drill.
    pub const ALL: [Self; 7] = [
        Self::Steady,
        Self::Run,
        Self::Fault,
        Self::Incident,
        Self::Expect,
        Self::Recovered,
        Self::Mend,
    ];

    /// The action that stands for it.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Steady => "drill/steady",
            Self::Run => RUN,
            Self::Fault => "drill/fault",
            Self::Incident => "drill/incident",
            Self::Expect => "drill/expect",
            Self::Recovered => "drill/recovered",
            Self::Mend => "drill/mend",
        }
    }

    /// The part that a block plays, when it plays one.
    #[must_use]
    pub fn of(block: &Block) -> Option<Self> {
        let Body::Action { uses, .. } = &block.body else { return None };
        Self::ALL.into_iter().find(|part| part.action() == uses.value)
    }

    /// Whether it looks at the health of runbooks that it names.
    #[must_use]
    pub const fn looks(self) -> bool {
        matches!(self, Self::Steady | Self::Expect | Self::Recovered)
    }

    /// Whether nothing can be judged when it fails.
    #[must_use]
    pub const fn is_premise(self) -> bool {
        matches!(self, Self::Steady | Self::Expect)
    }
}

/// Whether an action stands in drills only.
#[must_use]
pub fn is_of_drills(action: &str) -> bool {
    action != RUN && Part::ALL.iter().any(|part| part.action() == action)
}
