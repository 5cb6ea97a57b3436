//! Fixtures: each is planted to fail, and says at its end what must be found where.
//!
//! A line ``<!-- expect: RB0402 12:5 error `params.x` -->`` (in YAML `# expect: …`) is one finding: its
//! code, where it begins, how bad it is, and the text that is marked. What follows the place may be left
//! out. With `UPDATE=1` the lines are written anew; look at the difference.

use super::test_catalog::catalog;
use super::{Book, Linked, check, rules};
use crate::actions::shell::{Ask, lint};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::drill::FAULTS;
use crate::model::runbook::Runbook;
use crate::parse;
use crate::source::Source;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check")
}

fn load(name: &str) -> Option<Arc<Runbook>> {
    let file = name.replace(FAULTS, "fault-");
    let text = fs::read_to_string(folder().join(format!("{file}.md"))).ok()?;
    Some(Arc::new(parse::runbook(name, name, &text).0))
}

/// What stands beside a fixture.
fn files(path: &str) -> Linked {
    let at = match path.strip_prefix("/runbooks/stacks/") {
        Some(template) => folder().with_file_name("templates").join(template),
        None => folder().join(path.trim_start_matches('/')),
    };
    match load(path.trim_end_matches(".md")) {
        Some(runbook) if path.ends_with(".md") => Linked::Markdown(runbook.anchors.clone()),
        _ if at.is_file() && Linked::may_be_template(&at) => {
            Linked::Template(fs::read_to_string(&at).expect("a text").into())
        }
        _ if at.exists() => Linked::There,
        _ => Linked::Missing,
    }
}

fn findings(path: &Path, text: &str) -> Vec<String> {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let shown = |source: &Source, found: &[Diagnostic]| {
        found
            .iter()
            .map(|diagnostic| {
                let place = source.position(diagnostic.span.start);
                let marked = source.slice(diagnostic.span).expect("whole characters");
                let first = marked.lines().next().unwrap_or_default();
                let more = if first.len() < marked.len() { "…" } else { "" };
                let severity = match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                };
                format!(
                    "{} {}:{} {severity} `{first}{more}`",
                    diagnostic.code, place.line, place.column
                )
                .replace("-->", "--")
            })
            .collect::<Vec<_>>()
    };
    let yaml = path.extension().is_some_and(|extension| extension == "yaml");
    let manifest = name.starts_with("stacks-");
    if yaml && !manifest && !name.starts_with("drill-") {
        let (project, source, mut found) = parse::project(&name, text);
        let names = || vec!["loops".to_owned(), "unused".to_owned()];
        found.extend(super::project(&project, &|name| load(name).is_some(), &names));
        found.sort_by_key(|diagnostic| diagnostic.span.start);
        return shown(&source, &found);
    }
    let project = "version: 1\nenvironments:\n  box: {kind: sandbox}\n  live:\n    kind: production\n    accounts:\n      data: {id: '222222222222', region: eu-west-1}\n      workload: {id: '333333333333', region: eu-west-1}\n";
    let (project, _, problems) = parse::project("runbook.yaml", project);
    assert!(problems.is_empty());
    let (runbook, mut found) = if manifest {
        parse::runbook(&name, "stacks.yaml", text)
    } else if yaml {
        parse::drill(&format!("drills/{name}"), &name, text)
    } else {
        parse::runbook(&name, &name, text)
    };
    let catalog = catalog();
    found.extend(check(&Book {
        runbook: &runbook,
        others: &load,
        catalog: &catalog,
        project: Some(&project),
        files: &files,
    }));
    let scripts = super::scripts_of(&runbook, &found);
    found.extend(lint(&scripts, Ask::Syntax).found.into_iter().flatten());
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.code));
    shown(&runbook.source, &found)
}

fn expectation(line: &str) -> Option<&str> {
    let line = line.trim();
    line.strip_prefix("<!-- expect: ")?
        .strip_suffix(" -->")
        .or(None)
        .or_else(|| line.strip_prefix("# expect: "))
}

#[test]
fn fixtures_find_what_they_were_planted_for() {
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let mut paths: Vec<_> = fs::read_dir(folder())
        .expect("fixtures")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a text");
        let yaml = path.extension().is_some_and(|extension| extension == "yaml");
        let expect = |line: &str| {
            if yaml {
                line.strip_prefix("# expect: ").map(str::to_owned)
            } else {
                expectation(line).map(str::to_owned)
            }
        };
        let expected: Vec<_> = text.lines().filter_map(expect).collect();
        let found = findings(&path, &text);
        seen.extend(found.iter().map(|finding| finding[..6].to_owned()));
        let matches = |(expected, found): (&String, &String)| {
            expected == found || found.starts_with(&format!("{expected} "))
        };
        let update = std::env::var_os("UPDATE").is_some();
        if expected.len() == found.len()
            && expected.iter().zip(&found).all(matches)
            && (!update || expected == found)
        {
            continue;
        }
        if update {
            let mut kept: Vec<_> =
                text.lines().filter(|line| expect(line).is_none()).map(str::to_owned).collect();
            let (before, after) = if yaml { ("# expect: ", "") } else { ("<!-- expect: ", " -->") };
            kept.extend(found.iter().map(|finding| format!("{before}{finding}{after}")));
            fs::write(&path, kept.join("\n") + "\n").expect("written");
        }
        wrong.push(format!("{}:\n  expected {expected:#?}\n  found {found:#?}", path.display()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // ShellCheck need not be installed. Its findings are tested beside what asks it.
    seen.insert("RB0702".to_owned());
    let missing: Vec<_> =
        rules().iter().map(|rule| rule.code).filter(|code| !seen.contains(*code)).collect();
    assert!(missing.is_empty(), "no fixture is planted for {missing:?}");
}

#[test]
fn codes_are_unique_and_in_order() {
    let codes: Vec<_> = rules().iter().map(|rule| rule.code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
    let names: BTreeSet<_> = rules().iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), codes.len());
}

/// An example in a fence that is longer than any in it.
fn shown(example: &str) -> String {
    let yaml = example.starts_with("version:") || example.starts_with("title:");
    let language = if yaml { "yaml" } else { "markdown" };
    format!("````{language}\n{example}````\n")
}

#[test]
fn the_list_of_rules_is_up_to_date() {
    let mut page = String::from(
        "# Rules\n\nWhat `runbook check` finds. A code keeps its meaning for ever; `runbook check --explain CODE` shows the same text.\n",
    );
    for rule in rules() {
        page.push_str(&format!(
            "\n## {} {}\n\n{}.\n\n{}\n\n**Fix.** {}\n\nWrong:\n\n{}\nRight:\n\n{}",
            rule.code,
            rule.name,
            rule.summary,
            rule.why,
            rule.fix,
            shown(rule.wrong),
            shown(rule.right)
        ));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).expect("written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/rules.md is stale: run this test with UPDATE=1");
}

#[test]
fn the_manual_names_every_option_and_every_name_of_the_language() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md");
    let manual = fs::read_to_string(manual).expect("the manual");
    let (_, manual) = manual.split_once("\n## Options").expect("the table of options");
    for option in parse::OPTIONS.iter().filter(|option| !option.roles.is_empty()) {
        assert!(
            manual.contains(&format!("\n| `{}` |", option.key)),
            "{} is not in the manual",
            option.key
        );
        let row = manual
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", option.key)))
            .expect("a row");
        let roles = row.split('|').nth(3).expect("roles").trim();
        let written: Vec<_> = option.roles.iter().map(|role| role.word()).collect();
        let expected = if written.len() == 4 { "all".to_owned() } else { written.join(", ") };
        assert_eq!(roles, expected, "roles of {}", option.key);
    }
    for name in crate::expr::names() {
        assert!(manual.contains(&format!("`{name}`")), "{name} is not in the manual");
    }
}

#[test]
fn the_examples_of_the_manual_can_be_read() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md");
    let manual = fs::read_to_string(manual).expect("the manual");
    let front = "---\ntitle: T\nsummary: S\nowner: o\n---\n";
    let (book, found) = parse::runbook("manual", "manual", &format!("{front}{manual}"));
    assert!(found.is_empty(), "{found:#?}");
    assert!(book.steps.len() >= 5, "the manual shows steps");
    let whole = manual.split("````").nth(1).expect("a whole runbook");
    let whole = whole.strip_prefix("markdown\n").expect("in Markdown");
    let (book, found) = parse::runbook("small", "small", whole);
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!((book.steps.len(), book.health.len()), (2, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Damages a fixture, and looks whether every finding lies on whole characters.
    #[test]
    fn any_damaged_runbook_can_be_checked(which in 0usize..100, at in 0usize..2000, length in 0usize..30, with in "[`\n é🔑:{}#|>'\"a-]{0,5}") {
        let paths: Vec<_> = fs::read_dir(folder()).expect("fixtures").map(|entry| entry.expect("entry").path()).collect();
        let text = fs::read_to_string(&paths[which % paths.len()]).expect("a text");
        let snap = |mut at: usize| { at = at.min(text.len()); while !text.is_char_boundary(at) { at -= 1; } at };
        let (start, end) = (snap(at % text.len()), snap(at % text.len() + length));
        let damaged = format!("{}{with}{}", &text[..start], &text[end.max(start)..]);
        let is_drill = paths[which % paths.len()].to_string_lossy().contains("/drill-");
        let (runbook, parsed) = if is_drill { parse::drill("drills/t", "t", &damaged) } else { parse::runbook("t", "t", &damaged) };
        for diagnostic in parsed {
            prop_assert!(damaged.get(diagnostic.span.range()).is_some(), "{diagnostic:?}");
        }
        let catalog = catalog();
        for diagnostic in check(&Book { runbook: &runbook, others: &load, catalog: &catalog, project: None, files: &files }) {
            prop_assert!(damaged.get(diagnostic.span.range()).is_some(), "{diagnostic:?}");
        }
    }
}
