//! Hover, definition, references, highlights, renaming and the outline.

use super::{FRONT, Talk, marked, uri};
use crate::check;
use crate::lsp::occurrences::{Occurrences, Symbol, texts};
use crate::parse;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const PATH: &str = "/p/runbooks/a.md";

/// A runbook in which one place can be marked. Its lines are counted from zero below.
const TEXT: &str = "---
title: The book
summary: S
owner: o
account: data
params:
  alias: { type: string, default: alias/x, description: The alias. }
---

## Prepare

### Make the key

Some words.

```yaml step=make
uses: kms/create-key
with: { description: \"for {{ params.alias }}\" }
```

## Act

### Count

```bash step=count
#| needs: [make]
#| effect: read
#| outputs: [size]
#| env: { KEY: \"{{ steps.make.key_arn }}\" }
echo \"size=$KEY\"
```

```yaml step=move
uses: kms/set-alias
timeout: 3m
if: steps.count.size != '0' and steps['make'].key_id is defined
with:
  alias: \"{{ params.alias }}\"
  key: \"{{ steps.make.key_id }}\"
```

```bash observe=move
true
```

See [the act](#act).

## Health

```yaml health=good
uses: kms/describe-key
with: { key: \"{{ params.alias }}\" }
```
";

/// The text with a cursor in the middle of the first place that follows `before`.
fn at(before: &str, word: &str) -> String {
    let start = TEXT.find(before).unwrap_or_else(|| panic!("no {before}"));
    let from =
        start + TEXT[start..].find(word).unwrap_or_else(|| panic!("no {word}")) + word.len() / 2;
    format!("{}¦{}", &TEXT[..from], &TEXT[from..])
}

fn hover_in(talk: &mut Talk, text: &str) -> String {
    let answer = talk.ask_at("textDocument/hover", PATH, text, json!({}));
    answer["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

fn hover(before: &str, word: &str) -> String {
    hover_in(&mut Talk::new(), &at(before, word))
}

#[test]
fn everything_explains_itself() {
    for (before, word, says) in [
        ("step=make", "make", "**Make the key** — step `make`: `kms/create-key`"),
        ("step=make", "step", "One step."),
        ("uses: kms/create-key", "kms/create-key", "It **changes**. Undo:"),
        ("with: { desc", "description", "`description` (string): "),
        ("params.alias }}\" }\n```\n\n## Act", "alias", "default `\"alias/x\"`): The alias."),
        ("timeout: 3m", "timeout", "How long it may take."),
        ("needs: [make]", "make", "step `make`"),
        ("steps.make.key_arn", "make", "- `key_arn` (string)"),
        ("steps.make.key_arn", "key_arn", "Output of the step `make`."),
        ("steps.count.size", "size", "Written by the script."),
        ("outputs: [size]", "size", "Output of the step `count`."),
        ("observe=move", "move", "step `move`"),
        ("health=good", "good", "health probe `good`"),
        ("account: data", "data", "- sandbox: `100000000002` in eu-west-1"),
        ("\nowner: o", "owner", "Who keeps the runbook true. Required."),
        ("  alias: {", "alias", "The alias."),
        ("{ type: string", "type", "The type of its value."),
    ] {
        let page = hover(before, word);
        assert!(page.contains(says), "{before} {word}: {page}");
    }
    assert_eq!(hover("Some words.", "words"), "");
    assert_eq!(hover("\necho ", "echo"), "");
}

#[test]
fn fields_of_calls_explain_themselves() {
    let text = format!(
        "{FRONT}```yaml step=a\nuses: aws/call\nwith: {{ service: kms, operation: create-key, input: {{ KeyUs¦age: SIGN_VERIFY }} }}\n```\n"
    );
    let page = hover_in(&mut Talk::new(), &text);
    assert!(page.contains("`KeyUsage`: a string: `SIGN_VERIFY`"), "{page}");
}

#[test]
fn a_finding_explains_its_rule() {
    let mut talk = Talk::new();
    let text = format!("{FRONT}```yaml step=a\ntim¦out: 3m\nuses: aws/identity\n```\n");
    let page = hover_in(&mut talk, &text);
    assert!(page.contains("**RB0201 unknown-option**") && page.contains("misspelt"), "{page}");
    let mut other =
        Talk::with(json!({ "textDocument": { "hover": { "contentFormat": ["plaintext"] } } }));
    let answer = other.ask_at("textDocument/hover", PATH, &text, json!({}));
    assert_eq!(answer["contents"]["kind"], "plaintext");
    assert_eq!(answer["range"]["start"], json!({ "line": 7, "character": 0 }));
}

/// Where a definition leads: `file line:column-column`, counted from zero.
fn shown(answer: &Value) -> String {
    let one = &answer[0];
    let (file, range) = (&one["targetUri"], &one["targetSelectionRange"]);
    let (Some(file), start, end) = (file.as_str(), &range["start"], &range["end"]) else {
        return "nowhere".to_owned();
    };
    let file = file.rsplit('/').next().unwrap_or_default();
    format!("{file} {}:{}-{}", start["line"], start["character"], end["character"])
}

#[test]
fn everything_leads_to_where_it_is_written() {
    let mut talk = Talk::new();
    talk.texts.write("/p/runbook.yaml", "version: 1\nenvironments:\n  live:\n    kind: drill\n    accounts:\n      data: { id: \"123456789012\", region: eu-west-1 }\n");
    for (before, word, leads) in [
        ("needs: [make]", "make", "a.md 15:13-17"),
        ("steps.make.key_arn", "make", "a.md 15:13-17"),
        ("steps.make.key_arn", "key_arn", "a.md 15:13-17"),
        ("steps.count.size", "size", "a.md 27:13-17"),
        ("observe=move", "move", "a.md 32:13-17"),
        ("params.alias }}\"\n", "alias", "a.md 6:2-7"),
        ("health=good", "good", "a.md 49:15-19"),
        ("\naccount: data", "data", "runbook.yaml 5:6-10"),
        ("](#act)", "act", "a.md 20:0-6"),
        ("uses: kms/set-alias", "kms/set-alias", "nowhere"),
    ] {
        let answer = talk.ask_at("textDocument/definition", PATH, &at(before, word), json!({}));
        assert_eq!(shown(&answer), leads, "{before} {word}");
    }
    // A client that knows no links gets the name alone.
    let mut simple = Talk::with(json!({ "general": { "positionEncodings": ["utf-8"] } }));
    let answer =
        simple.ask_at("textDocument/definition", PATH, &at("needs: [make]", "make"), json!({}));
    assert_eq!(answer["range"]["start"], json!({ "line": 15, "character": 13 }));
    assert_eq!(answer["uri"], uri(PATH));
}

const OUTER: &str = "---\ntitle: Outer\nsummary: S\nowner: o\n---\n```yaml step=run\nuses: runbook/run\nwith: { runbook: a, params: { alias: alias/y } }\n```\n\n```yaml step=use\nuses: aws/identity\naccount: data\nif: steps.run.make.key_id == 'x'\nobligation: { text: t, due: 3d, runbook: a, params: { alias: z } }\n```\n";

#[test]
fn other_runbooks_are_led_to_and_lead_here() {
    let mut talk = Talk::new();
    talk.texts.write(PATH, TEXT);
    for (marked, leads) in [
        (
            OUTER.replace(
                "runbook: a, params: { alias: alias",
                "runbook: ¦a, params: { alias: alias",
            ),
            "a.md 1:7-15",
        ),
        (OUTER.replace("{ alias: alias", "{ al¦ias: alias"), "a.md 6:2-7"),
        (OUTER.replace("run.make", "run.ma¦ke"), "a.md 15:13-17"),
        (OUTER.replace("make.key_id", "make.key¦_id"), "a.md 15:13-17"),
    ] {
        let answer =
            talk.ask_at("textDocument/definition", "/p/runbooks/outer.md", &marked, json!({}));
        assert_eq!(shown(&answer), leads, "{marked}");
        let page = talk.ask_at("textDocument/hover", "/p/runbooks/outer.md", &marked, json!({}));
        assert!(page["contents"]["value"].is_string(), "{marked}");
    }
}

fn places(answer: &Value) -> Vec<String> {
    let place = |one: &Value| {
        let file =
            one["uri"].as_str().unwrap_or("file:///here").rsplit('/').next().unwrap_or_default();
        let (start, end) = (&one["range"]["start"], &one["range"]["end"]);
        format!("{file} {}:{}-{}", start["line"], start["character"], end["character"])
    };
    answer.as_array().expect("places").iter().map(place).collect()
}

#[test]
fn references_are_found_in_this_runbook_and_in_those_that_run_it() {
    let mut talk = Talk::new();
    talk.texts.write("/p/runbooks/outer.md", OUTER);
    let declared = json!({ "context": { "includeDeclaration": true } });
    let of = |talk: &mut Talk, before: &str, word: &str, more: &Value| {
        places(&talk.ask_at("textDocument/references", PATH, &at(before, word), more.clone()))
    };
    let make = [
        "a.md 15:13-17",
        "a.md 25:11-15",
        "a.md 28:25-29",
        "a.md 35:39-43",
        "a.md 38:17-21",
        "outer.md 13:14-18",
    ];
    assert_eq!(of(&mut talk, "needs: [make]", "make", &declared), make);
    let without = json!({ "context": { "includeDeclaration": false } });
    assert_eq!(of(&mut talk, "step=make", "make", &without), make[1..]);
    assert_eq!(
        of(&mut talk, "  alias: {", "alias", &declared),
        [
            "a.md 6:2-7",
            "a.md 17:36-41",
            "a.md 37:20-25",
            "a.md 51:24-29",
            "outer.md 7:30-35",
            "outer.md 14:54-59"
        ]
    );
    let own = places(&talk.ask_at(
        "textDocument/documentHighlight",
        PATH,
        &at("needs: [make]", "make"),
        json!({}),
    ));
    assert_eq!(own.len(), 5);
    assert!(
        talk.ask_at("textDocument/references", PATH, &at("Some words", "words"), declared)
            .is_null()
    );
}

#[test]
fn a_step_and_a_parameter_can_be_renamed_everywhere() {
    let mut talk = Talk::new();
    talk.texts.write("/p/runbooks/outer.md", OUTER);
    let cursor = at("needs: [make]", "make");
    let answer = talk.ask_at("textDocument/prepareRename", PATH, &cursor, json!({}));
    assert_eq!(answer["placeholder"], "make");
    let answer = talk.ask_at("textDocument/rename", PATH, &cursor, json!({ "newName": "create" }));
    let apply = |text: &str, path: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut edits = answer["changes"][uri(path)].as_array().expect("edits").clone();
        edits.sort_by_key(|edit| edit["range"]["start"]["character"].as_u64());
        for edit in edits.iter().rev() {
            let number = |value: &Value| {
                usize::try_from(value.as_u64().expect("a number")).expect("a number")
            };
            let range = &edit["range"];
            let (from, to) =
                (number(&range["start"]["character"]), number(&range["end"]["character"]));
            let line = &mut lines[number(&range["start"]["line"])];
            line.replace_range(from..to, edit["newText"].as_str().expect("a text"));
        }
        lines.join("\n") + "\n"
    };
    let renamed = apply(TEXT, PATH);
    assert!(
        !renamed.contains("make\n")
            && !renamed.contains("steps.make")
            && !renamed.contains("'make'")
    );
    talk.change(PATH, 2, &renamed);
    talk.open("/p/runbooks/outer.md", &apply(OUTER, "/p/runbooks/outer.md"));
    talk.settle();
    // The script only holds a place, so it does not read what it is given.
    let codes: Vec<_> =
        talk.codes(PATH).into_iter().filter(|code| !code.starts_with("RB0704")).collect();
    assert!(codes.is_empty(), "{codes:?}");
    assert!(
        talk.codes("/p/runbooks/outer.md").is_empty(),
        "{:?}",
        talk.codes("/p/runbooks/outer.md")
    );
}

#[test]
fn a_renaming_that_would_go_wrong_is_refused() {
    let refuse = |text: &str, name: &str| {
        let mut talk = Talk::new();
        let (text, position) = marked(text);
        talk.open(PATH, &text);
        let params =
            json!({ "textDocument": { "uri": uri(PATH) }, "position": position, "newName": name });
        talk.ask("textDocument/rename", params).expect_err(name)
    };
    let cursor = at("needs: [make]", "make");
    assert!(refuse(&cursor, "Make It").message.contains("snake_case"));
    assert_eq!(refuse(&cursor, "move").message, "`move` is taken");
    assert_eq!(refuse(&cursor, "good").message, "`good` is taken");
    let broken = cursor.replace("timeout: 3m", "timeout: \"3m");
    assert!(refuse(&broken, "other").message.contains("cannot be read"));
    let broken = cursor.replace("!= '0'", "!= '0");
    assert_eq!(refuse(&broken, "other").code, -32803);
}

#[test]
fn the_outline_is_a_tree_of_phases_and_steps() {
    let outline = |mut talk: Talk| {
        talk.open(PATH, TEXT);
        talk.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri(PATH) } }))
            .expect("symbols")
    };
    fn names(symbols: &Value, depth: usize, out: &mut Vec<String>) {
        for one in symbols.as_array().into_iter().flatten() {
            let detail = one["detail"].as_str().unwrap_or_default();
            out.push(format!(
                "{}{} {detail}",
                " ".repeat(depth),
                one["name"].as_str().expect("a name")
            ));
            let (range, own) = (&one["range"], &one["selectionRange"]);
            let line = |value: &Value, end: &str| value[end]["line"].as_u64();
            assert!(
                line(range, "start") <= line(own, "start")
                    && line(own, "end") <= line(range, "end")
            );
            names(&one["children"], depth + 1, out);
        }
    }
    let mut all = Vec::new();
    names(&outline(Talk::new()), 0, &mut all);
    assert_eq!(
        all,
        [
            "Prepare ",
            " Make the key step=make",
            "Act ",
            " Count step=count",
            " Count step=move",
            "  observe observe=move",
            "Health ",
            " Health health=good",
        ]
    );
    let flat = outline(Talk::with(json!({})));
    assert_eq!(flat.as_array().map(Vec::len), Some(8));
    assert_eq!(flat[1]["containerName"], "Prepare");
}

#[test]
fn every_name_that_the_checker_reads_is_known_here_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    let (catalog, mut seen) = (crate::actions::catalog::catalog(), 0);
    for entry in fs::read_dir(folder).expect("fixtures") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a text");
        let (runbook, _) = parse::runbook("x", "x", &text);
        let found = check::check(&check::Book {
            runbook: &runbook,
            others: &|_| None,
            catalog: &catalog,
            project: None,
            files: &|_| crate::check::Linked::Unknown,
        });
        let all = Occurrences::of(&runbook).all;
        for one in found.iter().filter(|one| ["RB0402", "RB0403", "RB0404"].contains(&one.code)) {
            let texts = super::super::occurrences::blocks(&runbook).flat_map(texts);
            let spans: Vec<_> = texts.map(|(text, _)| text.span).collect();
            let inside =
                spans.iter().any(|span| span.start <= one.span.start && one.span.end <= span.end);
            assert!(inside, "{}: {one:?}", path.display());
            seen += 1;
            if one.code == "RB0404" {
                let is_step = all
                    .iter()
                    .any(|own| own.span == one.span && matches!(own.symbol, Symbol::Step(_)));
                assert!(is_step, "{}: {one:?}", path.display());
            }
        }
    }
    assert!(seen > 10, "only {seen} findings");
}
