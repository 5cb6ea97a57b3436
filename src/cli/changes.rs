//! Says how the files differ from what a run is pinned to.

use super::console;
use super::project::Home;
use crate::engine::state::RunState;
use crate::model::id::RunId;
use crate::plan::{Difference, Plan, build, differences, digest_of};

/// Tells the person who goes on with a run what has changed in its files since it began, step by step.
/// A run goes on all the same: it has its own copy.
pub(super) fn tell(home: &Home, pinned: &Plan, state: &RunState, run: &RunId) {
    let name = &state.began.runbook;
    let now = |name: &String| home.book(name).ok().map(|book| digest_of(&book.runbook.source.text));
    if state.began.texts.iter().all(|(name, digest)| now(name).as_ref() == Some(digest)) {
        return;
    }
    let load = |name: &str| home.book(name).ok().map(|book| book.runbook);
    let found = home
        .book(name)
        .map_err(|error| error.message)
        .and_then(|book| {
            build(&book.runbook, &home.catalog, &load).map_err(|error| error.to_string())
        })
        .map(|plan| differences(pinned, &plan));
    match found {
        Ok(found) if found.is_empty() => console::tell(format!(
            "The files have changed since `{name}` began, but no step differs. The run goes on with its own copy."
        )),
        Ok(found) => {
            console::tell(format!("The files have changed since `{name}` began:"));
            for difference in &found {
                console::tell(format!("  {difference}{}", stands(state, difference)));
            }
            console::tell(format!(
                "The run goes on with its own copy. `runbook resume {run} --adopt` goes on with the files as they are now."
            ));
        }
        Err(why) => console::tell(format!(
            "The files have changed since `{name}` began, and cannot be run as they are now: {why}\nThe run goes on with its own copy."
        )),
    }
}

/// How the step stands, when anything happened to it.
fn stands(state: &RunState, difference: &Difference) -> String {
    let known = state.steps.iter().find(|(key, _)| key.written() == difference.step.as_str());
    known.map_or_else(String::new, |(_, step)| format!(" ({})", step.status.word()))
}
