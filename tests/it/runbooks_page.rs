//! `docs/runbooks.md`, made from the shipped runbooks: what each does, and what the sandbox can and cannot prove of it.

use runbook::model::duration::Short;
use runbook::model::runbook::Runbook;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The heading that every shipped runbook has, with a table of these two kinds of rows below it.
const HEADING: &str = "## What the sandbox can show";
const SHOWN: &str = "| **Shown** | ";
const NOT_SHOWN: &str = "| **Not shown** | ";

const PREFACE: &str = "# The shipped runbooks

This page is made from the runbooks themselves: the right columns are what each says under *What the sandbox can show*.
`UPDATE=1 cargo test --test it runbooks_page` writes it anew.

A rehearsal in the sandbox proves that a runbook is whole: that its steps fit together, that it can be killed, resumed and
taken back, and that it sees what it should. It proves nothing about AWS where the emulator is not AWS. What is not shown
here is to be shown in a drill.

| runbook | what it does | healthy within | the sandbox shows | only a drill can show |
|---|---|---|---|---|
";

/// One shipped runbook.
struct Book {
    name: String,
    book: Runbook,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shipped() -> Vec<Book> {
    let entries = std::fs::read_dir(root().join("runbooks")).expect("runbooks");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "md"));
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Book {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a runbook");
    let (book, _) = runbook::parse::runbook(&name, &format!("runbooks/{name}.md"), &text);
    Book { name, book, text }
}

impl Book {
    /// The rows of one kind below the heading, as one cell.
    fn cell(&self, kind: &str) -> String {
        let (_, section) = self
            .text
            .split_once(&format!("\n{HEADING}\n"))
            .unwrap_or_else(|| panic!("{} has no section `{HEADING}`", self.name));
        let section = section.split("\n## ").next().unwrap_or_default();
        let rows: Vec<&str> = section
            .lines()
            .filter_map(|line| line.strip_prefix(kind)?.strip_suffix(" |"))
            .map(str::trim)
            .collect();
        assert!(!rows.is_empty(), "{}: no row `{kind}… |` below `{HEADING}`", self.name);
        for row in &rows {
            assert!(!row.contains("]("), "{}: a link would lead elsewhere from docs/", self.name);
        }
        rows.join("<br>")
    }

    fn row(&self) -> String {
        let within = self.book.front.rto.as_ref().map(|rto| Short(rto.value).to_string());
        let summary = self.book.front.summary.as_ref().expect("a summary");
        format!(
            "| [{name}](../runbooks/{name}.md) | {} | {} | {} | {} |\n",
            summary.value.trim(),
            within.as_deref().unwrap_or("–"),
            self.cell(SHOWN),
            self.cell(NOT_SHOWN),
            name = self.name,
        )
    }
}

#[test]
fn the_page_of_runbooks_is_what_the_runbooks_say() {
    let books = shipped();
    assert!(books.len() > 3, "these are not all runbooks");
    let mut page = PREFACE.to_owned();
    for book in &books {
        // Writing to a `String` cannot fail.
        let _ = write!(page, "{}", book.row());
    }
    let path = root().join("docs/runbooks.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the page is written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "docs/runbooks.md is stale: run this test with UPDATE=1");
}

/// The README names every shipped runbook, and none that is not there.
#[test]
fn the_readme_names_every_shipped_runbook() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let named: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| [")?.split("](runbooks/").nth(1))
        .filter_map(|rest| rest.split(".md)").next())
        .collect();
    for book in shipped() {
        assert!(named.contains(&book.name.as_str()), "README.md does not name {}", book.name);
    }
    for name in named {
        assert!(root().join(format!("runbooks/{name}.md")).exists(), "there is no {name}");
    }
}
