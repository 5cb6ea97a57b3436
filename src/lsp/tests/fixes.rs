//! Quick fixes: each puts right what its finding is about.

use super::{FRONT, Talk, uri};
use serde_json::{Value, json};

const PATH: &str = "/p/runbooks/a.md";

fn client() -> Value {
    let kinds = json!({ "codeActionKind": { "valueSet": ["quickfix"] } });
    json!({
        "general": { "positionEncodings": ["utf-8"] },
        "textDocument": { "codeAction": { "codeActionLiteralSupport": kinds } },
    })
}

fn whole() -> Value {
    json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 999, "character": 0 } })
}

fn actions(talk: &mut Talk, range: &Value, more: &Value) -> Vec<Value> {
    let params = json!({ "textDocument": { "uri": uri(PATH) }, "range": range, "context": more });
    let answer = talk.ask("textDocument/codeAction", params).expect("actions");
    answer.as_array().cloned().unwrap_or_default()
}

fn apply(text: &str, action: &Value) -> String {
    let edit = &action["edit"]["changes"][uri(PATH)][0];
    let number =
        |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("a number");
    let at = |position: &Value| {
        let lines = text.split_inclusive('\n').take(number(&position["line"]));
        lines.map(str::len).sum::<usize>() + number(&position["character"])
    };
    let range = &edit["range"];
    let (start, end) = (at(&range["start"]), at(&range["end"]));
    format!("{}{}{}", &text[..start], edit["newText"].as_str().expect("a text"), &text[end..])
}

#[test]
fn each_fix_leaves_nothing_to_find() {
    let good = "\n## P\n\n```yaml step=make\nuses: kms/create-key\nwith: { description: x }\ntimeout: 3m\n```\n\n```yaml step=look\nuses: kms/describe-key\nneeds: [make]\nwith: { key: \"{{ steps.make.key_id }}\" }\naccount: \"data\"\n```\n\n```bash step=read\n#| effect: read\n#| outputs: [size]\n#| env: { KEY: \"{{ steps['make'].key_id }}\" }\necho \"size=$KEY\" >> \"$RUNBOOK_OUTPUT\"\n```\n\nSee [it](#make).\n";
    for (right, wrong) in [
        ("kms/create-key", "kms/creat-key"),
        ("description: x", "descripton: x"),
        ("timeout: 3m", "timout: 3m"),
        ("needs: [make]", "needs: [mkae]"),
        ("steps.make.key_id", "steps.make.kye_id"),
        ("steps.make.key_id", "steps.maek.key_id"),
        ("steps['make']", "steps['maek']"),
        ("account: \"data\"", "account: \"dta\""),
        ("```bash step=read", "```Bash step=read"),
        ("```yaml step=make", "```yaml stpe=make"),
        ("\"{{ steps.make.key_id }}\"", "{{ steps.make.key_id }}"),
        ("(#make)", "(#maek)"),
    ] {
        let text = format!("{FRONT}{good}");
        assert!(text.contains(right), "{right}");
        let broken = text.replacen(right, wrong, 1);
        let mut talk = Talk::with(client());
        talk.open(PATH, &broken);
        talk.settle();
        let before = talk.codes(PATH);
        assert!(!before.is_empty(), "{wrong}");
        let all = actions(&mut talk, &whole(), &json!({ "diagnostics": [] }));
        let fixed = all.iter().any(|action| {
            talk.change(PATH, 2, &apply(&broken, action));
            talk.settle();
            talk.codes(PATH).is_empty()
        });
        assert!(fixed, "{wrong}: {before:?} {all:#?}");
        assert_eq!(all[0]["isPreferred"], true);
    }
}

#[test]
fn fixes_are_offered_only_where_and_when_they_are_right() {
    let text = format!("{FRONT}```yaml step=a\nuses: aws/identity\ntimout: 3m\n```\n");
    let mut talk = Talk::with(client());
    talk.open(PATH, &text);
    talk.settle();
    let line = |line: u32| json!({ "start": { "line": line, "character": 2 }, "end": { "line": line, "character": 2 } });
    let any = json!({ "diagnostics": [] });
    assert_eq!(actions(&mut talk, &line(8), &any).len(), 1);
    assert!(actions(&mut talk, &line(7), &any).is_empty(), "another line");
    let only = |kind: &str| json!({ "diagnostics": [], "only": [kind] });
    assert_eq!(actions(&mut talk, &line(8), &only("quickfix")).len(), 1);
    assert!(actions(&mut talk, &line(8), &only("refactor")).is_empty());
    // The text has changed, and its findings are not made yet.
    talk.change(PATH, 2, &text.replace("uses:", "# one more line\nuses:"));
    assert!(actions(&mut talk, &whole(), &any).is_empty());
    let mut simple = Talk::silent();
    let agreed = simple.ask("initialize", json!({ "capabilities": {} })).expect("agreed");
    assert!(
        agreed["capabilities"]["codeActionProvider"].is_null(),
        "this client knows commands only"
    );
}
