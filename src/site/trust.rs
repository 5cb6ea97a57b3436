//! Who may become whom, as the last run that read it has found: the outputs of the action `iam/trust-graph`.

use super::graph::cut;
use super::run::{Row, row};
use super::spoken::escaped;
use super::view::{Input, Run};
use crate::model::value::{Value, Values};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// What was read.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Trust {
    /// The run that read it.
    pub(super) run: Row,
    pub(super) edges: Vec<EdgeRow>,
    pub(super) findings: Vec<Finding>,
    pub(super) not_read: Vec<String>,
    pub(super) picture: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct EdgeRow {
    pub(super) from: String,
    pub(super) from_id: String,
    pub(super) to: String,
    pub(super) to_id: String,
    pub(super) via: String,
    pub(super) conditions: Vec<String>,
    pub(super) permitted: &'static str,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) kind: String,
    #[serde(default)]
    pub(super) unexpected: bool,
    #[serde(default)]
    pub(super) account: String,
    pub(super) text: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Node {
    id: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    account_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Edge {
    from: String,
    to: String,
    #[serde(default)]
    via: String,
    #[serde(default)]
    conditions: Vec<String>,
    #[serde(default)]
    permitted: Option<bool>,
}

/// The newest graph that a run has read, the largest of that run.
pub(super) fn trust(input: &Input<'_>) -> Option<Trust> {
    input.evidence.runs.iter().find_map(|run| {
        let outputs = run.state.steps.values().filter_map(|step| step.outputs.as_ref());
        let size =
            |outputs: &&Values| outputs.get("nodes").and_then(Value::as_array).map_or(0, Vec::len);
        let of_graph = |outputs: &&Values| {
            ["nodes", "edges", "findings"]
                .iter()
                .all(|name| outputs.get(*name).is_some_and(Value::is_array))
        };
        let outputs = outputs.filter(of_graph).max_by_key(size)?;
        Some(read(input, run, outputs))
    })
}

/// The elements of a list that can be read. Another version of the action may give others beside them.
fn list<T: for<'a> Deserialize<'a>>(outputs: &Values, name: &str) -> Vec<T> {
    let all = outputs.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    all.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect()
}

fn read(input: &Input<'_>, run: &Run, outputs: &Values) -> Trust {
    let (nodes, edges): (Vec<Node>, Vec<Edge>) = (list(outputs, "nodes"), list(outputs, "edges"));
    let mut findings: Vec<Finding> = list(outputs, "findings");
    findings.sort_by_key(|finding| !finding.unexpected);
    let name =
        |id: &str| nodes.iter().find(|node| node.id == id).map_or_else(|| id.to_owned(), label);
    Trust {
        run: row(input, run),
        picture: picture(&nodes, &edges),
        edges: edges
            .iter()
            .map(|edge| EdgeRow {
                from: name(&edge.from),
                from_id: edge.from.clone(),
                to: name(&edge.to),
                to_id: edge.to.clone(),
                via: edge.via.clone(),
                conditions: edge.conditions.clone(),
                permitted: match edge.permitted {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "not known",
                },
            })
            .collect(),
        findings,
        not_read: list(outputs, "not_read"),
    }
}

/// What a person calls somebody.
fn label(node: &Node) -> String {
    let name = if node.name.is_empty() { &node.id } else { &node.name };
    match node.account_name.as_ref().or(node.account.as_ref()) {
        Some(account) => format!("{name} ({account})"),
        None => name.clone(),
    }
}

const BOX: (f64, f64) = (250.0, 34.0);
const GAP: f64 = 8.0;
const BETWEEN: f64 = 180.0;
/// More boxes in a column than this are no picture any more.
const MOST: usize = 40;

/// Those who become others on the left, those whom they become on the right.
fn picture(nodes: &[Node], edges: &[Edge]) -> Option<String> {
    let mut left: Vec<&str> = Vec::new();
    let mut right: Vec<&str> = Vec::new();
    for edge in edges {
        for (column, id) in [(&mut left, edge.from.as_str()), (&mut right, edge.to.as_str())] {
            if !column.contains(&id) {
                column.push(id);
            }
        }
    }
    let rows = left.len().max(right.len());
    if rows == 0 || rows > MOST {
        return None;
    }
    let height = rows as f64 * (BOX.1 + GAP) - GAP + 2.0;
    let width = 2.0 * BOX.0 + BETWEEN + 2.0;
    let top = |count: usize, at: usize| {
        let own = count as f64 * (BOX.1 + GAP) - GAP;
        1.0 + (height - 2.0 - own) / 2.0 + at as f64 * (BOX.1 + GAP)
    };
    let place = |column: &[&str], id: &str| column.iter().position(|own| *own == id).unwrap_or(0);
    let mut svg = format!(
        "<svg class=\"trust wide\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"Who may become whom; the table below says the same\">"
    );
    for edge in edges {
        let y1 = top(left.len(), place(&left, &edge.from)) + BOX.1 / 2.0;
        let y2 = top(right.len(), place(&right, &edge.to)) + BOX.1 / 2.0;
        let (x1, x2) = (1.0 + BOX.0, 1.0 + BOX.0 + BETWEEN);
        let class = if edge.permitted == Some(false) { "edge off" } else { "edge" };
        // Writing to a `String` cannot fail.
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{x1} {y1} C{} {y1} {} {y2} {x2} {y2}\"/>",
            x1 + BETWEEN / 2.0,
            x2 - BETWEEN / 2.0
        );
    }
    for (x, column) in [(1.0, &left), (1.0 + BOX.0 + BETWEEN, &right)] {
        for (at, id) in column.iter().enumerate() {
            let node = nodes.iter().find(|node| node.id == *id);
            let (kind, text) =
                node.map_or(("", (*id).to_owned()), |node| (node.kind.as_str(), label(node)));
            let y = top(column.len(), at);
            let _ = write!(
                svg,
                "<g class=\"node {}\"><rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\"/><text class=\"title\" x=\"{}\" y=\"{}\">{}</text></g>",
                escaped(kind),
                BOX.0,
                BOX.1,
                x + 12.0,
                y + 22.0,
                escaped(&cut(&text, 31))
            );
        }
    }
    svg.push_str("</svg>");
    Some(svg)
}
