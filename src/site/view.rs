//! What a site is made from: values that somebody else has read.

use crate::engine::event::{Event, Obligation};
use crate::engine::state::RunState;
use crate::model::action::Catalog;
use crate::model::id::RunId;
use crate::model::project::Project;
use crate::model::runbook::Runbook;
use crate::plan::Plan;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that a site is made from.
pub struct Input<'a> {
    /// What the project is called.
    pub name: String,
    /// The day that ages are counted from, in UTC.
    pub today: Date,
    /// What `runbook.yaml` says.
    pub project: &'a Project,
    /// What steps can do.
    pub catalog: &'a Catalog,
    /// The runbooks, sorted by name.
    pub books: Vec<Book>,
    /// What the runbooks link to and what is to be read, sorted by path.
    pub documents: Vec<Document>,
    /// What the project's runs and drills have shown.
    pub evidence: Evidence,
}

/// A Markdown file that is no runbook.
pub struct Document {
    /// Its page in the site.
    pub path: String,
    /// The file, from the folder of the project.
    pub of: String,
    /// What it says.
    pub text: Arc<Runbook>,
    /// Where its relative links lead, by the path as it was written, decoded.
    pub links: BTreeMap<String, Linked>,
}

/// A runbook and what is known about it beside its text.
pub struct Book {
    /// The runbook.
    pub runbook: Arc<Runbook>,
    /// What a run would do. Nothing when it has errors that leave no plan.
    pub plan: Option<Plan>,
    /// How many errors it has. With one it cannot be run.
    pub errors: usize,
    /// Where its relative links lead, by the path as it was written, decoded.
    pub links: BTreeMap<String, Linked>,
    /// What it asks of IAM, by logical account.
    pub permissions: Vec<Permissions>,
}

/// Where a relative link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// To a runbook of the site.
    Book(String),
    /// To the page that is made of a Markdown file, by its path in the site.
    Document(String),
    /// To a file that is copied into the site, by its path there.
    File(String),
    /// To a picture that is written into the page itself.
    Data(String),
    /// Nowhere that the site could show.
    Nowhere,
}

/// What a runbook asks of IAM in one account.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// The account by its logical name.
    pub account: String,
    /// When, what, and which steps ask for it.
    pub actions: Vec<Permission>,
    /// What is needed and cannot be told.
    pub cannot_tell: Vec<String>,
    /// The policy document, as JSON.
    pub policy: String,
}

/// One IAM action.
#[derive(Clone, Debug)]
pub struct Permission {
    /// When it is asked for: `Run`, `Sometimes`, `Look` or `Undo`.
    pub part: &'static str,
    /// The IAM action.
    pub action: String,
    /// The steps and probes that ask for it.
    pub asked_by: Vec<String>,
}

/// What the runs and drills of a project have shown.
#[derive(Default)]
pub struct Evidence {
    /// The runs whose journals are whole, the newest first.
    pub runs: Vec<Run>,
    /// The runs whose journals cannot be believed, and why.
    pub unread: Vec<Unread>,
    /// What is owed, by due date.
    pub owed: Vec<Owed>,
    /// The drills of the project, sorted by name.
    pub drills: Vec<Drill>,
}

/// A run, as its journal tells it.
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// How it stands.
    pub state: RunState,
    /// What happened, and when.
    pub events: Vec<(Timestamp, Event)>,
    /// What it did, from the texts that it is pinned to. Nothing when they are gone.
    pub plan: Option<Plan>,
    /// SHA-256 of the last line of the journal.
    pub head: String,
    /// What steps printed, masked, by the step's key.
    pub logs: BTreeMap<String, String>,
    /// Whether the operator is one of the project's own people. Nothing when that cannot be told.
    pub own_people: Option<bool>,
}

/// A run whose journal cannot be believed.
pub struct Unread {
    /// Its id.
    pub id: RunId,
    /// The runbook, as the first line says.
    pub runbook: Option<String>,
    /// Why.
    pub why: String,
}

/// Something owed after a run.
pub struct Owed {
    /// What.
    pub obligation: Obligation,
    /// The run that incurred it.
    pub run: RunId,
    /// Its runbook.
    pub runbook: String,
    /// Its environment.
    pub environment: String,
    /// The run that settled it.
    pub settled_by: Option<RunId>,
    /// The command that settles it.
    pub command: Option<String>,
}

/// A drill: what it is for, when it is due, and how its runs ended.
#[derive(Clone, Debug)]
pub struct Drill {
    /// The file's stem.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// One or two sentences.
    pub summary: String,
    /// Who keeps it.
    pub owner: String,
    /// How often, as it was written.
    pub cadence: String,
    /// When it is due next.
    pub due: Option<Date>,
    /// The recovery time objective, in seconds.
    pub rto: Option<u64>,
    /// How its runs ended, the newest first.
    pub held: Vec<Held>,
}

/// How one run of a drill ended.
#[derive(Clone, Debug)]
pub struct Held {
    /// The run.
    pub run: RunId,
    /// When it ended, or when anything last happened.
    pub at: Timestamp,
    /// How it is judged.
    pub verdict: Verdict,
    /// From the incident to health, in seconds.
    pub rto: Option<u64>,
    /// Whether it was held in the sandbox: never evidence.
    pub rehearsal: bool,
    /// Who held it.
    pub by: String,
    /// Whether they are the project's own people. Nothing when that cannot be told.
    pub own_people: Option<bool>,
    /// Why it is judged so.
    pub reason: String,
}

/// How a drill is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It showed what it is for.
    Passed,
    /// It did not.
    Failed,
    /// Nothing can be said.
    CouldNotJudge,
    /// It has not ended.
    UnderWay,
}
