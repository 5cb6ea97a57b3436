//! What the client is shown: the findings of `runbook check`, of the newest text only.

use super::{FRONT, PROJECT, Talk, uri};
use crate::actions::catalog::catalog;
use crate::{check, parse};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn block(head: &str, yaml: &str) -> String {
    format!("{FRONT}\n## P\n\n```{head}\n{yaml}\n```\n")
}

#[test]
fn findings_come_with_the_version_and_go_with_the_document() {
    let mut talk = Talk::new();
    let bad = block("yaml step=a", "uses: kms/descripe-key\nwith: { key: k }");
    talk.open("/p/runbooks/a.md", &bad);
    assert!(talk.shown.is_empty(), "nothing is checked before it is due");
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/a.md"), ["RB0301 11:7"]);
    let (version, found) = &talk.shown[&uri("/p/runbooks/a.md")];
    assert_eq!(*version, Some(1));
    assert_eq!(found[0]["source"], "runbook");
    assert_eq!(found[0]["severity"], 1);
    let message = found[0]["message"].as_str().expect("a message");
    assert_eq!(
        message,
        "there is no action `kms/descripe-key`\nhelp: did you mean `kms/describe-key`?"
    );
    talk.change("/p/runbooks/a.md", 2, &bad.replace("descripe", "describe"));
    talk.settle();
    assert_eq!(talk.shown[&uri("/p/runbooks/a.md")], (Some(2), vec![]));
    talk.change("/p/runbooks/a.md", 3, &bad);
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/a.md").len(), 1);
    talk.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri("/p/runbooks/a.md") } }),
    );
    assert!(talk.codes("/p/runbooks/a.md").is_empty());
}

#[test]
fn only_the_newest_text_is_checked() {
    let mut talk = Talk::new();
    let bad = block("yaml step=a", "uses: nothing/here");
    talk.open("/p/runbooks/a.md", &bad);
    for version in 2..50 {
        talk.change("/p/runbooks/a.md", version, &bad);
    }
    talk.change("/p/runbooks/a.md", 50, &block("yaml step=a", "uses: aws/identity"));
    talk.settle();
    assert_eq!(talk.shown[&uri("/p/runbooks/a.md")], (Some(50), vec![]));
}

#[test]
fn related_places_and_tags_are_given_to_those_who_take_them() {
    let twice = format!(
        "{FRONT}```sh step=a\n#| effect: read\nls\n```\n```sh step=a\n#| effect: read\nls\n```\n> ```sh step=b\n> ls\n> ```\n"
    );
    let shown = |mut talk: Talk| {
        talk.open("/p/runbooks/a.md", &twice);
        talk.settle();
        talk.shown[&uri("/p/runbooks/a.md")].1.clone()
    };
    let found = shown(Talk::new());
    assert_eq!(found[0]["code"], "RB0006");
    let related = &found[0]["relatedInformation"][0];
    assert_eq!(related["location"]["range"]["start"], json!({ "line": 6, "character": 11 }));
    assert_eq!(
        (&found[1]["code"], &found[1]["tags"], &found[1]["severity"]),
        (&json!("RB0009"), &json!([1]), &json!(2))
    );
    let found = shown(Talk::with(json!({})));
    assert_eq!((&found[0]["relatedInformation"], &found[1]["tags"]), (&Value::Null, &Value::Null));
}

#[test]
fn every_fixture_has_the_findings_of_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    let (catalog, mut seen) = (catalog(), 0);
    for entry in fs::read_dir(folder).expect("fixtures") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a text");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut talk = Talk::new();
        let (file, source, mut found) = if name.ends_with(".yaml") {
            let (project, source, mut found) = parse::project("x", &text);
            found.extend(check::project(&project, &|_| false, &Vec::new));
            ("/q/runbook.yaml".to_owned(), Arc::new(source), found)
        } else {
            let (book, mut found) = parse::runbook(name.trim_end_matches(".md"), "x", &text);
            let project = parse::project("x", PROJECT).0;
            let nothing = |_: &str| None;
            found.extend(check::check(&check::Book {
                runbook: &book,
                others: &nothing,
                catalog: &catalog,
                project: Some(&project),
                // Nothing that the fixtures link to is there.
                files: &|_| check::Linked::Missing,
            }));
            (format!("/p/runbooks/{name}"), book.source, found)
        };
        if name.ends_with(".md") {
            found.sort_by_key(|one| (one.span, one.code));
            found.dedup();
        }
        talk.open(&file, &text);
        talk.settle();
        let wanted: Vec<String> = found
            .iter()
            .map(|one| {
                let line = source.position(one.span.start).line;
                let start = text[..one.span.start].rfind('\n').map_or(0, |at| at + 1);
                format!("{} {line}:{}", one.code, one.span.start - start + 1)
            })
            .collect();
        assert_eq!(talk.codes(&file), wanted, "{name}");
        seen += wanted.len();
    }
    assert!(seen > 60, "only {seen} findings");
}

#[test]
fn a_change_is_seen_in_the_open_runbooks_that_depend_on_it() {
    let mut talk = Talk::new();
    let inner = |params: &str| {
        format!(
            "---\ntitle: T\nsummary: S\nowner: o\nparams:\n  {params}: {{ type: string }}\n---\n"
        )
    };
    let outer =
        block("yaml step=a", "uses: runbook/run\nwith: { runbook: inner, params: { one: x } }");
    talk.texts.write("/p/runbooks/inner.md", &inner("one"));
    talk.open("/p/runbooks/outer.md", &outer);
    talk.open("/p/runbooks/other.md", FRONT);
    talk.settle();
    assert!(talk.codes("/p/runbooks/outer.md").is_empty());
    // The client's text counts before it is saved, and the disk's when it is closed.
    talk.open("/p/runbooks/inner.md", &inner("two"));
    talk.shown.clear();
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/outer.md"), ["RB0409 12:18", "RB0409 12:35"]);
    assert!(!talk.shown.contains_key(&uri("/p/runbooks/other.md")), "it does not depend on it");
    talk.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri("/p/runbooks/inner.md") } }),
    );
    talk.settle();
    assert!(talk.codes("/p/runbooks/outer.md").is_empty());
    // Another program writes the file, and the client tells.
    talk.texts.write("/p/runbooks/inner.md", &inner("new"));
    talk.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/outer.md").len(), 2);
}

#[test]
fn a_manifest_is_checked_against_its_templates() {
    let mut talk = Talk::new();
    let template = |name: &str| {
        format!("Parameters:\n  {name}: {{ Type: String }}\nResources: {{}}\nOutputs: {{}}\n")
    };
    talk.texts.write("/p/runbooks/mine/net.yaml", &template("Name"));
    let text = "version: 1\ntitle: T\nsummary: S\nowner: o\nstacks:\n  net:\n    template: mine/net.yaml\n    account: data\n    parameters: { Nmae: x }\n";
    talk.open("/p/runbooks/mine/stacks.yaml", text);
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/mine/stacks.yaml"), ["RB0323 7:15", "RB0322 9:19"]);
    // Another program writes the template, and the client tells.
    talk.texts.write("/p/runbooks/mine/net.yaml", &template("Nmae"));
    talk.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    talk.settle();
    assert!(talk.codes("/p/runbooks/mine/stacks.yaml").is_empty());
    // One that has lost all its stacks is one all the same, and a template is none.
    talk.change("/p/runbooks/mine/stacks.yaml", 2, "version: 1\ntitle: T\nstakcs: {}\n");
    talk.open("/p/runbooks/mine/net.yaml", "Resources: [\n");
    talk.settle();
    assert!(talk.codes("/p/runbooks/mine/stacks.yaml").len() >= 3);
    assert!(talk.codes("/p/runbooks/mine/net.yaml").is_empty());
}

#[test]
fn a_file_belongs_to_the_nearest_project() {
    let mut talk = Talk::new();
    let inner = "version: 1\nenvironments:\n  box: { kind: drill, accounts: { mine: { id: '012345678901', region: eu-west-1 } } }\n";
    talk.texts.write("/p/sub/runbook.yaml", inner);
    let mine =
        block("yaml step=a", "uses: aws/identity\naccount: mine").replace("account: data\n", "");
    for path in
        ["/p/runbooks/a.md", "/p/sub/runbooks/a.md", "/elsewhere/a.md", "untitled:Untitled-1"]
    {
        talk.open(path, &mine);
    }
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/a.md"), ["RB0306 11:10"]);
    for path in ["/p/sub/runbooks/a.md", "/elsewhere/a.md", "untitled:Untitled-1"] {
        assert!(talk.codes(path).is_empty(), "{path}");
    }
    // An account that is added to the open project's file is known at once.
    talk.open("/p/runbook.yaml", &inner.replace("'012345678901'", "12"));
    talk.settle();
    assert_eq!(talk.codes("/p/runbook.yaml"), ["RB0204 3:47"]);
    talk.change("/p/runbook.yaml", 2, inner);
    talk.settle();
    assert!(talk.codes("/p/runbook.yaml").is_empty() && talk.codes("/p/runbooks/a.md").is_empty());
}

#[test]
fn markdown_that_is_no_runbook_is_left_alone() {
    let mut talk = Talk::new();
    let prose = "# Notes\n\n```yaml\nuses: nothing\n```\n\n```bash\nls\n```\n";
    let manual = "# Manual\n\n```bash step=x\nls\n```\n";
    for (path, text) in [
        ("/p/README.md", prose),
        ("/p/docs/format.md", manual),
        ("/p/runbooks/README.md", prose),
        ("/p/docs/blog.md", "---\ntitle: A post\nlayout: x\n---\n\ntext\n"),
    ] {
        talk.open(path, text);
        talk.settle();
        assert!(!talk.shown.contains_key(&uri(path)), "{path}: {:?}", talk.codes(path));
    }
    talk.open("/p/runbooks/new.md", prose);
    talk.open("/p/docs/one.md", &block("yaml step=a", "uses: nothing"));
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/new.md"), ["RB0105 1:1"]);
    assert_eq!(talk.codes("/p/docs/one.md"), ["RB0301 11:7"]);
    // It ceases to be one while it is edited: what was shown goes.
    talk.change("/p/docs/one.md", 2, "# Only prose\n");
    talk.settle();
    assert!(talk.codes("/p/docs/one.md").is_empty());
}

#[test]
fn files_are_read_once_and_only_those_that_matter() {
    let mut talk = Talk::new();
    for number in 0..40 {
        let run = |to: usize| {
            block("yaml step=a", &format!("uses: runbook/run\nwith: {{ runbook: r{to} }}"))
        };
        let text = if number < 30 { run(number + 1) } else { FRONT.to_owned() };
        talk.texts.write(&format!("/p/runbooks/r{number}.md"), &text);
    }
    let first = talk.texts.texts.lock().expect("texts")[Path::new("/p/runbooks/r0.md")].0.clone();
    talk.open("/p/runbooks/r0.md", &first);
    talk.settle();
    for version in 2..10 {
        talk.change("/p/runbooks/r0.md", version, &first);
        talk.settle();
    }
    assert_eq!(talk.texts.reads("/p/runbooks/r30.md"), 1, "what is reached is read once");
    assert_eq!(talk.texts.reads("/p/runbooks/r31.md"), 0, "what is not reached is not read");
    assert!(talk.codes("/p/runbooks/r0.md").is_empty());
}

#[test]
fn a_seed_is_missed_until_its_runbook_is_there() {
    let mut talk = Talk::new();
    let project = "version: 1\nenvironments:\n  box:\n    kind: sandbox\n    seed: [fill]\n";
    talk.open("/q/runbook.yaml", project);
    talk.settle();
    assert_eq!(talk.codes("/q/runbook.yaml"), ["RB0407 5:12"]);
    talk.open("/q/runbooks/fill.md", FRONT);
    talk.settle();
    assert!(talk.codes("/q/runbook.yaml").is_empty(), "{:?}", talk.codes("/q/runbook.yaml"));
}
