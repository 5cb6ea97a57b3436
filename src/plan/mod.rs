//! What a run would do: the steps of a runbook, and of the runbooks it runs, in their order, each
//! with its effect and with what takes it back.

mod build;
mod changes;

pub use build::{PlanError, build, digest_of, digest_of_bytes};
pub use changes::{Change, Difference, differences};

use crate::model::drill::Part;
use crate::model::id::{AccountName, StepId, StepKey};
use crate::model::mode::Effect;
use crate::model::runbook::Runbook;
use crate::model::step::Step;
use std::sync::Arc;
use std::time::Duration;

/// A runbook, ready to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The runbook that was asked for.
    pub root: Frame,
    /// SHA-256 over everything that decides what the run does, in hexadecimal.
    pub digest: String,
}

/// One runbook in a plan.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The runbook.
    pub book: Arc<Runbook>,
    /// Its steps, in document order.
    pub steps: Vec<Planned>,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Index into the runbook's steps, which is also its index in the frame.
    pub index: usize,
    /// The step's id.
    pub id: StepId,
    /// Indexes of the steps of the same frame that must have ended first.
    pub needs: Vec<usize>,
    /// What it does to the world.
    pub effect: Effect,
    /// What takes it back.
    pub reversal: Reversal,
    /// The account it acts in, if it acts in one.
    pub account: Option<AccountName>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often it may be attempted in all.
    pub attempts: u32,
    /// How many elements of its loop may run at once; nothing when it is no loop.
    pub elements_at_once: Option<usize>,
    /// The runbook it runs, when that is what it does.
    pub calls: Option<Box<Frame>>,
    /// What it is for, in a drill.
    pub part: Option<Part>,
    /// The runbooks whose health it looks at, in a drill.
    pub probes: Vec<Probed>,
    /// SHA-256 over the step's blocks as they were written, in hexadecimal.
    pub digest: String,
}

/// A runbook whose health a step of a drill looks at.
#[derive(Clone, Debug)]
pub struct Probed {
    /// The runbook.
    pub frame: Frame,
    /// The step of the drill that runs it: the last one before, or else the first one after. Its parameters are
    /// those that the probes are asked with.
    pub run: Option<usize>,
}

/// What takes a step back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// It only reads.
    NotNeeded,
    /// The author's `undo=` block.
    Block,
    /// The action's own undo, in words.
    BuiltIn(&'static str),
    /// Nothing, because of this. The step is a point of no return.
    Irreversible(String),
    /// The undos of the steps of the runbook that it runs.
    Nested,
}

impl Planned {
    /// The step as it was written.
    #[must_use]
    pub fn step<'a>(&self, frame: &'a Frame) -> &'a Step {
        &frame.book.steps[self.index]
    }

    /// Whether it is only a bracket around other steps: a loop or a sub-runbook.
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.elements_at_once.is_some() || self.calls.is_some()
    }

    /// Whether it breaks something on purpose.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.part == Some(Part::Fault)
    }
}

impl Plan {
    /// The step of that key, and the runbook it stands in. Loop indexes in the key are ignored.
    #[must_use]
    pub fn find(&self, key: &StepKey) -> Option<(&Planned, &Frame)> {
        let written = key.written();
        let mut frame = &self.root;
        let mut parts = written.split('/').peekable();
        while let Some(part) = parts.next() {
            let planned = frame.steps.iter().find(|planned| planned.id.as_str() == part)?;
            if parts.peek().is_none() {
                return Some((planned, frame));
            }
            frame = planned.calls.as_deref()?;
        }
        None
    }

    /// Every step, sub-runbooks included, with its written key, parents first.
    #[must_use]
    pub fn walk(&self) -> Vec<(StepKey, &Planned, &Frame)> {
        let mut found = Vec::new();
        walk(&self.root, None, &mut found);
        found
    }

    /// Every runbook of the plan by name.
    #[must_use]
    pub fn books(&self) -> Vec<&Arc<Runbook>> {
        let mut books = vec![&self.root.book];
        for (_, planned, _) in self.walk() {
            let probed = planned.probes.iter().flat_map(|probed| inside(&probed.frame));
            for book in planned.calls.iter().map(|frame| &frame.book).chain(probed) {
                if !books.iter().any(|known| known.name == book.name) {
                    books.push(book);
                }
            }
        }
        books
    }

    /// The logical accounts that the steps and the health probes name, sorted.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountName> {
        let mut names: Vec<_> =
            self.walk().iter().filter_map(|(_, planned, _)| planned.account.clone()).collect();
        for book in self.books() {
            names.extend(book.health.iter().filter_map(|health| {
                health
                    .block
                    .options
                    .account
                    .as_ref()
                    .or(book.front.account.as_ref())
                    .map(|a| a.value.clone())
            }));
        }
        names.sort();
        names.dedup();
        names
    }
}

/// A runbook and those that it runs.
fn inside(frame: &Frame) -> Vec<&Arc<Runbook>> {
    let inner = frame.steps.iter().filter_map(|planned| planned.calls.as_deref());
    std::iter::once(&frame.book).chain(inner.flat_map(inside)).collect()
}

fn walk<'a>(
    frame: &'a Frame,
    outer: Option<&StepKey>,
    found: &mut Vec<(StepKey, &'a Planned, &'a Frame)>,
) {
    for planned in &frame.steps {
        let key = outer.map_or_else(|| StepKey::top(&planned.id), |outer| outer.child(&planned.id));
        found.push((key.clone(), planned, frame));
        if let Some(inner) = &planned.calls {
            walk(inner, Some(&key), found);
        }
    }
}
