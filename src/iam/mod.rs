//! The least privilege that a runbook needs, account by account.
//!
//! Everything a runbook calls is known before it runs: its actions say what they ask of IAM, and its
//! scripts name the operations of the AWS CLI. Inputs narrow the resources as far as they are known.
//! What cannot be told is said.

mod called;
mod calls;
mod collect;
mod given;
mod pattern;
mod policy;
mod resource;
#[cfg(test)]
mod tests;

pub use collect::collect;
pub use policy::{INLINE, MANAGED, Part, Statement, document, size, split};

use crate::model::action::Catalog;
use crate::model::project::Environment;
use crate::model::value::Values;
use crate::plan::Plan;
use std::collections::BTreeMap;

/// What the policies are made from.
pub struct Question<'a> {
    /// What the runbook does.
    pub plan: &'a Plan,
    /// What actions ask of IAM.
    pub catalog: &'a Catalog,
    /// The parameters as far as they are known. Secret ones are never in a policy.
    pub params: &'a Values,
    /// Where it would run, if that is known.
    pub environment: Option<&'a Environment>,
    /// What CloudFormation is given.
    pub templates: Templates<'a>,
}

/// A way to the text of a template, by its path from the folder of the runbooks.
pub type Templates<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a runbook needs, by logical account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Each account that the runbook acts in.
    pub accounts: BTreeMap<String, Account>,
}

/// What a runbook needs in one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The policy.
    pub statements: Vec<Statement>,
    /// Why each action is in it.
    pub reasons: Vec<Reason>,
    /// What could not be narrowed to one resource.
    pub wide: Vec<Wide>,
    /// What is needed and cannot be told.
    pub cannot_tell: Vec<CannotTell>,
}

/// Why an action is in a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The part of the policy.
    pub part: Part,
    /// The IAM action.
    pub action: String,
    /// When it is asked for, where that is not always.
    pub only: Vec<String>,
    /// The steps and probes that ask for it, in the order of the plan.
    pub asked_by: Vec<String>,
}

/// A resource that is wider than it would have to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide {
    /// What the policy has instead.
    pub resource: String,
    /// Why it could not be narrowed.
    pub why: String,
    /// The IAM actions, sorted.
    pub actions: Vec<String>,
    /// The steps and probes that ask for it, in the order of the plan.
    pub asked_by: Vec<String>,
}

/// Something that is needed and cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CannotTell {
    /// What cannot be told, and why.
    pub what: String,
    /// Where it stands: `file:line`.
    pub place: String,
    /// The step or probe.
    pub asked_by: String,
}
