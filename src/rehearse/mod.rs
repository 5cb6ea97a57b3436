//! Proves a procedure before it is needed: the runbook is broken at every point, in the sandbox, and gone on with.
//!
//! Each case gets a copy of the project and accounts of its own, runs the program as a person would, lets one thing
//! go wrong, and compares what is there in the end with what is there when nothing goes wrong. What comes before the
//! runbook is done once: each case begins with a copy of what the emulator held then.

pub mod case;
mod emulator;
mod matrix;
mod place;
mod report;
mod snapshot;
mod stage;
mod trial;

pub use matrix::{Ways, Wish, rehearse};
pub use place::Place;
pub use report::{json, junit, line, lines};
pub use stage::{AccountReader, Cloud, Setting};
pub use trial::FAIL_STEP;

use case::Result as CaseResult;
use std::path::PathBuf;

/// Why a rehearsal could not be done at all.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// A file of the copy.
    #[error("cannot write {path}: {source}")]
    Copy {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The program could not be started, or did not end.
    #[error("{0}")]
    Program(String),
    /// The runbook does not even succeed when nothing goes wrong.
    #[error("`{runbook}` does not succeed when nothing goes wrong (exit {code}):\n{said}")]
    Undisturbed {
        /// Which.
        runbook: String,
        /// How the program ended.
        code: String,
        /// The end of what it said.
        said: String,
    },
    /// The journal of a case.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// The emulated accounts cannot be read.
    #[error("cannot read the emulated accounts: {0}")]
    Accounts(String),
}

/// The results of a rehearsal.
#[derive(Clone, Debug)]
pub struct Results {
    /// The runbook.
    pub runbook: String,
    /// A result for each case, in order.
    pub cases: Vec<CaseResult>,
    /// What could not be rehearsed, in whole sentences.
    pub notes: Vec<String>,
}

impl Results {
    /// Whether every case came out as it should.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.cases.iter().all(|case| case.end.is_fine())
    }
}
