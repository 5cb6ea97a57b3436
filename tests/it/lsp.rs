//! `runbook lsp` and `runbook schema` as editors use them: the real program, on its real streams.

mod client;
mod neovim;

use crate::env::Project;
use client::Client;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

const GOOD: &str = "---\ntitle: T\nsummary: S\nowner: o\naccount: data\n---\n\n## Look\n\n```yaml step=look\nuses: kms/describe-key\nwith: { key: alias/x }\n```\n";

fn project() -> Project {
    let other =
        GOOD.replace("account: data\n", "account: data\nparams:\n  key: { type: string }\n");
    Project::local(&[("a", GOOD), ("other", &other)])
}

#[test]
fn what_an_editor_shows_is_what_check_finds() {
    let project = project();
    let bad = GOOD.replace("kms/describe-key", "kms/descripe-key").replace("## Look", "## Löök 🔑");
    project.write("runbooks/a.md", &bad);
    let checked = project.run(&["check", "a", "--format", "json"]).ended(3);
    let checked: Value = serde_json::from_str(&checked.stdout).expect("JSON");
    let mut client = Client::start(&project);
    client.initialize();
    client.open("runbooks/a.md", &bad);
    let shown = client.findings("runbooks/a.md", 1);
    let place = |line: &Value, column: &Value, back: u64| {
        (line.as_u64().expect("a line") - back, column.as_u64().expect("a column") - back)
    };
    let wanted: Vec<_> = checked["diagnostics"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|one| (one["code"].clone(), place(&one["place"]["line"], &one["place"]["column"], 1)))
        .collect();
    let shown: Vec<_> = shown
        .iter()
        .map(|one| {
            let start = &one["range"]["start"];
            (one["code"].clone(), place(&start["line"], &start["character"], 0))
        })
        .collect();
    assert_eq!(shown, wanted);
    assert_eq!(shown[0].0, "RB0301");
    client.end(0);
}

#[test]
fn the_disk_and_the_editor_are_both_heard() {
    let project = project();
    let runs = GOOD
        .replace("uses: kms/describe-key", "uses: runbook/run")
        .replace("{ key: alias/x }", "{ runbook: other, params: { key: k } }");
    let mut client = Client::start(&project);
    client.initialize();
    client.open("runbooks/a.md", &runs);
    assert!(client.findings("runbooks/a.md", 1).is_empty());
    // Another program takes the parameter away.
    project.write("runbooks/other.md", GOOD);
    client.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    let found = client.findings("runbooks/a.md", 1);
    assert_eq!(found[0]["code"], "RB0409");
    // The editor gives the other file its parameter back without saving it.
    client.open(
        "runbooks/other.md",
        &GOOD.replace("account: data\n", "account: data\nparams:\n  key: { type: string }\n"),
    );
    while !client.findings("runbooks/a.md", 1).is_empty() {}
    let at = json!({ "line": 11, "character": 19 });
    let to = client.ask(
        "textDocument/definition",
        json!({ "textDocument": client.item("runbooks/a.md"), "position": at }),
    );
    let to = to.expect("an answer");
    assert!(to["uri"].as_str().expect("an address").ends_with("/runbooks/other.md"), "{to}");
    client.end(0);
}

#[test]
fn every_question_is_answered_and_the_end_is_orderly() {
    let project = project();
    let mut client = Client::start(&project);
    assert_eq!(client.ask("textDocument/hover", json!({})).expect_err("too early")["code"], -32002);
    let agreed = client.initialize();
    assert_eq!(agreed["capabilities"]["positionEncoding"], "utf-16");
    for method in [
        "completion",
        "hover",
        "definition",
        "references",
        "documentHighlight",
        "documentSymbol",
        "rename",
    ] {
        let provider = format!("{method}Provider");
        assert!(!agreed["capabilities"][&provider].is_null(), "{provider}");
    }
    client.open("runbooks/a.md", GOOD);
    let at = json!({ "textDocument": client.item("runbooks/a.md"), "position": { "line": 10, "character": 8 } });
    let page = client.ask("textDocument/hover", at.clone()).expect("a page");
    assert!(page["contents"]["value"].as_str().expect("a page").contains("kms/describe-key"));
    let items = client.ask("textDocument/completion", at).expect("offers");
    assert!(items["items"].as_array().expect("offers").len() > 20);
    assert_eq!(client.ask("textDocument/nothing", json!({})).expect_err("unknown")["code"], -32601);
    assert_eq!(
        client.ask("textDocument/hover", json!({ "a": 1 })).expect_err("wrong")["code"],
        -32602
    );
    client.end(0);
    // One that ends without saying so before.
    let mut rude = Client::start(&project);
    rude.initialize();
    rude.tell("exit", Value::Null);
    assert_eq!(rude.code(), Some(1));
    // One that is gone.
    let mut gone = Client::start(&project);
    gone.initialize();
    gone.hang_up();
    assert_eq!(gone.code(), Some(0));
}

#[test]
fn what_is_no_message_ends_the_conversation_with_words() {
    let project = project();
    let mut child = project
        .command(&["lsp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child
        .stdin
        .take()
        .expect("a stream")
        .write_all(b"Content-Length: 5\r\n\r\nhello")
        .expect("written");
    let output = child.wait_with_output().expect("its end");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the conversation broke off"), "{said}");
}

#[test]
fn schemas_are_printed_and_written() {
    let project = project();
    let printed = project.run(&["schema", "project"]).ended(0);
    let printed: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    assert_eq!(printed["$id"], "urn:runbook:schema:project");
    project.run(&["schema", "--out", "schemas"]).ended(0).says("schemas/drill.schema.json");
    let written: Value =
        serde_json::from_str(&project.read("schemas/project.schema.json")).expect("JSON");
    assert_eq!(written, printed);
    for kind in ["front-matter", "step", "drill", "manifest"] {
        assert!(project.exists(&format!("schemas/{kind}.schema.json")), "{kind}");
    }
    project.run(&["schema"]).ended(2);
    project.run(&["schema", "stpe"]).ended(2).says("step");
}

/// Whether a program is there.
fn has(program: &str) -> bool {
    let tried =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}
