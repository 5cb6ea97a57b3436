//! Reads a run back: its journal, the texts it is pinned to, and the plan they make.

use super::RunError;
use crate::engine::event::{Event, RunStarted};
use crate::engine::replay::Replay;
use crate::engine::state::RunState;
use crate::model::action::Catalog;
use crate::model::drill::DRILLS;
use crate::model::id::RunId;
use crate::parse;
use crate::plan::{Plan, build, digest_of};
use crate::store::{Ending, History, LocalJournal, Recorded, Store, Torn};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A run as it stands, read back.
pub struct Opened {
    /// What it would do in all, from the texts it is pinned to.
    pub plan: Plan,
    /// What has happened.
    pub state: RunState,
    /// The journal.
    pub history: History,
}

/// Reads a run without touching it.
///
/// # Errors
/// When the journal is damaged, the texts are not those that were pinned, or the tool is too old.
pub fn open(store: &Store, catalog: &Catalog, run: &RunId) -> Result<Opened, RunError> {
    let history = store.read(run)?;
    let state = RunState::replay(history.events.iter().map(|recorded| &recorded.event))?;
    let plan = plan_of(store, catalog, &state.began)?;
    Ok(Opened { plan, state, history })
}

/// Reads a run from its journal and from the texts that were kept with it, as an archive of evidence holds them.
///
/// # Errors
/// As [`open`].
pub fn open_kept(
    history: History,
    catalog: &Catalog,
    text: &dyn Fn(&str) -> Option<String>,
) -> Result<Opened, RunError> {
    let state = RunState::replay(history.events.iter().map(|recorded| &recorded.event))?;
    let plan = pinned(catalog, &state.began, &|name| {
        text(name).ok_or_else(|| {
            let message = format!("the text of `{name}` is missing");
            RunError::Refused { message, hint: "The journal names its digest.".to_owned() }
        })
    })?;
    Ok(Opened { plan, state, history })
}

/// What a run would do in all, from the texts it is pinned to.
///
/// # Errors
/// When the texts are not those that were pinned, or the tool is too old.
pub fn plan_of(store: &Store, catalog: &Catalog, began: &RunStarted) -> Result<Plan, RunError> {
    pinned(catalog, began, &|name| Ok(store.text(&began.run, name)?))
}

/// Opens the journal of a run to go on with it, with the state and the plan that it tells of. `beside` sees each
/// event as well.
///
/// # Errors
/// As [`open`], and when another process drives the run.
pub(super) fn reopen(
    store: &Store,
    catalog: &Catalog,
    run: &RunId,
    beside: &mut dyn FnMut(&Recorded),
) -> Result<Reopened, RunError> {
    let mut replay = Replay::default();
    let (journal, Ending { torn, .. }) = store.reopen(run, &mut |recorded| {
        replay.event(&recorded.event);
        beside(&recorded);
    })?;
    let state = replay.end()?;
    let plan = plan_of(store, catalog, &state.began)?;
    Ok(Reopened { journal, state, plan, torn })
}

/// A run that this process may go on with.
pub(super) struct Reopened {
    pub(super) journal: LocalJournal,
    pub(super) state: RunState,
    pub(super) plan: Plan,
    /// What was cut off the end of its journal.
    pub(super) torn: Option<Torn>,
}

fn pinned(
    catalog: &Catalog,
    began: &RunStarted,
    kept: &dyn Fn(&str) -> Result<String, RunError>,
) -> Result<Plan, RunError> {
    let mut books = BTreeMap::new();
    for (name, digest) in &began.texts {
        let mut text = kept(name)?;
        if digest_of(&text) != *digest
            && let Ok(revised) = kept(&revised(name, digest))
        {
            text = revised;
        }
        if digest_of(&text) != *digest {
            return Err(RunError::Refused {
                message: format!("the stored text of `{name}` is not the one that run {} began with", began.run),
                hint: "Somebody edited the run's folder. Put `texts/` back from a copy; the journal names the digests."
                    .to_owned(),
            });
        }
        // It passed `check` when the run began, so its diagnostics are of no interest now.
        let (book, _) = if name.starts_with(DRILLS) {
            parse::drill(name, &format!("{name}.yaml"), &text)
        } else {
            parse::runbook(name, &format!("{name}.md"), &text)
        };
        books.insert(name.clone(), Arc::new(book));
    }
    let root = books.get(&began.runbook).ok_or_else(|| {
        RunError::Internal(format!("run {} has no text of `{}`", began.run, began.runbook))
    })?;
    Ok(build(root, catalog, &|name| books.get(name).cloned())?)
}

/// The name under which a text is kept that a run went on with, beside the one that it began with.
pub(super) fn revised(name: &str, digest: &str) -> String {
    format!("{name}@{digest}")
}

/// The first event of a run of this plan has these texts.
pub(super) fn texts(plan: &Plan) -> BTreeMap<String, String> {
    plan.books().into_iter().map(|book| (book.name.clone(), book.source.text.clone())).collect()
}

/// The last event, if there is one.
#[must_use]
pub fn last(history: &History) -> Option<&Event> {
    history.events.last().map(|recorded| &recorded.event)
}
