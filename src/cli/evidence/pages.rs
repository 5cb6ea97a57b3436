//! The pages of an archive: the handoff site, made from nothing but what the archive holds.
//!
//! Whoever verifies it makes them once more, so they show what the journals say, and nothing of the machine or the day
//! that it was packed on.

use crate::cli::docs::{drill_of, judge, own_people};
use crate::cli::history::Known;
use crate::cli::obligations;
use crate::model::action::Catalog;
use crate::model::drill::DRILLS;
use crate::model::project::Project;
use crate::model::runbook::Runbook;
use crate::run::Opened;
use crate::site::view::{Book, Evidence, Input, Linked, Run};
use crate::site::{self, Files, Templates, path_of};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pages of some runs, under the `runbook.yaml` of their project.
///
/// # Errors
/// Says which built-in template cannot be filled.
pub(super) fn pages(
    catalog: &Catalog,
    project: &str,
    mut runs: Vec<Opened>,
) -> Result<Files, String> {
    let (project, _, _) = crate::parse::project("runbook.yaml", project);
    runs.sort_by(|a, b| b.state.began.run.cmp(&a.state.began.run));
    let last = |opened: &Opened| opened.history.events.last().map(|recorded| recorded.at);
    // Ages are counted from the last thing that happened in it, and not from the day that it is read on.
    let newest = runs.iter().filter_map(last).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let today = newest.to_zoned(TimeZone::UTC).date();
    let (books, drills) = texts(&runs);
    let judged: Vec<_> = runs.iter().filter_map(|opened| judge(&project, opened)).collect();
    let input = Input {
        name: "Evidence".to_owned(),
        today,
        project: &project,
        catalog,
        books: books.values().map(|one| book(catalog, one, &books)).collect(),
        documents: Vec::new(),
        evidence: Evidence {
            owed: obligations::of_runs(&known(&runs)),
            drills: drills.values().map(|one| drill_of(one, &judged, today)).collect(),
            runs: runs.into_iter().map(|opened| run(&project, opened)).collect(),
            unread: Vec::new(),
        },
    };
    let templates = Templates::new(&[])?;
    site::build(&input, &templates).map_err(|error| error.to_string())
}

type Books = BTreeMap<String, Arc<Runbook>>;

/// The runbooks and the drills that the runs are pinned to. Where two runs have two texts, the newer one's.
fn texts(runs: &[Opened]) -> (Books, Books) {
    let (mut books, mut drills) = (Books::new(), Books::new());
    for book in runs.iter().flat_map(|opened| opened.plan.books()) {
        let name = &book.name;
        let (all, name) = match name.strip_prefix(DRILLS) {
            // A fault is no page of its own.
            Some(drill) => (&mut drills, drill),
            None if name.contains('/') => continue,
            None => (&mut books, name.as_str()),
        };
        all.entry(name.to_owned()).or_insert_with(|| Arc::clone(book));
    }
    (books, drills)
}

fn book(catalog: &Catalog, runbook: &Arc<Runbook>, books: &Books) -> Book {
    let load = |name: &str| books.get(name).cloned();
    let links = runbook.links.iter().filter_map(|link| path_of(&link.target)).map(|path| {
        let name = path.strip_suffix(".md").filter(|name| books.contains_key(*name));
        let linked = name.map_or(Linked::Nowhere, |name| Linked::Book(name.to_owned()));
        (path, linked)
    });
    Book {
        plan: crate::plan::build(runbook, catalog, &load).ok(),
        errors: 0,
        links: links.collect(),
        permissions: Vec::new(),
        runbook: Arc::clone(runbook),
    }
}

fn known(runs: &[Opened]) -> Vec<Known> {
    let of = |opened: &Opened| {
        let at = |recorded: Option<&crate::store::Recorded>| {
            recorded.map_or(Timestamp::UNIX_EPOCH, |recorded| recorded.at)
        };
        let events = &opened.history.events;
        Known {
            run: opened.state.began.run.clone(),
            state: opened.state.clone(),
            began: at(events.first()),
            last: at(events.last()),
        }
    };
    runs.iter().map(of).collect()
}

fn run(project: &Project, opened: Opened) -> Run {
    Run {
        id: opened.state.began.run.clone(),
        own_people: own_people(project, &opened.state),
        head: opened.history.head.clone(),
        events: opened.history.events.into_iter().map(|one| (one.at, one.event)).collect(),
        plan: Some(opened.plan),
        // What steps printed is not in the archive.
        logs: BTreeMap::new(),
        state: opened.state,
    }
}
