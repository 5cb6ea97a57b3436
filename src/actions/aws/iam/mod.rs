//! `iam/trust-graph`: who may become whom.

mod graph;
mod read;

use super::account::Aws;
use super::cli::Cli;
use super::{answer, inputs};
use crate::actions::context::{Context, Report};
use crate::actions::{Action, Trouble};
use crate::model::value::{Value, Values};
use async_trait::async_trait;
use graph::{Finding, Graph, Identity, Known};
use serde::Serialize;
use std::sync::Arc;

/// What decides about trust too, and is not read.
const NOT_READ: [&str; 4] = [
    "policies of the organization: they can only take away",
    "permission boundaries and session policies: they can only take away",
    "denials in trust policies, and denials that depend on a condition: they can only take away",
    "resource policies: what a principal may do without becoming a role",
];

pub(super) fn actions(cli: &Cli) -> Vec<Arc<dyn Action>> {
    vec![Arc::new(TrustGraph(cli.clone()))]
}

struct TrustGraph(Cli);

#[async_trait]
impl Action for TrustGraph {
    fn name(&self) -> &'static str {
        "iam/trust-graph"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let sessions = self.0.sessions();
        let aws = Aws::of(sessions, cx)?;
        let calls = self.0.calls(cx, &aws.target);
        let known = Known {
            accounts: sessions.account_names(),
            expected: inputs::texts_if(&cx.inputs, "expected")?.unwrap_or_default(),
        };
        let earlier = earlier(&cx.inputs)?;
        let configured = sessions.roles_in(&aws.target.id);
        cx.tell.say(Report::Waiting("the stacks' own roles".to_owned())).await;
        let stacked = read::stacked(&aws).await?;
        cx.tell.say(Report::Waiting("the roles and users with their policies".to_owned())).await;
        let identities = read::identities(&calls, &stacked, &configured).await?;
        let mut graph = Graph::of(&aws.target.id, &identities, &known);
        cx.tell.say(Report::Waiting("access keys and drift".to_owned())).await;
        graph.findings.extend(read::long_lived_keys(&calls, &aws.target.id, &identities).await?);
        graph.findings.extend(read::drift(&aws, &stacked).await?);
        graph.findings.extend(strays(&aws.target.id, &identities, &configured));
        for one in earlier {
            graph.join(one);
        }
        graph.settle();
        for finding in &graph.findings {
            let mark = if finding.unexpected { "unexpected: " } else { "" };
            let line = format!("{mark}{} ({}): {}", finding.about, finding.kind, finding.text);
            cx.tell.say(Report::Line(line)).await;
        }
        Ok(outputs(&graph, &identities))
    }
}

/// The graphs that earlier steps gave.
fn earlier(with: &Values) -> Result<Vec<Graph>, Trouble> {
    let all = with.get("join").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let read = |one| {
        graph::earlier(one).map_err(|error| {
            Trouble::nothing_happened(format!("input `join` holds what is no graph: {error}")).hint(
                "Give it the `nodes`, `edges` and `findings` of an earlier `iam/trust-graph` step.",
            )
        })
    };
    all.iter().map(read).collect()
}

/// Whoever is there and nobody has said so, and whoever should be there and is not.
fn strays(account: &str, identities: &[Identity], configured: &[String]) -> Vec<Finding> {
    let finding = |kind: &str, about: &str, text: &str| Finding {
        kind: kind.to_owned(),
        unexpected: false,
        about: about.to_owned(),
        account: account.to_owned(),
        text: text.to_owned(),
    };
    let unmanaged = identities.iter().filter(|one| one.owner.is_none()).map(|one| {
        finding(
            "unmanaged",
            &one.arn,
            "no stack of this Region has it, and runbook.yaml does not name it",
        )
    });
    let is_missing = |arn: &&String| !identities.iter().any(|one| one.arn == **arn);
    let missing = configured.iter().filter(is_missing);
    let missing =
        missing.map(|arn| finding("missing", arn, "runbook.yaml names it, and it does not exist"));
    unmanaged.chain(missing).collect()
}

fn outputs(graph: &Graph, identities: &[Identity]) -> Values {
    let count = |kind: &str| graph.findings.iter().filter(|one| one.kind == kind).count().into();
    let unexpected = graph.findings.iter().filter(|finding| finding.unexpected).count();
    let unread = identities.iter().filter(|one| !one.all_read).map(|one| one.arn.as_str());
    let mut not_read: Vec<String> = NOT_READ.map(str::to_owned).to_vec();
    not_read.extend(unread.map(|arn| format!("a policy that {arn} has from AWS")));
    answer([
        ("nodes", list(&graph.nodes)),
        ("edges", list(&graph.edges)),
        ("findings", list(&graph.findings)),
        ("unexpected", unexpected.into()),
        ("drift", count("drift")),
        ("long_lived_keys", count("long-lived-key")),
        ("unmanaged", count("unmanaged")),
        ("missing", count("missing")),
        ("not_read", not_read.into()),
    ])
}

fn list<T: Serialize>(all: &[T]) -> Value {
    // These are plain structs of texts: there is nothing in them that JSON does not have.
    all.iter().map(|one| serde_json::to_value(one).unwrap_or_default()).collect()
}
