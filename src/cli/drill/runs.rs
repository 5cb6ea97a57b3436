//! The drills that were run, read back.

use crate::cli::error::CliError;
use crate::cli::history;
use crate::cli::project::Home;
use crate::drill::report::{Report, report};
use crate::model::action::Catalog;
use crate::model::drill::DRILLS;
use crate::model::id::RunId;
use crate::run;
use crate::store::Store;

/// The drills that were run, the newest first.
#[derive(Default)]
pub(super) struct Runs {
    /// Those whose journals are whole.
    pub(super) reports: Vec<Report>,
    /// Those that cannot be read: edited, cut, or of a newer format. They are evidence of nothing.
    pub(super) unread: Vec<(RunId, CliError)>,
}

impl Runs {
    /// Reads them all.
    ///
    /// # Errors
    /// When the folder of runs cannot be read.
    pub(super) fn read(home: &Home) -> Result<Self, CliError> {
        match history::store_if_any(home)? {
            Some(store) => Self::of_store(&store, &home.catalog),
            None => Ok(Self::default()),
        }
    }

    /// Reads all of a store.
    ///
    /// # Errors
    /// When the folder of runs cannot be read.
    pub(super) fn of_store(store: &Store, catalog: &Catalog) -> Result<Self, CliError> {
        let mut runs = Self::default();
        for run in store.runs()? {
            let first = history::first(store, &run);
            if !first.is_some_and(|first| first.runbook().starts_with(DRILLS)) {
                continue;
            }
            match one(catalog, store, &run) {
                Ok(report) => runs.reports.push(report),
                Err(error) => runs.unread.push((run, error)),
            }
        }
        Ok(runs)
    }

    /// Those of one drill, the newest first.
    pub(super) fn of<'a>(&'a self, drill: &'a str) -> impl Iterator<Item = &'a Report> {
        self.reports.iter().filter(move |report| report.drill == drill)
    }

    /// The one before a report: of the same drill, and of the same mode.
    pub(super) fn before<'a>(&'a self, report: &Report) -> Option<&'a Report> {
        self.reports.iter().find(|other| {
            other.run < report.run && other.drill == report.drill && other.mode == report.mode
        })
    }

    /// Tells which cannot be read.
    pub(super) fn tell_unread(&self) {
        for (run, error) in &self.unread {
            crate::cli::project::note(&format!(
                "drill {run} cannot be read, and is evidence of nothing: {}",
                error.message
            ));
        }
    }
}

/// One of them.
///
/// # Errors
/// When its journal or its texts are not whole.
pub(super) fn one(catalog: &Catalog, store: &Store, run: &RunId) -> Result<Report, CliError> {
    let opened = run::open(store, catalog, run)?;
    Ok(report(&opened.plan, &opened.history).map_err(run::RunError::from)?)
}
