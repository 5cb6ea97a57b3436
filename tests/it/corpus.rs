//! Markdown that was not written for us: it is read without a panic, a hang or a false error.
//!
//! The corpus is what lies on the machine anyway (the sources of our dependencies, the sandbox) and
//! every folder that `RUNBOOK_CORPUS` names. `scripts/corpus.sh` runs it over clones of other projects.

use runbook::actions::catalog::catalog;
use runbook::check::{Book, check};
use runbook::diagnostic::Diagnostic;
use runbook::model::runbook::Runbook;
use runbook::model::step::Block;
use runbook::parse;
use runbook::source::{Source, Span};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// No file of any corpus comes near it. Who needs longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What front matter that belongs to another tool is told, and nothing else in such a file.
const OF_FRONT_MATTER: [&str; 11] = [
    "RB0101", "RB0102", "RB0103", "RB0104", "RB0105", "RB0106", "RB0107", "RB0203", "RB0204",
    "RB0206", "RB0607",
];

/// What the prose itself is told: where its links lead cannot be seen from here.
const OF_LINKS: [&str; 4] = ["RB0601", "RB0602", "RB0603", "RB0604"];

fn folders() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let mut all = vec![
        // Where dependencies come from a folder of the site, there is no registry: something is read all
        // the same.
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/decisions"),
        cargo.join("registry/src"),
        home.join(".cache/runbook"),
    ];
    if let Some(more) = std::env::var_os("RUNBOOK_CORPUS") {
        let named: Vec<_> =
            std::env::split_paths(&more).filter(|path| !path.as_os_str().is_empty()).collect();
        named.iter().for_each(|path| assert!(path.is_dir(), "{} is no folder", path.display()));
        all.extend(named);
    }
    all
}

fn markdown(folder: PathBuf) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let extension = path.extension().map(|e| e.to_ascii_lowercase());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => {
                    let known = ["md", "markdown", "mdx", "qmd", "rmd"];
                    if extension.is_some_and(|e| known.iter().any(|known| e == *known)) {
                        found.push(path);
                    }
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// What one file came to.
#[derive(Default)]
struct Seen {
    files: usize,
    not_text: usize,
    bytes: usize,
    fences: usize,
    blocks: usize,
    with_front_matter: usize,
    /// Each code, how often, and the first place of it.
    codes: BTreeMap<&'static str, (usize, String)>,
    /// Where a fence is said to have no end.
    unclosed: Vec<String>,
    /// Findings that prose cannot have earned.
    questionable: Vec<String>,
}

#[test]
fn public_markdown_is_read_without_a_false_error() {
    let files: Vec<_> = folders().into_iter().flat_map(markdown).collect();
    let (sender, told) = channel();
    let reader = std::thread::spawn(move || {
        let mut seen = Seen::default();
        for file in files {
            // Where it is, before it begins: who waits can tell what hangs.
            sender.send(file.clone()).expect("somebody waits");
            one(&file, &mut seen);
        }
        seen
    });
    let mut last = PathBuf::new();
    loop {
        match told.recv_timeout(PATIENCE) {
            Ok(file) => last = file,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("{} hangs", last.display()),
        }
    }
    let seen = reader.join().unwrap_or_else(|_| panic!("{} breaks the reader", last.display()));
    tell(&seen);
    assert!(seen.files > 0, "there is nothing to read");
    assert!(seen.questionable.is_empty(), "\n{}\n", seen.questionable.join("\n"));
}

/// What was read, for whoever runs this with `--nocapture`.
#[expect(clippy::print_stderr, reason = "the figures of docs/robustness.md come from here")]
fn tell(seen: &Seen) {
    eprintln!(
        "{} files ({} MB), {} with front matter, {} not UTF-8, {} fences, {} executable blocks",
        seen.files,
        seen.bytes / 1_000_000,
        seen.with_front_matter,
        seen.not_text,
        seen.fences,
        seen.blocks
    );
    for (code, (count, first)) in &seen.codes {
        eprintln!("{code} {count} times, first {first}");
    }
    for place in &seen.unclosed {
        eprintln!("unclosed {place}");
    }
}

fn one(path: &Path, seen: &mut Seen) {
    let bytes = fs::read(path).unwrap_or_default();
    seen.files += 1;
    seen.bytes += bytes.len();
    seen.not_text += usize::from(std::str::from_utf8(&bytes).is_err());
    // The program refuses such a file before it parses. The parser must bear what is left of it.
    let text = String::from_utf8_lossy(&bytes);
    let (runbook, parsed) = parse::runbook("t", &path.display().to_string(), &text);
    let catalog = catalog();
    let others = |_: &str| None;
    let checked = check(&Book {
        runbook: &runbook,
        others: &others,
        catalog: &catalog,
        project: None,
        files: &|_| runbook::check::Linked::Unknown,
    });
    seen.blocks += blocks(&runbook).count();
    seen.with_front_matter += usize::from(runbook.front.span.end > 0);
    seen.fences += text.lines().filter(|line| line.trim_start().starts_with("```")).count() / 2;
    for found in parsed.iter().chain(&checked) {
        sane(&runbook.source, found);
        let place = runbook.source.position(found.span.start);
        let first = format!("{}:{}:{}", path.display(), place.line, place.column);
        let entry = seen.codes.entry(found.code).or_insert_with(|| (0, first.clone()));
        entry.0 += 1;
        let of_front = found.span.end <= runbook.front.span.end
            && (OF_FRONT_MATTER.contains(&found.code) || found.code == "RB0306");
        let none = found.code == "RB0105" && runbook.front.span.end == 0;
        // A fence without an end is one in any reader. Our judge of it is compared with another parser
        // by `scripts/corpus.sh`.
        let unclosed = found.code == "RB0001" && found.message.contains("never closed");
        let link = OF_LINKS.contains(&found.code);
        if !of_front && !none && !unclosed && !link {
            let text = runbook.source.slice(found.span).unwrap_or_default();
            seen.questionable.push(format!("{first}: {} {}: {text:?}", found.code, found.message));
        }
    }
}

fn blocks(runbook: &Runbook) -> impl Iterator<Item = &Block> {
    let steps = runbook.steps.iter().flat_map(|step| {
        [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()].into_iter().flatten()
    });
    steps.chain(runbook.health.iter().map(|health| &health.block))
}

fn sane(source: &Source, found: &Diagnostic) {
    let lines = source.text.split('\n').count();
    let spans = std::iter::once(found.span).chain(found.related.iter().map(|one| one.span));
    for Span { start, end } in spans {
        let inside = start <= end && source.text.get(start..end).is_some();
        assert!(inside, "{}: {found:?}", source.path);
        let (start, end) = (source.position(start), source.position(end));
        let ordered = (start.line, start.column) <= (end.line, end.column) && end.line <= lines;
        assert!(ordered, "{}: {found:?}", source.path);
    }
}
