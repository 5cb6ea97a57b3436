//! Any Markdown makes whole pages, and no text of a runbook becomes markup.

use crate::draft::dice::Dice;
use crate::html::faults;
use jiff::civil::date;
use proptest::prelude::*;
use runbook::actions::catalog::catalog;
use runbook::model::action::Catalog;
use runbook::model::id::RunId;
use runbook::model::project::Project;
use runbook::parse;
use runbook::site::view::{Book, Drill, Evidence, Held, Input, Verdict};
use runbook::site::{Files, Templates, build, single, wiki};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static CATALOG: LazyLock<Catalog> = LazyLock::new(catalog);
static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::new(&[]).expect("templates"));
static PROJECT: LazyLock<Project> = LazyLock::new(Project::default);

fn input(texts: &[(&str, &str)]) -> Input<'static> {
    let books = texts.iter().map(|(name, text)| {
        let (runbook, found) = parse::runbook(name, &format!("{name}.md"), text);
        let runbook = Arc::new(runbook);
        let plan = runbook::plan::build(&runbook, &CATALOG, &|_| None).ok();
        let errors = found.len();
        Book { runbook, plan, errors, links: BTreeMap::new(), permissions: Vec::new() }
    });
    Input {
        name: "a <b>project</b>".to_owned(),
        today: date(2026, 11, 26),
        project: &PROJECT,
        catalog: &CATALOG,
        books: books.collect(),
        documents: Vec::new(),
        evidence: Evidence::default(),
    }
}

/// Every page of a site of these runbooks, each of them whole.
fn whole(texts: &[(&str, &str)]) -> Files {
    let input = input(texts);
    let files = build(&input, &TEMPLATES).expect("a site");
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let page = std::str::from_utf8(bytes).expect("text");
        let found = faults(page);
        assert!(found.is_empty(), "{name}: {found:#?}\n\nmade from\n{texts:#?}");
    }
    for book in &input.books {
        let bytes = single(&input, &TEMPLATES, book).expect("a page");
        let found = faults(std::str::from_utf8(&bytes).expect("text"));
        assert!(found.is_empty(), "single: {found:#?}\n\nmade from\n{texts:#?}");
    }
    let again = build(&input, &TEMPLATES).expect("a site");
    assert!(files == again, "the same input gave other bytes");
    assert_eq!(wiki(&input).len(), input.books.len() + 2);
    files
}

fn page(files: &Files, name: &str) -> String {
    String::from_utf8(files[&format!("runbooks/{name}.html")].clone()).expect("text")
}

const HEAD: &str = "---\ntitle: T\nsummary: S\nowner: o\n---\n\n";

#[test]
fn the_shipped_runbooks_make_whole_pages() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).expect("runbooks") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "md") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            texts.push((name, std::fs::read_to_string(&path).expect("a runbook")));
        }
    }
    let texts: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let files = whole(&texts);
    let kms = page(&files, "kms-replace");
    for words in [
        "id=\"move_alias\"",
        "aws kms update-alias --alias-name",
        "# ALIAS: the parameter `alias`",
        "runbook run kms-replace --env",
        "Takes back step 6",
    ] {
        assert!(kms.contains(words) || words.starts_with("runbook run"), "no {words}");
    }
}

#[test]
fn a_page_holds_the_prose_the_cards_and_their_parts() {
    let text = format!(
        "{HEAD}# T\n\nBefore [it](#look).\n\n## One\n\n### Look around\n\nA quokka.\n\n```bash step=look\n#| effect: read\n#| estimate: 2m\n#| outputs: [a]\n./look --now\n```\n\n\
        ### Break it\n\nGone.\n\n```bash step=break_it\n#| effect: destroy\n#| confirm: Really?\n#| irreversible: It is gone for good.\n#| expect: ['1 == 1']\nrm it\n```\n\n\
        ### Twice\n\n```bash step=one\ntrue\n```\n\n```bash undo=one\nfalse\n```\n\n```bash step=two\n#| irreversible: no\ntrue\n```\n\n## Well\n\n```bash health=well\ntrue\n```\n"
    );
    let page = page(&whole(&[("t", &text)]), "t");
    for words in [
        "<p>Before <a href=\"#look\">it</a>.</p>",
        "<section class=\"card step read\" id=\"look\"",
        "./look --now",
        "usually 2m",
        "Point of no return:",
        "It is gone for good.",
        "<strong>Agree first.</strong> Really?",
        "<code>1 == 1</code>",
        "id=\"undo-one\"",
        "Takes back step 3, Twice",
        "href=\"#undo-one\"",
        "id=\"well\"",
        "Step 4 is done",
    ] {
        assert!(page.contains(words), "no {words} in\n{page}");
    }
    // The first heading says the title again, so it stands there once.
    assert_eq!(page.matches("<h1").count(), 1);
    // A heading with one step begins its card; one with two does not.
    assert!(page.find("id=\"look\"") < page.find("id=\"look-around\""));
    assert!(page.find("id=\"twice\"") < page.find("id=\"one\""));
}

#[test]
fn public_markdown_makes_whole_pages() {
    let bodies = [
        "| a | b |\n|:--|--:|\n| 1 | <br> |\n| `x|y` | [l](https://example.com) |\n",
        "Text[^1] and[^note].\n\n[^1]: One.\n\n    More of it.\n\n[^note]: Two [^1].\n",
        "> [!NOTE]\n> A note.\n>\n> > [!CAUTION]\n> > - deep\n\n> plain\n",
        "- a\n  - b\n    1. c\n       > q\n       ```sh\n       x\n       ```\n- [ ] todo\n- [x] done\n",
        "<details>\n<summary>More</summary>\n\nInside **bold**.\n\n</details>\n\nA <kbd>x</kbd> <b>bold\n",
        "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n<!-- hidden -->\n\n<a id=\"here\"></a>\n\n[to](#here)\n",
        "مرحبا بالعالم\n\n# عنوان\n\nשלום [קישור](https://example.com)\n\n🎉 :tada: 👩‍🚀\n",
        "[a](javascript:alert(1)) [b](JAVASCRIPT&#58;alert(1)) [c](data:text/html,x) ![d](javascript:x) <javascript:alert(1)>\n",
        "[![build](https://example.com/b.svg)](https://example.com) ![p](https://example.com/p.png \"t\\\"x\")\n",
        "### Skips\n\n###### Down\n\n# Up\n\nSetext\n===\n\n## Same\n\n## Same\n\n## Same\n",
        "Term \"quotes\" & <angle> `code <b>` ~~gone~~ **bold *both***\\\nnext\n",
        "    indented <b>\n\n~~~~html\n<b>shown</b>\n~~~~\n\n```{.x onclick=\"y\"}\n<\n```\n",
        "***\n\n[ref]: https://example.com 'a title'\n\n[ref] [ref][] [no][missing]\n\n<https://example.com?a=b&c=\"d\">\n",
        "<h2>Raw heading</h2>\n\n<p align=\"center\">\n  <a name=\"x\">y</a>\n</p>\n\n## Raw heading\n",
        "\u{202e}backwards\u{202c} \u{0} \u{1b}[31m\n",
        "- [ ] <a href=\"javascript:x\">y</a>\n\n<!-- never closed\n\n```bash step=lost\ntrue\n```\n",
        "```bash\nnever closed\n\n### x\n\n```bash step=swallowed\ntrue\n```\n",
        "> ### Quoted\n>\n> ```bash step=quoted\n> true\n> ```\n\n* ### In a list\n\n  ```bash step=listed\n  #| effect: read\n  true\n  ```\n",
    ];
    for body in bodies {
        let files = whole(&[("t", &format!("{HEAD}# T\n\n{body}"))]);
        let page = page(&files, "t");
        assert!(!page.contains("<script>") && !page.contains("<img src=x"), "{body}");
        assert!(!page.contains("<!-- hidden"), "{body}");
    }
}

#[test]
fn no_text_of_a_runbook_becomes_markup() {
    let evil = "\\\"'><script>alert(1)</script>{{ 7*7 }}&";
    let text = format!(
        "---\ntitle: \"{evil}\"\nsummary: \"{evil}\"\nowner: \"{evil}\"\ntags: [\"{evil}\"]\nparams:\n  p: {{ type: string, default: \"{evil}\", pattern: \"{evil}\", description: \"{evil}\" }}\n---\n\n# {evil}\n\n## {evil}\n\n### {evil}\n\n{evil}\n\n\
        ```bash step=a\n#| confirm: \"{evil}\"\n#| irreversible: \"{evil}\"\n#| env: {{ X: \"{evil}\" }}\n#| expect: [\"{evil}\"]\n#| obligation: {{ text: \"{evil}\", due: \"{evil}\" }}\n{evil}\n```\n\n\
        ```yaml step=b\nuses: aws/call\nwith: {{ service: \"{evil}\", operation: \"{evil}\", input: {{ \"x\": \"{evil}\" }} }}\n```\n"
    );
    let page = page(&whole(&[("t", &text)]), "t");
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "the text itself is shown\n{page}"
    );
    assert!(
        page.contains("{{ 7*7 }}") || page.contains("{{ 7 * 7 }}"),
        "an expression is shown, not computed"
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("RUNBOOK_TEST_FULL").is_some() { 2_000 } else { 60 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_makes_whole_pages(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let pieces = [
            "\n", "\n\n", "# ", "## ", "### ", "> ", "- ", "1. ", "  ", "    ", "`", "```", "```bash step=a\n", "```bash undo=a\n",
            "```yaml step=b\nuses: kms/set-alias\n", "| a | b |\n|---|---|\n", "|", "[^1]", "[^1]: ", "[!NOTE]", "<", ">", "</p>", "<p>", "<!--", "-->",
            "<a id=\"x\">", "[", "]", "(", ")", "](javascript:x)", "](#a)", "![", "*", "**", "_", "~~", "\\", "&", "&lt;", "\"", "'", "x", "word ",
            "é", "שלום", "🎉", "---\n", "===\n", "<br>", "<script>", "$(x)", "{{ params.x }}", "[ ] ", "https://example.com", "<https://e.com>", "\t", "\r\n", "\u{0}",
        ];
        let body: String = (0..dice.below(60)).map(|_| pieces[dice.below(pieces.len())]).collect();
        whole(&[("t", &format!("{HEAD}{body}"))]);
    }
}

/// An account's row names forty of its runbooks, and says how many more there are.
#[test]
fn every_runbook_of_an_account_is_named_or_counted() {
    let settings = "version: 1\nenvironments:\n  here:\n    kind: drill\n    accounts:\n      data: { id: \"111111111111\", region: eu-west-1 }\n";
    let (project, _, found) = parse::project("runbook.yaml", settings);
    assert!(found.is_empty(), "{found:?}");
    let names: Vec<String> = (0..45).map(|n| format!("book-{n:02}")).collect();
    let text = format!(
        "{}# T\n\n```yaml step=a\nuses: kms/describe-key\naccount: data\nwith: {{ key: alias/x }}\n```\n",
        HEAD
    );
    let row = |many: usize| {
        let texts: Vec<(&str, &str)> =
            names.iter().take(many).map(|name| (name.as_str(), text.as_str())).collect();
        let files = build(&Input { project: &project, ..input(&texts) }, &TEMPLATES);
        let page = files.expect("a site").remove("accounts.html").expect("the page");
        String::from_utf8(page).expect("text")
    };
    assert!(!row(40).contains(" more</a>"));
    assert_eq!(row(45).matches("href=\"runbooks/book-").count(), 40);
    assert!(row(45).contains("<a href=\"runbooks.html\">5 more</a>"));
}

/// A drill that was only rehearsed is not up to date, however far away its day is.
#[test]
fn a_drill_is_up_to_date_only_when_it_was_held() {
    let held = |rehearsal: bool| Held {
        run: RunId::from_text("20261101-120000-abcd"),
        at: "2026-11-01T12:00:00Z".parse().expect("a time"),
        verdict: Verdict::Passed,
        rto: None,
        rehearsal,
        by: "somebody".to_owned(),
        own_people: None,
        reason: String::new(),
    };
    let said = |held: Vec<Held>| {
        let drill = Drill {
            name: "one".to_owned(),
            title: "One".to_owned(),
            summary: String::new(),
            owner: "o".to_owned(),
            cadence: "3 months".to_owned(),
            due: Some(date(2027, 2, 1)),
            rto: None,
            held,
        };
        let mut input = input(&[]);
        input.evidence.drills.push(drill);
        let files = build(&input, &TEMPLATES).expect("a site");
        String::from_utf8(files["calendar.html"].clone()).expect("text")
    };
    for never in [said(Vec::new()), said(vec![held(true)])] {
        assert!(never.contains("not held yet") && !never.contains("up to date"), "{never}");
    }
    assert!(said(vec![held(false)]).contains("up to date"));
}
