//! Finds out where each character of a YAML scalar was written.
//!
//! The YAML crate gives the decoded text and the bytes it came from, not the way between them. This
//! module walks both at once, style by style. When they do not agree to the last character, it gives
//! nothing, and the place of the whole scalar is used instead: never a wrong place.

use super::mapping::Builder;
use crate::model::value::Text;
use std::ops::Range;

/// The decoded `value` with its way back through `text` (the YAML) to the source.
pub(super) fn trace(text: &Text, raw: Range<usize>, value: &str) -> Text {
    let span = text.locate(raw.clone());
    let quotes = usize::from(
        matches!(text.value.as_bytes().get(raw.start), Some(b'"' | b'\'')) && raw.len() >= 2,
    );
    let inner = raw.start + quotes..raw.end - quotes;
    if !value.contains('\n') && text.value.get(inner.clone()) == Some(value) {
        // Most texts are written as they are.
        let mut builder = Builder::default();
        builder.part(text, inner);
        return builder.text(span);
    }
    let steps = match text.value.as_bytes().get(raw.start) {
        Some(b'"') if raw.len() >= 2 => {
            double_quoted(&text.value, raw.start + 1..raw.end - 1, value)
        }
        Some(b'\'') if raw.len() >= 2 => {
            folded_flow(&text.value, raw.start + 1..raw.end - 1, value, true)
        }
        _ => folded_flow(&text.value, raw.clone(), value, false),
    };
    // A block scalar may begin with a quote that is part of its text.
    match steps.or_else(|| block(&text.value, raw, value)) {
        Some(steps) => {
            let mut builder = Builder::default();
            for (c, part) in steps {
                push(&mut builder, text, c, part);
            }
            builder.text(span)
        }
        None => Text::new(value.to_owned(), span, Vec::new()),
    }
}

/// Each decoded character, and the bytes of the YAML it was written as.
type Steps = Vec<(char, Range<usize>)>;

fn push(builder: &mut Builder, text: &Text, c: char, part: Range<usize>) {
    if text.value.get(part.clone()).is_some_and(|written| written.chars().eq([c])) {
        builder.part(text, part);
    } else {
        let mut bytes = [0; 4];
        builder.other(c.encode_utf8(&mut bytes), text.locate(part).range());
    }
}

fn char_at(text: &str, at: usize, end: usize) -> Option<char> {
    text.get(at..end)?.chars().next()
}

/// A run of white space with at least one line break: where it ends, and where its breaks are.
fn breaks(text: &str, at: usize, end: usize) -> Option<(usize, Vec<usize>)> {
    let run = text[at..end].len() - text[at..end].trim_start_matches([' ', '\t', '\r', '\n']).len();
    let found: Vec<_> =
        text[at..at + run].match_indices('\n').map(|(offset, _)| at + offset).collect();
    (!found.is_empty()).then_some((at + run, found))
}

/// What a run of line breaks becomes when lines are folded: one break a space, more one break less.
fn fold(found: &[usize]) -> Steps {
    match found {
        [one] => vec![(' ', *one..one + 1)],
        [_, rest @ ..] => rest.iter().map(|at| ('\n', *at..at + 1)).collect(),
        [] => Vec::new(),
    }
}

/// Plain and single-quoted scalars.
fn folded_flow(text: &str, raw: Range<usize>, value: &str, quoted: bool) -> Option<Steps> {
    let (mut at, mut steps) = (raw.start, Steps::new());
    while let Some(c) = char_at(text, at, raw.end) {
        if matches!(c, ' ' | '\t' | '\r' | '\n')
            && let Some((next, found)) = breaks(text, at, raw.end)
        {
            steps.extend(fold(&found));
            at = next;
            continue;
        }
        let width = if quoted && text[at..raw.end].starts_with("''") { 2 } else { c.len_utf8() };
        steps.push((c, at..at + width));
        at += width;
    }
    agrees(&steps, value).then_some(steps)
}

fn double_quoted(text: &str, raw: Range<usize>, value: &str) -> Option<Steps> {
    let (mut at, mut steps) = (raw.start, Steps::new());
    while let Some(c) = char_at(text, at, raw.end) {
        if c == '\\' {
            let (decoded, width) = escape(text, at, raw.end)?;
            if let Some(decoded) = decoded {
                steps.push((decoded, at..at + width));
            }
            at += width;
            continue;
        }
        if matches!(c, ' ' | '\t' | '\r' | '\n')
            && let Some((next, found)) = breaks(text, at, raw.end)
        {
            steps.extend(fold(&found));
            at = next;
            continue;
        }
        steps.push((c, at..at + c.len_utf8()));
        at += c.len_utf8();
    }
    agrees(&steps, value).then_some(steps)
}

/// An escape at `at`: what it stands for (nothing for an escaped line break) and how long it is.
fn escape(text: &str, at: usize, end: usize) -> Option<(Option<char>, usize)> {
    let kind = char_at(text, at + 1, end)?;
    let hex = |digits: usize| {
        let code = u32::from_str_radix(text.get(at + 2..at + 2 + digits)?, 16).ok()?;
        Some((Some(char::from_u32(code)?), 2 + digits))
    };
    let simple = match kind {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        ' ' | '"' | '/' | '\\' => kind,
        'x' => return hex(2),
        'u' => return hex(4),
        'U' => return hex(8),
        '\r' | '\n' => {
            let rest = &text[at + 1..end];
            let run = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            return Some((None, 1 + run));
        }
        _ => return None,
    };
    Some((Some(simple), 1 + kind.len_utf8()))
}

/// Literal and folded block scalars. The value says how the line breaks were meant.
fn block(text: &str, raw: Range<usize>, value: &str) -> Option<Steps> {
    let body = value.trim_start_matches('\n');
    let first = raw.start + text[raw.clone()].find(|c: char| !c.is_ascii_whitespace())?;
    let mut at = text[..first].rfind('\n').map_or(0, |newline| newline + 1);
    let lead = body.len() - body.trim_start_matches(' ').len();
    let indent = (first - at).checked_sub(lead)?;
    let mut steps: Steps =
        value[..value.len() - body.len()].chars().map(|c| (c, at..at + 1)).collect();
    let mut rest = body;
    while !rest.is_empty() {
        let line_end = text[at..].find('\n').map_or(text.len(), |offset| at + offset);
        let line = text[at..line_end].trim_end_matches('\r');
        let strip = indent.min(line.len() - line.trim_start_matches(' ').len());
        let content = &line[strip..];
        let matched = rest.strip_prefix(content)?;
        steps.extend(
            content.char_indices().map(|(o, c)| (c, at + strip + o..at + strip + o + c.len_utf8())),
        );
        rest = matched;
        at = next_line(text, line_end, &mut rest, &mut steps, indent)?;
    }
    Some(steps)
}

/// Passes the line breaks after a line of a block scalar. Gives the start of the next line with text.
fn next_line(
    text: &str,
    line_end: usize,
    rest: &mut &str,
    steps: &mut Steps,
    indent: usize,
) -> Option<usize> {
    let (mut at, mut found) = (line_end, Vec::new());
    while text[at..].starts_with('\n') {
        found.push(at);
        let next = at + 1;
        let line = text[next..].lines().next().unwrap_or_default();
        let blank = line.trim_end_matches('\r').trim_start_matches(' ').is_empty()
            && line.trim_end_matches('\r').len() <= indent;
        at = if blank { next + line.trim_end_matches('\r').len() } else { next };
        if blank && text[at..].starts_with('\r') {
            at += 1;
        }
        if !blank {
            break;
        }
    }
    let breaks = rest.len() - rest.trim_start_matches('\n').len();
    if breaks == rest.len() {
        // The end: whatever the chomping kept, or added when the text has no last line break.
        for index in 0..breaks {
            let place = found.get(index).copied().unwrap_or(line_end.saturating_sub(1));
            steps.push(('\n', place..(place + 1).min(text.len())));
        }
        *rest = "";
        return Some(at);
    }
    if breaks == 0 && found.len() == 1 {
        *rest = rest.strip_prefix(' ')?;
        steps.push((' ', found[0]..found[0] + 1));
        return Some(at);
    }
    let dropped = found.len().checked_sub(breaks).filter(|dropped| *dropped <= 1)?;
    steps.extend(found[dropped..].iter().map(|at| ('\n', *at..at + 1)));
    *rest = &rest[breaks..];
    Some(at)
}

fn agrees(steps: &Steps, value: &str) -> bool {
    steps.iter().map(|(c, _)| *c).eq(value.chars())
}
