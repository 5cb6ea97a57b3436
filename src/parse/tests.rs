//! Tests of the parser as a whole: places, and what it makes of a document.

use super::{param, project, runbook, value};
use crate::diagnostic::Diagnostic;
use crate::model::runbook::Runbook;
use crate::model::step::{Body, Outputs};
use crate::model::value::{Node, NodeKind, Text};
use crate::source::Span;
use proptest::prelude::*;
use serde_json::json;

const FRONT: &str = "---\ntitle: T\nsummary: S\nowner: o\n---\n";

fn read(body: &str) -> (Runbook, Vec<Diagnostic>) {
    runbook("t", "t.md", &format!("{FRONT}{body}"))
}

fn clean(body: &str) -> Runbook {
    let (book, found) = read(body);
    assert!(found.is_empty(), "{found:#?}");
    book
}

fn codes(body: &str) -> Vec<&'static str> {
    read(body).1.into_iter().map(|d| d.code).collect()
}

fn with<'a>(book: &'a Runbook, key: &str) -> &'a Node {
    let Body::Action { with, .. } = &book.steps[0].block.body else { panic!("no action") };
    &with.iter().find(|(name, _)| name.value == key).expect(key).1
}

fn text(node: &Node) -> &Text {
    match &node.kind {
        NodeKind::Text(text) => text,
        other => panic!("no text: {other:?}"),
    }
}

#[test]
fn a_whole_document() {
    let book = clean(
        "# Top\n\nIntro.\n\n## Prepare\n\n### Make it\n\nWhy <!-- note --> it matters.\n\n```yaml step=make\nuses: a/b\nwith: { x: \"{{ params.y }}\" }\n```\n\nThen prose.\n\n```bash step=copy\n#| env:\n#|   K: v\n#| outputs: [n]\necho hi # {{ not a template }}\n```\n\n## Check\n\n~~~~sh observe=make\ntrue\n~~~~\n\n```python health=ok\nprint(1)\n```\n\n```bash\nprose\n```\n\n```sh undo=make\ntrue\n```\n",
    );
    assert_eq!(
        book.phases.iter().map(|p| p.title.as_str()).collect::<Vec<_>>(),
        ["Prepare", "Check"]
    );
    let [make, copy] = book.steps.as_slice() else { panic!("two steps") };
    assert_eq!((make.title.as_str(), make.description.as_str()), ("Make it", "Why  it matters."));
    assert_eq!((make.phase, copy.phase), (Some(0), Some(0)));
    assert!(make.observe.is_some() && make.undo.is_some() && copy.observe.is_none());
    assert_eq!((copy.title.as_str(), copy.description.as_str()), ("Make it", "Then prose."));
    let Body::Script { text, .. } = &copy.block.body else { panic!("a script") };
    assert_eq!(text.value, "echo hi # {{ not a template }}\n");
    assert_eq!(book.source.slice(text.locate(5..7)), Some("hi"));
    let Outputs::Names(names) = &copy.block.options.outputs else { panic!("names") };
    assert_eq!(book.source.slice(names[0].span), Some("n"));
    assert_eq!(book.health[0].title, "Check");
    assert!(
        book.source
            .slice(make.block.span)
            .is_some_and(|s| s.starts_with("```yaml") && s.ends_with("```"))
    );
}

#[test]
fn fences_in_lists_count_and_fences_in_quotes_and_comments_do_not() {
    let book = clean(
        "1. a\n\n   ```bash step=a\n   echo 1\n     echo 2\n   ```\n\n<!--\n```bash step=c\nx\n```\n-->\n",
    );
    assert_eq!(book.steps.len(), 1);
    let Body::Script { text, .. } = &book.steps[0].block.body else { panic!("a script") };
    assert_eq!(text.value, "echo 1\n  echo 2\n");
    assert_eq!(book.source.slice(text.locate(9..15)), Some("echo 2"));
    assert_eq!(codes("> ```bash step=b\n> x\n> ```\n"), ["RB0009"]);
    assert_eq!(codes("Text.\n\n    ```bash step=b\n    x\n    ```\n"), ["RB0009"]);
    assert_eq!(codes("<!-- open\n\n```bash step=b\nx\n```\n"), ["RB0009"]);
    assert_eq!(codes("<details>\n```bash step=b\nx\n```\n</details>\n"), ["RB0009"]);
}

#[test]
fn fences_that_swallow_others_are_found() {
    assert_eq!(codes("```bash step=a\necho\n"), ["RB0001"]);
    assert_eq!(codes("- x\n\n  ```bash step=a\n  echo\n\nend\n"), ["RB0001"]);
    assert_eq!(codes("```text\nshow\n\n```bash step=a\necho\n```\n"), ["RB0001"]);
    assert!(codes("````markdown\n```bash step=a\necho\n```\n````\n").is_empty());
    assert!(codes("```bash\necho\n~~~\n```\n").is_empty());
}

#[test]
fn what_is_wrong_is_reported_at_its_place() {
    for (body, code, culprit) in [
        ("```yaml step=a\nuses: a/b\ntimeuot: 1m\n```\n", "RB0201", "timeuot"),
        ("```yaml step=a\nuses: a/b\ntimeout: 10\n```\n", "RB0204", "10"),
        ("```yaml step=a\nuses: a/b\nwith: { a: 1, a: 2 }\n```\n", "RB0102", "a"),
        (
            "```yaml step=a\nuses: a/b\nwith:\n  x: {{ params.y }}\n```\n",
            "RB0103",
            "{{ params.y }}",
        ),
        (
            "```yaml step=a\nuses: a/b\nwith:\n  x: {{ params.y }} tail\n```\n",
            "RB0103",
            "{{ params.y }}",
        ),
        (
            "```yaml step=a\nuses: a/b\nwith:\n  k:\n    - {{ params.y }}\n```\n",
            "RB0103",
            "{{ params.y }}",
        ),
        ("```yaml step=a\nuses: a/b\nwith: &x {a: 1}\n```\n", "RB0104", "&x"),
        ("```yaml step=a\nuses: a/b\nwith: {<<: {a: 1}}\n```\n", "RB0104", "<<"),
        (
            "```yaml step=a\nuses: a/b\nwith: {a: 123456789012345678901234567890}\n```\n",
            "RB0104",
            "123456789012345678901234567890",
        ),
        ("```yaml step=a\nwith: {}\n```\n", "RB0205", "```yaml step=a"),
        ("```yaml step=a\nuses: a/b\nallow_empty: yes\n```\n", "RB0203", "yes"),
        ("```yaml step=a\nuses: a/b\nenv: {A: b}\n```\n", "RB0202", "env"),
        ("```yaml step=a\nuses: a/b\nretry: {delay: 1s}\n```\n", "RB0105", "{delay: 1s}"),
        ("```yaml step=a\nuses: a/b\nneeds: [b, b]\n```\n", "RB0206", "b"),
        ("```bash step=a\n#| needs: [B]\ntrue\n```\n", "RB0204", "B"),
        ("```bash step=a\n#| env: {AWS_REGION: x}\ntrue\n```\n", "RB0204", "AWS_REGION"),
        ("```bash step=a\ntrue\n#| timeout: 1m\n```\n", "RB0010", "#| timeout: 1m"),
        ("```bash step=a\n# nothing\n```\n", "RB0207", "```bash step=a"),
        ("```bash health=a\n#| holds: x\ntrue\n```\n", "RB0202", "holds"),
        ("```bash step=a\ntrue\n```\n```sh health=a\ntrue\n```\n", "RB0006", "a"),
        ("```bash undo=a\ntrue\n```\n", "RB0007", "a"),
        ("```yaml step=a\nuses: a/b\nwith: !!map\n  x: y\n```\n", "RB0104", "!!map"),
        ("```yaml step=a\nuses: a/b\nwith: {x: [!own y]}\n```\n", "RB0104", "!own"),
        ("```yaml {step=a}\nuses: a/b\n```\n", "RB0002", "{step=a}"),
        ("```yaml step=a\nuses: a/b\n\tx: y\n```\n", "RB0101", ""),
        ("```yaml step=a\nuses: a/b\nwith: {x: @y}\n```\n", "RB0101", "@"),
    ] {
        let (book, found) = read(body);
        let first = found.first().unwrap_or_else(|| panic!("nothing found in {body}"));
        assert_eq!(first.code, code, "{body}: {found:#?}");
        if !culprit.is_empty() {
            assert_eq!(book.source.slice(first.span), Some(culprit), "{body}");
        }
        assert_eq!(found.len(), 1, "{body}: {found:#?}");
    }
}

#[test]
fn what_only_looks_like_a_tag_is_none() {
    clean(
        "```yaml step=a\nuses: a/b # hello!\nwith: # !!map\n  x: y!\n  'a !b': c\n  z: 'x !y'\n```\n",
    );
}

#[test]
fn an_escape_at_the_end_of_a_part_belongs_to_it() {
    for (yaml, written) in [("'it''s'", "''"), ("\"it\\\"s\"", "\\\""), ("\"it\\x41s\"", "\\x41")] {
        let book = clean(&format!("```yaml step=a\nuses: a/b\nwith:\n  k: {yaml}\n```\n"));
        let place = text(with(&book, "k")).locate(2..3);
        assert_eq!(book.source.slice(place), Some(written), "{yaml}");
    }
}

#[test]
fn front_matter() {
    let front = |yaml: &str| {
        let (book, found) = runbook(
            "t",
            "t.md",
            &format!("\u{feff}---\r\ntitle: T\r\nsummary: S\r\nowner: o\r\n{yaml}---\r\n"),
        );
        let found: Vec<_> = found
            .into_iter()
            .map(|d| (d.code, book.source.slice(d.span).unwrap_or("OUT").to_owned()))
            .collect();
        (book, found)
    };
    let (book, found) = front(
        "tags: [a, b]\r\nobjective: {rto: 2h}\r\naccount: data\r\nparams:\r\n  n:\r\n    type: integer\r\n    default: 3\r\n    max: 5\r\n",
    );
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(book.front.rto.as_ref().map(|rto| rto.value.as_secs()), Some(7200));
    assert_eq!(book.source.slice(book.front.params[0].name.span), Some("n"));
    for (yaml, code, culprit) in [
        ("titel: x\n", "RB0106", "titel"),
        ("params: {a: {type: strin}}\n", "RB0107", "strin"),
        ("params: {a: {type: integer, default: x}}\n", "RB0107", "x"),
        ("params: {a: {type: string, default: x, pattern: '^y'}}\n", "RB0107", "x"),
        ("params: {a: {type: string, pattern: '('}}\n", "RB0107", "'('"),
        ("params: {a: {type: integer, min: 3, max: 2}}\n", "RB0107", "3"),
        ("params: {a: {type: string, secret: true, default: x}}\n", "RB0107", "x"),
        ("params: {a: {type: string, choices: [1]}}\n", "RB0107", "1"),
        ("params: {a: {description: x}}\n", "RB0105", "a"),
        ("params: {a: {type: string, defualt: x}}\n", "RB0106", "defualt"),
        ("params: {A: {type: string}}\n", "RB0204", "A"),
        ("objective: {rto: soon}\n", "RB0204", "soon"),
    ] {
        assert_eq!(front(yaml).1, [(code, culprit.to_owned())], "{yaml}");
    }
    let missing =
        |text: &str| runbook("t", "t.md", text).1.into_iter().map(|d| d.code).collect::<Vec<_>>();
    assert_eq!(missing("---\ntitle: x\n---\n"), ["RB0105", "RB0105"]);
    assert_eq!(missing("# x\n"), ["RB0105"]);
    assert_eq!(missing("---\ntitle: x\n"), ["RB0101"]);
}

#[test]
fn yaml_bombs_are_refused() {
    let deep = format!(
        "```yaml step=a\nuses: a/b\nwith: {{x: {}{}}}\n```\n",
        "[".repeat(3000),
        "]".repeat(3000)
    );
    assert_eq!(codes(&deep), ["RB0101"]);
    let wide = format!("```yaml step=a\nuses: a/b\nwith: {{x: [{}]}}\n```\n", "1,".repeat(50_000));
    assert_eq!(codes(&wide), ["RB0104"]);
}

#[test]
fn scalars_of_every_kind() {
    let book = clean(
        "```yaml step=a\nuses: a/b\nwith:\n  a: 012\n  b: 1.50\n  c: yes\n  d: ~\n  e: -5\n  f: 2026-01-01\n  g: TRUE\n  h:\n  i: ''\n```\n",
    );
    let kind = |key: &str| with(&book, key).verbatim();
    assert_eq!(kind("a"), json!("012"));
    assert_eq!(kind("b"), json!(1.5));
    assert_eq!(kind("c"), json!("yes"));
    assert_eq!(kind("d"), json!(null));
    assert_eq!(kind("e"), json!(-5));
    assert_eq!(kind("f"), json!("2026-01-01"));
    assert_eq!(kind("g"), json!(true));
    assert_eq!(kind("h"), json!(null));
    assert_eq!(kind("i"), json!(""));
}

#[test]
fn typed_values() {
    assert_eq!(value("[a, 1, {b: true}]"), Ok(json!(["a", 1, {"b": true}])));
    assert!(value("[").is_err());
    let (book, _) = runbook(
        "t",
        "t.md",
        "---\ntitle: T\nsummary: S\nowner: o\nparams:\n  n: {type: integer, max: 5}\n  s: {type: string, pattern: '^a'}\n  l: {type: list}\n  d: {type: duration}\n  b: {type: boolean, choices: [true]}\n---\n",
    );
    let read = |name: &str, text: &str| param(book.param(name).expect(name), text);
    assert_eq!(read("n", "3"), Ok(json!(3)));
    assert!(read("n", "6").is_err_and(|e| e.contains("at most 5")));
    assert!(read("n", "x").is_err_and(|e| e.contains("an integer")));
    assert_eq!(read("s", "a: [1"), Ok(json!("a: [1")));
    assert!(read("s", "b").is_err());
    assert_eq!(read("l", "x, y"), Ok(json!(["x", "y"])));
    assert_eq!(read("l", "[x, 1]"), Ok(json!(["x", 1])));
    assert_eq!(read("d", "10m"), Ok(json!("10m")));
    assert!(read("d", "10").is_err());
    assert!(read("b", "false").is_err());
}

#[test]
fn projects() {
    let read = |text: &str| {
        let (project, source, found) = project("runbook.yaml", text);
        let found: Vec<_> = found
            .iter()
            .map(|d| (d.code, source.slice(d.span).unwrap_or("OUT").to_owned()))
            .collect();
        (project, found)
    };
    let (project, found) = read(
        "version: 1\ndeny_accounts: ['000000000001']\nenvironments:\n  box: {kind: sandbox}\n  live:\n    kind: production\n    accounts:\n      data: {id: '123456789012', role: 'arn:aws:iam::123456789012:role/R', region: eu-west-1}\nhandoff: {operators: ['arn:*'], cadence: 3 months}\n",
    );
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(project.environments["box"].accounts.len(), 3);
    assert_eq!(project.account_names().len(), 3);
    let with =
        |environment: &str| read(&format!("version: 1\nenvironments:\n  e: {environment}\n")).1;
    let account = |account: &str| with(&format!("{{kind: drill, accounts: {{data: {account}}}}}"));
    for (found, code, culprit) in [
        (with("{kind: prod}"), "RB0501", "prod"),
        (with("{kind: drill, accounts: {}, endpoint: http://localhost:1}"), "RB0501", "endpoint"),
        (
            with("{kind: sandbox, endpoint: 'http://127.0.0.1.evil.com:1'}"),
            "RB0501",
            "'http://127.0.0.1.evil.com:1'",
        ),
        (
            with("{kind: sandbox, endpoint: 'http://localhost:80@evil.com'}"),
            "RB0501",
            "'http://localhost:80@evil.com'",
        ),
        (account("{id: 123456789012, region: eu-west-1}"), "RB0204", "123456789012"),
        (account("{id: '12345678901', region: eu-west-1}"), "RB0204", "'12345678901'"),
        (account("{id: '123456789012', region: Ireland}"), "RB0204", "Ireland"),
        (
            account(
                "{id: '123456789012', region: eu-west-1, role: 'arn:aws:iam::999999999999:role/R'}",
            ),
            "RB0501",
            "'arn:aws:iam::999999999999:role/R'",
        ),
        (account("{id: '123456789012', region: eu-west-1, roel: x}"), "RB0106", "roel"),
        (read("environments: {}\n").1, "RB0105", "environments: {}"),
        (read("version: 2\nenvironments: {}\n").1, "RB0204", "2"),
    ] {
        assert_eq!(found, [(code, culprit.to_owned())]);
    }
    let shared = read("version: 1\nenvironments:\n  box: {kind: sandbox}\n  live: {kind: production, accounts: {data: {id: '100000000002', region: eu-west-1}}}\n").1;
    assert_eq!(shared, [("RB0501", "box".to_owned())]);
}

/// Each way of writing a text in YAML, with `{}` where the text goes.
fn styles(words: &[String]) -> Vec<(&'static str, String)> {
    let line = words.join(" ");
    let folded = words.join("\n    ");
    let double: String = line
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            'é' => "\\u00e9".to_owned(),
            c => c.to_string(),
        })
        .collect();
    vec![
        ("plain", format!("x{folded}")),
        ("single", format!("'{}'", folded.replace('\'', "''"))),
        ("double", format!("\"{double}\"")),
        ("literal", format!("|\n    {folded}")),
        ("literal strip", format!("|-\n\n    {folded}\n\n    {line}\n")),
        ("folded", format!(">\n    {folded}\n\n    {line}\n      more\n    {line}")),
        ("folded keep", format!(">+ # note\n    {line}\n\n\n    {folded}\n\n")),
    ]
}

/// Every character of the decoded text must be found where it was written.
fn assert_traced(source: &str, text: &Text, what: &str) {
    for (at, c) in text.value.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let span = text.locate(at..at + c.len_utf8());
        let written = source.get(span.range()).unwrap_or("NOT ON CHARACTERS");
        let same = written.chars().eq([c])
            || written == "\\u00e9"
            || (c == '\'' && written == "''")
            || written == "\\\""
            || written == "\\\\"
            || written == "\\";
        assert!(
            same,
            "{what}: {c:?} of {:?} was found as {written:?} at {span:?} in\n{source}",
            text.value
        );
    }
}

fn document(yaml: &str, indent: &str, newline: &str) -> String {
    let yaml: String = format!("```yaml step=a\nuses: a/b\nwith:\n  k: {yaml}\n  z: é\n```\n")
        .lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") })
        .collect();
    let bullet = if indent.is_empty() { "" } else { "1. é\n\n" };
    format!("{FRONT}# é\n\n{bullet}{yaml}").replace('\n', newline)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_character_knows_where_it_was_written(
        words in prop::collection::vec("[a-zé🔑ß'\"{}()=.]{0,5}[a-z🔑]", 1..6),
        indented in any::<bool>(), crlf in any::<bool>(),
    ) {
        let (indent, newline) = (if indented { "   " } else { "" }, if crlf { "\r\n" } else { "\n" });
        for (style, yaml) in styles(&words) {
            let source = document(&yaml, indent, newline);
            let (book, found) = runbook("t", "t.md", &source);
            prop_assert!(found.is_empty(), "{style}: {found:?}\n{source}");
            let value = text(with(&book, "k"));
            let whole = value.locate(0..1);
            prop_assert!(whole.end - whole.start <= 6, "{style} has no pieces: {:?}\n{source}", value.value);
            assert_traced(&source, value, style);
            assert_traced(&source, text(with(&book, "z")), "the value after it");
        }
    }

    #[test]
    fn option_lines_of_scripts_are_traced(words in prop::collection::vec("[a-zé🔑ß]{1,5}", 1..5), crlf in any::<bool>()) {
        let newline = if crlf { "\r\n" } else { "\n" };
        let source = format!("{FRONT}- x\n\n  ```bash step=a\n  #| env:\n  #|   K: '{}'\n  #| confirm: >\n  #|   {}\n  #|   é\n  echo {}\n  ```\n", words.join(" "), words.join("\n  #|   "), words.join(" ")).replace('\n', newline);
        let (book, found) = runbook("t", "t.md", &source);
        prop_assert!(found.is_empty(), "{found:?}");
        let block = &book.steps[0].block;
        assert_traced(&source, text(&block.options.env[0].1), "env");
        assert_traced(&source, block.options.confirm.as_ref().expect("confirm"), "confirm");
        let Body::Script { text, .. } = &block.body else { panic!("a script") };
        assert_traced(&source, text, "script");
    }

    #[test]
    fn anything_can_be_read(source in "(---\n)?([ -~é🔑\t\r\n`#|>:{}-]{0,40}\n?){0,12}") {
        sane(&source);
    }

    #[test]
    fn a_damaged_runbook_can_be_read(at in 0usize..2000, length in 0usize..40, with in "[`\t\r\n é🔑:{}#|>'\"-]{0,6}") {
        let whole = sample();
        let snap = |mut at: usize| { at = at.min(whole.len()); while !whole.is_char_boundary(at) { at -= 1; } at };
        let (start, end) = (snap(at % whole.len()), snap(at % whole.len() + length));
        sane(&format!("{}{with}{}", &whole[..start], &whole[end.max(start)..]));
    }
}

fn sample() -> &'static str {
    "\u{feff}---\ntitle: é\nsummary: S\nowner: o\nparams:\n  a: {type: string, default: \"x\\u00e9\"}\n---\n# T\n\n## P\n\n1. x\n\n\t```yaml step=a\n\tuses: a/b\n\twith:\n\t  k: |\n\t    é {{ params.a }}\n\n\t     more\n\t  l: >-\n\t    fold\n\t    ed\n\tretry: {attempts: 2}\n\t```\n\n```bash step=b\n#| env:\n#|   K: 'é''s'\n#| outputs: [n]\necho 🔑\n```\n\n> ```sh undo=a\n> x\n> ```\n\n<!-- c -->\n\n~~~python health=h\nprint(1)\n~~~\n"
}

/// Reads a text, and looks whether every place lies in it, on whole characters.
fn sane(source: &str) {
    let (book, found) = runbook("t", "t.md", source);
    let check = |span: Span, what: &str| {
        assert!(
            span.start <= span.end && source.get(span.range()).is_some(),
            "{what}: {span:?} in {source:?}"
        );
    };
    for diagnostic in &found {
        check(diagnostic.span, &diagnostic.message);
        diagnostic.related.iter().for_each(|related| check(related.span, "related"));
    }
    let blocks = book
        .steps
        .iter()
        .flat_map(|step| {
            [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()].into_iter().flatten()
        })
        .chain(book.health.iter().map(|health| &health.block));
    for block in blocks {
        check(block.span, "block");
        check(block.id.span, "id");
        all_parts(&block.text, &check);
        match &block.body {
            Body::Action { with, .. } => with.iter().for_each(|(key, node)| {
                check(key.span, "key");
                tree(node, &check);
            }),
            Body::Script { text, .. } => all_parts(text, &check),
        }
        block.options.env.iter().for_each(|(_, node)| tree(node, &check));
    }
    let _ = project("runbook.yaml", source);
}

fn all_parts(text: &Text, check: &impl Fn(Span, &str)) {
    check(text.span, "text");
    for (at, c) in text.value.char_indices() {
        check(text.locate(at..at + c.len_utf8()), "part");
        check(text.locate(0..at + c.len_utf8()), "beginning");
    }
}

fn tree(node: &Node, check: &impl Fn(Span, &str)) {
    check(node.span, "node");
    match &node.kind {
        NodeKind::Text(text) => all_parts(text, check),
        NodeKind::List(items) => items.iter().for_each(|item| tree(item, check)),
        NodeKind::Mapping(entries) => entries.iter().for_each(|(_, value)| tree(value, check)),
        _ => {}
    }
}
