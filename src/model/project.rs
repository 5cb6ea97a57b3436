//! `runbook.yaml`: the environments a project runs in, and the accounts they consist of.

use super::id::AccountName;
use super::mode::EnvironmentKind;
use crate::source::Spanned;
use std::collections::BTreeMap;

/// A project's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Accounts that no run may ever touch, whatever an environment says.
    pub deny_accounts: Vec<String>,
    /// The environments by name.
    pub environments: BTreeMap<String, Environment>,
    /// Who counts as the customer's own people: patterns of caller ARNs.
    pub operators: Vec<String>,
    /// How old evidence may be, as it was written (`3 months`).
    pub cadence: Option<String>,
}

impl Project {
    /// The logical accounts that any environment names, sorted.
    #[must_use]
    pub fn account_names(&self) -> Vec<&AccountName> {
        let mut names: Vec<_> =
            self.environments.values().flat_map(|e| e.accounts.keys()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: EnvironmentKind,
    /// Its accounts by logical name.
    pub accounts: BTreeMap<AccountName, Account>,
    /// Runbooks that fill a fresh sandbox. Only for a sandbox.
    pub seed: Vec<Spanned<String>>,
    /// An emulator that is started by someone else, on a loopback address. Only for a sandbox.
    pub endpoint: Option<String>,
}

/// One account of one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The twelve digits.
    pub id: String,
    /// Where it is worked in by default.
    pub region: String,
    /// How its credentials are had.
    pub access: Access,
}

/// How the credentials for an account are had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// `sts:AssumeRole` of this ARN, from the operator's own credentials.
    Role(String),
    /// A named profile of the operator's AWS configuration.
    Profile(String),
    /// The operator's own credentials as they are. The account is checked like any other.
    Ambient,
}
