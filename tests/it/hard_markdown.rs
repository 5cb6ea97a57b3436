//! Hard Markdown: whatever stands around the blocks of a runbook, exactly they are found, in their order
//! and byte for byte.

use crate::draft::dice::Dice;
use crate::draft::markdown::{self, Written, indented, nested};
use crate::draft::{Block, Draft, Part, prose, without_marks};
use proptest::prelude::*;
use runbook::diagnostic::Diagnostic;
use runbook::model::runbook::Runbook;
use runbook::model::step::Block as Parsed;
use runbook::parse;

fn read(text: &str) -> (Runbook, Vec<Diagnostic>) {
    parse::runbook("t", "t.md", text)
}

/// Every block with its info string and its text, in the order of the file.
fn blocks(runbook: &Runbook) -> Vec<Written> {
    let steps = runbook.steps.iter().flat_map(|step| {
        [Some(&step.block), step.observe.as_ref(), step.undo.as_ref()].into_iter().flatten()
    });
    let mut all: Vec<&Parsed> =
        steps.chain(runbook.health.iter().map(|health| &health.block)).collect();
    all.sort_by_key(|block| block.span);
    all.into_iter()
        .map(|block| {
            let written = runbook.source.slice(block.span).expect("a place in the text");
            let info = written.lines().next().unwrap_or_default();
            assert_traced(runbook, block);
            Written {
                info: info.trim_start_matches(['`', '~']).trim().to_owned(),
                text: block.text.value.clone(),
            }
        })
        .collect()
}

/// Every character of a block is found where it was written.
fn assert_traced(runbook: &Runbook, block: &Parsed) {
    let text = &runbook.source.text;
    for (at, c) in block.text.value.char_indices() {
        let span = block.text.locate(at..at + c.len_utf8());
        let written = text.get(span.range()).unwrap_or("NOT ON CHARACTERS");
        // A tab can stand for several spaces, some of which belong to the list around the block.
        let same = written.chars().eq([c]) || c == '\u{fffd}' && written == "\0";
        let same = same || c == ' ' && written == "\t" || c == '\n' && written.is_empty();
        assert!(same, "{c:?} was found as {written:?} at {span:?} in\n{text}");
        assert!(block.span.start <= span.start && span.end <= block.span.end, "{span:?} {text}");
    }
}

/// Parts that are meant to mislead: what they show never runs, and what follows them does.
fn hard(dice: &mut Dice) -> String {
    let shown = "```bash step=shown\ntrue\n```";
    let depth = 1 + dice.below(200);
    match dice.below(22) {
        0 => format!("{}{}", "> ".repeat(depth), prose::sentence(dice)),
        1 => nested("deep", depth % 60),
        2 => format!("<!--\n{shown}\n-->"),
        3 => format!("a <!-- one line --> b <!-- two\nlines --> {}", prose::words(2, dice)),
        4 => format!("`````\n{shown}\n`````"),
        5 => format!("~~~~\n{shown}\n~~~\n~~~~"),
        6 => format!("[^1]\n\n[^1]: {}\n\n    more", prose::sentence(dice)),
        7 => format!("- a\n\n      {}\n- b", prose::words(3, dice)),
        8 => "x".repeat(10_000 + dice.below(1000)),
        9 => format!("{}\n===", prose::title(dice)),
        10 => format!("| a |\n|---|\n| {} |", "\\|".repeat(9)),
        11 => format!("`` ` {shown} ` ``").replace('\n', " "),
        12 => "* * *\n- - -\n_ _ _".to_owned(),
        13 => format!("[a]: <x>\n  'title\n  on two lines'\n[b]:\ny\n\n{}", prose::sentence(dice)),
        14 => "\u{200f}\u{202e}abc\u{202c} \u{feff} \u{0} \u{1b}[31m \u{85} \u{2028}".to_owned(),
        15 => format!("- [ ] {}\n  1. [x] b\n     > q\n     > - c", prose::words(2, dice)),
        16 => format!("\\```bash step=escaped\n{}", prose::sentence(dice)),
        17 => format!("text ```bash step=inline``` {}", prose::words(2, dice)),
        18 => "<details>\n<summary>x</summary>\n\ny\n\n</details>".to_owned(),
        19 => "<script>\nlet x = '```';\n</script>".to_owned(),
        20 => format!("{}\n", "*".repeat(500) + &"_".repeat(500) + &"[".repeat(500)),
        _ => format!("  \n\t\n{}\t\n \u{a0}", prose::sentence(dice)),
    }
}

/// Bodies that nothing may change.
fn script(id: usize, dice: &mut Dice) -> Block {
    const LINES: [&str; 20] = [
        "echo é 🔑 日本語 مفتاح a\u{301}",
        "",
        "\tif true; then # a tab",
        "        echo 'eight spaces'",
        "    ```",
        " \t \t mixed",
        "trailing space \t ",
        "# > - 1. <!-- not a comment",
        "cat <<'END'",
        "---",
        "===",
        "> x",
        "- x",
        "{{ .Names }} ${x} \\ \\\\ \"'`",
        "~",
        "``",
        "&amp; &#65; <b>",
        "\u{200b}\u{202e}\u{feff}",
        "[x]: y",
        "#",
    ];
    let count = dice.below(12);
    let mut lines = vec!["true"];
    lines.extend((0..count).map(|_| *dice.pick(&LINES)));
    // White space at the very end is no part that a reader could see. It is kept all the same.
    let language = *dice.pick(&["bash", "sh", "python"]);
    let role = *dice.pick(&["step", "step", "health"]);
    Block::script(language, role, &format!("b{id}"), &lines)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(192), ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_planned_blocks_are_found(seed in any::<u64>(), count in 0usize..10) {
        let dice = &mut Dice::new(seed);
        let mut draft = Draft::default();
        draft.front = Draft::valid(0, dice).front;
        for id in 0..count {
            for _ in 0..dice.below(4) {
                let part = if dice.one_in(2) { hard(dice) } else { prose::part(dice) };
                draft.parts.push(Part::Prose(part));
            }
            draft.parts.push(Part::Block(Box::new(script(id, dice))));
        }
        let (text, written) = markdown::write(&draft, dice);
        let (text, _) = without_marks(&text);
        let (runbook, found) = read(&text);
        let found: Vec<_> = found.iter().filter(|one| one.code != "RB0009").collect();
        prop_assert!(found.is_empty(), "{found:#?}\n{text}");
        prop_assert_eq!(blocks(&runbook), written, "{}", text);
    }

    #[test]
    fn a_valid_runbook_has_no_finding(seed in any::<u64>(), steps in 0usize..12) {
        let dice = &mut Dice::new(seed);
        let draft = Draft::valid(steps, dice);
        let (text, written) = markdown::write(&draft, dice);
        let (runbook, found) = read(&text);
        prop_assert!(found.is_empty(), "{found:#?}\n{text}");
        prop_assert_eq!(blocks(&runbook), written);
        let found = crate::spans::check(&runbook);
        prop_assert!(found.is_empty(), "{found:#?}\n{text}");
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..100) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (runbook, found) = read(&text);
        crate::spans::assert_places(&runbook, &found);
        // And a valid runbook that begins or ends with them.
        let dice = &mut Dice::new(cut as u64);
        let (valid, _) = markdown::write(&Draft::valid(2, dice), dice);
        for text in [format!("{text}{valid}"), format!("{valid}{text}")] {
            let (runbook, mut found) = read(&text);
            found.extend(crate::spans::check(&runbook));
            crate::spans::assert_places(&runbook, &found);
        }
    }
}

pub(crate) fn cases(usual: u32) -> u32 {
    if std::env::var_os("RUNBOOK_TEST_FULL").is_some() { usual * 20 } else { usual }
}

const FRONT: &str = "---\ntitle: T\nsummary: S\nowner: o\n---\n";

fn clean(body: &str) -> Vec<Written> {
    let text = format!("{FRONT}{body}");
    let (runbook, found) = read(&text);
    assert!(found.is_empty(), "{found:#?}");
    blocks(&runbook)
}

#[test]
fn huge_fences_are_read() {
    let line = "echo é: a line that says nothing\n";
    let body = line.repeat(4_000_000 / line.len());
    let [block] = clean(&format!("```bash step=a\n{body}```\n")).try_into().expect("one block");
    assert!(block.text == body);
    let prose = "`".repeat(2_000_000);
    let [block] =
        clean(&format!("{prose}\nx\n{prose}\n\n- x\n\n  ```bash step=a\n  {line}  ```\n"))
            .try_into()
            .expect("one block");
    assert_eq!(block.text, line);
    let lines = "x\n".repeat(500_000);
    assert_eq!(clean(&format!("```\n{lines}```\n\n```sh step=a\ntrue\n```\n")).len(), 1);
}

#[test]
fn deep_nesting_is_read() {
    for depth in [100, 10_000] {
        for deep in [">", "> ", "- ", "1. ", "* - + "] {
            let text = format!("{}x\n\n```bash step=a\ntrue\n```\n", deep.repeat(depth));
            assert_eq!(clean(&text).len(), 1, "{deep}");
        }
    }
    let hidden = format!("{}```bash step=a\n", "> ".repeat(10_000));
    let (runbook, found) = read(&format!("{FRONT}{hidden}"));
    assert!(runbook.steps.is_empty());
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["RB0009"]);
    let fence = indented("```bash step=a\ntrue\n```\n", &"  ".repeat(40));
    let items: String = (0..40).map(|at| format!("{}- x\n", "  ".repeat(at))).collect();
    assert_eq!(clean(&format!("{items}\n{fence}"))[0].text, "true\n");
}

#[test]
fn front_matter_ends_where_it_says() {
    let codes = |text: &str| read(text).1.iter().map(|one| one.code).collect::<Vec<_>>();
    let front = "title: T\nsummary: S\nowner: o\n";
    for (text, expected) in [
        (format!("---\n{front}..."), vec![]),
        (format!("---\n{front}---"), vec![]),
        (format!("---\r\n{front}---\r\n"), vec![]),
        (format!("--- \t\n{front}---  "), vec![]),
        (format!("\u{feff}---\n{front}---\n# x\n---\n"), vec![]),
        ("---\n---\n".to_owned(), vec!["RB0105", "RB0105", "RB0105"]),
        (String::new(), vec!["RB0105"]),
        ("\u{feff}".to_owned(), vec!["RB0105"]),
        ("---".to_owned(), vec!["RB0101"]),
        (format!("---\n{front}"), vec!["RB0101"]),
        (format!("----\n{front}---\n"), vec!["RB0105"]),
        (format!("\n---\n{front}---\n"), vec!["RB0105"]),
        ("---\nx\n---\n".to_owned(), vec!["RB0203"]),
        ("---\n- x\n---\n".to_owned(), vec!["RB0203"]),
    ] {
        assert_eq!(codes(&text), expected, "{text:?}");
    }
}

#[test]
fn four_spaces_are_code_and_three_are_not() {
    assert_eq!(clean("   ```bash step=a\n   true\n    x\n   ```\n")[0].text, "true\n x\n");
    // A line further left than the fence keeps what it has.
    assert_eq!(clean("   ```bash step=a\n true\nx\n   ```\n")[0].text, "true\nx\n");
    let (runbook, found) = read(&format!("{FRONT}x\n\n    ```bash step=a\n    true\n    ```\n"));
    assert!(runbook.steps.is_empty());
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_file_that_is_no_utf8_is_refused_at_its_place_and_hides_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    };
    std::fs::create_dir(folder.path().join("runbooks")).expect("a folder");
    write("runbook.yaml", b"version: 1\nenvironments:\n  box: {kind: sandbox}\n");
    let mut bytes = FRONT.as_bytes().to_vec();
    bytes.extend_from_slice(b"# caf\xe9\n");
    write("runbooks/latin.md", &bytes);
    write("runbooks/other.md", b"# no front matter\n");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"))
        .arg("check")
        .current_dir(folder.path())
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let place = format!("runbooks/latin.md:6: byte {} is not UTF-8", FRONT.len() + 5);
    assert!(said.contains(&place), "{said}");
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(found.contains("RB0105") && found.contains("runbooks/other.md:1"), "{found}");
    assert_eq!(output.status.code(), Some(3));
}
