//! Prose of every kind that may stand between two blocks, and never runs.

use super::dice::Dice;

const WORDS: [&str; 16] = [
    "key",
    "the",
    "replica",
    "é",
    "naïve",
    "🔑",
    "日本語",
    "مفتاح",
    "a\u{301}e\u{301}",
    "👩‍👩‍👧",
    "drain",
    "when",
    "all",
    "writers",
    "stand",
    "still",
];

pub(crate) fn words(count: usize, dice: &mut Dice) -> String {
    // A word of letters first, so that it is a word in YAML and in Markdown too.
    let mut words = vec![*dice.pick(&["alpha", "beta", "gamma"])];
    words.extend((1..count).map(|_| *dice.pick(&WORDS)));
    words.join(" ")
}

pub(crate) fn title(dice: &mut Dice) -> String {
    let count = 2 + dice.below(4);
    words(count, dice)
}

pub(crate) fn sentence(dice: &mut Dice) -> String {
    let count = 3 + dice.below(9);
    format!("{}.", words(count, dice))
}

pub(crate) fn heading(level: usize, dice: &mut Dice) -> String {
    let title = title(dice);
    match level {
        2 if dice.one_in(3) => format!("{title}\n---"),
        _ if dice.one_in(4) => format!("{0} {title} {0}", "#".repeat(level)),
        _ => format!("{} {title}", "#".repeat(level)),
    }
}

/// One part: a paragraph, a list, a table, a quote, a comment, code that does not run, and so on.
pub(crate) fn part(dice: &mut Dice) -> String {
    let (one, two) = (sentence(dice), sentence(dice));
    match dice.below(16) {
        0 => format!("- {one}\n- {two}\n  - {one}\n    more"),
        1 => format!("1. {one}\n2. {two}"),
        2 => format!("- [ ] {one}\n- [x] {two}"),
        3 => format!("| a | b |\n|---|:-:|\n| `x` | {one} |"),
        4 => format!("> {one}\n> > {two}"),
        5 => format!("<!-- {one}\n\n```bash step=in_a_comment\nx\n```\n-->"),
        6 => "```console\n$ true\n```".to_owned(),
        7 => format!("~~~~ text title=\"x\"\n```\n{one}\n~~~~"),
        8 => format!("[ref]: https://example.com/{} \"t\"", dice.below(9)),
        9 => format!("{one}  \n{two}\\\nend"),
        10 => "---".to_owned(),
        11 => format!("{one} <b>{two}</b> `code` **bold** [a](https://example.com/x)"),
        12 => format!("<div>\n{one}\n</div>"),
        13 => format!("{one}\n\n    indented = true"),
        14 => "````markdown\n```bash step=shown\ntrue\n```\n````".to_owned(),
        _ => one,
    }
}
