//! What an editor is told about names at a place.

use super::scope::Scope;
use super::test_catalog::catalog;
use super::{Book, Linked};
use crate::expr::Form;
use crate::parse;

const TEXT: &str = r#"---
title: T
summary: S
owner: o
account: data
params:
  key: { type: string }
  n: { type: integer }
---

# T

```yaml step=look
uses: kms/describe-key
with: { key: "{{ params. }}" }
expect: ["outputs. != ''"]
```

```bash step=loop
#| effect: read
#| for_each: "[1, 2]"
#| env: { A: "{{ steps. }}", B: "no braces" }
true
```

```bash step=later
#| effect: read
true
```
"#;

fn names(mark: &str, path: &[&str]) -> Option<Vec<String>> {
    let (runbook, _) = parse::runbook("t", "t", TEXT);
    let catalog = catalog();
    let (project, _, _) =
        parse::project("runbook.yaml", "version: 1\nenvironments:\n  box: {kind: sandbox}\n");
    let book = Book {
        runbook: &runbook,
        others: &|_| None,
        catalog: &catalog,
        project: Some(&project),
        files: &|_| Linked::Unknown,
    };
    let offset = TEXT.find(mark).expect("the mark") + mark.len();
    Scope::at(&book, offset).map(|scope| scope.names(path))
}

#[test]
fn an_expression_that_is_being_typed_has_a_scope() {
    let at = |mark, path| names(mark, path).expect("a scope");
    assert_eq!(at("{{ params.", &["params"]), ["key", "n"]);
    assert_eq!(at("{{ params.", &[]), ["params", "steps", "accounts", "run"]);
    assert_eq!(at("{{ params.", &["steps"]), [""; 0]);
    assert_eq!(at("outputs.", &[]), ["params", "steps", "accounts", "run", "outputs"]);
    assert_eq!(at("outputs.", &["outputs"]), ["key_id", "key_arn"]);
    assert_eq!(at("{{ steps.", &[]), ["params", "steps", "accounts", "run", "item"]);
    assert_eq!(at("{{ steps.", &["steps"]), ["look"]);
    assert_eq!(at("{{ steps.", &["steps", "look"]), ["key_id", "key_arn"]);
    assert_eq!(at("{{ steps.", &["accounts"]), ["data", "platform", "workload"]);
    assert_eq!(at("{{ steps.", &["accounts", "data"]), ["id", "region"]);
}

#[test]
fn where_no_expression_stands_there_is_no_scope() {
    assert_eq!(names("no brace", &[]), None);
    assert_eq!(names("# T", &[]), None);
}

#[test]
fn a_scope_says_how_its_expression_is_written() {
    let (runbook, _) = parse::runbook("t", "t", TEXT);
    let catalog = catalog();
    let book = Book {
        runbook: &runbook,
        others: &|_| None,
        catalog: &catalog,
        project: None,
        files: &|_| Linked::Unknown,
    };
    let form =
        |mark: &str| Scope::at(&book, TEXT.find(mark).expect("the mark")).map(|scope| scope.form);
    assert_eq!(form("outputs. !="), Some(Form::Bare));
    assert_eq!(form("{{ params."), Some(Form::Template));
}
