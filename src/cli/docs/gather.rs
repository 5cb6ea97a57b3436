//! Reads everything that a site is made from: runbooks, journals, outputs, drills.

use super::drills::Judged;
use super::{attach, drills};
use crate::cli::error::CliError;
use crate::cli::project::{Book as Read, Home};
use crate::cli::{diagnostics, history, obligations};
use crate::engine::state::RunState;
use crate::iam;
use crate::model::id::RunId;
use crate::model::mode::EnvironmentKind;
use crate::model::project::Project;
use crate::model::value::Values;
use crate::run;
use crate::site::view::{
    Book, Document, Evidence, Input, Linked, Permission, Permissions, Run, Unread,
};
use crate::store::Store;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// How much of what a step printed is shown: its end, which says why it ended.
const SHOWN: usize = 48 * 1024;

/// What a site is made from, and what could not be read.
pub(in crate::cli) struct Gathered<'a> {
    /// What the pages are made from.
    pub(in crate::cli) input: Input<'a>,
    /// The files to be copied, by their paths in the site.
    pub(in crate::cli) attachments: BTreeMap<String, PathBuf>,
    /// What could not be read, as whole sentences.
    pub(in crate::cli) notes: Vec<String>,
}

/// Reads it all.
///
/// # Errors
/// When the folder of the runbooks or of the runs cannot be read.
pub(in crate::cli) fn gather(home: &Home) -> Result<Gathered<'_>, CliError> {
    let names = home.names()?;
    let mut notes = Vec::new();
    let mut read = Vec::new();
    for book in home.books(&names) {
        match book {
            Ok(book) => read.push(book),
            Err(error) => notes.push(format!("{}; it is not on the site", error.message)),
        }
    }
    let mut found = attach::Found::default();
    let links: Vec<BTreeMap<String, Linked>> =
        read.iter().map(|book| attach::links(home, &book.runbook, &names, &mut found)).collect();
    let documents = documents(home, &names, &mut found, &mut notes);
    let both: Vec<(&Read, BTreeMap<String, Linked>)> = read.iter().zip(links).collect();
    let books = both.par_iter().map(|(read, links)| book(home, read, links)).collect();
    let today = today()?;
    let evidence = evidence(home, today, &mut notes)?;
    let input = Input {
        name: name(home),
        today,
        project: &home.project,
        catalog: &home.catalog,
        books,
        documents,
        evidence,
    };
    Ok(Gathered { input, attachments: found.files, notes })
}

/// The Markdown files that runbooks link to, and those that these link to.
fn documents(
    home: &Home,
    names: &[String],
    found: &mut attach::Found,
    notes: &mut Vec<String>,
) -> Vec<Document> {
    let mut read: BTreeMap<String, Document> = BTreeMap::new();
    let mut unread: BTreeSet<String> = BTreeSet::new();
    loop {
        let is_new = |of: &&String| !read.contains_key(*of) && !unread.contains(*of);
        let Some(of) = found.documents.keys().find(is_new).cloned() else { break };
        let Some((path, file)) = found.documents.get(&of).cloned() else { break };
        let Ok(text) =
            attach::read(&file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        else {
            notes.push(format!("{of} cannot be read; it is not on the site"));
            unread.insert(of);
            continue;
        };
        let (text, _) = crate::parse::runbook(&of, &file.to_string_lossy(), &text);
        let links = attach::links(home, &text, names, found);
        read.insert(of.clone(), Document { path, of, text: Arc::new(text), links });
    }
    read.into_values().collect()
}

/// A text without the place of the project on this machine, which is nobody else's business and differs elsewhere.
fn inside(home: &Home, text: &str) -> String {
    text.replace(&format!("{}/", home.root.display()), "")
}

/// What the project is called: the name of its folder.
fn name(home: &Home) -> String {
    home.root
        .file_name()
        .map_or_else(|| "handoff".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The day that ages are counted from: today, or the day that whoever wants the same bytes again has set.
fn today() -> Result<Date, CliError> {
    let now = match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Timestamp::now(),
        Ok(text) => {
            text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or_else(
                || {
                    CliError::usage(format!(
                        "SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds since 1970"
                    ))
                    .certain("Nothing was written.")
                },
            )?
        }
    };
    Ok(now.to_zoned(TimeZone::UTC).date())
}

fn book(home: &Home, read: &Read, links: &BTreeMap<String, Linked>) -> Book {
    let load = |name: &str| home.book(name).ok().map(|book| book.runbook);
    let plan = crate::plan::build(&read.runbook, &home.catalog, &load).ok();
    let permissions = plan.as_ref().map(|plan| permissions(home, plan)).unwrap_or_default();
    Book {
        runbook: Arc::clone(&read.runbook),
        errors: diagnostics::errors(&home.check(read)),
        links: links.clone(),
        plan,
        permissions,
    }
}

/// What the runbook asks of IAM, in no environment: account ids and Regions are `*`.
fn permissions(home: &Home, plan: &crate::plan::Plan) -> Vec<Permissions> {
    let params = defaults(plan);
    let runbooks = home.root.join("runbooks");
    let templates = |path: &str| crate::cli::iam::template(&runbooks, path);
    let question = iam::Question {
        plan,
        catalog: &home.catalog,
        params: &params,
        environment: None,
        templates: &templates,
    };
    let policies = iam::collect(&question);
    policies
        .accounts
        .iter()
        .map(|(account, needs)| Permissions {
            account: account.clone(),
            actions: needs
                .reasons
                .iter()
                .map(|reason| Permission {
                    part: reason.part.word(),
                    action: reason.action.clone(),
                    asked_by: reason.asked_by.clone(),
                })
                .collect(),
            cannot_tell: needs
                .cannot_tell
                .iter()
                .map(|one| inside(home, &format!("{} ({}, {})", one.what, one.asked_by, one.place)))
                .collect(),
            policy: format!("{:#}", iam::document(&needs.statements)),
        })
        .collect()
}

/// The parameters that have a default. A secret one has none.
fn defaults(plan: &crate::plan::Plan) -> Values {
    let params = plan.root.book.front.params.iter();
    params
        .filter_map(|param| Some((param.name.value.clone(), param.default.as_ref()?.verbatim())))
        .collect()
}

fn evidence(home: &Home, today: Date, notes: &mut Vec<String>) -> Result<Evidence, CliError> {
    let mut evidence = Evidence::default();
    let mut judged = Vec::new();
    if let Some(store) = history::store_if_any(home)? {
        let ids = store.runs()?;
        let read: Vec<_> = ids.par_iter().map(|id| run(home, &store, id)).collect();
        for run in read {
            match run {
                Ok((run, own)) => {
                    evidence.runs.push(run);
                    judged.extend(own);
                }
                Err(unread) => evidence.unread.push(unread),
            }
        }
        let ids: Vec<RunId> = evidence.runs.iter().map(|run| run.id.clone()).collect();
        evidence.owed = obligations::for_site(home, &store, &ids);
    }
    evidence.drills = drills::drills(home, &judged, today, notes)?;
    Ok(evidence)
}

fn run(home: &Home, store: &Store, id: &RunId) -> Result<(Run, Option<Judged>), Unread> {
    let opened = run::open(store, &home.catalog, id).map_err(|error| Unread {
        id: id.clone(),
        runbook: history::first(store, id).map(|first| first.runbook().to_owned()),
        why: inside(home, &CliError::from(error).message),
    })?;
    let judged = drills::judge(&home.project, &opened);
    let state = history::as_seen(opened.state, history::driver(&opened.history));
    let run = Run {
        id: id.clone(),
        own_people: own_people(&home.project, &state),
        head: opened.history.head.clone(),
        events: opened.history.events.into_iter().map(|one| (one.at, one.event)).collect(),
        plan: Some(opened.plan),
        logs: logs(store, id),
        state,
    };
    Ok((run, judged))
}

/// What the steps of a run printed. It was masked before it was kept. A log that cannot be read is left out.
fn logs(store: &Store, id: &RunId) -> BTreeMap<String, String> {
    let Ok(outputs) = store.outputs(id) else { return BTreeMap::new() };
    let visible = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    outputs
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(step, text)| {
            let mut from = text.len().saturating_sub(SHOWN);
            while !text.is_char_boundary(from) {
                from += 1;
            }
            let end: String = text[from..].chars().filter(visible).collect();
            let shown = if from > 0 {
                format!("… the first {from} bytes are left out\n{end}")
            } else {
                end
            };
            (step, shown)
        })
        .collect()
}

/// Whether everybody who acted in a run is one of the operators that `runbook.yaml` names. Nothing when it
/// names none, or no caller is known, as in the sandbox.
pub(in crate::cli) fn own_people(project: &Project, state: &RunState) -> Option<bool> {
    let sandbox = project.environments.get(&state.began.environment);
    if project.operators.is_empty()
        || sandbox.is_some_and(|one| one.kind == EnvironmentKind::Sandbox)
    {
        return None;
    }
    let of_steps = state.steps.values().filter_map(|step| step.account.as_ref());
    let accounts = state.began.accounts.values().chain(of_steps);
    let callers: Vec<&str> = accounts.filter_map(|seen| seen.caller.as_deref()).collect();
    let fits = |caller: &&str| project.operators.iter().any(|pattern| matches(pattern, caller));
    (!callers.is_empty()).then(|| callers.iter().all(fits))
}

/// Whether a pattern, in which `*` stands for anything, fits a whole text.
fn matches(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_fits_a_whole_caller() {
        let pattern = "arn:aws:sts::*:assumed-role/RunbookOperator/*";
        assert!(matches(pattern, "arn:aws:sts::111111111111:assumed-role/RunbookOperator/jo"));
        assert!(!matches(pattern, "arn:aws:sts::111111111111:assumed-role/Vendor/jo"));
        assert!(!matches(pattern, "x arn:aws:sts::1:assumed-role/RunbookOperator/jo"));
        assert!(
            matches("a", "a")
                && !matches("a", "ab")
                && matches("a*a", "aba")
                && !matches("ab*ba", "aba")
        );
    }
}
