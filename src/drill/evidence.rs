//! What one drill is worth as evidence: small enough to be kept beside many others.

use super::report::Report;
use super::verdict::Verdict;
use crate::engine::event::Operator;
use crate::model::id::RunId;
use crate::model::mode::Mode;
use jiff::Timestamp;
use std::time::Duration;

/// What one run of a drill is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The drill, by the stem of its file.
    pub drill: String,
    /// The run.
    pub run: RunId,
    /// When the last thing happened that its journal holds fast.
    pub when: Timestamp,
    /// Nothing while it goes on.
    pub verdict: Option<Verdict>,
    /// What the run counts as. A rehearsal is never evidence.
    pub mode: Mode,
    /// The environment.
    pub environment: String,
    /// Who began it, and everybody who took it up.
    pub operators: Vec<Operator>,
    /// How long recovery took.
    pub rto: Option<Duration>,
    /// How long it may take.
    pub objective: Option<Duration>,
    /// Why the verdict is what it is, in words.
    pub reason: String,
}

impl Evidence {
    /// What a report is worth.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        Self {
            drill: report.drill.clone(),
            run: report.run.clone(),
            when: report.dated,
            verdict: report.judgement.verdict,
            mode: report.mode,
            environment: report.environment.clone(),
            operators: report.operators.clone(),
            rto: report.rto,
            objective: report.objective,
            reason: report.judgement.why.clone(),
        }
    }

    /// Whether it proves the promise: passed, and no rehearsal.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.verdict == Some(Verdict::Passed) && self.mode != Mode::Rehearsal
    }
}
