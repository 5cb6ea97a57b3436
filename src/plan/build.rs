//! Makes a plan from a checked runbook. What `check` lets through, this can plan.

use super::{Frame, Plan, Planned, Probed, Reversal};
use crate::model::action::Catalog;
use crate::model::drill::Part;
use crate::model::mode::Effect;
use crate::model::runbook::Runbook;
use crate::model::step::{Block, Body, Step};
use crate::model::value::{NodeKind, Value, Values};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// A script that does not say how long it may take gets this long.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(600);

/// How deep runbooks may run runbooks. `check` finds cycles; this bounds what it did not see.
const MAX_DEPTH: usize = 16;

/// Why no plan could be made. `check` reports all of these with their place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A step uses an action that this program does not have.
    #[error(
        "step `{step}` of `{book}` uses `{action}`, which is not an action; run `runbook check {book}`"
    )]
    UnknownAction {
        /// The runbook.
        book: String,
        /// The step.
        step: String,
        /// What it wants to use.
        action: String,
    },
    /// A step runs a runbook that does not exist.
    #[error(
        "step `{step}` of `{book}` runs `{name}`, which does not exist; run `runbook check {book}`"
    )]
    UnknownRunbook {
        /// The runbook.
        book: String,
        /// The step.
        step: String,
        /// What it wants to run.
        name: String,
    },
    /// A step needs one that does not exist.
    #[error(
        "step `{step}` of `{book}` needs `{name}`, which is not a step; run `runbook check {book}`"
    )]
    UnknownStep {
        /// The runbook.
        book: String,
        /// The step.
        step: String,
        /// What it needs.
        name: String,
    },
    /// Runbooks run each other without end.
    #[error("`{book}` is nested more than {MAX_DEPTH} runbooks deep; does a runbook run itself?")]
    TooDeep {
        /// The runbook at which it was given up.
        book: String,
    },
}

/// Plans a runbook. `load` finds the runbooks that it runs.
///
/// # Errors
/// When the runbook would not pass `check`.
pub fn build(
    book: &Arc<Runbook>,
    catalog: &Catalog,
    load: &dyn Fn(&str) -> Option<Arc<Runbook>>,
) -> Result<Plan, PlanError> {
    let root = Builder { catalog, load }.frame(book, 0)?;
    let mut hash = Sha256::new();
    fingerprint(&root, &mut hash);
    Ok(Plan { root, digest: hex::encode(hash.finalize()) })
}

struct Builder<'a> {
    catalog: &'a Catalog,
    load: &'a dyn Fn(&str) -> Option<Arc<Runbook>>,
}

impl Builder<'_> {
    fn frame(&self, book: &Arc<Runbook>, depth: usize) -> Result<Frame, PlanError> {
        if depth > MAX_DEPTH {
            return Err(PlanError::TooDeep { book: book.name.clone() });
        }
        let steps = book
            .steps
            .iter()
            .enumerate()
            .map(|(index, step)| self.planned(book, index, step, depth))
            .collect::<Result<_, _>>()?;
        Ok(Frame { book: Arc::clone(book), steps })
    }

    fn planned(
        &self,
        book: &Runbook,
        index: usize,
        step: &Step,
        depth: usize,
    ) -> Result<Planned, PlanError> {
        let options = &step.block.options;
        let nature = self.nature(book, step)?;
        let calls = self.calls(book, step, depth)?;
        let reversal = match &options.irreversible {
            Some(why) => Reversal::Irreversible(why.value.clone()),
            None if step.undo.is_some() => Reversal::Block,
            None if calls.is_some() => Reversal::Nested,
            None if !nature.effect.changes() => Reversal::NotNeeded,
            None => nature.undo.map_or_else(
                || Reversal::Irreversible("its undo is not defined".to_owned()),
                Reversal::BuiltIn,
            ),
        };
        let account =
            options.account.as_ref().or(book.front.account.as_ref()).map(|name| name.value.clone());
        // A front matter's account is a default for the steps that need one. It must not drag
        // credentials into a step that only asks a person or waits.
        let account =
            if nature.takes_account || options.account.is_some() { account } else { None };
        Ok(Planned {
            index,
            id: step.id().clone(),
            needs: needs(book, index, step)?,
            effect: nature.effect,
            reversal,
            account,
            timeout: options.timeout.as_ref().map_or(nature.timeout, |timeout| timeout.value),
            attempts: options.retry.as_ref().map_or(1, |retry| retry.attempts.value.max(1)),
            elements_at_once: options.for_each.as_ref().map(|_| {
                options.concurrency.as_ref().map_or(1, |at_once| at_once.value.max(1) as usize)
            }),
            calls,
            part: book.drill.as_ref().and_then(|_| Part::of(&step.block)),
            probes: self.probes(book, index, step, depth)?,
            digest: step_digest(step),
        })
    }

    /// The runbooks whose health a step of a drill looks at.
    fn probes(
        &self,
        book: &Runbook,
        index: usize,
        step: &Step,
        depth: usize,
    ) -> Result<Vec<Probed>, PlanError> {
        let looks = book.drill.is_some() && Part::of(&step.block).is_some_and(Part::looks);
        let names = if looks { named_runbooks(&step.block) } else { Vec::new() };
        names
            .into_iter()
            .map(|name| {
                let probed = (self.load)(name).ok_or_else(|| PlanError::UnknownRunbook {
                    book: book.name.clone(),
                    step: step.id().to_string(),
                    name: name.to_owned(),
                })?;
                let runs = |at: &usize| called_runbook(&book.steps[*at].block) == Some(name);
                let run = (0..index).rev().find(runs).or((index..book.steps.len()).find(runs));
                Ok(Probed { frame: self.frame(&probed, depth + 1)?, run })
            })
            .collect()
    }

    fn calls(
        &self,
        book: &Runbook,
        step: &Step,
        depth: usize,
    ) -> Result<Option<Box<Frame>>, PlanError> {
        let Some(name) = called_runbook(&step.block) else { return Ok(None) };
        let inner = (self.load)(name).ok_or_else(|| PlanError::UnknownRunbook {
            book: book.name.clone(),
            step: step.id().to_string(),
            name: name.to_owned(),
        })?;
        Ok(Some(Box::new(self.frame(&inner, depth + 1)?)))
    }

    fn nature(&self, book: &Runbook, step: &Step) -> Result<Nature, PlanError> {
        nature(&step.block, self.catalog).ok_or_else(|| PlanError::UnknownAction {
            book: book.name.clone(),
            step: step.id().to_string(),
            action: match &step.block.body {
                Body::Action { uses, .. } => uses.value.clone(),
                Body::Script { .. } => String::new(),
            },
        })
    }
}

struct Nature {
    effect: Effect,
    undo: Option<&'static str>,
    timeout: Duration,
    takes_account: bool,
}

fn nature(block: &Block, catalog: &Catalog) -> Option<Nature> {
    let declared = block.options.effect.as_ref().map(|effect| effect.value);
    match &block.body {
        Body::Script { .. } => Some(Nature {
            effect: declared.unwrap_or(Effect::Change),
            undo: None,
            timeout: SCRIPT_TIMEOUT,
            takes_account: true,
        }),
        Body::Action { uses, with } => {
            let spec = catalog.get(&uses.value)?;
            Some(Nature {
                effect: declared.unwrap_or_else(|| spec.effect.with(&literals(with))),
                undo: spec.undo,
                timeout: spec.timeout,
                takes_account: spec.needs_account,
            })
        }
    }
}

/// The name of the runbook that a block runs, if it runs one. Only a literal name counts: what runs
/// must be known before the run.
#[must_use]
fn called_runbook(block: &Block) -> Option<&str> {
    let Body::Action { uses, with } = &block.body else { return None };
    if ![Part::Run.action(), Part::Fault.action()].contains(&uses.value.as_str()) {
        return None;
    }
    with.iter().find(|(name, _)| name.value == "runbook").and_then(|(_, node)| match &node.kind {
        NodeKind::Text(text) => Some(text.value.as_str()),
        _ => None,
    })
}

/// The names of the runbooks whose health a step of a drill looks at.
fn named_runbooks(block: &Block) -> Vec<&str> {
    let Body::Action { with, .. } = &block.body else { return Vec::new() };
    let nodes = with.iter().flat_map(|(_, node)| match &node.kind {
        NodeKind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    });
    nodes
        .filter_map(|node| match &node.kind {
            NodeKind::Text(text) => Some(text.value.as_str()),
            _ => None,
        })
        .collect()
}

/// The inputs that are plain scalars, for effects that depend on them.
fn literals(with: &[(crate::source::Spanned<String>, crate::model::value::Node)]) -> Values {
    with.iter()
        .filter_map(|(name, node)| {
            let value = match &node.kind {
                NodeKind::Text(text) if !text.value.contains("{{") => {
                    Value::from(text.value.as_str())
                }
                NodeKind::Boolean(flag) => Value::from(*flag),
                NodeKind::Integer(number) => Value::from(*number),
                _ => return None,
            };
            Some((name.value.clone(), value))
        })
        .collect()
}

fn needs(book: &Runbook, index: usize, step: &Step) -> Result<Vec<usize>, PlanError> {
    let Some(written) = &step.block.options.needs else {
        return Ok(index.checked_sub(1).into_iter().collect());
    };
    written
        .iter()
        .map(|need| {
            book.steps.iter().position(|other| *other.id() == need.value).ok_or_else(|| {
                PlanError::UnknownStep {
                    book: book.name.clone(),
                    step: step.id().to_string(),
                    name: need.value.to_string(),
                }
            })
        })
        .collect()
}

fn step_digest(step: &Step) -> String {
    let mut hash = Sha256::new();
    for block in [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()] {
        // A separator keeps two blocks from being taken for one longer one.
        hash.update([0]);
        if let Some(block) = block {
            hash.update(block.text.value.as_bytes());
        }
    }
    hex::encode(hash.finalize())
}

fn fingerprint(frame: &Frame, hash: &mut Sha256) {
    hash.update(frame.book.name.as_bytes());
    hash.update([0]);
    hash.update(frame.book.source.text.as_bytes());
    hash.update([0]);
    for planned in &frame.steps {
        let probed = planned.probes.iter().map(|probed| &probed.frame);
        for inner in planned.calls.as_deref().into_iter().chain(probed) {
            fingerprint(inner, hash);
        }
    }
}

/// SHA-256 of a text, in hexadecimal.
#[must_use]
pub fn digest_of(text: &str) -> String {
    digest_of_bytes(text.as_bytes())
}

/// SHA-256 of some bytes, in hexadecimal.
#[must_use]
pub fn digest_of_bytes(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
