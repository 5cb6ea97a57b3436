//! The stage of a case: a copy of the project, accounts of its own, and the program as a person would start it.

use super::RehearseError;
use super::emulator::Emulator;
use crate::engine::event::{Event, Obligation};
use crate::engine::state::RunState;
use crate::model::id::{AccountName, RunId};
use crate::model::project::{Access, Environment};
use crate::model::value::Value;
use crate::sandbox::ourselves::{Ended, ourselves};
use crate::sandbox::proxy::Proxy;
use crate::store::{Recorded, Store};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of a stage that holds the project.
const PROJECT: &str = "project";

/// The folder of a stage that holds the state of its emulator.
const CLOUD: &str = "cloud";

/// The name of the environment in every copy.
pub(super) const ENVIRONMENT: &str = "sandbox";

/// The role that a sandbox enters an account with.
const OPERATOR: &str = "RunbookOperator";

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
    /// Where AWS is emulated, when the runbook names an account.
    pub cloud: Option<Cloud>,
    /// Runbooks that are run before, in their order: what brings everything to where this one begins. Each with its
    /// parameters, such as `secret-rotate source=generated`.
    pub before: Vec<String>,
    /// More arguments of `run`, such as `-p name=value`.
    pub arguments: Vec<String>,
    /// What the program finds in its environment beside the usual: secret parameters.
    pub variables: Vec<(String, String)>,
    /// How the emulated accounts are read. Takes the address and the ids.
    pub accounts: Option<AccountReader>,
}

/// Where AWS is emulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// By an emulator that runs already, at that address. Each case has accounts of its own in it.
    Shared(String),
    /// By an emulator for each case.
    Own,
}

/// Reads everything in some emulated accounts: names and states.
pub type AccountReader =
    Arc<dyn Fn(&str, &[String]) -> Result<BTreeMap<String, String>, String> + Send + Sync>;

/// A stage on which everything is where the runbook begins, kept so that others can be set like it.
pub(super) struct Ready {
    folder: PathBuf,
    ids: BTreeMap<AccountName, String>,
}

/// One stage.
pub(super) struct Stage<'a> {
    pub(super) setting: &'a Setting,
    /// Its own folder, with the project and the state of its emulator.
    folder: PathBuf,
    emulator: Option<Emulator>,
    /// The twelve digits of each account, by logical name.
    pub(super) ids: BTreeMap<AccountName, String>,
    pub(super) proxy: Option<Proxy>,
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // First of all: what ends it is told by a file in the folder.
        drop(self.emulator.take());
        // What is left of a copy does not matter to anybody, and is told by its folder.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl<'a> Stage<'a> {
    /// Sets the stage: nothing has been run on it yet, or what brought another one to where the runbook begins.
    pub(super) fn set(
        setting: &'a Setting,
        number: usize,
        like: Option<&Ready>,
    ) -> Result<Self, RehearseError> {
        let folder = setting.work.join(format!("case-{number}"));
        drop(std::fs::remove_dir_all(&folder));
        match like {
            Some(ready) => copy(&ready.folder, &folder, &|_| false)?,
            None => copy(&setting.project, &folder.join(PROJECT), &|path| {
                let name = path.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| LEFT_OUT.contains(&name)) || setting.work.starts_with(path)
            })?,
        }
        let ids = like.map_or_else(|| made_up(&setting.environment), |ready| ready.ids.clone());
        let mut stage = Self { setting, folder, emulator: None, ids, proxy: None };
        if setting.cloud == Some(Cloud::Own) {
            stage.emulator = Some(Emulator::start(&stage.folder.join(CLOUD))?);
        }
        let proxy = stage.emulated().map(Proxy::start).transpose();
        stage.proxy =
            proxy.map_err(|error| RehearseError::Program(format!("no proxy: {error}")))?;
        let file = stage.folder().join("runbook.yaml");
        std::fs::write(&file, stage.configuration())
            .map_err(|source| RehearseError::Copy { path: file, source })?;
        Ok(stage)
    }

    /// Keeps it as it is, so that others can be set like it.
    pub(super) fn keep(mut self) -> Result<Ready, RehearseError> {
        if let Some(emulator) = self.emulator.take() {
            emulator.save()?;
        }
        let kept = self.setting.work.join("ready");
        drop(std::fs::remove_dir_all(&kept));
        std::fs::rename(&self.folder, &kept)
            .map_err(|source| RehearseError::Copy { path: kept.clone(), source })?;
        Ok(Ready { folder: kept, ids: self.ids.clone() })
    }

    /// Where its accounts are read, past the proxy.
    pub(super) fn emulated(&self) -> Option<&str> {
        match (&self.emulator, &self.setting.cloud) {
            (Some(emulator), _) => Some(emulator.endpoint()),
            (None, Some(Cloud::Shared(endpoint))) => Some(endpoint),
            (None, _) => None,
        }
    }

    /// Brings everything to where the runbook begins.
    pub(super) fn prepare(&self) -> Result<(), RehearseError> {
        let seeds = self.setting.environment.seed.iter().map(|seed| &seed.value);
        let seeds = seeds.filter(|seed| **seed != self.setting.runbook);
        for words in seeds.chain(&self.setting.before) {
            let (name, params) = words.split_once(' ').unwrap_or((words, ""));
            let mut arguments = vec!["run", name, "--env", ENVIRONMENT, "--yes"];
            arguments.extend(params.split_whitespace().flat_map(|param| ["-p", param]));
            let ended = self.program(&arguments, &[])?;
            if ended.code != Some(0) && ended.code != Some(9) {
                return Err(RehearseError::Undisturbed {
                    runbook: name.to_owned(),
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
            // An account may be there twice, as another team enters it.
            let role = match &account.access {
                Access::Role(arn) => arn.rsplit(":role/").next().unwrap_or(OPERATOR),
                Access::Profile(_) | Access::Ambient => OPERATOR,
            };
            text.push_str(&format!(
                "      {name}: {{ id: \"{id}\", role: \"arn:aws:iam::{id}:role/{role}\", region: {} }}\n",
                account.region
            ));
        }
        text
    }

    /// Runs the runbook.
    pub(super) fn run(&self, variables: &[(&str, &str)]) -> Result<Ended, RehearseError> {
        let mut arguments = vec!["run", &self.setting.runbook, "--env", ENVIRONMENT, "--yes"];
        arguments.extend(self.setting.arguments.iter().map(String::as_str));
        let owed = self.owed()?;
        arguments.extend(owed.iter().flat_map(|param| ["-p", param]));
        self.program(&arguments, variables)
    }

    /// What the runs before have left to be settled by this runbook says with which values it is to be run.
    fn owed(&self) -> Result<Vec<String>, RehearseError> {
        let given = |name: &str| {
            let mut words = self.setting.arguments.iter();
            words.any(|word| word.split_once('=').is_some_and(|(own, _)| own == name))
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let store = Store::open(&self.folder().join(".runbook"))?;
        for run in store.runs()? {
            let history = store.read(&run)?;
            let events = history.events.iter().map(|recorded| &recorded.event);
            // A history that cannot have happened is told by the program itself.
            let Ok(state) = RunState::replay(events) else { continue };
            let is_it = |one: &&Obligation| one.runbook.as_ref() == Some(&self.setting.runbook);
            if let Some(owed) = state.obligations.iter().find(is_it) {
                let params = owed.params.iter().filter(|(name, _)| !given(name));
                return Ok(params.map(|(name, value)| format!("{name}={}", text(value))).collect());
            }
        }
        Ok(Vec::new())
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
        ourselves(&self.folder(), arguments, &all).map_err(|error| {
            RehearseError::Program(format!("`runbook {}`: {error}", arguments.join(" ")))
        })
    }

    /// The newest run, and what happened in it.
    pub(super) fn newest(&self) -> Result<(RunId, Vec<Recorded>), RehearseError> {
        let store = Store::open(&self.folder().join(".runbook"))?;
        let none = || RehearseError::Program("the program began no run".to_owned());
        let run = store.runs()?.into_iter().next().ok_or_else(none)?;
        let history = store.read(&run)?;
        Ok((run, history.events))
    }

    /// The last event of the newest run.
    pub(super) fn last(&self) -> Result<Option<Event>, RehearseError> {
        Ok(self.newest()?.1.pop().map(|recorded| recorded.event))
    }

    /// The project.
    pub(super) fn folder(&self) -> PathBuf {
        self.folder.join(PROJECT)
    }
}

/// Twelve digits for each account that are nobody else's. What is one account in the environment is one here, too.
fn made_up(environment: &Environment) -> BTreeMap<AccountName, String> {
    let mut digits: BTreeMap<&str, String> = BTreeMap::new();
    for (at, account) in environment.accounts.values().enumerate() {
        let base = u64::from(rand::random::<u32>()) * 100 + at as u64;
        digits
            .entry(&account.id)
            .or_insert_with(|| format!("{:012}", 500_000_000_000 + base % 400_000_000_000));
    }
    let of = |(name, account): (&AccountName, &crate::model::project::Account)| {
        Some((name.clone(), digits.get(account.id.as_str())?.clone()))
    };
    environment.accounts.iter().filter_map(of).collect()
}

/// What is not copied: the state of the project, its history, and what builds leave behind.
const LEFT_OUT: [&str; 4] = [".runbook", ".git", "target", "node_modules"];

fn copy(from: &Path, to: &Path, leave: &dyn Fn(&Path) -> bool) -> Result<(), RehearseError> {
    let failed = |path: &Path, source| RehearseError::Copy { path: path.to_owned(), source };
    std::fs::create_dir_all(to).map_err(|error| failed(to, error))?;
    for entry in std::fs::read_dir(from).map_err(|error| failed(from, error))? {
        let entry = entry.map_err(|error| failed(from, error))?;
        let (path, name) = (entry.path(), entry.file_name());
        if leave(&path) {
            continue;
        }
        let target = to.join(&name);
        if path.is_dir() && !path.is_symlink() {
            copy(&path, &target, leave)?;
        } else if path.is_file() {
            std::fs::copy(&path, &target).map_err(|error| failed(&target, error))?;
        }
    }
    // The state of a project and that of an emulator are closed to others.
    let rights = from.metadata().map_err(|error| failed(from, error))?.permissions();
    std::fs::set_permissions(to, rights).map_err(|error| failed(to, error))
}
