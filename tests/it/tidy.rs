//! The house rules, as tests. Each reads the sources and says why the rule is there.
//!
//! They need nothing but the standard library, so they run first and fast.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are made, not written.
const MADE: [&str; 5] = [".git", ".runbook", "target", "__pycache__", "node_modules"];

/// Which layer may use which. `engine::event` and `engine::outcome` stand for those two modules only.
const LAYERS: [(&str, &[&str]); 24] = [
    ("source", &[]),
    ("diagnostic", &["source"]),
    ("mask", &["model"]),
    ("model", &["source"]),
    ("parse", &["model", "source", "diagnostic"]),
    ("expr", &["model", "source", "diagnostic"]),
    ("script", &["model", "source", "diagnostic"]),
    ("services", &["model"]),
    ("template", &["model"]),
    ("check", &["model", "expr", "script", "services", "template", "source", "diagnostic"]),
    ("plan", &["model", "expr", "source", "diagnostic"]),
    ("engine", &["model", "plan"]),
    ("iam", &["model", "expr", "plan", "script", "services", "source"]),
    ("schema", &["model", "parse", "diagnostic"]),
    (
        "lsp",
        &[
            "model",
            "parse",
            "expr",
            "check",
            "script",
            "services",
            "schema",
            "source",
            "diagnostic",
        ],
    ),
    (
        "actions",
        &[
            "model",
            "expr",
            "mask",
            "script",
            "services",
            "template",
            "source",
            "diagnostic",
            "engine::event",
            "engine::outcome",
        ],
    ),
    ("store", &["model", "mask", "engine::event", "engine::outcome"]),
    (
        "run",
        &[
            "model",
            "source",
            "diagnostic",
            "parse",
            "expr",
            "plan",
            "engine",
            "actions",
            "store",
            "mask",
        ],
    ),
    (
        "drill",
        &[
            "model",
            "source",
            "diagnostic",
            "parse",
            "expr",
            "plan",
            "engine",
            "actions",
            "store",
            "mask",
            "run",
        ],
    ),
    ("sandbox", &["model"]),
    ("rehearse", &["model", "engine", "store", "drill", "sandbox"]),
    ("evidence", &["model"]),
    ("site", &["model", "source", "diagnostic", "expr", "plan", "engine"]),
    ("cli", &["*"]),
];

struct File {
    /// From the project's folder, with `/`.
    path: String,
    text: String,
}

impl File {
    /// The text without the tests at its end and without comments, line numbers unchanged.
    fn production(&self) -> String {
        let end = ["#[cfg(test)]\nmod ", "#[cfg(all(test"]
            .iter()
            .filter_map(|mark| self.text.find(mark))
            .filter(|at| self.text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{')))
            .min()
            .unwrap_or(self.text.len());
        let code = self.text[..end].lines();
        code.map(|line| if line.trim_start().starts_with("//") { "\n" } else { line })
            .fold(String::new(), |all, line| all + line.trim_end_matches('\n') + "\n")
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.ends_with("tests.rs")
            || self.path.contains("/tests/")
            || self.path.starts_with("tests/")
    }

    fn is_below(&self, folder: &str) -> bool {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        path == folder || path.starts_with(&format!("{folder}/"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file below a folder of the project.
fn files(folder: &str) -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry of a folder").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_symlink() || MADE.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(root()).expect("a path below the project");
                found.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    assert!(!found.is_empty(), "there is nothing to read in {folder}");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn rust(folder: &str) -> Vec<File> {
    files(folder).into_iter().filter(|file| file.path.ends_with(".rs")).collect()
}

/// What the program consists of, without its tests.
fn program() -> Vec<File> {
    rust("src").into_iter().filter(|file| !file.is_test()).collect()
}

fn none(why: &str, broken: &[String]) {
    assert!(broken.is_empty(), "\n{why}\n\n  {}\n", broken.join("\n  "));
}

/// Each line of the program that `bad` points at, outside the places where it is allowed.
fn offences(files: &[File], allowed: &[&str], bad: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !allowed.iter().any(|folder| file.is_below(folder))) {
        let code = file.production();
        let lines = code.lines().enumerate().filter(|(_, line)| bad(line));
        found.extend(lines.map(|(at, line)| format!("{}:{}: {}", file.path, at + 1, line.trim())));
    }
    found
}

/// The first two parts of every path that begins with `crate::`, braces opened.
fn crate_paths(code: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            for (first, rest) in branches(&code[at + "crate::".len()..]) {
                let seconds = rest.strip_prefix("::").map(branches).unwrap_or_default();
                if seconds.is_empty() {
                    found.push((first.clone(), String::new()));
                }
                found.extend(seconds.into_iter().map(|(second, _)| (first.clone(), second)));
            }
        }
    }
    found
}

/// The names that a use tree begins with, each with what follows it.
fn branches(tree: &str) -> Vec<(String, &str)> {
    let Some(inside) = tree.strip_prefix('{') else {
        let end = tree.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tree.len());
        return if end == 0 { Vec::new() } else { vec![(tree[..end].to_owned(), &tree[end..])] };
    };
    let (mut depth, mut starts, mut found) = (0_usize, true, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            c if starts && depth == 0 && !c.is_whitespace() => {
                starts = false;
                found.extend(branches(&inside[at..]));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn layers_point_down() {
    let mut broken = Vec::new();
    for file in program() {
        let inside = file.path.trim_start_matches("src/").trim_end_matches(".rs");
        let layer = inside.split('/').next().unwrap_or_default();
        if ["main", "lib"].contains(&layer) {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            broken.push(format!("{}: `{layer}` is in no layer: add it to the table", file.path));
            continue;
        };
        for (first, second) in crate_paths(&file.production()) {
            let path = format!("{first}::{second}");
            let known = LAYERS.iter().any(|(name, _)| *name == first);
            let fine = first == layer || allowed.iter().any(|a| ["*", &first, &path].contains(a));
            if known && !fine {
                broken.push(format!("{}: `{layer}` uses `{path}`", file.path));
            }
        }
    }
    broken.dedup();
    none(
        "A layer may use only those below it (ARCHITECTURE.md). An arrow upwards makes two layers one: \
         neither can be understood, tested or moved alone. Move the type down, or pass the value in.",
        &broken,
    );
}

#[test]
fn the_core_is_pure() {
    let core = [
        "model", "parse", "expr", "script", "services", "template", "check", "iam", "schema",
        "plan", "engine", "site",
    ]
    .map(|name| format!("src/{name}"));
    let files: Vec<_> = program()
        .into_iter()
        .filter(|file| core.iter().any(|folder| file.is_below(folder)))
        .collect();
    let impure = ["std::fs", "std::net", "std::env", "std::process", "tokio::", "rand::", "::now("];
    none(
        "Reading, checking, planning and deciding do no I/O and know no clock and no chance. That is why a \
         crashed run can be replayed and gives the same state. Take the value as an argument.",
        &offences(&files, &[], |line| impure.iter().any(|word| line.contains(word))),
    );
}

#[test]
fn only_edges_print() {
    let words = [
        "print!(",
        "println!(",
        "io::stdout(",
        "io::stderr(",
        "anstream::stdout",
        "anstream::stderr",
    ];
    none(
        "Only the command line and the reports print. A library that prints cannot be used in another way, \
         and what it prints is neither masked nor in the journal. Return the value, or report an event.",
        &offences(&program(), &["src/cli", "src/run/report", "src/main"], |line| {
            words.iter().any(|word| line.contains(word))
        }),
    );
}

#[test]
fn only_two_places_start_programs() {
    none(
        "Only actions/shell and sandbox start programs. A child needs a scrubbed environment, its own process \
         group and a reaper; one that is started elsewhere outlives the run or inherits credentials.",
        &offences(&program(), &["src/actions/shell", "src/sandbox"], |line| {
            line.contains("process::") && line.contains("Command")
        }),
    );
}

#[test]
fn only_one_place_knows_aws() {
    let crates = ["aws_config", "aws_sdk_", "aws_smithy_", "aws_credential_types", "aws_types"];
    none(
        "Only actions/aws uses the AWS crates. The rest builds and tests without them, in seconds.",
        &offences(&program(), &["src/actions/aws"], |line| {
            crates.iter().any(|word| line.contains(word))
        }),
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let files = rust("src").into_iter().chain(rust("tests"));
    let broken: Vec<_> =
        files.filter(|file| !file.text.starts_with("//!")).map(|file| file.path).collect();
    none(
        "A file begins with `//!` and says what it is for. A reader decides by that whether to read on.",
        &broken,
    );
}

#[test]
fn no_file_is_too_long() {
    let long = program().into_iter().map(|file| (file.production().lines().count(), file.path));
    let broken: Vec<_> = long
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    none(
        "500 lines without tests are too many for one file: it does more than one thing. Split it.",
        &broken,
    );
}

#[test]
fn no_function_is_imported_by_a_star() {
    none(
        "No glob imports. A reader must be able to find where a name comes from.",
        &offences(&program(), &[], |line| {
            let line = line.trim_start();
            (line.starts_with("use ") || line.starts_with("pub use ")) && line.contains("::*")
        }),
    );
}

#[test]
fn nothing_is_left_to_do() {
    // Put together here, so that this file does not break its own rule.
    let words =
        [["todo", "!("], ["unimplemented", "!("], ["#[igno", "re"]].map(|parts| parts.concat());
    let files: Vec<_> = rust("src").into_iter().chain(rust("tests")).collect();
    let mut broken = Vec::new();
    for file in &files {
        for (at, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    none("What is merged is finished. An ignored test is a rule that nobody keeps.", &broken);
}

#[test]
fn decisions_are_numbered_without_a_gap() {
    let index =
        fs::read_to_string(root().join("docs/decisions/README.md")).expect("the list of decisions");
    let mut broken = Vec::new();
    let decisions =
        files("docs/decisions").into_iter().filter(|file| !file.path.ends_with("README.md"));
    for (at, file) in decisions.enumerate() {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        let number = format!("{:04}-", at + 1);
        if !name.starts_with(&number) {
            broken.push(format!("{name}: its number should be {number}"));
        }
        if !index.contains(&format!("({name})")) {
            broken.push(format!("{name}: docs/decisions/README.md does not list it"));
        }
        let parts = ["## Context", "## Decision", "## Refused", "## Consequences"];
        let missing = parts.iter().filter(|part| !file.text.contains(&format!("\n{part}\n")));
        broken.extend(missing.map(|part| format!("{name}: `{part}` is missing")));
    }
    none(
        "Decisions are numbered one by one and listed, so that a missing one is seen to be missing.",
        &broken,
    );
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut broken = Vec::new();
    // The fixtures of the checker are wrong on purpose.
    let prose = |file: &File| file.path.ends_with(".md") && !file.path.contains("tests/fixtures/");
    for file in files(".").into_iter().filter(prose) {
        let folder = root().join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
        for (line, target) in links(&file.text) {
            let path = target.split('#').next().unwrap_or_default();
            let elsewhere =
                path.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !elsewhere && !folder.join(path).exists() {
                broken.push(format!("{}:{line}: {target}", file.path));
            }
        }
    }
    none("A link that leads nowhere costs its reader the trust in all the others.", &broken);
}

/// The targets of inline links outside code, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut fence) = (Vec::new(), None);
    for (at, line) in text.lines().enumerate() {
        let line_of = line.trim();
        let rest = line_of.trim_start_matches(|c| line_of.starts_with(c) && "`~".contains(c));
        let mark = &line_of[..line_of.len() - rest.len()];
        match (fence, mark.len() >= 3) {
            (None, true) => fence = Some(mark),
            // Only a line of as many marks closes it, so an example may hold fences.
            (Some(open), true) if rest.is_empty() && mark.starts_with(open) => fence = None,
            (None, false) => {
                // The pieces between backticks alternate: prose, code, prose.
                for prose in line.split('`').step_by(2) {
                    for piece in prose.split("](").skip(1) {
                        found.extend(
                            piece.split(')').next().map(|target| (at + 1, target.to_owned())),
                        );
                    }
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_package_registry_is_named() {
    // Put together here, so that this file does not break its own rule.
    let hosts = [["pypi", ".org"], ["pythonhosted", ".org"], ["npmjs", ".org"], ["npmjs", ".com"]];
    let indexes =
        [["crates", ".io/"], ["--index", "-url"], ["--extra-index", "-url"], ["INDEX", "_URL=h"]];
    let words = hosts.into_iter().chain(indexes).map(|parts| parts.concat()).collect::<Vec<_>>();
    let mut broken = Vec::new();
    // Cargo writes its own index into the lock file.
    for file in files(".").into_iter().filter(|file| file.path != "Cargo.lock") {
        for (at, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                broken.push(format!("{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    none(
        "Where packages come from is the machine's business: a site has its own mirror, or none. Name packages and \
         versions, and let pip and cargo find them.",
        &broken,
    );
}

#[test]
fn every_invariant_is_held_by_a_test_that_exists() {
    let map = std::fs::read_to_string("ARCHITECTURE.md").expect("the map");
    let all: String =
        rust("src").iter().chain(&rust("tests")).map(|file| file.text.as_str()).collect();
    let rows =
        map.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit());
    let named = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let missing: Vec<String> = named
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| !all.contains(&format!("fn {name}(")))
        .map(str::to_owned)
        .collect();
    none("A promise without its test is only a wish. Name the test that holds it.", &missing);
}

#[test]
fn the_rules_see_what_they_look_for() {
    let paths = crate_paths(
        "use crate::{model::id::RunId, engine::{event::Event, outcome}};\nlet x = crate::mask::new();",
    );
    let wanted = [("model", "id"), ("engine", "event"), ("engine", "outcome"), ("mask", "new")];
    assert_eq!(paths, wanted.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let text = "see [a](x.md#y) and `[b](no.md)`\n```\n[c](no.md)\n```\n[d](z.md)";
    assert_eq!(links(text), [(1, "x.md#y".to_owned()), (5, "z.md".to_owned())]);
    let file = File {
        path: "src/run/loop.rs".to_owned(),
        text: "fn a() {}\n// println!(\n#[cfg(test)]\nmod tests {\n    println!()\n}\n".to_owned(),
    };
    assert_eq!(file.production(), "fn a() {}\n\n");
    assert!(file.is_below("src/run") && !file.is_below("src/run/report") && !file.is_test());
}
