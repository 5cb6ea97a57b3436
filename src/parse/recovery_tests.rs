//! Tests of what the parser makes of a document that is damaged, and of its links.

use super::runbook;
use crate::diagnostic::Diagnostic;
use crate::model::runbook::Runbook;
use crate::model::step::{Body, Role};

fn read(body: &str) -> (Runbook, Vec<Diagnostic>) {
    let front = "---\ntitle: T\nsummary: S\nowner: o\n---\n";
    runbook("t", "t.md", &format!("{front}{body}"))
}

#[test]
fn the_blocks_below_a_fence_that_is_not_closed_are_read() {
    let (book, found) = read(
        "```bash step=a\necho\n\n```bash step=b\necho b\n```\n\n## Next\n\n```sh health=c\ntrue\n```\n",
    );
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(book.steps.iter().map(|s| s.id().as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!((book.health.len(), book.health[0].title.as_str()), (1, "Next"));
    assert!(book.gaps.torn && book.gaps.may_have(Role::Step, "a"));
    let Body::Script { text, .. } = &book.steps[0].block.body else { panic!("a script") };
    assert_eq!(book.source.slice(text.locate(0..6)), Some("echo b"));
}

#[test]
fn fences_that_are_never_closed_do_not_make_reading_slow() {
    let many = "```text\n```bash step=a\n".repeat(2_000);
    let begun = std::time::Instant::now();
    let (_, found) = read(&many);
    assert!(found.len() < 20, "{}", found.len());
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn links_know_where_their_targets_stand() {
    let text = "[a](b.md 'c') [`d](x`](<e f.md>) ![g](h\\)i.png) [j][k] [l] <https://m.example> [n][o]\n\n\
        [k]: p(q).md \"r\"\n[l]: <s>\n\n> > [t](\n> > u.md) [v][w \\[x\\]]\n>\n> [y]:\n>   z.md\n";
    let book = read(text).0;
    let shown: Vec<_> = book
        .links
        .iter()
        .map(|link| {
            (link.target.as_str(), book.source.slice(link.span).expect("a span"), link.defined)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("b.md", "b.md", true),
            ("e f.md", "e f.md", true),
            ("h)i.png", "h\\)i.png", true),
            ("https://m.example", "https://m.example", true),
            ("o", "o", false),
            ("p(q).md", "p(q).md", true),
            ("s", "s", true),
            ("u.md", "u.md", true),
            ("w \\[x\\]", "w \\[x\\]", false),
            ("z.md", "z.md", true),
        ]
    );
}

#[test]
fn headings_steps_and_marked_places_are_anchors() {
    let book = read("## A *b* `c`\n\n<h3 id=\"d\">E <i>f</i></h3>\n\n## A b c\n\n> ## Quoted\n\n```sh step=g_h\n#| effect: read\ntrue\n```\n<a name='i'></a>\n").0;
    for anchor in ["a-b-c", "d", "e-f", "a-b-c-1", "quoted", "g_h", "i"] {
        assert!(book.anchors.contains(anchor), "{anchor}: {:?}", book.anchors);
    }
}

#[test]
fn what_could_not_be_read_is_known() {
    let (book, _) = read(
        "```bash step=a\n#| effect: reed\n#| irreversable: x\n#| env: [\ntrue\n```\n\n```bash step=b\n#| effect: reed\n#| irreversable: x\ntrue\n```\n\n> ```bash undo=b\n> true\n> ```\n",
    );
    assert!(book.steps[0].block.options.misread.is_all());
    let misread = &book.steps[1].block.options.misread;
    assert!(misread.has("effect") && misread.has("irreversible") && !misread.has("outputs"));
    assert!(book.gaps.may_have(Role::Undo, "b") && !book.gaps.may_have(Role::Observe, "b"));
}
