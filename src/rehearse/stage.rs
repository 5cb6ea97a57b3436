//! The stage of a case: a copy of the project, accounts of its own, and the program as a person would start it.

use super::RehearseError;
use crate::engine::event::Event;
use crate::model::id::{AccountName, RunId};
use crate::model::project::Environment;
use crate::sandbox::ourselves::{Ended, ourselves};
use crate::sandbox::proxy::Proxy;
use crate::store::{Recorded, Store};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the environment in every copy.
pub(super) const ENVIRONMENT: &str = "sandbox";

/// What every case of a rehearsal begins with.
#[derive(Clone)]
pub struct Setting {
    /// The project's folder.
    pub project: PathBuf,
    /// Where the copies are made. They are removed again.
    pub work: PathBuf,
    /// The runbook.
    pub runbook: String,
    /// The sandbox that it is rehearsed in.
    pub environment: Environment,
    /// Where the emulated AWS listens, when the runbook names an account.
    pub endpoint: Option<String>,
    /// Runbooks that are run before, in their order: what brings everything to where this one begins.
    pub before: Vec<String>,
    /// More arguments of `run`, such as `-p name=value`.
    pub arguments: Vec<String>,
    /// What the program finds in its environment beside the usual: secret parameters.
    pub variables: Vec<(String, String)>,
    /// How the emulated accounts are read. Takes the address and the ids.
    pub accounts: Option<AccountReader>,
}

/// Reads everything in some emulated accounts: names and states.
pub type AccountReader =
    Arc<dyn Fn(&str, &[String]) -> Result<BTreeMap<String, String>, String> + Send + Sync>;

/// One stage.
pub(super) struct Stage<'a> {
    pub(super) setting: &'a Setting,
    folder: PathBuf,
    /// The twelve digits of each account, by logical name.
    pub(super) ids: BTreeMap<AccountName, String>,
    pub(super) proxy: Option<Proxy>,
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // What is left of a copy does not matter to anybody, and is told by its folder.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl<'a> Stage<'a> {
    /// Sets the stage: nothing has been run on it yet.
    pub(super) fn set(setting: &'a Setting, number: usize) -> Result<Self, RehearseError> {
        let folder = setting.work.join(format!("case-{number}"));
        drop(std::fs::remove_dir_all(&folder));
        copy(&setting.project, &folder, &setting.work)?;
        let proxy = setting.endpoint.as_deref().map(Proxy::start).transpose();
        let proxy = proxy.map_err(|error| RehearseError::Program(format!("no proxy: {error}")))?;
        let ids = setting.environment.accounts.keys().enumerate().map(|(at, name)| {
            let base = u64::from(rand::random::<u32>()) * 100 + at as u64;
            (name.clone(), format!("{:012}", 500_000_000_000 + base % 400_000_000_000))
        });
        let stage = Self { setting, folder, ids: ids.collect(), proxy };
        let file = stage.folder.join("runbook.yaml");
        std::fs::write(&file, stage.configuration())
            .map_err(|source| RehearseError::Copy { path: file, source })?;
        Ok(stage)
    }

    /// Brings everything to where the runbook begins.
    pub(super) fn prepare(&self) -> Result<(), RehearseError> {
        let seeds = self.setting.environment.seed.iter().map(|seed| &seed.value);
        let seeds = seeds.filter(|seed| **seed != self.setting.runbook);
        for name in seeds.chain(&self.setting.before) {
            let ended = self.program(&["run", name, "--env", ENVIRONMENT, "--yes"], &[])?;
            if ended.code != Some(0) && ended.code != Some(9) {
                return Err(RehearseError::Undisturbed {
                    runbook: name.clone(),
                    code: ended.word(),
                    said: ended.end(),
                });
            }
        }
        Ok(())
    }

    fn configuration(&self) -> String {
        let endpoint = self.proxy.as_ref().map_or("http://127.0.0.1:9", |proxy| proxy.endpoint());
        let mut text = format!(
            "version: 1\nenvironments:\n  {ENVIRONMENT}:\n    kind: sandbox\n    endpoint: \"{endpoint}\"\n    accounts:\n"
        );
        for (name, account) in &self.setting.environment.accounts {
            let id = self.ids.get(name).map_or("", String::as_str);
            text.push_str(&format!(
                "      {name}: {{ id: \"{id}\", role: \"arn:aws:iam::{id}:role/RunbookOperator\", region: {} }}\n",
                account.region
            ));
        }
        text
    }

    /// Runs the runbook.
    pub(super) fn run(&self, variables: &[(&str, &str)]) -> Result<Ended, RehearseError> {
        let mut arguments = vec!["run", &self.setting.runbook, "--env", ENVIRONMENT, "--yes"];
        arguments.extend(self.setting.arguments.iter().map(String::as_str));
        self.program(&arguments, variables)
    }

    /// Runs the program to its end.
    pub(super) fn program(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Ended, RehearseError> {
        let mut all: Vec<(&str, &str)> = self
            .setting
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        all.extend(variables);
        ourselves(&self.folder, arguments, &all).map_err(|error| {
            RehearseError::Program(format!("`runbook {}`: {error}", arguments.join(" ")))
        })
    }

    /// The newest run, and what happened in it.
    pub(super) fn newest(&self) -> Result<(RunId, Vec<Recorded>), RehearseError> {
        let store = Store::open(&self.folder.join(".runbook"))?;
        let none = || RehearseError::Program("the program began no run".to_owned());
        let run = store.runs()?.into_iter().next().ok_or_else(none)?;
        let history = store.read(&run)?;
        Ok((run, history.events))
    }

    /// The last event of the newest run.
    pub(super) fn last(&self) -> Result<Option<Event>, RehearseError> {
        Ok(self.newest()?.1.pop().map(|recorded| recorded.event))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What is not copied: the state of the project, its history, and what builds leave behind.
const LEFT_OUT: [&str; 4] = [".runbook", ".git", "target", "node_modules"];

fn copy(from: &Path, to: &Path, work: &Path) -> Result<(), RehearseError> {
    let failed = |path: &Path, source| RehearseError::Copy { path: path.to_owned(), source };
    std::fs::create_dir_all(to).map_err(|error| failed(to, error))?;
    for entry in std::fs::read_dir(from).map_err(|error| failed(from, error))? {
        let entry = entry.map_err(|error| failed(from, error))?;
        let (path, name) = (entry.path(), entry.file_name());
        let left_out = name.to_str().is_some_and(|name| LEFT_OUT.contains(&name));
        if left_out || work.starts_with(&path) {
            continue;
        }
        let target = to.join(&name);
        if path.is_dir() && !path.is_symlink() {
            copy(&path, &target, work)?;
        } else if path.is_file() {
            std::fs::copy(&path, &target).map_err(|error| failed(&target, error))?;
        }
    }
    Ok(())
}
