//! Waiting for AWS, always with an end, and never against the operator's wish.

use crate::actions::Trouble;
use crate::actions::context::Context;
use std::time::Duration;

/// How often and how long to look for something.
pub(super) struct Patience {
    /// The first pause. It doubles up to `longest`.
    pub(super) first: Duration,
    /// The longest pause.
    pub(super) longest: Duration,
    /// How many looks at most.
    pub(super) looks: u32,
}

/// An eventually consistent service: KMS says "a few seconds", two minutes is certainly wrong.
pub(super) const SETTLE: Patience =
    Patience { first: Duration::from_millis(100), longest: Duration::from_secs(5), looks: 30 };

/// An update that AWS works at: an hour. The step's own time limit is usually shorter.
pub(super) const WORK: Patience =
    Patience { first: Duration::from_millis(500), longest: Duration::from_secs(5), looks: 720 };

/// The pauses between looks, for one thing that is waited for.
pub(super) struct Wait<'a> {
    cx: &'a Context,
    pause: Duration,
    longest: Duration,
    left: u32,
    what: String,
}

impl<'a> Wait<'a> {
    /// Waits for that, so patiently.
    pub(super) fn new(cx: &'a Context, patience: &Patience, what: impl Into<String>) -> Self {
        let (pause, longest, left) = (patience.first, patience.longest, patience.looks);
        Self { cx, pause, longest, left, what: what.into() }
    }

    /// Pauses before another look.
    ///
    /// # Errors
    /// `parked` when the operator wants to stop: what was asked of AWS goes on there, and a later
    /// look finds it. Failed when there were looks enough.
    pub(super) async fn again(&mut self) -> Result<(), Trouble> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(Trouble::failed(format!("waited in vain for {}", self.what)));
        };
        if !self.cx.stop.sleep(self.pause).await {
            return Err(Trouble::parked());
        }
        self.left = left;
        self.pause = (self.pause * 2).min(self.longest);
        Ok(())
    }
}
