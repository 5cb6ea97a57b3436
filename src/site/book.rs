//! A runbook as a page: its prose with its steps as cards, and what is known beside the text.

use super::graph;
use super::markdown::{Part, render};
use super::run::{Row, row};
use super::search::Place;
use super::spoken::{plain, seconds, word, yaml};
use super::step::{Card, Does, card, does, probe};
use super::target::Links;
use super::trend;
use super::view::{Book, Input, Permissions};
use crate::model::mode::EnvironmentKind;
use crate::model::runbook::Parameter;
use crate::model::step::Role;
use serde::Serialize;
use std::collections::BTreeMap;

/// The runbooks that run a runbook, by its name: the name and the title of each.
pub(super) type Callers = BTreeMap<String, Vec<(String, String)>>;

/// How many of the last runs a page shows.
const RUNS: usize = 10;

/// Everything that the page of a runbook shows.
#[derive(Clone, Debug, Serialize)]
pub(super) struct BookPage {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) owner: String,
    pub(super) tags: Vec<String>,
    pub(super) rto: Option<String>,
    pub(super) rpo: Option<String>,
    pub(super) errors: usize,
    pub(super) steps: usize,
    pub(super) estimate: Option<String>,
    pub(super) destroys: usize,
    pub(super) parts: Vec<Piece>,
    pub(super) toc: Vec<Entry>,
    pub(super) params: Vec<ParamRow>,
    pub(super) commands: Vec<(String, String)>,
    pub(super) graph: Option<String>,
    pub(super) no_return: Option<(usize, String, String)>,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) permissions: Vec<PermissionTable>,
    pub(super) runs: Vec<Row>,
    pub(super) more_runs: usize,
    pub(super) trend: Option<String>,
    pub(super) called_by: Vec<(String, String)>,
}

/// A piece of the page, in the order of the text.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Piece {
    /// `html`, `open`, `card`, `block` or `close`.
    pub(super) kind: &'static str,
    pub(super) html: String,
    pub(super) card: Option<Card>,
    /// Whether a section is open around the card already.
    pub(super) inside: bool,
    /// An `observe` or `undo` block: its id, its label, and what it does.
    pub(super) block: Option<Attached>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Attached {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) does: Does,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    pub(super) level: u8,
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) number: Option<usize>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ParamRow {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) required: bool,
    pub(super) default: Option<String>,
    pub(super) meaning: String,
    /// What a value must be: words, and what of them is code.
    pub(super) limits: Vec<(String, String)>,
    pub(super) secret: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct AccountRow {
    pub(super) name: String,
    /// In each environment: its name, its kind, the account's id and Region.
    pub(super) places: Vec<(String, String, String, String)>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct PermissionTable {
    pub(super) account: String,
    pub(super) actions: Vec<(String, String, String)>,
    pub(super) cannot_tell: Vec<String>,
    pub(super) policy: String,
}

/// The page of a runbook, and what the search finds on it. `root` leads to the folder of the site.
pub(super) fn page(
    input: &Input<'_>,
    book: &Book,
    callers: &Callers,
    root: &'static str,
) -> (BookPage, Vec<Place>) {
    let runbook = &book.runbook;
    let front = &runbook.front;
    let links = Links { linked: &book.links, anchors: &runbook.anchors, root, books: "" };
    let rendered = render(runbook, &links);
    let cards: Vec<Card> = (0..runbook.steps.len()).map(|index| card(input, book, index)).collect();
    let parts = rendered.parts.into_iter().map(|part| piece(input, book, &cards, part)).collect();
    let title = title(book);
    let toc: Vec<Entry> = rendered
        .headings
        .into_iter()
        .filter(|heading| heading.level <= 3)
        .map(|heading| Entry {
            number: heading.step.map(|index| index + 1),
            level: heading.level,
            anchor: heading.anchor,
            title: heading.title,
        })
        .collect();
    let places = rendered.sections.into_iter().map(|section| Place {
        u: format!(
            "runbooks/{}.html#{}",
            super::target::encoded(&runbook.name),
            super::target::encoded(&section.anchor)
        ),
        t: section.title,
        p: title.clone(),
        w: section.text.split_whitespace().collect::<Vec<_>>().join(" "),
    });
    let summary = front.summary.as_ref().map_or_else(String::new, |summary| summary.value.clone());
    let opening = rendered.opening.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = Place {
        u: format!("runbooks/{}.html", super::target::encoded(&runbook.name)),
        t: title.clone(),
        p: "Runbook".to_owned(),
        w: format!("{} {summary} {opening}", runbook.name),
    };
    let places = std::iter::once(first).chain(places).collect();
    let (runs, more_runs, trend) = history(input, book);
    let page = BookPage {
        name: runbook.name.clone(),
        summary,
        owner: front.owner.as_ref().map_or_else(String::new, |owner| owner.value.clone()),
        tags: front.tags.iter().map(|tag| tag.value.clone()).collect(),
        rto: front.rto.as_ref().map(|rto| seconds(rto.value.as_secs())),
        rpo: front.rpo.as_ref().map(|rpo| seconds(rpo.value.as_secs())),
        errors: book.errors,
        steps: runbook.steps.len(),
        estimate: estimate(book),
        destroys: cards.iter().filter(|card| card.effect.class == "destroy").count(),
        no_return: cards
            .iter()
            .find(|card| card.no_return.is_some())
            .map(|card| (card.number.unwrap_or(0), card.id.clone(), card.title.clone())),
        parts,
        toc,
        params: front.params.iter().map(param).collect(),
        commands: commands(input, book),
        graph: book.plan.as_ref().and_then(|plan| graph::draw(&plan.root)),
        accounts: accounts(input, book),
        permissions: book.permissions.iter().map(permissions).collect(),
        runs,
        more_runs,
        trend,
        called_by: callers.get(&runbook.name).cloned().unwrap_or_default(),
        title,
    };
    (page, places)
}

fn piece(input: &Input<'_>, book: &Book, cards: &[Card], part: Part) -> Piece {
    let plain = |kind| Piece { kind, html: String::new(), card: None, inside: false, block: None };
    let of = |role, index: usize| match role {
        Role::Health => book.runbook.health.get(index).map(|health| probe(input, book, health)),
        _ => cards.get(index).cloned(),
    };
    match part {
        Part::Html(html) => Piece { html, ..plain("html") },
        Part::Open(role, index) => Piece { card: of(role, index), ..plain("open") },
        Part::Close => plain("close"),
        Part::Block(role @ (Role::Step | Role::Health), index, inside) => {
            let card = of(role, index);
            // Only the card that was opened for this very step is around it.
            Piece { card, inside, ..plain("card") }
        }
        Part::Block(role, index, _) => {
            let step = &book.runbook.steps[index];
            let block = if role == Role::Undo { &step.undo } else { &step.observe };
            let attached = block.as_ref().map(|block| Attached {
                id: format!("{}-{}", role.word(), step.id()),
                label: if role == Role::Undo {
                    format!("Takes back step {}, {}", index + 1, step.title)
                } else {
                    format!("Looks whether step {} is in place: {}", index + 1, step.title)
                },
                does: does(input, block),
            });
            Piece { block: attached, ..plain("block") }
        }
    }
}

/// How long the longest chain of steps usually takes, if any step says so.
fn estimate(book: &Book) -> Option<String> {
    let frame = &book.plan.as_ref()?.root;
    let own = |index: usize| {
        let estimate = frame.steps[index].step(frame).block.options.estimate.as_ref();
        estimate.map_or(0, |estimate| estimate.value.as_secs())
    };
    let mut ends = vec![0_u64; frame.steps.len()];
    // A need may stand further down; without a circle, so many rounds settle it.
    for _ in 0..frame.steps.len().min(64) {
        for (index, planned) in frame.steps.iter().enumerate() {
            let before = planned.needs.iter().map(|need| ends[*need]).max().unwrap_or(0);
            ends[index] = before.saturating_add(own(index));
        }
    }
    ends.into_iter().max().filter(|longest| *longest > 0).map(seconds)
}

fn param(param: &Parameter) -> ParamRow {
    let mut limits = Vec::new();
    limits.extend(param.pattern.as_ref().map(|one| ("matches".to_owned(), one.value.clone())));
    if !param.choices.is_empty() {
        let choices: Vec<String> =
            param.choices.iter().map(|choice| plain(&choice.verbatim())).collect();
        limits.push(("one of".to_owned(), choices.join(", ")));
    }
    let range = match (&param.min, &param.max) {
        (Some(min), Some(max)) => Some(format!("from {} to {}", min.value, max.value)),
        (Some(min), None) => Some(format!("at least {}", min.value)),
        (None, Some(max)) => Some(format!("at most {}", max.value)),
        (None, None) => None,
    };
    limits.extend(range.map(|range| (range, String::new())));
    ParamRow {
        name: param.name.value.clone(),
        kind: param.kind.word(),
        required: param.is_required(),
        default: param.default.as_ref().map(|default| yaml(&default.verbatim())),
        meaning: param.description.as_ref().map_or_else(String::new, |text| text.value.clone()),
        limits,
        secret: param.secret,
    }
}

/// The commands that plan and run it, in each environment that has its accounts.
fn commands(input: &Input<'_>, book: &Book) -> Vec<(String, String)> {
    let name = word(&book.runbook.name);
    let wanted = book.plan.as_ref().map(crate::plan::Plan::accounts).unwrap_or_default();
    let mut given = String::new();
    for param in
        book.runbook.front.params.iter().filter(|param| param.is_required() && !param.secret)
    {
        // A value that only the operator knows.
        given.push_str(&format!(" -p {}=…", param.name.value));
    }
    let mut environments: Vec<_> = input.project.environments.values().collect();
    environments.sort_by_key(|one| match one.kind {
        EnvironmentKind::Sandbox => 0,
        EnvironmentKind::Drill => 1,
        EnvironmentKind::Production => 2,
    });
    let has = |environment: &&crate::model::project::Environment| {
        environment.kind == EnvironmentKind::Sandbox
            || wanted.iter().all(|account| environment.accounts.contains_key(account))
    };
    let mut found = Vec::new();
    for environment in environments.into_iter().filter(has) {
        let env = word(&environment.name);
        let what = match environment.kind {
            EnvironmentKind::Sandbox => "Rehearse on this machine",
            EnvironmentKind::Drill => "Drill",
            EnvironmentKind::Production => {
                found.push((
                    beside("See what would change", &environment.name, "production"),
                    format!("runbook plan {name} --env {env}{given}"),
                ));
                "Run for real"
            }
        };
        let what = beside(what, &environment.name, &environment.kind.to_string());
        found.push((what, format!("runbook run {name} --env {env}{given}")));
    }
    found
}

/// A label, and the environment where its name says more than its kind.
fn beside(what: &str, environment: &str, kind: &str) -> String {
    if environment == kind { what.to_owned() } else { format!("{what} ({environment})") }
}

fn accounts(input: &Input<'_>, book: &Book) -> Vec<AccountRow> {
    let names = book.plan.as_ref().map(crate::plan::Plan::accounts).unwrap_or_default();
    names
        .into_iter()
        .map(|name| {
            let environments = input.project.environments.values();
            let places = environments.filter_map(|environment| {
                let account = environment.accounts.get(&name)?;
                let (id, region) = (account.id.clone(), account.region.clone());
                Some((environment.name.clone(), environment.kind.to_string(), id, region))
            });
            AccountRow { places: places.collect(), name: name.to_string() }
        })
        .collect()
}

fn permissions(permissions: &Permissions) -> PermissionTable {
    let when = |part: &str| match part {
        "Run" => "in every run",
        "Sometimes" => "only when it happens",
        "Look" => "to look",
        _ => "to take back",
    };
    let rows = permissions.actions.iter();
    PermissionTable {
        account: permissions.account.clone(),
        actions: rows
            .map(|one| (one.action.clone(), when(one.part).to_owned(), one.asked_by.join(", ")))
            .collect(),
        cannot_tell: permissions.cannot_tell.clone(),
        policy: permissions.policy.clone(),
    }
}

/// The last runs of a runbook, how many more there are, and how long they took as a picture.
fn history(input: &Input<'_>, book: &Book) -> (Vec<Row>, usize, Option<String>) {
    let name = &book.runbook.name;
    let of: Vec<_> =
        input.evidence.runs.iter().filter(|run| run.state.began.runbook == *name).collect();
    let rows: Vec<Row> = of.iter().take(RUNS).map(|run| row(input, run)).collect();
    let bars: Vec<trend::Bar> = rows
        .iter()
        .rev()
        .map(|row| trend::Bar {
            seconds: row.seconds,
            class: match (row.light, row.mode.as_str()) {
                ("good", "rehearsal") => "rehearsal",
                ("good", _) => "good",
                _ => "bad",
            },
            says: format!("{}, {}, {}: {}", row.began, row.mode, row.verdict, row.took),
        })
        .collect();
    let objective = book.runbook.front.rto.as_ref().map(|rto| rto.value.as_secs());
    let more = of.len() - rows.len();
    (rows, more, trend::draw(&bars, objective))
}

/// What a runbook is called: its title, and its name when it has none.
pub(super) fn title(book: &Book) -> String {
    let title = book.runbook.front.title.as_ref();
    title.map_or_else(|| book.runbook.name.clone(), |title| title.value.clone())
}

/// Which runbooks run which.
pub(super) fn callers(input: &Input<'_>) -> Callers {
    let mut found = Callers::new();
    for book in &input.books {
        let steps = book.plan.iter().flat_map(|plan| &plan.root.steps);
        for inner in steps.filter_map(|step| step.calls.as_ref()) {
            let callers = found.entry(inner.book.name.clone()).or_default();
            let caller = (book.runbook.name.clone(), title(book));
            if !callers.contains(&caller) {
                callers.push(caller);
            }
        }
    }
    found
}
