//! A draft written down: fences of every kind, in lists, indented, with every kind of line end.

use super::dice::Dice;
use super::{Block, CLOSE, Draft, OPEN, Part, yaml};

/// A block as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// `yaml step=copy_data`.
    pub(crate) info: String,
    /// What stands between the fences, without what the Markdown around it adds.
    pub(crate) text: String,
}

/// The whole text, marks and all, and the blocks in order.
pub(crate) fn write(draft: &Draft, dice: &mut Dice) -> (String, Vec<Written>) {
    let (mut out, mut written) = (String::new(), Vec::new());
    if dice.one_in(6) {
        out.push('\u{feff}');
    }
    if !draft.front.is_empty() {
        let mut front = draft.front.clone();
        dice.shuffle(&mut front);
        let close = dice.pick(&["---", "---", "...", "---  "]);
        let opening = if front.iter().any(|(key, _)| key.is_empty()) {
            format!("{OPEN}---{CLOSE}")
        } else {
            "---".to_owned()
        };
        // A key without a name asks for the mark: something is missing there.
        front.retain(|(key, _)| !key.is_empty());
        if front.is_empty() {
            out.push_str(&format!("{OPEN}{CLOSE}"));
        } else {
            out.push_str(&format!("{opening}\n{}{close}\n", yaml::mapping(&front, dice)));
        }
    }
    for part in &draft.parts {
        out.push('\n');
        match part {
            Part::Prose(prose) => out.push_str(prose),
            Part::Block(block) => out.push_str(&fence(block, &mut written, dice)),
        }
        out.push('\n');
    }
    out.push_str(&draft.end);
    if dice.one_in(6) {
        out.truncate(out.trim_end_matches('\n').len());
    }
    (line_ends(&out, dice), written)
}

/// Every line with `\n`, every one with `\r\n`, or each as it comes.
fn line_ends(text: &str, dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => text.replace('\n', "\r\n"),
        1 => text
            .split_inclusive('\n')
            .map(|line| match line.strip_suffix('\n') {
                Some(line) if dice.one_in(2) => format!("{line}\r\n"),
                _ => line.to_owned(),
            })
            .collect(),
        _ => text.to_owned(),
    }
}

/// What stands inside a block's fences.
pub(crate) fn body(block: &Block, dice: &mut Dice) -> String {
    let mut options = block.options.clone();
    dice.shuffle(&mut options);
    let options = if options.is_empty() { String::new() } else { yaml::mapping(&options, dice) };
    let Some(script) = &block.script else { return options };
    // One space belongs to the mark, so without it a line that goes in by one would not.
    let flat = options.lines().all(|line| !line.starts_with(' '));
    let prefix = if flat && dice.one_in(2) { "#|" } else { "#| " };
    let mut body: String =
        options.lines().map(|line| format!("{prefix}{line}\n")).collect::<String>();
    script.iter().for_each(|line| body.push_str(&format!("{line}\n")));
    body
}

fn fence(block: &Block, written: &mut Vec<Written>, dice: &mut Dice) -> String {
    let body = body(block, dice);
    let bare = |text: &str| text.chars().filter(|c| !matches!(*c, OPEN | CLOSE)).collect();
    written.push(Written { info: bare(&block.info), text: bare(&body) });
    let mark = *dice.pick(&["`", "`", "~"]);
    let width = *dice.pick(&[3, 3, 3, 4, 7]);
    let (open, close) = (mark.repeat(width), mark.repeat(width + dice.below(2)));
    let opening = if block.mark_opening {
        format!("{OPEN}{open}{}{CLOSE}", block.info)
    } else {
        // Some put a space between the fence and the language.
        format!("{open}{}{}", if dice.one_in(8) { " " } else { "" }, block.info)
    };
    place(&format!("{opening}\n{body}{close}"), dice)
}

/// Puts a fence where fences may stand: at the margin, a little to the right of it, in lists.
pub(crate) fn place(fence: &str, dice: &mut Dice) -> String {
    match dice.below(9) {
        0 => indented(fence, &" ".repeat(1 + dice.below(3))),
        1 => format!("- item\n\n{}", indented(fence, "  ")),
        2 => format!("1. item\n\n{}", indented(fence, "   ")),
        3 => format!("- [ ] task\n\n{}", indented(fence, "  ")),
        4 => format!("-\ttab\n\n{}", indented(fence, "\t")),
        5 => nested(fence, 2 + dice.below(4)),
        6 => format!("12) item\n{}", indented(fence, "    ")),
        7 => format!("- {}", indented(fence, "  ").trim_start()),
        _ => fence.to_owned(),
    }
}

/// A list in a list, so deep.
pub(crate) fn nested(fence: &str, depth: usize) -> String {
    let items: String = (0..depth).map(|at| format!("{}- level\n", "  ".repeat(at))).collect();
    format!("{items}\n{}", indented(fence, &"  ".repeat(depth)))
}

/// Every line further to the right. Empty lines stay empty.
pub(crate) fn indented(text: &str, by: &str) -> String {
    text.split('\n')
        .map(|line| if line.is_empty() { String::new() } else { format!("{by}{line}") })
        .collect::<Vec<_>>()
        .join("\n")
}
