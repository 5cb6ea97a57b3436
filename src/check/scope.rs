//! The names that an expression can read at its place.

use super::facts::{Facts, RUN, Site, runs};
use super::outputs::outputs_of_step;
use crate::model::runbook::Runbook;
use crate::model::step::{Body, Role, Step};
use std::sync::Arc;

/// The fields of `run`.
const RUN_FIELDS: [&str; 3] = ["id", "mode", "environment"];
/// The fields of an account.
const ACCOUNT_FIELDS: [&str; 2] = ["id", "region"];

impl Facts<'_> {
    /// The names that may follow a path at a place, whether they are known yet or not. None when that
    /// cannot be told.
    pub(super) fn names_under(&self, path: &[&str], site: &Site<'_>) -> Option<Vec<String>> {
        let runbook = self.book.runbook;
        let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        match path {
            [] => Some(self.roots(site)),
            ["params"] if runbook.front.misread.has("params") => None,
            ["params"] => {
                Some(runbook.front.params.iter().map(|param| param.name.value.clone()).collect())
            }
            ["steps"] => Some(self.step_ids()),
            ["run"] => owned(&RUN_FIELDS),
            ["accounts"] => {
                Some(self.book.project?.account_names().iter().map(ToString::to_string).collect())
            }
            ["accounts", _] => owned(&ACCOUNT_FIELDS),
            ["outputs"] if site.outputs => match (site.block.role, site.step) {
                (Role::Undo, Some(at)) => self.gives(&self.steps()[at]).names(),
                _ => self.outputs(site.block).names(),
            },
            ["steps", id] => {
                let (_, step) = self.step(id).filter(|_| !self.is_ambiguous(id))?;
                match self.runs_book(step) {
                    Some(other) => Some(ids(&other)),
                    None => self.gives(step).names(),
                }
            }
            ["steps", id, inner] => {
                let (_, step) = self.step(id)?;
                let other = self.runs_book(step)?;
                let inner = other.steps.iter().find(|step| step.id().as_str() == *inner)?;
                outputs_of_step(inner, self.book.catalog).names()
            }
            _ => None,
        }
    }

    /// The runbook that a step runs, when it is written out and there.
    pub(super) fn runs_book(&self, step: &Step) -> Option<Arc<Runbook>> {
        match &step.block.body {
            Body::Action { uses, .. } if uses.value == RUN => {
                runs(&step.block).and_then(|(_, name)| (self.book.others)(name?))
            }
            _ => None,
        }
    }

    fn roots(&self, site: &Site<'_>) -> Vec<String> {
        let mut roots: Vec<_> = ["params", "steps", "accounts", "run"].map(str::to_owned).into();
        roots.extend(site.item.then(|| "item".to_owned()));
        roots.extend(site.outputs.then(|| "outputs".to_owned()));
        roots
    }
}

fn ids(runbook: &Runbook) -> Vec<String> {
    runbook.steps.iter().map(|step| step.id().to_string()).collect()
}
