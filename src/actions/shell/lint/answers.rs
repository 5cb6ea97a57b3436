//! Reads the answers: each program says in its own way what is wrong and where.

use super::{Answer, Finding};
use serde::Deserialize;
use std::ops::Range;

/// The most findings of ShellCheck that are shown for one script.
const MOST: usize = 50;

/// What a shell said on standard error: `bash: line 3: syntax error near unexpected token `fi'`, or
/// `sh: 3: Syntax error: "fi" unexpected`.
///
/// The status alone does not tell: it is zero when a `[[ … ]]` is refused.
pub(super) fn shell(script: &str, said: &str, success: bool) -> Answer {
    let all: Vec<(usize, &str)> = said.lines().filter_map(message).collect();
    let Some((number, first)) = all.first() else {
        let refuses = !success && said.to_lowercase().contains("syntax error");
        return match (success, refuses) {
            (true, _) => Answer::Fine,
            (false, true) => Answer::Refused,
            (false, false) => Answer::Nothing,
        };
    };
    let line = line(script, *number);
    let token = all.iter().find_map(|(_, message)| {
        let (_, rest) = message.split_once(" near ").or(message.split_once("Syntax error: "))?;
        rest.split_once('`')
            .and_then(|(_, rest)| rest.rsplit_once('\''))
            .or_else(|| rest.split_once('"')?.1.split_once('"'))
    });
    let message = first
        .strip_prefix("syntax error: ")
        .or_else(|| first.strip_prefix("Syntax error: "))
        .unwrap_or(first);
    let range = token
        .filter(|(token, _)| !token.is_empty())
        .and_then(|(token, _)| {
            let start = line.start + script[line.clone()].find(token)?;
            Some(start..start + token.len())
        })
        .unwrap_or(line);
    let message = message.replace(['`', '\''], "\"");
    Answer::Wrong(Finding { range, message, label: "here".to_owned() })
}

/// The line and the words of one line of what was said.
fn message(line: &str) -> Option<(usize, &str)> {
    let (_, rest) = line.split_once(": ")?;
    let rest = rest.strip_prefix("line ").unwrap_or(rest);
    let (number, message) = rest.split_once(": ")?;
    // Bash only warns about a here-document that ends with the file.
    let number = number.trim().parse().ok()?;
    let said = number > 0 && !message.starts_with("warning");
    said.then_some((number, message))
}

/// The text of a line, or of the last one that is not empty.
fn line(script: &str, number: usize) -> Range<usize> {
    let mut start = 0;
    let mut last = 0..0;
    for (index, line) in script.split('\n').enumerate() {
        let trimmed = line.trim();
        if !trimmed.is_empty() {
            let from = start + (line.len() - line.trim_start().len());
            last = from..from + trimmed.len();
        }
        if index + 1 >= number && !last.is_empty() {
            break;
        }
        start += line.len() + 1;
    }
    last
}

/// The bytes from one line and column to another, both counted from one, in characters.
fn place(script: &str, from: (usize, usize), to: (usize, usize)) -> Range<usize> {
    let at = |(line, column): (usize, usize)| {
        let mut start = 0;
        let mut lines = script.split_inclusive('\n');
        for _ in 1..line {
            start += lines.next().map_or(0, str::len);
        }
        let line = lines.next().unwrap_or_default().trim_end_matches('\n');
        let inside =
            line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        start + inside
    };
    let start = at(from).min(script.len());
    let end = at(to).clamp(start, script.len());
    if end > start {
        return start..end;
    }
    // Something is missing here. The character before it can be shown.
    match script[start..].chars().next() {
        Some(character) if character != '\n' => start..start + character.len_utf8(),
        _ => {
            let before = script[..start].char_indices().next_back().map_or(start, |(at, _)| at);
            before..start
        }
    }
}

#[derive(Deserialize)]
struct Comments {
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    code: u32,
    message: String,
}

/// What ShellCheck said as `json1`.
pub(super) fn shellcheck(script: &str, said: &str) -> Option<Answer> {
    let Ok(Comments { comments }) = serde_json::from_str(said) else {
        return (!said.trim().is_empty()).then_some(Answer::Nothing);
    };
    let finding = |comment: Comment| Finding {
        range: place(
            script,
            (comment.line, comment.column),
            (comment.end_line, comment.end_column),
        ),
        message: comment.message,
        label: format!("SC{}", comment.code),
    };
    Some(Answer::Findings(comments.into_iter().take(MOST).map(finding).collect()))
}

/// A message with line, column, last line and last column.
type Refused = (String, Option<usize>, Option<usize>, Option<usize>, Option<usize>);

/// What Python said about each script.
pub(super) fn python(scripts: &[&str], said: &str) -> Option<Vec<Answer>> {
    let all: Vec<Option<Refused>> = serde_json::from_str(said).ok()?;
    if all.len() != scripts.len() {
        return None;
    }
    let answer = |(refused, script): (Option<Refused>, &&str)| {
        let Some((message, line, column, last, end)) = refused else { return Answer::Fine };
        let from = (line.unwrap_or(1).max(1), column.unwrap_or(1).max(1));
        let to = match (last, end) {
            (Some(last), Some(end)) if last > 0 && end > 0 => (last, end),
            _ => from,
        };
        let range = place(script, from, to);
        Answer::Wrong(Finding { range, message, label: "here".to_owned() })
    };
    Some(all.into_iter().zip(scripts).map(answer).collect())
}
