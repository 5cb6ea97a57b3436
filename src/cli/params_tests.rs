//! Where parameters come from, and every mistake in them at once.

use super::*;
use crate::model::runbook::Type;

const BOOK: &str = "---
title: T
summary: S
owner: o
params:
  alias: { type: string, pattern: \"^alias/\", description: The alias. }
  days: { type: integer, default: 30, min: 7 }
  token: { type: string, secret: true }
---
# T
";

fn book() -> Runbook {
    let (book, found) = parse::runbook("replace", "replace.md", BOOK);
    assert_eq!(found, []);
    assert_eq!(book.front.params[1].kind, Type::Integer);
    book
}

fn given(params: &[&str]) -> Given {
    Given { params: params.iter().map(|p| (*p).to_owned()).collect(), file: None }
}

fn try_with(given: &Given, variables: Variables<'_>) -> Result<Gathered, CliError> {
    let book = book();
    let texts = texts(&book, given, variables)?;
    check(&book, &texts, &Values::new())
}

#[test]
fn values_come_from_everywhere_and_are_typed() {
    let token = |name: &str| (name == "RUNBOOK_PARAM_TOKEN").then(|| "hunter22".to_owned());
    let gathered = try_with(&given(&["alias=alias/x", "days=12"]), &token).unwrap();
    assert_eq!(
        serde_json::to_string(&gathered.values).unwrap(),
        r#"{"alias":"alias/x","days":12}"#
    );
    assert_eq!(gathered.secrets["token"].expose(), "hunter22");
    let gathered = try_with(&given(&["alias=alias/x"]), &token).unwrap();
    assert_eq!(gathered.values["days"], 30);
}

#[test]
fn the_command_line_wins_over_the_file_and_the_file_over_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.yaml");
    std::fs::write(&file, "alias: alias/file\ndays: 9\ntoken: from-file\n").unwrap();
    let all = |name: &str| match name {
        "RUNBOOK_PARAM_ALIAS" => Some("alias/env".to_owned()),
        "RUNBOOK_PARAM_DAYS" => Some("8".to_owned()),
        _ => None,
    };
    let given = Given { params: vec!["days=10".into()], file: Some(file) };
    let gathered = try_with(&given, &all).unwrap();
    assert_eq!(gathered.values["alias"], "alias/file");
    assert_eq!(gathered.values["days"], 10);
    assert_eq!(gathered.secrets["token"].expose(), "from-file");
}

#[test]
fn every_mistake_is_told_at_once() {
    let error = try_with(&given(&["alis=x", "days", "token=hunter22"]), &|_| None).unwrap_err();
    assert_eq!(error.exit, crate::cli::Exit::Usage);
    for part in [
        "no parameter `alis`",
        "Did you mean `alias`?",
        "`days` is not NAME=VALUE",
        "`token` is secret",
    ] {
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
    assert!(!error.message.contains("hunter22"), "{}", error.message);
    let error = try_with(&given(&["alias=x", "days=3"]), &|_| None).unwrap_err();
    assert_eq!(error.message.lines().count(), 3, "{}", error.message);
    assert!(error.message.contains("RUNBOOK_PARAM_TOKEN"), "{}", error.message);
}

#[test]
fn a_secret_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "hunter22\n").unwrap();
    let from = format!("token=@{}", file.display());
    let gathered = try_with(&given(&["alias=alias/x", &from]), &|_| None).unwrap();
    assert_eq!(gathered.secrets["token"].expose(), "hunter22");
}
