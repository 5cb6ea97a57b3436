//! How long a project of 1,000 runbooks with 20 steps each takes: to read, to check, to list.
//!
//! `cargo bench --bench check`, or `scripts/bench.sh`, which writes docs/performance.md. The floor is what
//! pulldown-cmark alone needs for the same Markdown: every reader of it needs that much.

#[path = "../tests/it/draft/mod.rs"]
#[expect(dead_code, reason = "the tests plant mistakes with it, and here nothing is planted")]
mod draft;

use divan::{Bencher, black_box};
use draft::dice::Dice;
use draft::{Draft, markdown};
use runbook::actions::catalog::catalog;
use runbook::check::{Book, Linked, check};
use runbook::model::runbook::Runbook;
use runbook::parse;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

const RUNBOOKS: usize = 1000;
const STEPS: usize = 20;
const PROJECT: &str = "version: 1\nenvironments:\n  box: {kind: sandbox}\n";

/// The same texts in every run.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let text = |seed: usize| {
        let dice = &mut Dice::new(seed as u64);
        let draft = Draft::valid(STEPS, dice);
        markdown::write(&draft, dice).0
    };
    (0..RUNBOOKS).map(text).collect()
});

static BOOKS: LazyLock<Vec<Arc<Runbook>>> =
    LazyLock::new(|| TEXTS.iter().map(|text| read(text)).collect());

fn read(text: &str) -> Arc<Runbook> {
    let (book, found) = parse::runbook("book", "book.md", text);
    assert!(found.is_empty(), "{found:?}");
    Arc::new(book)
}

/// A project folder with the runbooks, made once.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let own = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-project");
    let folder = std::env::var_os("RUNBOOK_BENCH_PROJECT").map_or_else(own, PathBuf::from);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(folder.join("runbooks")).expect("a folder");
    fs::write(folder.join("runbook.yaml"), PROJECT).expect("a file");
    for (at, text) in TEXTS.iter().enumerate() {
        fs::write(folder.join(format!("runbooks/book-{at:04}.md")), text).expect("a file");
    }
    folder
});

fn main() {
    // Only the project, for whoever measures the program from outside.
    if std::env::args().any(|argument| argument == "write-project") {
        LazyLock::force(&FOLDER);
        return;
    }
    divan::main();
}

/// pulldown-cmark alone.
#[divan::bench(sample_count = 5)]
fn markdown_floor(bencher: Bencher<'_, '_>) {
    let texts = &*TEXTS;
    bencher.bench(|| {
        texts.iter().map(|text| pulldown_cmark::Parser::new(black_box(text)).count()).sum::<usize>()
    });
}

#[divan::bench(sample_count = 5)]
fn parse_all(bencher: Bencher<'_, '_>) {
    let texts = &*TEXTS;
    bencher.bench(|| texts.iter().map(|text| read(black_box(text)).steps.len()).sum::<usize>());
}

#[divan::bench(sample_count = 5)]
fn check_all(bencher: Bencher<'_, '_>) {
    let (books, catalog) = (&*BOOKS, catalog());
    let (project, _, _) = parse::project("runbook.yaml", PROJECT);
    bencher.bench(|| {
        for book in books {
            let book = Book {
                runbook: black_box(book),
                others: &|_| None,
                catalog: &catalog,
                project: Some(&project),
                files: &|_| Linked::Unknown,
            };
            assert!(check(&book).is_empty());
        }
    });
}

/// What a keystroke in an editor costs: one runbook, read and checked.
#[divan::bench(sample_count = 100)]
fn one_runbook(bencher: Bencher<'_, '_>) {
    let (text, catalog) = (&TEXTS[0], catalog());
    bencher.bench(|| {
        let book = read(black_box(text));
        let book = Book {
            runbook: &book,
            others: &|_| None,
            catalog: &catalog,
            project: None,
            files: &|_| Linked::Unknown,
        };
        check(&book).len()
    });
}

#[divan::bench(sample_count = 5, args = ["check", "list"])]
fn program(bencher: Bencher<'_, '_>, verb: &str) {
    let folder = &*FOLDER;
    bencher.bench(|| {
        let status = Command::new(env!("CARGO_BIN_EXE_runbook"))
            .arg(verb)
            .current_dir(folder)
            .stdout(Stdio::null())
            .status()
            .expect("the program runs");
        assert!(status.success());
    });
}
