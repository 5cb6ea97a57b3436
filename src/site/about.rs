//! The pages about the project as a whole: its accounts, what is owed, and when its drills are due.

use super::book::title;
use super::spoken::{ago, ahead, day, days, escaped, seconds};
use super::trust::{Trust, trust};
use super::view::{Drill, Input, Owed, Verdict};
use crate::model::project::Access;
use jiff::civil::Date;
use serde::Serialize;
use std::fmt::Write as _;

/// How many of the runbooks that act in an account its row names.
const BOOKS: usize = 40;

/// The accounts of the project.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AccountsPage {
    pub(super) environments: Vec<EnvironmentTable>,
    pub(super) denied: Vec<String>,
    pub(super) operators: Vec<String>,
    pub(super) picture: Option<String>,
    /// What the last run has found that read the trust chain.
    pub(super) trust: Option<Trust>,
    pub(super) trust_book: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct EnvironmentTable {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) accounts: Vec<AccountLine>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct AccountLine {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) region: String,
    pub(super) how: &'static str,
    pub(super) access: String,
    /// The runbooks that act in it: name and title.
    pub(super) books: Vec<(String, String)>,
    /// How many more there are.
    pub(super) more: usize,
}

/// The page of the accounts.
pub(super) fn accounts(input: &Input<'_>) -> AccountsPage {
    let environments = input.project.environments.values().map(|environment| EnvironmentTable {
        name: environment.name.clone(),
        kind: environment.kind.to_string(),
        accounts: environment
            .accounts
            .iter()
            .map(|(name, account)| {
                let (how, access) = match &account.access {
                    Access::Role(role) => ("assumes", role.clone()),
                    Access::Profile(profile) => ("uses the profile", profile.clone()),
                    Access::Ambient => ("uses the operator's own credentials", String::new()),
                };
                let acts = |book: &&super::view::Book| {
                    book.plan.as_ref().is_some_and(|plan| plan.accounts().contains(name))
                };
                let books = input.books.iter().filter(acts);
                let all = books.clone().count();
                AccountLine {
                    name: name.to_string(),
                    id: account.id.clone(),
                    region: account.region.clone(),
                    how,
                    access,
                    books: books
                        .map(|book| (book.runbook.name.clone(), title(book)))
                        .take(BOOKS)
                        .collect(),
                    more: all.saturating_sub(BOOKS),
                }
            })
            .collect(),
    });
    let environments: Vec<EnvironmentTable> = environments.collect();
    AccountsPage {
        picture: picture(&environments, &input.project.operators),
        environments,
        denied: input.project.deny_accounts.clone(),
        operators: input.project.operators.clone(),
        trust: trust(input),
        trust_book: input.books.iter().any(|book| book.runbook.name == "trust-chain"),
    }
}

const BOX: (f64, f64) = (252.0, 52.0);
const GAP: f64 = 14.0;
const LEFT: f64 = 200.0;
const BETWEEN: f64 = 150.0;

/// Who assumes which role in which account, drawn from left to right.
fn picture(environments: &[EnvironmentTable], operators: &[String]) -> Option<String> {
    let accounts: Vec<(&EnvironmentTable, &AccountLine)> = environments
        .iter()
        .filter(|environment| environment.kind != "sandbox")
        .flat_map(|environment| {
            environment.accounts.iter().map(move |account| (environment, account))
        })
        .collect();
    if accounts.is_empty() || accounts.len() > 40 {
        return None;
    }
    let height = accounts.len() as f64 * (BOX.1 + GAP) - GAP + 2.0;
    let width = LEFT + BETWEEN + BOX.0 + 2.0;
    let middle = height / 2.0;
    let mut svg = format!(
        "<svg class=\"trust\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"Operators and the accounts that they act in\">"
    );
    for (at, (_, account)) in accounts.iter().enumerate() {
        let y = 1.0 + at as f64 * (BOX.1 + GAP) + BOX.1 / 2.0;
        let (from, to) = (LEFT, LEFT + BETWEEN);
        // Writing to a `String` cannot fail.
        let _ = write!(
            svg,
            "<path class=\"edge\" d=\"M{from} {middle} C{} {middle} {} {y} {to} {y}\"/><text class=\"edge-label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            from + BETWEEN / 2.0,
            from + BETWEEN / 2.0,
            to - 10.0,
            y - 5.0,
            match account.how {
                "assumes" => "assumes a role",
                "uses the profile" => "by profile",
                _ => "as it is",
            }
        );
    }
    let _ = write!(
        svg,
        "<g class=\"node\"><rect x=\"1\" y=\"{}\" width=\"{}\" height=\"56\" rx=\"6\"/><text class=\"title\" x=\"16\" y=\"{}\">Operators</text><text class=\"says\" x=\"16\" y=\"{}\">{}</text></g>",
        middle - 28.0,
        LEFT - 1.0,
        middle - 4.0,
        middle + 14.0,
        if operators.is_empty() {
            "none are named".to_owned()
        } else {
            super::spoken::counted(operators.len(), "pattern")
        }
    );
    for (at, (environment, account)) in accounts.iter().enumerate() {
        let (x, y) = (LEFT + BETWEEN, 1.0 + at as f64 * (BOX.1 + GAP));
        let role =
            account.access.rsplit_once('/').map_or(account.access.as_str(), |(_, role)| role);
        let _ = write!(
            svg,
            "<g class=\"node {}\"><rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\"/><text class=\"title\" x=\"{}\" y=\"{}\">{} · {}</text><text class=\"says\" x=\"{}\" y=\"{}\">{} · {}</text></g>",
            escaped(&environment.kind),
            BOX.0,
            BOX.1,
            x + 14.0,
            y + 22.0,
            escaped(&account.name),
            escaped(&environment.name),
            x + 14.0,
            y + 40.0,
            escaped(&account.id),
            escaped(&super::graph::cut(role, 22))
        );
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// Something owed, for a list.
#[derive(Clone, Debug, Serialize)]
pub(super) struct OwedRow {
    pub(super) text: String,
    pub(super) due: String,
    pub(super) ahead: String,
    pub(super) light: &'static str,
    pub(super) word: &'static str,
    pub(super) run: String,
    pub(super) runbook: String,
    pub(super) environment: String,
    pub(super) rehearsal: bool,
    pub(super) step: String,
    pub(super) settled_by: Option<String>,
    pub(super) command: Option<String>,
}

/// Soon enough to be thought of today, in days.
const SOON: i64 = 30;

/// What is owed, those that are settled last.
pub(super) fn obligations(input: &Input<'_>) -> Vec<OwedRow> {
    let mut rows: Vec<OwedRow> =
        input.evidence.owed.iter().map(|owed| owed_row(input, owed)).collect();
    rows.sort_by_key(|row| row.settled_by.is_some());
    rows
}

fn owed_row(input: &Input<'_>, owed: &Owed) -> OwedRow {
    let due: Option<Date> = owed.obligation.due.parse().ok();
    let left = due.map(|due| days(input.today, due));
    let (light, word) = match (&owed.settled_by, left) {
        (Some(_), _) => ("good", "settled"),
        // A date that cannot be read is one that nobody can wait for.
        (None, None | Some(..=-1)) => ("bad", "overdue"),
        (None, Some(0..=SOON)) => ("warn", "due soon"),
        (None, Some(_)) => ("none", "open"),
    };
    let run = input.evidence.runs.iter().find(|run| run.id == owed.run);
    OwedRow {
        text: owed.obligation.text.clone(),
        due: owed.obligation.due.clone(),
        ahead: due.map(|due| ahead(due, input.today)).unwrap_or_default(),
        light,
        word,
        run: owed.run.to_string(),
        runbook: owed.runbook.clone(),
        environment: owed.environment.clone(),
        rehearsal: run
            .is_some_and(|run| run.state.began.mode == crate::model::mode::Mode::Rehearsal),
        step: owed.obligation.step.to_string(),
        settled_by: owed.settled_by.as_ref().map(ToString::to_string),
        command: owed.command.clone(),
    }
}

/// A drill, for the calendar.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DrillRow {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) owner: String,
    pub(super) cadence: String,
    pub(super) due: Option<String>,
    pub(super) ahead: String,
    pub(super) light: &'static str,
    pub(super) word: &'static str,
    pub(super) rto: Option<String>,
    pub(super) held: Vec<HeldRow>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct HeldRow {
    pub(super) run: String,
    pub(super) date: String,
    pub(super) ago: String,
    pub(super) light: &'static str,
    pub(super) word: &'static str,
    pub(super) rehearsal: bool,
    pub(super) rto: Option<String>,
    pub(super) by: String,
    pub(super) reason: String,
}

/// How a drill is judged, in a colour and a word.
pub(super) const fn judged(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Passed => ("good", "passed"),
        Verdict::Failed => ("bad", "failed"),
        Verdict::CouldNotJudge => ("warn", "could not judge"),
        Verdict::UnderWay => ("warn", "under way"),
    }
}

/// The drills, what is overdue first.
pub(super) fn drills(input: &Input<'_>) -> Vec<DrillRow> {
    let mut rows: Vec<DrillRow> =
        input.evidence.drills.iter().map(|drill| drill_row(input, drill)).collect();
    rows.sort_by(|a, b| (&a.due, &a.name).cmp(&(&b.due, &b.name)));
    rows
}

fn drill_row(input: &Input<'_>, drill: &Drill) -> DrillRow {
    let left = drill.due.map(|due| days(input.today, due));
    let (light, word) = match left {
        Some(..=-1) => ("bad", "overdue"),
        Some(0..=SOON) => ("warn", "due soon"),
        // A rehearsal is not the drill.
        Some(_) if drill.held.iter().all(|held| held.rehearsal) => ("none", "not held yet"),
        Some(_) => ("good", "up to date"),
        None => ("none", "no date"),
    };
    let held = drill.held.iter().map(|held| {
        let (light, word) = judged(held.verdict);
        HeldRow {
            run: held.run.to_string(),
            date: day(held.at).to_string(),
            ago: ago(day(held.at), input.today),
            light,
            word,
            rehearsal: held.rehearsal,
            rto: held.rto.map(seconds),
            by: held.by.clone(),
            reason: held.reason.clone(),
        }
    });
    DrillRow {
        name: drill.name.clone(),
        title: drill.title.clone(),
        summary: drill.summary.clone(),
        owner: drill.owner.clone(),
        cadence: drill.cadence.clone(),
        due: drill.due.map(|due| due.to_string()),
        ahead: drill.due.map(|due| ahead(due, input.today)).unwrap_or_default(),
        light,
        word,
        rto: drill.rto.map(seconds),
        held: held.collect(),
    }
}
