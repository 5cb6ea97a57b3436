//! All pages of a site, side by side, as files in memory.

use super::about::{accounts, drills, obligations};
use super::assets::{ICON, MINISEARCH};
use super::board::{Board, Light, Shown};
use super::book::{self, BookPage, Callers, callers, title};
use super::document;
use super::keys::keys;
use super::run::{self, row};
use super::search::{Place, script};
use super::spoken::seconds;
use super::target::encoded;
use super::templates::Templates;
use super::view::{Book, Document, Input};
use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;
use std::collections::BTreeMap;
use tera::Context;

/// The files of a site by their paths in its folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// More runbooks than this are not listed beside every page, but on a page of their own.
const LISTED: usize = 40;

/// About as many bytes as a page has. A buffer that grows is copied each time.
const USUAL: usize = 64 * 1024;

/// Why a site cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template `{template}` cannot be filled: {reason}")]
pub struct SiteError {
    /// The template.
    pub template: String,
    /// Why.
    pub reason: String,
}

/// What every page knows.
#[derive(Clone, Debug, Serialize)]
struct Frame<'a> {
    name: &'a str,
    today: String,
    version: &'static str,
    root: &'static str,
    here: &'static str,
    title: String,
    books: &'a [Listed],
    all_books: usize,
    red: usize,
    owed: usize,
    overdue: usize,
}

/// A runbook beside every page.
#[derive(Clone, Debug, Serialize)]
struct Listed {
    name: String,
    address: String,
    title: String,
}

/// What the pages share.
struct Shared<'a> {
    input: &'a Input<'a>,
    templates: &'a Templates,
    listed: Vec<Listed>,
    callers: Callers,
    board: Board,
    owed: usize,
    overdue: usize,
}

/// Makes the whole site.
///
/// # Errors
/// When a template, which may be the project's own, cannot be filled.
pub fn build(input: &Input<'_>, templates: &Templates) -> Result<Files, SiteError> {
    let owed = obligations(input);
    let shared = Shared {
        input,
        templates,
        listed: listed(input),
        callers: callers(input),
        board: Board::new(input),
        owed: owed.iter().filter(|one| one.settled_by.is_none()).count(),
        overdue: owed.iter().filter(|one| one.light == "bad").count(),
    };
    let books: Vec<(String, Vec<u8>, Vec<Place>)> =
        input.books.par_iter().map(|book| shared.book(book)).collect::<Result<_, _>>()?;
    let runs: Vec<(String, Vec<u8>)> =
        input.evidence.runs.par_iter().map(|run| shared.run(run)).collect::<Result<_, _>>()?;
    let documents: Vec<(String, Vec<u8>, Vec<Place>)> =
        input.documents.par_iter().map(|one| shared.document(one)).collect::<Result<_, _>>()?;
    let mut files = Files::new();
    let mut places = shared.places();
    for (path, bytes, own) in books.into_iter().chain(documents) {
        files.insert(path, bytes);
        places.extend(own);
    }
    files.extend(runs);
    files.extend(shared.overviews()?);
    files.insert("assets/site.css".to_owned(), templates.css.clone().into_bytes());
    files.insert("assets/site.js".to_owned(), templates.js.clone().into_bytes());
    files.insert("assets/minisearch.js".to_owned(), MINISEARCH.as_bytes().to_vec());
    files.insert("assets/places.js".to_owned(), script(&places).into_bytes());
    files.insert("assets/icon.svg".to_owned(), ICON.as_bytes().to_vec());
    // Without this a code host would leave out what begins with an underscore.
    files.insert(".nojekyll".to_owned(), Vec::new());
    Ok(files)
}

/// One runbook as one file that needs no other.
///
/// # Errors
/// When a template cannot be filled.
pub fn single(input: &Input<'_>, templates: &Templates, book: &Book) -> Result<Vec<u8>, SiteError> {
    let (page, _) = book::page(input, book, &Callers::new(), "");
    let mut context = Context::new();
    context.insert("page", &page);
    context.insert("css", &templates.css);
    context.insert("hash", &hash(&templates.css));
    context.insert("name", &input.name);
    context.insert("today", &input.today.to_string());
    context.insert("version", env!("CARGO_PKG_VERSION"));
    fill(templates, "single.html", &context)
}

/// What a policy names a style by that stands on the page itself.
fn hash(text: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()))
}

fn fill(templates: &Templates, name: &str, context: &Context) -> Result<Vec<u8>, SiteError> {
    let failed =
        |error: tera::Error| SiteError { template: name.to_owned(), reason: error.to_string() };
    let mut page = Vec::with_capacity(USUAL);
    templates.tera.render_to(name, context, &mut page).map_err(failed)?;
    Ok(page)
}

fn listed(input: &Input<'_>) -> Vec<Listed> {
    if input.books.len() > LISTED {
        return Vec::new();
    }
    let of = |book: &Book| Listed {
        name: book.runbook.name.clone(),
        address: encoded(&book.runbook.name),
        title: title(book),
    };
    input.books.iter().map(of).collect()
}

/// A promise as its row shows it.
#[derive(Clone, Debug, Serialize)]
struct PromiseRow<'a> {
    #[serde(flatten)]
    shown: &'a Shown,
    class: &'static str,
    word: &'static str,
    took: Option<String>,
    objective: Option<String>,
    percent: Option<u64>,
}

fn promise(shown: &Shown) -> PromiseRow<'_> {
    let part = shown.seconds.zip(shown.objective_seconds).filter(|(_, objective)| *objective > 0);
    PromiseRow {
        class: match shown.light {
            Light::Green => "good",
            Light::Amber => "warn",
            Light::Red => "bad",
        },
        word: match shown.light {
            Light::Amber if shown.stale => "Ageing",
            Light::Amber => "In doubt",
            light => light.word(),
        },
        took: shown.seconds.map(seconds),
        objective: shown.objective_seconds.map(seconds),
        percent: part.map(|(took, objective)| (took.saturating_mul(100) / objective).min(100)),
        shown,
    }
}

/// A runbook in the list of all.
#[derive(Clone, Debug, Serialize)]
struct BookRow {
    name: String,
    address: String,
    title: String,
    summary: String,
    owner: String,
    rto: Option<String>,
    steps: usize,
    errors: usize,
    last: Option<run::Row>,
}

impl Shared<'_> {
    fn frame(&self, root: &'static str, here: &'static str, title: &str) -> Frame<'_> {
        Frame {
            name: &self.input.name,
            today: self.input.today.to_string(),
            version: env!("CARGO_PKG_VERSION"),
            root,
            here,
            title: title.to_owned(),
            books: &self.listed,
            all_books: self.input.books.len(),
            red: self.board.count(Light::Red),
            owed: self.owed,
            overdue: self.overdue,
        }
    }

    fn page(
        &self,
        template: &str,
        frame: &Frame<'_>,
        page: &impl Serialize,
    ) -> Result<Vec<u8>, SiteError> {
        let mut context = Context::new();
        context.insert("site", frame);
        context.insert("page", page);
        fill(self.templates, template, &context)
    }

    fn book(&self, book: &Book) -> Result<(String, Vec<u8>, Vec<Place>), SiteError> {
        let (page, places): (BookPage, _) = book::page(self.input, book, &self.callers, "../");
        let bytes =
            self.page("runbook.html", &self.frame("../", "runbooks", &page.title), &page)?;
        Ok((format!("runbooks/{}.html", book.runbook.name), bytes, places))
    }

    fn document(&self, one: &Document) -> Result<(String, Vec<u8>, Vec<Place>), SiteError> {
        let (page, places) = document::page(one);
        let frame = self.frame("../", "documents", &page.title);
        let bytes = self.page("document.html", &frame, &page)?;
        Ok((one.path.clone(), bytes, places))
    }

    fn run(&self, run: &super::view::Run) -> Result<(String, Vec<u8>), SiteError> {
        let page = run::page(self.input, run);
        let title = format!("Run {}", run.id);
        let bytes = self.page("run.html", &self.frame("../", "runs", &title), &page)?;
        Ok((format!("runs/{}.html", run.id), bytes))
    }

    /// What the search finds beside the runbooks.
    fn places(&self) -> Vec<Place> {
        let page = |u: &str, t: &str, w: &str| Place {
            u: u.to_owned(),
            t: t.to_owned(),
            p: "Page".to_owned(),
            w: w.to_owned(),
        };
        let mut places = vec![
            page("index.html", "Readiness", "handoff promises evidence"),
            page("runs.html", "Runs and drills", "history journal"),
            page("accounts.html", "Accounts and trust", "roles regions environments assume"),
            page("obligations.html", "Keys and obligations", "owed due overdue retire"),
            page("calendar.html", "Calendar", "drills due overdue cadence"),
        ];
        places.extend(self.board.promises.iter().map(|shown| Place {
            u: format!("index.html#{}", shown.promise.id),
            t: shown.promise.title.to_owned(),
            p: "Readiness".to_owned(),
            w: shown.promise.claim.to_owned(),
        }));
        places
    }

    fn overviews(&self) -> Result<Files, SiteError> {
        let input = self.input;
        let board: Vec<PromiseRow<'_>> = self.board.promises.iter().map(promise).collect();
        let owed = obligations(input);
        let drills = drills(input);
        let runs: Vec<run::Row> = input.evidence.runs.iter().map(|run| row(input, run)).collect();
        let unread: Vec<(String, String)> =
            input.evidence.unread.iter().map(|one| (one.id.to_string(), one.why.clone())).collect();
        let readiness = serde_json::json!({
            "promises": board,
            "green": self.board.count(Light::Green),
            "amber": self.board.count(Light::Amber),
            "red": self.board.count(Light::Red),
            "cadence": self.board.cadence,
            "operators": input.project.operators,
            "owed": owed.iter().filter(|one| one.settled_by.is_none()).take(5).collect::<Vec<_>>(),
            "more_owed": self.owed.saturating_sub(5),
            "due": drills.iter().filter(|drill| matches!(drill.light, "bad" | "warn")).take(5).collect::<Vec<_>>(),
            "runs": runs.iter().take(5).collect::<Vec<_>>(),
            "unread": unread,
        });
        let mut files = Files::new();
        let mut add = |name: &str, here, title: &str, page: &serde_json::Value| {
            let bytes = self.page(name, &self.frame("", here, title), page)?;
            files.insert(name.to_owned(), bytes);
            Ok::<(), SiteError>(())
        };
        add("index.html", "index", "Readiness", &readiness)?;
        add(
            "runbooks.html",
            "runbooks",
            "Runbooks",
            &serde_json::json!({ "books": self.book_rows() }),
        )?;
        add(
            "runs.html",
            "runs",
            "Runs and drills",
            &serde_json::json!({ "runs": runs, "unread": unread }),
        )?;
        add(
            "accounts.html",
            "accounts",
            "Accounts and trust",
            &serde_json::json!(accounts(input)),
        )?;
        add(
            "obligations.html",
            "obligations",
            "Keys and obligations",
            &serde_json::json!({ "owed": owed, "keys": keys(input) }),
        )?;
        add("calendar.html", "calendar", "Calendar", &serde_json::json!({ "drills": drills }))?;
        Ok(files)
    }

    fn book_rows(&self) -> Vec<BookRow> {
        let input = self.input;
        let of = |book: &Book| {
            let front = &book.runbook.front;
            let mut runs = input.evidence.runs.iter();
            let last = runs.find(|run| run.state.began.runbook == book.runbook.name);
            BookRow {
                name: book.runbook.name.clone(),
                address: encoded(&book.runbook.name),
                title: title(book),
                summary: front.summary.as_ref().map_or_else(String::new, |text| text.value.clone()),
                owner: front.owner.as_ref().map_or_else(String::new, |text| text.value.clone()),
                rto: front.rto.as_ref().map(|rto| seconds(rto.value.as_secs())),
                steps: book.runbook.steps.len(),
                errors: book.errors,
                last: last.map(|run| row(input, run)),
            }
        };
        input.books.iter().map(of).collect()
    }
}
