//! The graph of trust: who may become whom. It is made here from what was read, and reads nothing itself.

use crate::actions::aws::policy::{Policy, Principal, Statement, Which, account_of, matches};
use crate::model::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What it takes to become a role.
const ASSUME: [&str; 3] =
    ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// One who may become another, or whom others may become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Node {
    /// An ARN, or a word and a name: `service:lambda.amazonaws.com`, `account:111111111111`, `anyone`.
    pub(super) id: String,
    /// `role`, `user`, `service`, `account`, `federated`, `anyone` or `gone`.
    pub(super) kind: String,
    /// What a person calls it.
    pub(super) name: String,
    /// The twelve digits of its account.
    #[serde(default)]
    pub(super) account: Option<String>,
    /// The project's name for that account.
    #[serde(default)]
    pub(super) account_name: Option<String>,
    /// Who says that it should be there: `stack NAME`, `runbook.yaml` or `aws`.
    #[serde(default)]
    pub(super) owner: Option<String>,
    /// Whether its own policies were read. Of the others nobody knows what they may.
    #[serde(default)]
    pub(super) read: bool,
    /// What its own policies let it become.
    #[serde(default)]
    pub(super) may_assume: Vec<String>,
    /// What its own policies keep it from becoming.
    #[serde(default)]
    pub(super) may_not_assume: Vec<String>,
}

/// A way from one to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edge {
    /// Who.
    pub(super) from: String,
    /// Becomes whom.
    pub(super) to: String,
    /// Such as `sts:AssumeRole`.
    pub(super) action: String,
    /// How the trust policy lets them: `by name`, or `as one of account 111111111111`.
    pub(super) via: String,
    /// What else must hold.
    #[serde(default)]
    pub(super) conditions: Vec<String>,
    /// Whether the one's own policies let it, where the other's trust does not suffice. Null: not known.
    #[serde(default)]
    pub(super) permitted: Option<bool>,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finding {
    /// `outside`, `anyone`, `federated`, `gone`, `ghost`, `long-lived-key`, `drift`, `unmanaged`, `missing`.
    pub(super) kind: String,
    /// Whether somebody is trusted whom nobody has said to expect.
    pub(super) unexpected: bool,
    /// The role or the user that it is about.
    pub(super) about: String,
    /// The account that it is in.
    pub(super) account: String,
    /// In words.
    pub(super) text: String,
}

/// Nodes, edges and findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    #[serde(default)]
    pub(super) findings: Vec<Finding>,
}

/// The accounts of the project, and whom else it expects.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The project's names by the twelve digits.
    pub(super) accounts: BTreeMap<String, String>,
    /// Patterns of those outside who may be trusted.
    pub(super) expected: Vec<String>,
}

/// A role or a user as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) is_role: bool,
    /// Whether AWS made it and keeps it.
    pub(super) of_aws: bool,
    pub(super) trust: Option<Policy>,
    pub(super) policies: Vec<Policy>,
    /// Whether each of its policies was read.
    pub(super) all_read: bool,
    pub(super) owner: Option<String>,
}

impl Known {
    pub(super) fn name_of(&self, account: &str) -> Option<String> {
        self.accounts.get(account).cloned()
    }

    fn expects(&self, id: &str) -> bool {
        self.expected.iter().any(|pattern| matches(pattern, id))
    }

    /// A principal that no account of the project holds.
    fn node(&self, id: &str, principal: &Principal) -> Node {
        let (kind, account) = match principal {
            Principal::Anyone => ("anyone", None),
            Principal::Account(account) => ("account", Some(account.clone())),
            Principal::Arn(arn) => {
                let kind = if arn.contains(":user/") { "user" } else { "role" };
                (kind, account_of(arn).map(str::to_owned))
            }
            Principal::Service(_) => ("service", None),
            Principal::Federated(arn) => ("federated", account_of(arn).map(str::to_owned)),
            Principal::Gone(_) => ("gone", None),
        };
        let short = id.rsplit(['/', ':']).next().unwrap_or(id);
        Node {
            id: id.to_owned(),
            kind: kind.to_owned(),
            name: short.to_owned(),
            account_name: account.as_deref().and_then(|account| self.name_of(account)),
            account,
            owner: None,
            read: false,
            may_assume: Vec::new(),
            may_not_assume: Vec::new(),
        }
    }
}

fn id_of(principal: &Principal) -> String {
    match principal {
        Principal::Anyone => "anyone".to_owned(),
        Principal::Account(account) => format!("account:{account}"),
        Principal::Arn(arn) => role_of(arn),
        Principal::Service(service) => format!("service:{service}"),
        Principal::Federated(provider) => format!("federated:{provider}"),
        Principal::Gone(id) => format!("gone:{id}"),
    }
}

/// A session is its role.
fn role_of(arn: &str) -> String {
    let Some((head, session)) = arn.split_once(":assumed-role/") else { return arn.to_owned() };
    let role = session.split('/').next().unwrap_or_default();
    format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1))
}

impl Graph {
    /// The graph of one account, whose identities these are.
    pub(super) fn of(account: &str, identities: &[Identity], known: &Known) -> Self {
        let mut graph = Self::default();
        for one in identities {
            graph.nodes.push(own_node(account, one, known));
        }
        for one in identities.iter().filter(|one| one.is_role) {
            for statement in one.trust.iter().flat_map(|trust| &trust.statements) {
                graph.trust(account, one, statement, known);
            }
        }
        graph
    }

    /// What one statement of a role's trust policy says.
    fn trust(&mut self, account: &str, role: &Identity, statement: &Statement, known: &Known) {
        let action = ASSUME.into_iter().find(|action| statement.actions.has(action));
        let Some(action) = action.filter(|_| statement.allows) else { return };
        let by_arn = statement.narrowed("aws:PrincipalArn");
        for principal in &statement.principals {
            // "Anybody in that account, if they are this role" names that role.
            let narrowed: Vec<Principal> = match (principal, &by_arn) {
                (Principal::Account(of), Some(arns)) => {
                    let within = |arn: &&&str| account_of(arn).is_none_or(|a| a == of);
                    arns.iter()
                        .filter(within)
                        .map(|arn| Principal::Arn((*arn).to_owned()))
                        .collect()
                }
                (Principal::Anyone, Some(arns)) => {
                    arns.iter().map(|arn| Principal::Arn((*arn).to_owned())).collect()
                }
                _ => vec![principal.clone()],
            };
            let via = match principal {
                Principal::Account(of) => format!("as one of account {of}"),
                Principal::Anyone => "as anybody".to_owned(),
                _ => "by name".to_owned(),
            };
            let is_told =
                |key: &str| by_arn.is_some() && key.eq_ignore_ascii_case("aws:PrincipalArn");
            let conditions = statement.conditions.iter().filter(|one| !is_told(&one.key));
            let conditions: Vec<String> = conditions.map(ToString::to_string).collect();
            for one in narrowed {
                let from = id_of(&one);
                if !self.nodes.iter().any(|node| node.id == from) {
                    self.nodes.push(known.node(&from, &one));
                }
                self.findings.extend(stranger(account, role, &from, &one, known));
                self.edges.push(Edge {
                    from,
                    to: role.arn.clone(),
                    action: action.to_owned(),
                    via: via.clone(),
                    conditions: conditions.clone(),
                    permitted: None,
                });
            }
        }
    }

    /// Adds another account's graph.
    pub(super) fn join(&mut self, other: Self) {
        for node in other.nodes {
            match self.nodes.iter_mut().find(|mine| mine.id == node.id) {
                Some(mine) if node.read && !mine.read => *mine = node,
                Some(_) => {}
                None => self.nodes.push(node),
            }
        }
        self.edges.extend(other.edges);
        self.findings.extend(other.findings);
    }

    /// Follows who is meant by a whole account or by a pattern, and whether their own policies let them.
    pub(super) fn settle(&mut self) {
        let accounts: BTreeSet<String> =
            self.nodes.iter().filter(|n| n.read).filter_map(|n| n.account.clone()).collect();
        let mut more = Vec::new();
        for edge in &mut self.edges {
            let target_account = account_of(&edge.to).map(str::to_owned);
            let Some(from) = self.nodes.iter().find(|node| node.id == edge.from) else { continue };
            match from.kind.as_str() {
                "account" => {
                    let members =
                        self.nodes.iter().filter(|node| node.read && node.account == from.account);
                    let able = members.filter(|node| node.id != edge.to && node.lets(&edge.to));
                    more.extend(able.map(|node| Edge {
                        from: node.id.clone(),
                        permitted: Some(true),
                        ..edge.clone()
                    }));
                }
                "role" | "user" if from.read => {
                    // In one account a trust that names somebody is enough by itself.
                    let enough = edge.via == "by name" && from.account == target_account;
                    edge.permitted =
                        Some(enough && !from.is_kept_from(&edge.to) || from.lets(&edge.to));
                }
                "role" | "user" => {
                    let meant =
                        self.nodes.iter().filter(|node| node.read && matches(&edge.from, &node.id));
                    more.extend(meant.map(|node| Edge {
                        from: node.id.clone(),
                        permitted: Some(node.lets(&edge.to)),
                        ..edge.clone()
                    }));
                }
                _ => {}
            }
        }
        self.edges.extend(more);
        self.ghosts(&accounts);
        self.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        self.edges.sort_by(|a, b| (&a.to, &a.from, &a.via).cmp(&(&b.to, &b.from, &b.via)));
        self.edges.dedup();
        self.findings
            .sort_by(|a, b| (&a.about, &a.kind, &a.text).cmp(&(&b.about, &b.kind, &b.text)));
        self.findings.dedup();
    }

    /// Whoever is trusted by a name that nobody has. Whoever makes that role is trusted from then on.
    fn ghosts(&mut self, read: &BTreeSet<String>) {
        let meant: BTreeSet<&str> = self.edges.iter().map(|edge| edge.from.as_str()).collect();
        let is_ghost = |node: &&Node| {
            matches!(node.kind.as_str(), "role" | "user")
                && !node.read
                && node.account.as_ref().is_some_and(|account| read.contains(account))
                && !self.nodes.iter().any(|other| other.read && matches(&node.id, &other.id))
                && meant.contains(node.id.as_str())
        };
        let mut found = Vec::new();
        for ghost in self.nodes.iter().filter(is_ghost) {
            for edge in self.edges.iter().filter(|edge| edge.from == ghost.id) {
                found.push(Finding {
                    kind: "ghost".to_owned(),
                    unexpected: false,
                    about: edge.to.clone(),
                    account: account_of(&edge.to).unwrap_or_default().to_owned(),
                    text: format!(
                        "it trusts {}, which does not exist: whoever makes it is trusted",
                        ghost.id
                    ),
                });
            }
        }
        self.findings.extend(found);
    }
}

impl Node {
    fn is_kept_from(&self, role: &str) -> bool {
        self.may_not_assume.iter().any(|pattern| matches(pattern, role))
    }

    fn lets(&self, role: &str) -> bool {
        self.may_assume.iter().any(|pattern| matches(pattern, role)) && !self.is_kept_from(role)
    }
}

fn own_node(account: &str, one: &Identity, known: &Known) -> Node {
    let (mut may, mut may_not) = (Vec::new(), Vec::new());
    for statement in one.policies.iter().flat_map(|policy| &policy.statements) {
        if !statement.actions.has("sts:AssumeRole") {
            continue;
        }
        let patterns = statement.resources.patterns();
        if statement.allows {
            may.extend(patterns);
        } else if let (Which::Only(patterns), true) =
            (&statement.resources, statement.conditions.is_empty())
        {
            // A denial that depends on something may not come about: what may be is said here.
            may_not.extend(patterns.iter().cloned());
        }
    }
    Node {
        id: one.arn.clone(),
        kind: if one.is_role { "role" } else { "user" }.to_owned(),
        name: one.name.clone(),
        account: Some(account.to_owned()),
        account_name: known.name_of(account),
        owner: one.owner.clone(),
        read: true,
        may_assume: may,
        may_not_assume: may_not,
    }
}

/// Says so when a role trusts somebody who is not of the project.
fn stranger(
    account: &str,
    role: &Identity,
    from: &str,
    principal: &Principal,
    known: &Known,
) -> Option<Finding> {
    let ours =
        |arn: &str| account_of(arn).is_some_and(|account| known.accounts.contains_key(account));
    let (kind, words) = match principal {
        Principal::Service(_) => return None,
        Principal::Account(of) if known.accounts.contains_key(of) => return None,
        Principal::Arn(arn) if ours(arn) => return None,
        Principal::Account(_) | Principal::Arn(_) => {
            ("outside", "which is in none of the project's accounts")
        }
        Principal::Anyone => ("anyone", "that is, everybody whom its conditions do not exclude"),
        Principal::Federated(_) => ("federated", "an identity provider: whoever it vouches for"),
        Principal::Gone(_) => ("gone", "what is left of a deleted user or role. Remove it"),
    };
    Some(Finding {
        kind: kind.to_owned(),
        // What is gone can become nobody. What AWS made for itself trusts whom AWS chose.
        unexpected: kind != "gone" && !role.of_aws && !known.expects(from),
        about: role.arn.clone(),
        account: account.to_owned(),
        text: format!("it trusts {from}, {words}"),
    })
}

/// A graph that an earlier step gave.
///
/// # Errors
/// When it is none, in words.
pub(super) fn earlier(value: &Value) -> Result<Graph, String> {
    Graph::deserialize(value).map_err(|error| error.to_string())
}
