//! The conversation itself: how it begins and ends, and what it survives.

use super::{FRONT, Talk, uri};
use serde_json::{Value, json};

#[test]
fn the_conversation_begins_once_and_ends_in_order() {
    let mut talk = Talk::silent();
    assert_eq!(talk.ask("textDocument/hover", json!({})).expect_err("too early").code, -32002);
    assert_eq!(talk.ask("initialize", json!(3)).expect_err("no parameters").code, -32602);
    let answer = talk.ask("initialize", json!({ "capabilities": {} })).expect("initialized");
    assert_eq!(answer["serverInfo"]["name"], "runbook");
    assert_eq!(
        talk.ask("initialize", json!({ "capabilities": {} })).expect_err("twice").code,
        -32600
    );
    assert_eq!(talk.ask("textDocument/unheardOf", json!({})).expect_err("unknown").code, -32601);
    talk.tell("$/unheardOf", json!({}));
    talk.tell("textDocument/didOpen", json!("nonsense"));
    assert_eq!(talk.ask("shutdown", Value::Null).expect("an answer"), Value::Null);
    assert_eq!(talk.ask("textDocument/hover", json!({})).expect_err("too late").code, -32600);
    assert_eq!(talk.server().ended(), None);
    talk.tell("exit", Value::Null);
    assert_eq!(talk.server().ended(), Some(true));
    let mut rude = Talk::new();
    rude.tell("exit", Value::Null);
    assert_eq!(rude.server().ended(), Some(false));
}

#[test]
fn what_the_client_can_do_decides_what_is_agreed_on() {
    let encoding = |offered: Value| {
        let mut talk = Talk::silent();
        let capabilities =
            json!({ "capabilities": { "general": { "positionEncodings": offered } } });
        let answer = talk.ask("initialize", capabilities).expect("initialized");
        answer["capabilities"]["positionEncoding"].as_str().expect("an encoding").to_owned()
    };
    assert_eq!(encoding(json!(["utf-16", "utf-8"])), "utf-8");
    assert_eq!(encoding(json!(["utf-16"])), "utf-16");
    assert_eq!(encoding(Value::Null), "utf-16");
    assert!(Talk::new().said.is_empty(), "this client cannot watch files");
    let watches =
        json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let talk = Talk::with(watches);
    let [lsp_server::Message::Request(request)] = talk.said.as_slice() else {
        panic!("{:?}", talk.said)
    };
    assert_eq!(request.method, "client/registerCapability");
}

#[test]
fn columns_are_those_of_the_client() {
    let text = format!(
        "{FRONT}```yaml step=a\r\n# 🔑é\ttab\r\nuses: \"🔑é\"   # x\r\nwith: {{ \"🔑\": 1 }}\r\n```\r\n"
    );
    for (encoding, column) in [("utf-8", 6), ("utf-16", 6)] {
        let mut talk = Talk::with(json!({ "general": { "positionEncodings": [encoding] } }));
        talk.open("/p/runbooks/a.md", &text);
        talk.settle();
        let found = &talk.shown[&uri("/p/runbooks/a.md")].1[0]["range"];
        assert_eq!(found["start"], json!({ "line": 8, "character": column }));
        let width = if encoding == "utf-8" { 8 } else { 5 };
        assert_eq!(found["end"], json!({ "line": 8, "character": column + width }));
    }
}

#[test]
fn incremental_changes_count_in_the_client_s_columns() {
    let text = format!("{FRONT}```yaml step=a\nuses: aws/identity # 🔑🔑 x\n```\n");
    for (encoding, from) in [("utf-8", 30), ("utf-16", 26)] {
        let mut talk = Talk::with(json!({ "general": { "positionEncodings": [encoding] } }));
        talk.open("/p/runbooks/a.md", &text);
        // Puts a new line and a wrong key in the place of the `x` behind two keys.
        let at = |character: u32| json!({ "line": 7, "character": character });
        let change =
            json!({ "range": { "start": at(from), "end": at(from + 1) }, "text": "\ntimout: 3m" });
        talk.tell("textDocument/didChange", json!({ "textDocument": { "uri": uri("/p/runbooks/a.md"), "version": 2 }, "contentChanges": [change] }));
        talk.settle();
        assert_eq!(talk.codes("/p/runbooks/a.md"), ["RB0201 9:1"], "{encoding}");
    }
}

#[test]
fn a_mistake_of_ours_does_not_end_the_conversation() {
    let mut talk = Talk::new();
    talk.texts.write("/p/runbooks/panic.md", FRONT);
    let runs = |name: &str| {
        format!("{FRONT}```yaml step=a\nuses: runbook/run\nwith: {{ runbook: {name} }}\n```\n")
    };
    talk.open("/p/runbooks/a.md", &runs("panic"));
    talk.settle();
    talk.open("/p/runbooks/b.md", &runs("nobody"));
    talk.settle();
    assert_eq!(talk.codes("/p/runbooks/b.md"), ["RB0407 9:18"]);
}

#[test]
fn a_huge_file_is_survived() {
    let mut talk = Talk::new();
    let step = |number: usize| {
        format!(
            "\n## Phase {number}\n\nWords.\n\n```bash step=s{number}\n#| effect: read\nls\n```\n"
        )
    };
    let text: String = std::iter::once(FRONT.to_owned()).chain((0..3_000).map(step)).collect();
    talk.open("/p/runbooks/a.md", &text);
    talk.open("/p/runbooks/b.md", &"[`".repeat(200_000));
    talk.settle();
    assert!(talk.codes("/p/runbooks/a.md").is_empty());
    assert_eq!(talk.codes("/p/runbooks/b.md"), ["RB0105 1:1"]);
}
