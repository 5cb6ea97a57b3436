//! What surrounds a cursor, which is `¦`.

use super::{Outline, Slot};
use crate::lsp::place::lines;
use proptest::prelude::*;

fn read(marked: &str) -> (Outline, String) {
    let cursor = marked.find('¦');
    let text = marked.replace('¦', "");
    (Outline::read(&text, &lines(&text, 0..text.len()), cursor), text)
}

/// The path, `key` or the value's key, what is there, and the other keys.
fn look(marked: &str) -> String {
    let (outline, text) = read(marked);
    let Some(cursor) = &outline.cursor else { return "nothing".to_owned() };
    let (what, span, flow) = match &cursor.slot {
        Slot::Key { span, flow } => ("key".to_owned(), *span, *flow),
        Slot::Value { key, span, flow } => {
            (format!("value of {}", key.as_deref().unwrap_or("an element")), *span, *flow)
        }
    };
    let keys: Vec<&str> = outline.keys(cursor.mapping).map(|key| key.value.as_str()).collect();
    format!(
        "{}: {what} `{}`{} beside {}",
        cursor.path.join("."),
        &text[span.range()],
        if flow { " in flow" } else { "" },
        keys.join(",")
    )
}

#[test]
fn keys_at_the_top() {
    assert_eq!(look("us¦"), ": key `us` beside ");
    assert_eq!(look("uses: a\nti¦\nneeds: []\n"), ": key `ti` beside uses,needs");
    assert_eq!(look("uses: a\n¦\nneeds: []\n"), ": key `` beside uses,needs");
    assert_eq!(look("uses: a\nti¦meout: 3m\n"), ": key `timeout` beside uses,timeout");
    assert_eq!(look("¦"), ": key `` beside ");
}

#[test]
fn keys_of_inner_mappings() {
    assert_eq!(look("uses: a\nwith:\n  ¦\n"), "with: key `` beside ");
    assert_eq!(look("with:\n  a: 1\n  ¦\n  c: 2\nneeds: []"), "with: key `` beside a,c");
    assert_eq!(look("with:\n  ¦\n  c: 2\n"), "with: key `` beside c");
    assert_eq!(look("with:\n  a: 1\n¦\n"), ": key `` beside with");
    assert_eq!(look("with:\n  al¦\nneeds: []"), "with: key `al` beside ");
    assert_eq!(look("with:\n  params:\n    x: 1\n    ¦"), "with.params: key `` beside x");
    assert_eq!(look("with:\n  params:\n    x: 1\n  ¦"), "with: key `` beside params");
}

#[test]
fn values() {
    assert_eq!(look("uses: kms/¦\n"), ": value of uses `kms/` beside uses");
    assert_eq!(look("uses: ¦\nwith:\n  a: b"), ": value of uses `` beside uses,with");
    assert_eq!(look("uses:¦"), ": value of uses `` beside uses");
    assert_eq!(
        look("with:\n  a: \"{{ params.¦ }}\"\n"),
        "with: value of a `\"{{ params. }}\"` beside a"
    );
    assert_eq!(look("with:\n  a: {{ par¦\n  b: 2\n"), "with: value of a `{{ par` beside a,b");
    assert_eq!(
        look("confirm: |\n  one\n  {{ par¦\nneeds: []\n"),
        ": value of confirm `  one\n  {{ par` beside confirm,needs"
    );
    assert_eq!(
        look("confirm: one\n  two {{ ¦\n"),
        ": value of confirm `one\n  two {{ ` beside confirm"
    );
    assert_eq!(look("a: b # c¦"), "nothing");
}

#[test]
fn elements_of_lists() {
    assert_eq!(look("needs:\n  - a\n  - ¦\n"), "needs.[]: value of an element `` beside ");
    assert_eq!(look("needs:\n- a¦b\nuses: x\n"), "needs.[]: value of an element `ab` beside ");
    assert_eq!(look("scenario:\n  - run: x\n    ¦\n"), "scenario.[]: key `` beside run");
    assert_eq!(
        look("scenario:\n  - run: x\n  - fault: y¦\n"),
        "scenario.[]: value of fault `y` beside fault"
    );
    assert_eq!(look("needs: [a, ¦]\n"), "needs.[]: value of an element `` in flow beside ");
    assert_eq!(look("needs: [a, b¦c"), "needs.[]: value of an element `bc` in flow beside ");
    assert_eq!(
        look("expect: [\"outputs.¦\"]"),
        "expect.[]: value of an element `\"outputs.\"` in flow beside "
    );
}

#[test]
fn mappings_in_braces() {
    assert_eq!(look("with: { ¦ }\n"), "with: key `` in flow beside ");
    assert_eq!(look("with: { a: 1, b¦ }\n"), "with: key `b` in flow beside a,b");
    assert_eq!(look("with: { a: ¦ }\n"), "with: value of a `` in flow beside a");
    assert_eq!(
        look("with: { a: \"{{ x¦ }}\", c: 2 }\n"),
        "with: value of a `\"{{ x }}\"` in flow beside a,c"
    );
    assert_eq!(look("with: { a: 1, p: { x: 1, ¦\nneeds: []\n"), "with.p: key `` in flow beside x");
    assert_eq!(look("with: {\n  a: 1,\n  ¦\n}\nneeds: []\n"), "with: key `` in flow beside a");
    assert_eq!(look("with: { a: {{ par¦ }}\n"), "with: value of a `{{ par }}` in flow beside a");
    assert_eq!(look("with: { a ¦ }\n"), "nothing");
    assert_eq!(look("with: { a: 1 }\n¦"), ": key `` beside with");
}

#[test]
fn single_values_are_found_by_their_path() {
    let (outline, _) = read(
        "uses: 'runbook/run'\nwith:\n  runbook: other # x\n  params: { a: 1 }\nneeds: [a, b]\nsecrets:\n  - c\n",
    );
    let value = |path: &[&str]| outline.value(path).map(|value| value.text.clone());
    assert_eq!(value(&["uses"]).as_deref(), Some("runbook/run"));
    assert_eq!(value(&["with", "runbook"]).as_deref(), Some("other"));
    assert_eq!(value(&["with", "params", "a"]).as_deref(), Some("1"));
    assert_eq!(value(&["a"]), None);
    let all = |key| outline.elements(&[key]).map(|one| one.text.clone()).collect::<Vec<_>>();
    assert_eq!(all("needs"), ["a", "b"]);
    assert_eq!(all("secrets"), ["c"]);
}

proptest! {
    #[test]
    fn any_text_with_any_cursor_can_be_read(text in "[a: \n{}\\[\\]\"'#|>,é-]{0,60}", at in 0usize..60) {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) { at -= 1; }
        let outline = Outline::read(&text, &lines(&text, 0..text.len()), Some(at));
        for entry in &outline.entries {
            if let Some(key) = &entry.key { prop_assert!(text.get(key.span.range()).is_some()); }
            if let Some(value) = &entry.value { prop_assert!(text.get(value.span.range()).is_some()); }
        }
        if let Some(cursor) = &outline.cursor {
            let (Slot::Key { span, .. } | Slot::Value { span, .. }) = &cursor.slot;
            prop_assert!(text.get(span.range()).is_some());
            prop_assert!(span.start <= at && at <= span.end);
        }
    }
}
