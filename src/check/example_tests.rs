//! The examples of every rule: `wrong` has the mistake and no other, `right` has none.

use super::{Book, Linked, check, rules};
use crate::actions::catalog::catalog;
use crate::diagnostic::rule::Rule;
use crate::model::runbook::Runbook;
use crate::parse;
use std::sync::Arc;

/// Rules whose findings come from a program or a file outside of the checker, and why. Their examples
/// are tried where that is.
const TRIED_ELSEWHERE: [(&str, &str); 2] = [
    ("RB0701", "bash says it, not the checker: `actions::shell::lint_tests` asks it"),
    ("RB0702", "ShellCheck says it, not the checker: `actions::shell::lint_tests` asks it"),
];

const PROJECT: &str = r#"version: 1
environments:
  sandbox: { kind: sandbox }
  live:
    kind: production
    accounts:
      data: { id: "222222222222", region: eu-west-1 }
      workload: { id: "333333333333", region: eu-west-1 }
"#;

/// The runbook that examples run.
const OTHER: &str = r#"---
title: Restore the copy
summary: Copies everything back.
owner: platform-oncall
params:
  bucket: { type: string }
---

```bash step=copy
#| irreversible: What is there is overwritten.
#| env: { BUCKET: "{{ params.bucket }}" }
./copy "$BUCKET"
```
"#;

/// The runbook that examples of drills recover with.
const HEALTHY: &str = r#"---
title: Restore everything
summary: Copies everything back.
owner: platform-oncall
---

```bash step=copy
#| irreversible: What is there is overwritten.
./copy
```

```bash health=answers
./ask
```
"#;

/// What examples of drills break.
const FAULT: &str = r#"---
title: The copy is lost
summary: Takes it away.
owner: platform-oncall
tags: [fault]
params:
  max_duration: { type: duration, default: 1h }
---

```bash step=lose
mv copy away
```

```bash undo=lose
mv away copy
```
"#;

fn other(name: &str) -> Option<Arc<Runbook>> {
    let text = match name {
        "restore-copy" => OTHER,
        "restore-all" => HEALTHY,
        "faults/lost" => FAULT,
        _ => return None,
    };
    Some(Arc::new(parse::runbook(name, name, text).0))
}

/// A whole runbook with the example in it. An example with a `title` is whole already.
fn embedded(example: &str) -> String {
    let (front, body) = match example.strip_prefix("---\n") {
        Some(rest) => rest.split_once("---\n").expect("front matter that is closed"),
        None => ("", example),
    };
    if front.contains("title:") {
        return example.to_owned();
    }
    let account = if front.contains("account:") { "" } else { "account: data\n" };
    format!("---\ntitle: T\nsummary: S\nowner: o\n{account}{front}---\n\n# T\n\n{body}")
}

fn codes(example: &str) -> Vec<String> {
    if example.starts_with("version:") {
        let (_, _, found) = parse::project("runbook.yaml", example);
        return found.iter().map(|one| format!("{} {}", one.code, one.message)).collect();
    }
    let (project, _, problems) = parse::project("runbook.yaml", PROJECT);
    assert_eq!(problems, []);
    let (runbook, mut found) = if example.starts_with("title:") {
        parse::drill("drills/example", "drills/example.yaml", example)
    } else {
        parse::runbook("example", "example.md", &embedded(example))
    };
    let catalog = catalog();
    found.extend(check(&Book {
        runbook: &runbook,
        others: &other,
        catalog: &catalog,
        project: Some(&project),
        files: &|path| match path {
            "/runbooks/stacks/data.yaml" => Linked::There,
            "/runbooks/stacks/network.yaml" => {
                Linked::Template(include_str!("../../tests/fixtures/templates/network.yaml").into())
            }
            "/runbooks/stacks/workload.yaml" => Linked::Template(
                include_str!("../../tests/fixtures/templates/workload.yaml").into(),
            ),
            _ => Linked::Missing,
        },
    }));
    found.iter().map(|one| format!("{} {}", one.code, one.message)).collect()
}

fn is_tried_here(rule: &Rule) -> bool {
    TRIED_ELSEWHERE.iter().all(|(code, why)| {
        assert!(!why.is_empty(), "say why {code} cannot be tried here");
        *code != rule.code
    })
}

#[test]
fn every_rule_says_what_to_do_and_shows_it() {
    for rule in rules() {
        for (what, text) in [("why", rule.why), ("fix", rule.fix)] {
            let sentence = text.ends_with(['.', '`']) && !text.starts_with(' ');
            assert!(sentence, "{} {}: `{what}` is no sentence: {text}", rule.code, rule.name);
        }
        assert!(!rule.wrong.is_empty() && !rule.right.is_empty(), "{} has no example", rule.code);
        assert!(rule.wrong.ends_with('\n') && rule.right.ends_with('\n'), "{}", rule.code);
        assert!(!rule.summary.ends_with('.'), "{}", rule.code);
    }
}

#[test]
fn the_wrong_example_of_a_rule_has_the_mistake_and_the_right_one_has_none() {
    let mut broken = Vec::new();
    for rule in rules().iter().filter(|rule| is_tried_here(rule)) {
        let wrong = codes(rule.wrong);
        if wrong.is_empty() || wrong.iter().any(|found| !found.starts_with(rule.code)) {
            broken.push(format!("{} {}: wrong gives {wrong:?}", rule.code, rule.name));
        }
        let right = codes(rule.right);
        if !right.is_empty() {
            broken.push(format!("{} {}: right gives {right:?}", rule.code, rule.name));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// One rule, one file, named after the rule.
#[test]
fn a_rule_is_found_in_the_file_of_its_name() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for rule in rules() {
        let file = format!("{}.rs", rule.name.replace('-', "_"));
        let folders = ["src/check/rules", "src/diagnostic/syntax", "src/diagnostic/scripts"];
        let text = folders
            .iter()
            .find_map(|folder| std::fs::read_to_string(root.join(folder).join(&file)).ok());
        let text = text.unwrap_or_else(|| panic!("{} is in no file {file}", rule.code));
        assert!(text.contains(rule.code), "{file} is not about {}", rule.code);
        assert_eq!(text.matches("Rule = Rule {").count(), 1, "{file} has more than one rule");
    }
}
