//! An author is told of each slip once: a shipped runbook is damaged in one place, and little is said.

use super::{Book, Linked, check};
use crate::actions::catalog::catalog;
use crate::diagnostic::Diagnostic;
use crate::model::runbook::Runbook;
use crate::parse;
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const BOOKS: [&str; 4] = ["account-redeploy", "kms-replace", "kms-retire", "kms-soak"];

/// More findings than this for one slip are a flood. Some slips are several mistakes: a parameter that
/// loses its name leaves each of its keys to the one above.
const MOST: usize = 4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn text(name: &str) -> Option<String> {
    placed(name).map(|(_, text)| text)
}

/// Where a runbook or a manifest of stacks is, and what it says.
fn placed(name: &str) -> Option<(String, String)> {
    let at = |place: String| {
        let text = fs::read_to_string(root().join("runbooks").join(&place)).ok()?;
        Some((place, text))
    };
    parse::places(name).into_iter().find_map(at)
}

fn other(name: &str) -> Option<Arc<Runbook>> {
    let (place, text) = placed(name)?;
    Some(Arc::new(parse::runbook(name, &place, &text).0))
}

fn findings(name: &str, text: &str) -> Vec<Diagnostic> {
    let project = fs::read_to_string(root().join("runbook.yaml")).expect("a project");
    let (project, _, _) = parse::project("runbook.yaml", &project);
    let (runbook, mut found) = parse::runbook(name, name, text);
    let catalog = catalog();
    found.extend(check(&Book {
        runbook: &runbook,
        others: &other,
        catalog: &catalog,
        project: Some(&project),
        files: &|_| Linked::Unknown,
    }));
    found
}

/// Removes a line, or swaps two characters in its middle.
fn damaged(text: &str, at: usize, swap: bool) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = at % lines.len();
    if swap {
        let mut chars: Vec<char> = lines[at].chars().collect();
        let middle = chars.len() / 2;
        if middle > 0 {
            chars.swap(middle, middle - 1);
        }
        lines[at] = chars.into_iter().collect();
    } else {
        lines.remove(at);
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_shipped_runbooks_are_clean() {
    for name in BOOKS {
        assert_eq!(findings(name, &text(name).expect("a runbook")), [], "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn one_slip_is_told_once(which in 0usize..4, at in 0usize..1000, swap: bool) {
        let name = BOOKS[which];
        let damaged = damaged(&text(name).expect("a runbook"), at, swap);
        let found = findings(name, &damaged);
        prop_assert!(found.len() <= MOST, "{found:#?}");
        for (at, one) in found.iter().enumerate() {
            let again = found[..at].iter().any(|other| other.code == one.code && other.span == one.span && other.message == one.message);
            prop_assert!(!again, "{one:?} is there twice");
        }
    }
}
