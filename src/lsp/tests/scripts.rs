//! What other programs say about scripts: it comes later, and stays with the script.

use super::{FRONT, Talk, uri};
use crate::diagnostic::Diagnostic;
use crate::lsp::Scripts;

const PATH: &str = "/p/runbooks/a.md";

fn text(before: &str, script: &str) -> String {
    format!(
        "{FRONT}{before}\n```bash step=a\n#| effect: read\n{script}\n```\n\n```bash step=b\n#| effect: read\nls\n```\n"
    )
}

/// Answers as a program would that dislikes the word `bad`.
fn ask(scripts: &Scripts) -> Vec<Vec<Diagnostic>> {
    let dislike = |text: &crate::model::value::Text| {
        let at = text.value.find("bad");
        at.map(|at| Diagnostic::warning("RB0702", text.locate(at..at + 3), "this is bad"))
    };
    scripts.scripts.iter().map(|(_, text)| dislike(text).into_iter().collect()).collect()
}

#[test]
fn it_is_asked_once_and_moves_with_the_script() {
    let mut talk = Talk::new();
    talk.open(PATH, &text("", "echo bad"));
    talk.settle();
    assert!(talk.codes(PATH).is_empty(), "nobody waits for other programs");
    let scripts = talk.server().unasked().expect("scripts to ask about");
    assert_eq!(scripts.scripts.len(), 2);
    assert!(talk.server().unasked().is_none(), "they are asked about once");
    let said = ask(&scripts);
    talk.server().said(scripts, said);
    talk.settle();
    assert_eq!(talk.codes(PATH), ["RB0702 10:6"]);
    // A change above the script moves what is known, and asks nobody.
    talk.change(PATH, 2, &text("Two\nlines.\n", "echo bad"));
    talk.settle();
    assert_eq!(talk.codes(PATH), ["RB0702 12:6"]);
    assert!(talk.server().unasked().is_none());
    // A change in the script asks about that one alone.
    talk.change(PATH, 3, &text("", "echo good"));
    talk.settle();
    assert!(talk.codes(PATH).is_empty());
    assert_eq!(talk.server().unasked().expect("a script to ask about").scripts.len(), 1);
}

#[test]
fn an_answer_that_comes_too_late_is_about_no_other_text() {
    let mut talk = Talk::new();
    talk.open(PATH, &text("", "echo bad"));
    talk.settle();
    let scripts = talk.server().unasked().expect("scripts to ask about");
    talk.change(PATH, 2, &text("", "echo good"));
    let said = ask(&scripts);
    talk.server().said(scripts.clone(), said);
    talk.settle();
    assert_eq!(talk.shown[&uri(PATH)], (Some(2), vec![]));
    // The document has been closed: nothing is shown any more.
    talk.tell("textDocument/didClose", serde_json::json!({ "textDocument": { "uri": uri(PATH) } }));
    talk.shown.clear();
    let said = ask(&scripts);
    talk.server().said(scripts, said);
    talk.settle();
    assert!(talk.shown.is_empty());
}
