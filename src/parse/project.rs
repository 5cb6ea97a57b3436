//! `runbook.yaml`: the environments of a project.

use super::decode::{Decode, Entries, get};
use super::table::{self, VERSION};
use super::{mapping, yaml};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::syntax::{BAD_ENVIRONMENT, MISSING_FIELD, WRONG_TYPE};
use crate::model::cadence::Every;
use crate::model::id::AccountName;
use crate::model::mode::EnvironmentKind;
use crate::model::project::{Access, Account, Environment, Project};
use crate::model::value::{Node, NodeKind};
use crate::source::{Source, Span, Spanned};
use std::collections::BTreeMap;

/// The accounts of a sandbox that names none. No such accounts exist.
const SYNTHETIC: [(&str, &str); 3] =
    [("workload", "100000000001"), ("data", "100000000002"), ("platform", "100000000003")];
const SYNTHETIC_REGION: &str = "eu-west-1";

/// Reads `runbook.yaml`. It never fails: what cannot be understood is reported and left out.
#[must_use]
pub fn project(path: &str, text: &str) -> (Project, Source, Vec<Diagnostic>) {
    let (mut found, mut project) = (Vec::new(), Project::default());
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if let Some(root) = yaml::read(&mapping::verbatim(&text[start..], start), &mut found) {
        let mut reader = Reader { decode: Decode { found: &mut found }, text };
        match &root.kind {
            NodeKind::Mapping(entries) => reader.project(&mut project, entries),
            NodeKind::Null => reader.project(&mut project, &[]),
            other => {
                let message = format!("runbook.yaml is a mapping, but this is {}", other.name());
                reader.decode.found.push(WRONG_TYPE.error(root.span, message));
            }
        }
    }
    (project, Source::new(path, text), found)
}

struct Reader<'a> {
    decode: Decode<'a>,
    text: &'a str,
}

impl Reader<'_> {
    fn project(&mut self, project: &mut Project, entries: &Entries) {
        let known = table::names(&table::PROJECT);
        self.decode.unknown_keys("runbook.yaml", entries, &known);
        let top = Span::new(0, self.text.lines().next().map_or(0, str::len));
        match get(entries, "version") {
            None => self.decode.lacks("runbook.yaml", entries, &known, "version", top),
            Some(Node { kind: NodeKind::Integer(version), .. })
                if *version == i64::from(VERSION) => {}
            Some(node) => self
                .decode
                .bad(node.span, format!("this program reads version {VERSION} of runbook.yaml")),
        }
        if let Some(node) = get(entries, "deny_accounts") {
            project.deny_accounts = self.list("deny_accounts", node, Self::account_id);
        }
        match get(entries, "environments") {
            None => self.decode.lacks("runbook.yaml", entries, &known, "environments", top),
            Some(node) => {
                for (name, node) in self.decode.mapping("environments", node).unwrap_or_default() {
                    if let Some(environment) = self.environment(name, node) {
                        project.environments.insert(name.value.clone(), environment);
                    }
                }
                self.synthetic_ids(project, node);
                self.denied(project, node);
            }
        }
        if let Some(entries) =
            get(entries, "handoff").and_then(|node| self.decode.mapping("handoff", node))
        {
            self.decode.unknown_keys("`handoff`", entries, &table::names(&table::HANDOFF));
            if let Some(node) = get(entries, "operators") {
                project.operators = self.list("operators", node, |reader, node| {
                    reader.decode.plain("operators", node).map(|text| text.value)
                });
            }
            project.cadence = get(entries, "cadence").and_then(|node| self.cadence(node));
        }
    }

    fn list<T>(
        &mut self,
        name: &str,
        node: &Node,
        one: impl Fn(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        match &node.kind {
            NodeKind::List(items) => items.iter().filter_map(|item| one(self, item)).collect(),
            _ => {
                self.decode.wrong_type(name, "a list", node);
                Vec::new()
            }
        }
    }

    /// `3 months`, `1 year`, `2 weeks`, `30 days`.
    fn cadence(&mut self, node: &Node) -> Option<String> {
        let text = self.decode.plain("cadence", node)?;
        if let Err(error) = Every::parse(&text.value) {
            self.decode.bad(node.span, error.to_string());
            return None;
        }
        Some(text.value)
    }

    /// Twelve digits in quotes. Without quotes YAML would take off leading zeros.
    fn account_id(&mut self, node: &Node) -> Option<String> {
        let quoted = self.text[node.span.start..].starts_with(['"', '\'']);
        match &node.kind {
            NodeKind::Text(text)
                if quoted
                    && text.value.len() == 12
                    && text.value.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Some(text.value.clone())
            }
            NodeKind::Text(_) | NodeKind::Integer(_) => {
                self.decode.bad(node.span, "an account id is twelve digits in quotes");
                None
            }
            _ => {
                self.decode.wrong_type("id", "twelve digits in quotes", node);
                None
            }
        }
    }

    fn environment(&mut self, name: &Spanned<String>, node: &Node) -> Option<Environment> {
        let whose = format!("the environment `{}`", name.value);
        let legal = !name.value.is_empty()
            && name
                .value
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
        if !legal {
            // The name is a folder in `.runbook/`.
            self.decode.bad(
                name.span,
                "the name of an environment consists of lowercase letters, digits, `-` and `_`",
            );
            return None;
        }
        let entries = self.decode.mapping(&whose, node)?;
        let known = table::names(&table::ENVIRONMENT);
        self.decode.unknown_keys(&whose, entries, &known);
        let Some(kind) = get(entries, "kind") else {
            self.decode.lacks(&whose, entries, &known, "kind", name.span);
            return None;
        };
        let kind = self.kind(kind)?;
        let sandbox = kind == EnvironmentKind::Sandbox;
        for (key, _) in entries
            .iter()
            .filter(|(key, _)| !sandbox && matches!(key.value.as_str(), "seed" | "endpoint"))
        {
            let message = format!("`{}` is only for an environment of kind sandbox", key.value);
            self.decode.found.push(BAD_ENVIRONMENT.error(key.span, message));
        }
        let accounts = match get(entries, "accounts") {
            Some(node) => self.accounts(node, kind),
            None if sandbox => synthetic(),
            None => {
                self.decode.lacks(&whose, entries, &known, "accounts", name.span);
                BTreeMap::new()
            }
        };
        let seed = get(entries, "seed")
            .filter(|_| sandbox)
            .map(|node| self.list("seed", node, |reader, node| reader.decode.plain("seed", node)));
        let endpoint =
            get(entries, "endpoint").filter(|_| sandbox).and_then(|node| self.endpoint(node));
        Some(Environment {
            name: name.value.clone(),
            kind,
            accounts,
            seed: seed.unwrap_or_default(),
            endpoint,
        })
    }

    fn kind(&mut self, node: &Node) -> Option<EnvironmentKind> {
        match self.decode.plain("kind", node)?.value.as_str() {
            "production" => Some(EnvironmentKind::Production),
            "drill" => Some(EnvironmentKind::Drill),
            "sandbox" => Some(EnvironmentKind::Sandbox),
            other => {
                let message =
                    format!("`{other}` is not a kind: it is `production`, `drill` or `sandbox`");
                self.decode.found.push(BAD_ENVIRONMENT.error(node.span, message));
                None
            }
        }
    }

    fn accounts(&mut self, node: &Node, kind: EnvironmentKind) -> BTreeMap<AccountName, Account> {
        let mut accounts = BTreeMap::new();
        for (name, node) in self.decode.mapping("accounts", node).unwrap_or_default() {
            match AccountName::new(name.value.clone()) {
                Ok(account) => {
                    if let Some(read) = self.account(&name.value, node, kind) {
                        accounts.insert(account, read);
                    }
                }
                Err(error) => self.decode.bad(name.span, error.to_string()),
            }
        }
        accounts
    }

    fn account(&mut self, name: &str, node: &Node, kind: EnvironmentKind) -> Option<Account> {
        let whose = format!("the account `{name}`");
        let entries = self.decode.mapping(&whose, node)?;
        self.decode.unknown_keys(&whose, entries, &table::names(&table::ACCOUNT));
        let role = get(entries, "role").and_then(|node| self.decode.plain("role", node));
        let profile = get(entries, "profile").and_then(|node| self.decode.plain("profile", node));
        let mut required = |key: &str| match get(entries, key) {
            Some(node) => Some(node),
            None => {
                self.decode
                    .found
                    .push(MISSING_FIELD.error(node.span, format!("{whose} lacks `{key}`")));
                None
            }
        };
        let (id, region) = (required("id"), required("region"));
        let id = id.and_then(|node| self.account_id(node));
        let region = region.and_then(|node| self.region(node));
        let (id, region) = (id?, region?);
        if let Some(role) = &role {
            self.role(role, &id);
        }
        let access = match (role, profile) {
            (Some(role), None) => Access::Role(role.value),
            (None, Some(profile)) => Access::Profile(profile.value),
            (None, None) if kind == EnvironmentKind::Sandbox => Access::Role(operator_role(&id)),
            (None, None) => Access::Ambient,
            (Some(_), Some(profile)) => {
                let message =
                    format!("{whose} has a `role` and a `profile`: it is one or the other");
                self.decode.found.push(BAD_ENVIRONMENT.error(profile.span, message));
                return None;
            }
        };
        Some(Account { id, region, access })
    }

    /// A role in another account would act in another account.
    fn role(&mut self, role: &Spanned<String>, id: &str) {
        let parts: Vec<_> = role.value.splitn(6, ':').collect();
        let is_role = matches!(parts.as_slice(), ["arn", partition, "iam", "", _, name]
            if partition.starts_with("aws") && name.starts_with("role/") && name.len() > 5);
        if !is_role {
            let message = "a role is an ARN such as `arn:aws:iam::123456789012:role/Name`";
            self.decode.found.push(BAD_ENVIRONMENT.error(role.span, message));
        } else if parts[4] != id {
            let message = format!("this role is in the account {}, not in {id}", parts[4]);
            self.decode.found.push(BAD_ENVIRONMENT.error(role.span, message));
        }
    }

    fn region(&mut self, node: &Node) -> Option<String> {
        let text = self.decode.plain("region", node)?;
        let parts: Vec<_> = text.value.split('-').collect();
        let letters =
            |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let fits = parts.len() >= 3
            && parts[..parts.len() - 1].iter().all(letters)
            && parts[parts.len() - 1].bytes().all(|b| b.is_ascii_digit())
            && !parts[parts.len() - 1].is_empty();
        if !fits {
            self.decode
                .bad(node.span, format!("`{}` is not a region such as `eu-west-1`", text.value));
            return None;
        }
        Some(text.value)
    }

    fn endpoint(&mut self, node: &Node) -> Option<String> {
        let text = self.decode.plain("endpoint", node)?;
        if is_loopback(&text.value) {
            return Some(text.value);
        }
        let message = "an endpoint is on this machine: `http://127.0.0.1:PORT`, `http://[::1]:PORT` or `http://localhost:PORT`";
        self.decode.found.push(BAD_ENVIRONMENT.error(node.span, message));
        None
    }

    /// An environment with an account that no run may touch can never be used. That may be meant, so it
    /// stops nothing else.
    fn denied(&mut self, project: &Project, node: &Node) {
        for environment in project.environments.values() {
            let denied: Vec<_> = environment
                .accounts
                .iter()
                .filter(|(_, account)| project.deny_accounts.contains(&account.id))
                .map(|(name, account)| format!("`{name}` ({})", account.id))
                .collect();
            if !denied.is_empty() {
                let message = format!(
                    "every run in `{}` is refused: `deny_accounts` holds {}",
                    environment.name,
                    denied.join(", ")
                );
                let place = place_of(node, &environment.name).unwrap_or(node.span);
                let help = "take the account off one of the two; `deny_accounts` always wins";
                self.decode.found.push(BAD_ENVIRONMENT.warning(place, message).help(help));
            }
        }
    }

    /// The made-up ids of a sandbox must stay made up.
    fn synthetic_ids(&mut self, project: &Project, node: &Node) {
        let ids = |sandbox: bool| {
            project
                .environments
                .values()
                .filter(move |e| (e.kind == EnvironmentKind::Sandbox) == sandbox)
                .flat_map(|e| {
                    e.accounts.values().map(move |account| (e.name.as_str(), account.id.as_str()))
                })
        };
        for (sandbox, id) in ids(true) {
            if let Some((real, _)) = ids(false).find(|(_, other)| *other == id) {
                let message = format!(
                    "the sandbox `{sandbox}` uses the account id {id}, which is real: `{real}` has it"
                );
                let place = place_of(node, sandbox).unwrap_or(node.span);
                self.decode.found.push(
                    BAD_ENVIRONMENT.error(place, message).help("give the sandbox ids of its own"),
                );
            }
        }
    }
}

fn place_of(environments: &Node, name: &str) -> Option<Span> {
    match &environments.kind {
        NodeKind::Mapping(entries) => {
            entries.iter().find(|(key, _)| key.value == name).map(|(key, _)| key.span)
        }
        _ => None,
    }
}

fn operator_role(id: &str) -> String {
    format!("arn:aws:iam::{id}:role/RunbookOperator")
}

fn synthetic() -> BTreeMap<AccountName, Account> {
    SYNTHETIC
        .into_iter()
        .filter_map(|(name, id)| {
            let account = Account {
                id: id.to_owned(),
                region: SYNTHETIC_REGION.to_owned(),
                access: Access::Role(operator_role(id)),
            };
            Some((AccountName::new(name).ok()?, account))
        })
        .collect()
}

/// Whether a URL names this machine and nothing else.
fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return false;
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let port = ["127.0.0.1", "[::1]", "localhost"].iter().find_map(|host| rest.strip_prefix(host));
    match port {
        Some("") => true,
        Some(port) => port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0)),
        None => false,
    }
}
